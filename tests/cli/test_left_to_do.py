"""What a run leaves to be done outlives its engine: whoever opens the environment next sees it, and an engine does it. On real sshd."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Fleet, make_repository, missing

pytestmark = pytest.mark.real


class Shop:
    """A fleet, and the command line on it."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self.fleet = fleet
        repository = folder / "repository"
        make_repository(repository)
        self.config = str(fleet.hosts_toml(repository, interval="100ms", deadline="60s", restart_timeout="60s", connect_timeout="20s"))
        self.environ = {**os.environ, "DEPLOY_STATE": str(folder / "state"), "DEPLOY_CONFIG": self.config}

    def deploy(self, *words: str, code: int = 0) -> str:
        argv = [sys.executable, "-m", "console", *words]
        ran = subprocess.run(argv, check=False, cwd="/", env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        assert ran.returncode == code, (words, ran.returncode, ran.stdout[-2000:], ran.stderr[-2000:])
        return ran.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.deploy("status", "--json"))
        return found

    def engines(self) -> list[int]:
        return [each["pid"] for each in json.loads(self.deploy("engine", "list", "--json"))["engines"]]

    def kill_engine(self) -> None:
        for pid in self.engines():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(2, tmp_path / "fleet") as fleet:
        made = Shop(tmp_path, fleet)
        yield made
        with contextlib.suppress(AssertionError):
            made.deploy("engine", "stop", "--force")
        made.kill_engine()


def eventually(is_so: Callable[[], bool], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.3)


@pytest.mark.parametrize("opens", [("status",), ("attach",)])
def test_a_debt_whose_engine_was_killed_is_paid_by_whoever_looks_next(shop: Shop, opens: tuple[str, ...]):
    shop.deploy("production", "--version", "v1.0.0", "--yes")
    shop.deploy("production", "--version", "v1.1.0", "--yes")
    assert shop.deploy("status", "--motd") == ""
    shop.fleet.kill("web02")
    shop.deploy("rollback", "production", "--yes", code=5)
    shop.kill_engine()
    assert "not verified since run" in shop.deploy("status", "--motd")
    owed = shop.status()
    assert (owed["last_run"]["kind"], owed["last_run"]["outcome"], owed["last_run"]["exit"]) == ("rollback", "failed", 5)
    assert [debt["host"] for debt in owed["owed"]] == ["web02"]
    assert "not verified since run" in shop.deploy("status")
    shop.kill_engine()
    shop.fleet.start("web02")
    shop.deploy(*opens, code=5 if opens == ("attach",) else 0)
    live = lambda: shop.fleet.exec_in("web02", "sed -n 's/^# version //p' /srv/shop/current/.deploy-manifest").strip()  # noqa: E731
    eventually(lambda: live() == "v1.0.0")
    eventually(lambda: shop.deploy("status", "--motd") == "")
    found = shop.status()
    assert ([row["healthy"] for row in found["hosts"]], found["owed"], found["failed"]) == ([True, True], [], None)
    assert (found["last_run"]["kind"], found["last_run"]["exit"]) == ("catch-up", 0)
