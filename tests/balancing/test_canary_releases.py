"""Canaries on real parts: hosts with an sshd of their own, an HAProxy before them, an application that fails so often, and somebody who asks it all the time."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.balancing.machine import Machine, here
from tests.cli.product import DEPLOY, PATH
from tests.fleet import Fleet, make_repository, missing
from tests.reserved import free_port

pytestmark = pytest.mark.real
VERSIONS = (("v1.0.0", "bad-0.001"), ("v1.1.0", "bad-0.05"), ("v1.2.0", "bad-0.2"), ("v1.3.0", "bad-0.2"), ("v1.4.0", "bad-0.2"))
"""Tags, and which share of their requests fails."""
CONFIG = """\
global
  stats socket {folder}/admin.sock mode 600 level admin
defaults
  mode http
  option redispatch 1
  retries 3
  timeout connect 10s
  timeout client 120s
  timeout server 120s
  default-server check inter 200ms rise 2 fall 10
frontend all
  bind 127.0.0.1:{port}
  default_backend shop
backend shop
  balance roundrobin
{servers}
"""
CANARY = """\
[environments.production.canary]
steps = ["30%", "100%"]
analysis = "{analysis}"
{more}
[[environments.production.balancer]]
kind = "haproxy"
socket = "{socket}"
backend = "shop"
"""


class Clients:
    """Clients who ask all the time, each over a connection that is kept, so many requests a second in all."""

    def __init__(self, port: int, rps: float, count: int = 8) -> None:
        self._port, self._pause = port, count / rps
        self._over = threading.Event()
        self.answers: list[int] = []
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)) as connection:
            while not self._over.wait(self._pause):
                try:
                    connection.request("GET", "/shelf")
                    answer = connection.getresponse()
                    answer.read()
                    self.answers.append(answer.status)
                except (OSError, http.client.HTTPException):
                    self.answers.append(0)
                    connection.close()


class Rig:
    """Three hosts with v1.0.0, an HAProxy before them, and the command line."""

    def __init__(self, fleet: Fleet, machine: Machine, folder: Path) -> None:
        self.fleet, self.machine, self.folder = fleet, machine, folder
        self.port = free_port()
        self.repository = make_repository(folder / "shop", VERSIONS)
        self.environ = {**os.environ, "PATH": PATH, "DEPLOY_STATE": str(folder / "state"), "DEPLOY_ENGINE_IDLE": "1s"}
        self.environ.pop("DEPLOY_CONFIG", None)
        self.file = folder / "hosts.toml"
        servers = "\n".join(f"  server {name} {fleet[name].address}:8080" for name in fleet.names)
        config = machine.write("haproxy.cfg", CONFIG.format(folder=machine.folder, port=self.port, servers=servers))
        self._proxy = subprocess.Popen(["haproxy", "-db", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.write("5m")
        assert self.deploy("production", "--version", "v1.0.0", "--yes")[0] == 0

    def write(self, analysis: str, more: str = "") -> None:
        """Write the hosts.toml."""
        extra = CANARY.format(analysis=analysis, socket=f"{self.machine.folder}/admin.sock", more=more)
        self.fleet.hosts_toml(self.repository, file=self.file, extra=extra, interval="100ms")

    def deploy(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """Run a command with --json: its exit code and objects."""
        ran = subprocess.run(
            [DEPLOY, "-c", str(self.file), *words, "--json"], cwd="/", env=self.environ, capture_output=True, text=True, check=False, timeout=300,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]

    def canary(self, version: str) -> tuple[int, list[dict[str, Any]]]:
        """Release a version host by host."""
        return self.deploy("production", "--version", version, "--strategy", "canary", "--yes")

    def said(self, command: str) -> str:
        """What HAProxy answers, past the console."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as talk:
            talk.connect(f"{self.machine.folder}/admin.sock")
            talk.sendall(f"{command}\n".encode())
            return talk.makefile().read()

    def weights(self) -> list[int]:
        """What each server weighs."""
        lines = self.said("show servers state shop").splitlines()
        place = lines[1].split().index("srv_uweight") - 1
        return [int(line.split()[place]) for line in lines[2:] if line]

    def live(self) -> list[str]:
        """What each host serves."""
        return [row["version"] for row in self.deploy("status")[1][-1]["hosts"]]

    def stop(self) -> None:
        """End the balancer and the engine."""
        self.deploy("engine", "stop", "--yes")
        self._proxy.kill()
        self._proxy.wait()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    if reason := missing() or ("" if shutil.which("haproxy") else "needs haproxy (Debian: haproxy)"):
        pytest.skip(reason)
    folder, machine = tmp_path_factory.mktemp("canary"), here()
    with Fleet(3, folder / "fleet") as fleet:
        made = Rig(fleet, machine, folder)
        yield made
        made.stop()
    machine.remove()


