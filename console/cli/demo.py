"""`deploy demo`: a fleet on this machine in a process of its own, and the console on it with the same code as for any fleet."""

import contextlib
import json
import os
import subprocess
import sys

from console.cli.wiring import How
from console.errors import ConsoleError

PARTING = 20.0


def run(how: How, hosts: int) -> int:
    """Start the fleet, deploy its next version, and leave nothing behind."""
    argv = [sys.executable, "-m", "console.demo.fleet", "--hosts", str(hosts)]
    fleet = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        ready = json.loads((fleet.stdout.readline() if fleet.stdout else b"") or b"{}")
        if ready.get("type") != "ready":
            problem = (ready.get("problems") or [{}])[0]
            raise ConsoleError(problem.get("message", "the demo's fleet did not start"), problem.get("hint", ""))
        words = [sys.executable, "-m", "console", "-c", ready["config"], ready["environment"]]
        words += [flag for flag, chosen in (("--yes", how.yes or not how.is_terminal), ("--plain", how.plain), ("--json", how.json)) if chosen]
        return subprocess.run(words, env={**os.environ, "DEPLOY_STATE": ready["state"]}, check=False).returncode
    finally:
        if fleet.stdin:
            with contextlib.suppress(BrokenPipeError):
                fleet.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            fleet.wait(PARTING)
        fleet.kill()
