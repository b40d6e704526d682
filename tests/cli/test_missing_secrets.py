"""Secrets that are not at hand, on real sshd: what a run needs is named before anything is touched, what it can do without holds up nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.fleet.fleet import missing

pytestmark = pytest.mark.real

EXTRA = """
[environments.production.commands]
logs = "echo a log"

[environments.production.variables]
TOKEN = { env = "SHOP_TOKEN" }
KEY = { file = "KEY" }

[[environments.production.checks]]
name = "cache"
kind = "redis"
url = { env = "WEB" }
blocking = false

[environments.production.announce]
to = [{ env = "CHANNEL" }]
[environments.production.notify]
to = [{ command = "PAGER" }]
"""
ALL = {"SHOP_TOKEN": "hush-hush-42", "WEB": "redis://:hush-hush-cache@127.0.0.1:1/0", "CHANNEL": "json://127.0.0.1:1/hush-hush-channel"}


class Shop:
    """A fleet with two releases, and commands typed with some of the secrets at hand."""

    def __init__(self, fleet: Fleet, repository: Path, folder: Path) -> None:
        self.fleet, self.folder = fleet, folder
        self.key = folder / "key"
        self.key.write_text("hush-hush-key\n")
        self.pager = folder / "pager"
        self.pager.write_text("json://127.0.0.1:1/pager")
        extra = EXTRA.replace('"KEY"', json.dumps(str(self.key))).replace('"PAGER"', json.dumps(f"cat {self.pager}"))
        fleet.hosts_toml(repository, interval="100ms", deadline="20s", restart_timeout="60s", extra=extra, file=folder / "hosts.toml")

    def deploy(self, *words: str, code: int = 0, **secrets: str) -> str:
        environ = {**os.environ, "DEPLOY_STATE": str(self.folder / "state"), **secrets}
        argv = [sys.executable, "-m", "console", *words]
        ran = subprocess.run(argv, check=False, cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        said = ran.stdout + ran.stderr
        assert ran.returncode == code, f"{words}: {ran.returncode}\n{said}"
        return said

    def touched(self) -> list[str]:
        """What was done on the hosts so far."""
        return [self.fleet.exec_in(name, "cat /srv/shop/shared/activations; ls /srv/shop/.deploy/runs") for name in self.fleet.names]

    def forget(self) -> None:
        """End the engine, and with it what it was told."""
        self.deploy("engine", "stop")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, shop_repository: Path) -> Iterator[Shop]:
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("shop")
    with Fleet(2, folder / "fleet") as fleet:
        made = Shop(fleet, shop_repository, folder)
        made.deploy("production", "--version", "v1.0.0", "--yes", **ALL)
        made.deploy("production", "--version", "v1.1.0", "--yes", **ALL)
        yield made
        made.deploy("engine", "stop", "--force")


def test_a_release_names_each_secret_that_is_missing_and_touches_nothing(shop: Shop):
    shop.forget()
    before = shop.touched()
    said = shop.deploy("production", "--version", "v1.0.0", "--yes", code=2, SHOP_TOKEN="")
    assert "TOKEN is to come from $SHOP_TOKEN, which is set and empty" in said
    assert "announce.to[0] is to come from $CHANNEL, which is not set" in said
    assert "check cache url is to come from $WEB" in said
    assert shop.touched() == before


@pytest.mark.parametrize("words", [("rollback",), ("restart",), ("exec", "--hosts", "*"), ("logs",)])
def test_a_secret_of_the_commands_is_needed_by_every_kind_of_run(shop: Shop, words: tuple[str, ...]):
    shop.forget()
    before = shop.touched()
    command = () if words[0] != "exec" else ("--", "true")
    yes = ("--yes",) if words[0] != "logs" else ()
    said = shop.deploy(words[0], "production", *words[1:], *yes, *command, code=2, CHANNEL=ALL["CHANNEL"])
    assert "TOKEN is to come from $SHOP_TOKEN, which is not set" in said
    assert "CHANNEL" not in said
    assert shop.touched() == before


def test_a_file_that_the_engine_cannot_read_is_named(shop: Shop):
    shop.key.rename(shop.key.with_suffix(".away"))
    try:
        before = shop.touched()
        said = shop.deploy("restart", "production", "--yes", code=2, SHOP_TOKEN="hush-hush-42")
        assert f"the secret KEY cannot be read from {shop.key} by the engine" in said
        assert "No such file" in said
        assert shop.touched() == before
    finally:
        shop.key.with_suffix(".away").rename(shop.key)


def test_nothing_of_the_channels_holds_a_restart_up(shop: Shop):
    shop.forget()
    shop.pager.rename(shop.pager.with_suffix(".away"))
    try:
        said = shop.deploy("restart", "production", "--yes", "--plain", SHOP_TOKEN="hush-hush-42")
    finally:
        shop.pager.with_suffix(".away").rename(shop.pager)
    assert "goes on without announce.to[0], whose secret was not handed over: it comes from $CHANNEL" in said
    assert "goes on without notify.to[0]" in said
    assert "check cache" not in said


def test_a_command_or_a_look_needs_the_applications_secrets_alone(shop: Shop):
    shop.forget()
    assert "web01" in shop.deploy("exec", "production", "--hosts", "web01", "--yes", "--", "echo is $KEY", SHOP_TOKEN="hush-hush-42")
    assert "a log" in shop.deploy("logs", "production", SHOP_TOKEN="hush-hush-42")
    shop.deploy("status", "production")
    shop.deploy("lock", "production", "--reason", "a look")
    shop.deploy("unlock", "production", "--reason", "done", "--yes")


def test_an_engine_that_has_the_secrets_needs_them_of_nobody_to_go_back(shop: Shop):
    shop.deploy("restart", "production", "--yes", **ALL)
    shop.deploy("restart", "production", "--yes")
    said = next(json.loads(line) for line in shop.deploy("rollback", "production", "--yes", "--json").splitlines() if '"type":"result"' in line)
    assert (said["outcome"], {host["version"] for host in said["hosts"]}) == ("rolled-back", {"v1.0.0"})


def test_an_interrupted_run_is_taken_up_without_the_channels(shop: Shop):
    config = shop.folder / "hosts.toml"
    config.write_text(config.read_text().replace("[environments.production.rolling]\n", "[environments.production.rolling]\npause_after = 1\n"))
    shop.deploy("production", "--version", "v1.1.0", "--yes", code=9, **ALL)
    engines = json.loads(shop.deploy("engine", "list", "--json"))["engines"]
    os.kill(engines[0]["pid"], signal.SIGKILL)
    said = shop.deploy("resume", "--yes", code=2)
    assert "TOKEN is to come from $SHOP_TOKEN" in said
    said = shop.deploy("resume", "--yes", "--plain", code=9, SHOP_TOKEN="hush-hush-42")
    assert "goes on without announce.to[0], whose secret was not handed over: it comes from $CHANNEL" in said
    assert "cache url" not in said
    shop.deploy("continue")
    shop.deploy("attach")
    assert {json.loads(shop.deploy("status", "production", "--json"))["hosts"][number]["version"] for number in (0, 1)} == {"v1.1.0"}


CRITICAL = """
[[environments.production.critical]]
name = "Sign in"
kind = "http"
at = ["end"]
steps = [{ get = "http://127.0.0.1:1/", headers = { authorization = { env = "SMOKE" } } }]
"""


def test_an_interrupted_release_is_rolled_back_without_the_secrets_of_its_critical_paths(shop: Shop):
    config = shop.folder / "hosts.toml"
    config.write_text(config.read_text() + CRITICAL)
    shop.deploy("production", "--version", "v1.1.0", "--yes", code=9, SMOKE="hush-hush-smoke", **ALL)
    os.kill(json.loads(shop.deploy("engine", "list", "--json"))["engines"][0]["pid"], signal.SIGKILL)
    assert "Sign in, step 1, header authorization is to come from $SMOKE" in shop.deploy("resume", "--yes", code=2, SHOP_TOKEN="hush-hush-42")
    said = shop.deploy("rollback", "production", "--yes", "--plain", SHOP_TOKEN="hush-hush-42")
    assert "SMOKE" not in said
    assert {host["version"] for host in json.loads(shop.deploy("status", "production", "--json"))["hosts"]} == {"v1.1.0"}
