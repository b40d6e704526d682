"""`deploy trust` on real sshd: unknown keys are shown and enrolled once, a changed one never."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import trust_command
from console.cli.invocation import Invocation
from console.errors import NoGo
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.fleet import Fleet


def trust(file: Path, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DEPLOY_STATE": str(tmp_path / "state"), "HOME": str(tmp_path)}
    argv = [sys.executable, "-m", "console", "-c", str(file), "trust", *words, "--yes", "--json"]
    return subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.real
def test_unknown_keys_are_enrolled_and_a_changed_one_is_refused_with_both(own_fleet: Fleet, tmp_path: Path):
    own_fleet.known_hosts.write_text("")
    file = own_fleet.hosts_toml(".")
    one = trust(file, tmp_path, "--hosts", "web01")
    assert (one.returncode, json.loads(one.stdout)["enrolled"]) == (0, ["web01"])
    assert own_fleet["web01"].key.fingerprint in one.stderr
    assert json.loads(trust(file, tmp_path).stdout)["enrolled"] == ["web02", "web03"]
    assert json.loads(trust(file, tmp_path).stdout)["enrolled"] == []

    enrolled = own_fleet.known_hosts.read_text()
    old, new = own_fleet.change_key("web02")
    changed = trust(file, tmp_path)
    assert changed.returncode == 3
    assert old in changed.stderr
    assert new in changed.stderr
    assert own_fleet.known_hosts.read_text() == enrolled
    remedy = next(line for line in changed.stderr.splitlines() if "ssh-keygen" in line).partition(": ")[2].partition(" && ")
    subprocess.run(["sh", "-c", remedy[0]], capture_output=True, timeout=60, check=True)
    assert " trust production --hosts web02 " in remedy[2]
    assert json.loads(trust(file, tmp_path, "--hosts", "web02").stdout)["enrolled"] == ["web02"]


@pytest.mark.real
def test_a_host_that_is_down_is_named_and_nothing_is_enrolled(own_fleet: Fleet, tmp_path: Path):
    own_fleet.known_hosts.write_text("")
    own_fleet.kill("web03")
    ran = trust(own_fleet.hosts_toml("."), tmp_path)
    assert ran.returncode == 3
    assert "web03" in ran.stderr
    assert own_fleet.known_hosts.read_text() == ""


async def test_of_many_hosts_few_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch):
    """A thousand at once are more open files than a shell mostly gives, and more starts than a jump host lets in."""
    hosts, now, most = tuple(Host(f"web{number:03}") for number in range(200)), 0, 0

    async def scan(host: Host, *_: object) -> Unreached:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0)
        now -= 1
        return Unreached(host.name, "unreachable", SafeText("no route"))

    monkeypatch.setattr("console.adapters.ssh.trust.scan", scan)
    with pytest.raises(NoGo) as told:
        await trust_command._enrolled(Invocation(yes=True), Environment("shop", "production", "/srv/shop", hosts), hosts)
    assert (len(told.value.problems), most) == (200, trust_command.AT_ONCE)