def seen(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Events of a kind."""
    return [event for event in events if event["type"] == kind]


def judged(events: list[dict[str, Any]]) -> float:
    """Seconds for which new hosts were judged."""
    (ended,) = [event for event in seen(events, "step-finished") if event["step"].endswith("/analysis")]
    return float(ended["seconds"])


def test_a_release_that_fails_goes_back_from_its_one_host_within_20_s_of_traffic(rig: Rig) -> None:
    with Clients(rig.port, 120) as clients:
        code, events = rig.canary("v1.1.0")
    assert code == 4
    (reading, *_) = seen(events, "analysis-seen")[-1]["readings"]
    assert reading["new"] + reading["old"] <= 20 * 120  # fewer in a second on a machine that does other work too
    (back,) = seen(events, "rollback-began")
    assert back["plan"]["waves"] == [["web01"]]
    assert "new hosts are worse than old ones: errors new" in back["reason"]
    assert events[-1]["problems"][0]["message"] == back["reason"]
    assert rig.live() == ["v1.0.0"] * 3
    assert set(clients.answers) <= {200, 500}, "no request was lost"


def test_without_traffic_it_is_paused_as_inconclusive_and_a_person_promotes_it(rig: Rig) -> None:
    rig.write("3s")
    code, events = rig.canary("v1.2.0")
    assert code == 9
    (problem,) = events[-1]["problems"]
    assert problem["message"] == "inconclusive after 3s: errors: 0 requests to new hosts, 0 to old ones"
    run = events[-1]["run"]
    assert problem["hint"].startswith(f"deploy -c {rig.file} promote {run}") or f"promote {run}" in problem["hint"]
    assert rig.deploy("promote", run)[0] == 0
    assert rig.deploy("attach", run)[0] == 0
    assert rig.live() == ["v1.2.0"] * 3
    assert rig.deploy("promote", run)[0] == 3


def test_one_that_is_not_worse_goes_on_before_its_time_is_over_though_its_engine_is_killed(rig: Rig) -> None:
    rig.write("300s")
    assert rig.live() == ["v1.2.0"] * 3, "it fails as often as the next one does"
    words = ("production", "--version", "v1.3.0", "--strategy", "canary", "--yes", "--json")
    with Clients(rig.port, 20) as clients:
        run = subprocess.Popen(
            [DEPLOY, "-c", str(rig.file), *words],
            cwd="/",
            env=rig.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert run.stdout is not None
        lines = iter(run.stdout.readline, "")
        before = next(event for line in lines if (event := json.loads(line))["type"] == "analysis-seen")
        (engine,) = [one for one in rig.deploy("engine", "list")[1][-1]["engines"] if one["environment"] == "production"]
        os.kill(int(engine["pid"]), signal.SIGKILL)
        with Clients(rig.port, 120) as more:
            events = [json.loads(line) for line in lines]
        assert run.wait(300) == 0
        run.stdout.close()
    assert seen(events, "taken-up")
    assert judged(events) < 300.0
    after = seen(events, "analysis-seen")
    assert after[0]["readings"][0]["new"] >= before["readings"][0]["new"] > 0
    assert after[-1]["readings"][0]["verdict"] == "not-worse"
    assert rig.live() == ["v1.3.0"] * 3
    assert 0 not in (*clients.answers, *more.answers)


def test_by_weight_the_new_host_has_the_share_of_the_traffic_that_was_asked_for_and_no_request_is_lost(rig: Rig) -> None:
    rig.write("6s", 'by = "weight"\non_inconclusive = "proceed"\njudge = ["error_rate"]\nnot_worse = 1.01')
    rig.file.write_text(rig.file.read_text().replace('["30%", "100%"]', '["10%", "100%"]'))
    assert rig.live() == ["v1.3.0"] * 3, "it fails as often as the next one does"
    with Clients(rig.port, 150) as clients:
        code, events = rig.canary("v1.4.0")
    assert (code, rig.live()) == (0, ["v1.4.0"] * 3)
    blocks = [block for event in seen(events, "analysis-seen") for of_metric in event["blocks"].values() for block in of_metric]
    new, old = (sum(block[side] for block in blocks) for side in ("new", "old"))
    assert new + old > 100
    assert new / (new + old) == pytest.approx(0.1, abs=0.02)
    assert rig.weights() == [1, 1, 1]
    assert set(clients.answers) <= {200, 500}, "no request was lost"
