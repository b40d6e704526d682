"""A demo fleet as a process of its own: `python -m console.demo.fleet_process --hosts N [--folder F]`.

One line of JSON when all is there (or when it cannot be), and nothing is left behind when it ends. What a fleet is made of is `demo_fleet`'s.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from console.demo import background
from console.demo.demo_fleet import DemoFleet
from console.demo.lifetime import IDLE, until_told, until_unused
from console.errors import ConsoleError


async def _run(hosts: int, folder: str, stand: str, idle: float, *, balanced: bool, sides: bool) -> int:
    """The life of the process: ready, wait, gone. `stand`: where it is written down; it outlives then whoever started it."""
    async with until_told(alone=bool(stand)) as told:
        try:
            fleet = DemoFleet(hosts, folder, balanced=balanced, sides=sides)
        except ConsoleError as error:
            return _complain(error)
        with contextlib.ExitStack() as written:
            starting = asyncio.create_task(fleet.start())
            stopping = [asyncio.create_task(told.wait())]
            try:
                await asyncio.wait((starting, *stopping), return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                    if stand:
                        written.callback(os.close, background.stand(Path(stand), fleet.describe()))
                        stopping.append(asyncio.create_task(until_unused(Path(stand), fleet.folder, idle)))
                    _say(fleet.describe())
                    await asyncio.wait(stopping, return_when=asyncio.FIRST_COMPLETED)
            except ConsoleError as error:
                return _complain(error)
            finally:
                for task in (starting, *stopping):
                    task.cancel()
                await asyncio.gather(starting, *stopping, return_exceptions=True)
                await fleet.stop()
    return 0


def _complain(error: ConsoleError) -> int:
    problems = [{"message": problem.message, "hint": problem.hint} for problem in error.problems]
    _say({"type": "error", "exit": int(error.exit), "problems": problems})
    return int(error.exit)


def _say(line: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def main() -> int:
    """Run a fleet until told to end."""
    parser = argparse.ArgumentParser(prog="console.demo.fleet_process", description="A fleet of SSH hosts on loopback.")
    parser.add_argument("--hosts", type=int, default=12)
    parser.add_argument("--folder", default="", help="an empty folder; it is removed at the end")
    parser.add_argument("--stand", default="", help="a folder in which it is written down; it outlives then whoever started it")
    parser.add_argument("--idle", type=float, default=IDLE, help="seconds that it stands without a console")
    parser.add_argument("--balancer", action="store_true", help="a balancer before the hosts, where they are few")
    parser.add_argument("--sides", action="store_true", help="the same, and only half of the hosts get requests")
    chosen = parser.parse_args()
    return asyncio.run(_run(chosen.hosts, chosen.folder, chosen.stand, chosen.idle, balanced=chosen.balancer or chosen.sides, sides=chosen.sides))


if __name__ == "__main__":
    sys.exit(main())
