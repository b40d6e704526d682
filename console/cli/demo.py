"""`deploy demo`: a fleet on this machine in a process of its own, and the console on it with the same code as for any fleet."""

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

from console.cli.wiring import How, carry_out
from console.errors import ConsoleError
from console.model.request import Request

PARTING = 30.0
"""Seconds that the fleet has to end and to remove what it made."""


def run(how: How, hosts: int) -> int:
    """Start the fleet, deploy its next version, and leave nothing behind."""
    argv = [sys.executable, "-m", "console.demo.fleet", "--hosts", str(hosts)]
    fleet = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        ready = json.loads((fleet.stdout.readline() if fleet.stdout else b"") or b"{}")
        if ready.get("type") != "ready":
            problem = (ready.get("problems") or [{}])[0]
            raise ConsoleError(problem.get("message", "the demo's fleet did not start"), problem.get("hint", ""))
        os.environ["DEPLOY_STATE"] = ready["state"]
        return carry_out(_deploy(how, ready))
    finally:
        _part(fleet)


async def _deploy(how: How, ready: dict[str, Any]) -> int:
    from console.cli.runs import open_run

    tags = [version["tag"] for version in ready["versions"] if version["tag"] != ready["live"]]
    shown = How(
        file=ready["config"], theme=how.theme, yes=how.yes or not how.is_terminal, plain=how.plain, json=how.json, read_only=how.read_only,
        wait_for_person=how.wait_for_person,
    )  # fmt: skip
    return await open_run(shown, ready["environment"], Request(ref=tags[0] if tags else "", yes=shown.yes), tuple(tags[1:]))


def _part(fleet: "subprocess.Popen[bytes]") -> None:
    """Tell the fleet to end and wait for it, whatever keys are pressed meanwhile."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (fleet.stdin, fleet.stdout):
        if stream:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    try:
        fleet.wait(PARTING)
    except subprocess.TimeoutExpired:
        fleet.kill()
        fleet.wait()
