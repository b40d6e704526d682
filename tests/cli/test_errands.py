"""`deploy exec` and `deploy logs` on real sshd: merged output, exit codes, secrets masked, and nothing left running on a host."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.fleet.fleet import missing

pytestmark = pytest.mark.real

EXTRA = """
[environments.production.commands]
logs = "echo log of {host} $GREETING; echo an error"
logs_follow = "echo begins; while :; do echo tick; sleep 0.3; done"

[environments.production.variables]
GREETING = "it's me"
TOKEN = { env = "SHOP_TOKEN" }
"""


class Shop:
    """A fleet with a release on it, and `deploy` from a folder with its file."""

    def __init__(self, fleet: Fleet, repository: Path, folder: Path) -> None:
        self.fleet = fleet
        self.folder = folder
        fleet.hosts_toml(repository, interval="100ms", extra=EXTRA, file=folder / "hosts.toml")
        self.environ = {**os.environ, "DEPLOY_STATE": str(folder / "state"), "SHOP_TOKEN": "hush-hush-42"}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "console", *words], cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def deploy(self, *words: str, code: int = 0) -> tuple[str, str]:
        ran = self.start(*words)
        out, err = ran.communicate(timeout=300)
        assert ran.returncode == code, f"{words}: {ran.returncode}\n{out}\n{err}"
        return out, err

    def execute(self, hosts: str, *command: str, code: int = 0, more: tuple[str, ...] = ("--yes",)) -> tuple[str, str]:
        return self.deploy("exec", "production", "--hosts", hosts, *more, "--", *command, code=code)

    def at_rest(self, name: str) -> bool:
        """Whether nothing of a command is left there."""
        end = time.monotonic() + 300
        while any("sleep 1000" in line or "sleep 0.3" in line or "tick" in line for line in self.fleet.processes(name)):
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, shop_repository: Path) -> Iterator[Shop]:
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("shop")
    with Fleet(2, folder / "fleet") as fleet:
        started = Shop(fleet, shop_repository, folder)
        started.deploy("production", "--version", "v1.0.0", "--yes")
        yield started
        started.deploy("engine", "stop")


def test_a_command_runs_in_the_live_release_with_its_variables_and_masked_secrets(shop: Shop):
    out, err = shop.execute("*", 'pwd -P; echo "$GREETING $DEPLOY_HOST $TOKEN"; echo apart >&2')
    lines = out.splitlines()
    assert len(lines) == 6
    assert any(line.startswith("web01  /srv/shop/releases/2") for line in lines)
    assert "web02  it's me web02 [redacted]" in lines
    assert "web01  apart" in lines
    assert "exec production --hosts '*' --yes" in err.partition("same as: ")[2]
    assert "two words|" in shop.execute("web01", "printf", "%s|", "two words")[0]


def test_an_exec_is_in_the_history_with_its_command_and_its_codes(shop: Shop):
    out, err = shop.execute("*", "[ $DEPLOY_HOST = web02 ] || exit 7; echo hush-hush-42", code=5, more=("--yes", "--json"))
    result = json.loads(out.splitlines()[-1])
    assert {row["host"]: row["code"] for row in result["hosts"]} == {"web01": 7, "web02": 0}
    assert "web01: exit code 7" in err
    events = [json.loads(line) for line in shop.deploy("events", result["run"])[0].splitlines()]
    assert [event["type"] for event in events].count("step-finished") == 2
    assert events[0]["request"]["command"] == "[ $DEPLOY_HOST = web02 ] || exit 7; echo [redacted]"
    assert (events[-1]["type"], events[-1]["exit"]) == ("run-ended", 5)
    assert json.loads(shop.deploy("history", "--json")[0])[0]["run"] == result["run"]
    state = Path(shop.environ["DEPLOY_STATE"])
    assert "[redacted]" in (state / "logs" / result["run"] / "web02.log").read_text()


def test_what_is_refused_runs_nowhere(shop: Shop):
    assert "--yes" in shop.execute("*", "true", code=2, more=())[1]
    assert "no such host" in shop.execute("web09", "true", code=2)[1]
    shop.deploy("lock", "production", "--reason", "audit")
    try:
        refused = shop.execute("*", "echo ran", code=6)[1]
        assert "web01 is closed by " in refused
        assert " unlock production --reason TEXT --yes" in refused
        assert "audit" in refused
        assert "web01  ran" in shop.execute("*", "echo ran", more=("--yes", "--read-only"))[0]
    finally:
        shop.deploy("unlock", "production", "--reason", "done", "--yes")


def test_what_a_person_leaves_is_ended_on_the_hosts(shop: Shop):
    running = shop.start("exec", "production", "--hosts", "*", "--yes", "--json", "--", "echo up; sleep 1000")
    assert running.stdout
    while "up" not in running.stdout.readline():
        pass
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=300)
    assert running.returncode == 130
    assert shop.at_rest("web01")
    assert shop.at_rest("web02")
    last = json.loads(shop.deploy("history", "--json")[0])[0]
    assert (last["run"], last["outcome"]) == (json.loads(out.splitlines()[-1])["run"], "interrupted")


def test_logs_are_merged_and_filtered(shop: Shop):
    lines = shop.deploy("logs", "production")[0].splitlines()
    assert sorted(lines) == ["web01  an error", "web01  log of web01 it's me", "web02  an error", "web02  log of web02 it's me"]
    assert sorted(shop.deploy("logs", "--grep", "err", "--hosts", "web02")[0].splitlines()) == ["web02  an error"]
    assert "not a" not in shop.deploy("logs", "--grep", "(", code=2)[1]


def test_following_ends_with_its_reader_and_leaves_nothing_there(shop: Shop):
    following = shop.start("logs", "production", "--follow", "--json")
    assert following.stdout
    seen: set[str] = set()
    while len(seen) < 2:
        line = json.loads(following.stdout.readline())
        if line["text"] == "tick":
            seen.add(line["host"])
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=300)
    assert following.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["type"] == "result"
    assert shop.at_rest("web01")
    assert shop.at_rest("web02")


def test_a_console_that_is_killed_leaves_nothing_there_either(shop: Shop):
    following = shop.start("logs", "--follow", "--hosts", "web01")
    assert following.stdout
    while "tick" not in following.stdout.readline():
        pass
    following.kill()
    following.communicate()
    assert shop.at_rest("web01")


def test_a_host_that_is_away_is_named(shop: Shop):
    shop.fleet.kill("web02")
    try:
        out, err = shop.deploy("logs", "production", code=3)
        assert "web01  an error" in out
        assert "web02: " in err
        out, err = shop.execute("*", "echo ran", code=3)
        assert (out, "web02 is not reached" in err) == ("", True)
        assert "web01  ran" in shop.execute("!web02", "echo ran")[0]
    finally:
        shop.fleet.start("web02")


def test_an_application_without_the_command_is_told_the_key(shop: Shop, tmp_path: Path):
    file = shop.folder / "hosts.toml"
    text = file.read_text()
    try:
        file.write_text(text.replace("logs_follow =", "fetch ="))
        assert "[app.commands] logs_follow" in shop.deploy("logs", "--follow", code=2)[1]
    finally:
        file.write_text(text)
