"""`deploy demo`: a fleet on this machine in a process of its own, and the console on it with the same code as for any fleet.

The fleet stands until `deploy demo --stop`, or an hour after its last console: what is typed elsewhere on it works for as long. Its past is made for real
when it starts: a release that fails, one that succeeds, and its rollback.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.as_typed import Typed, as_typed, everywhere, set_typed, typed_here
from console.cli.carry_out import carry_out
from console.cli.invocation import Invocation
from console.cli.output import say_done, say_json_done, say_last, tell
from console.core.words.sizes import counted_hosts
from console.demo import background
from console.errors import ConsoleError, Locked, NoGo
from console.exit_codes import Exit
from console.model.request import Request

if TYPE_CHECKING:
    from console.model.configured_environment import Environment

PAST = ("web01", "web02")
"""The hosts that the runs of the past were on."""
PATIENCE = 60.0
"""Seconds that they may take; where they take longer, the console opens without the rest of them."""
GATE = 1.5
"""Seconds that a gate of theirs waits for a good answer."""


def run(how: Invocation, hosts: int | None, *, sides: bool = False) -> int:
    """Open the console on the demo's fleet, which is started where none stands."""
    folder = background.standing_folder(os.environ)
    demo = Typed(everywhere(typed_here().program))
    with background.starting(folder):
        ready, fresh = background.standing(folder), False
        if ready is None:
            ready, fresh = _started(folder, hosts or 12, sides=sides), True
        elif sides and not ready.get("sides"):
            hint = as_typed("deploy demo --stop", demo)
            raise Locked("the demo's fleet is already running, and its hosts have no sides: stop it, then say --sides again", hint)
        elif hosts not in (None, len(ready["hosts"])):
            hint = as_typed("deploy demo --stop", demo)
            raise Locked(f"the demo's fleet is already running, with {counted_hosts(len(ready['hosts']))}: stop it, then say --hosts {hosts} again", hint)
    with background.on_it(folder):
        os.environ["DEPLOY_STATE"] = ready["state"]
        set_typed(Typed(demo.program, (("-c", ready["config"]), ("--state", ready["state"])), typed_here().quiet))
        if not fresh:
            tell(f"deploy: the demo's fleet of {counted_hosts(len(ready['hosts']))} is already running: opening another console on it")
        code = carry_out(_open(_shown(how, ready), ready, fresh))
    say_last([as_typed("deploy: the demo's fleet goes on; open it again: deploy demo; end it: deploy demo --stop", demo)], sys.stderr)
    return code


def stop(how: Invocation) -> int:
    """End the demo's fleet and remove what it made; where none stands that is so already."""
    folder = background.standing_folder(os.environ)
    with background.starting(folder):
        stood = background.end(folder)
    if how.json:
        say_json_done({"type": "result", "exit": 0, "stopped": stood, "problems": []})
    else:
        say_done("the demo's fleet has ended, and nothing of it is left" if stood else "no fleet of the demo stands")
    return 0


def _started(folder: Path, hosts: int, *, sides: bool) -> dict[str, Any]:
    """Start the fleet; what it says of itself. Raises ConsoleError where it can't be had."""
    tell(f"deploy: starting {counted_hosts(hosts)} on this machine …")
    kind = "--sides" if sides else "--balancer"
    argv = [sys.executable, "-m", "console.demo.fleet_process", "--hosts", str(hosts), kind, "--stand", str(folder)]
    with open(folder / "fleet.log", "wb") as log:
        fleet = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    try:
        assert fleet.stdout
        with fleet.stdout as told:
            ready = _ready(json.loads(told.readline() or b"{}"), folder)
    except BaseException:
        fleet.terminate()
        fleet.wait(background.PARTING)
        raise
    fleet.returncode = 0  # it outlives us, as it should; without this Python complains of it
    return ready


def _ready(said: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what a fleet says of itself. Raises ConsoleError where it says that it can't be had, or nothing."""
    if said.get("type") == "ready":
        return said
    problem = (said.get("problems") or [{}])[0]
    kind = NoGo if said.get("exit") == Exit.NO_GO else ConsoleError
    raise kind(problem.get("message", "the demo's fleet did not start"), problem.get("hint", f"less {folder / 'fleet.log'}"))


def _shown(how: Invocation, ready: dict[str, Any]) -> Invocation:
    return Invocation(
        file=ready["config"], theme=how.theme, yes=how.yes or not how.is_terminal, plain=how.plain, json=how.json, read_only=how.read_only,
        wait_for_person=how.wait_for_person,
    )  # fmt: skip


async def _open(how: Invocation, ready: dict[str, Any], fresh: bool) -> int:
    from console.cli.configuration import environment
    from console.cli.home_command import home
    from console.cli.run_commands import open_run

    if fresh:
        tell("deploy: making its past: three runs …")
        with suppress(ConsoleError, TimeoutError):
            await _make_past(how, environment(how, ready["environment"]), ready)
    tags = tuple(version["tag"] for version in ready["versions"] if version["tag"] != ready["live"])
    if how.wants_screen:
        return await home(how, ready["environment"], tags if fresh else ())
    return await open_run(how, ready["environment"], Request(ref=tags[0], yes=how.yes), tags[1:])


async def _make_past(how: Invocation, found: "Environment", ready: dict[str, Any]) -> None:
    """Make a release that fails, one that succeeds, and its rollback: on few hosts and with gates that are quick."""
    import asyncio

    bad, good = ready["fails"], ready["succeeds"]
    hosts = ",".join(host["name"] for host in ready["hosts"] if host["name"] in PAST)
    quick = _quick(found)
    async with asyncio.timeout(PATIENCE):
        for request in (Request(ref=bad, hosts=hosts, yes=True), Request(ref=good, hosts=hosts, yes=True), Request(kind="rollback", hosts=hosts, yes=True)):
            await _carried(how, quick, request)
        await _at_rest(how, found)


async def _at_rest(how: Invocation, found: "Environment") -> None:
    """Wait until the engine has let go of the last run."""
    import asyncio

    from console.cli.meet_engine import engine_of

    while True:
        client = await engine_of(how, found)
        await client.close()
        if not client.welcome.busy:
            return
        await asyncio.sleep(0.1)


def _quick(found: "Environment") -> "Environment":
    """The environment with its hosts at once and without its balancer, and gates that one good answer passes and that do not wait long for it."""
    from console.model.number_of_hosts import NumberOfHosts
    from console.model.values import changed

    health = tuple(changed(gate, interval=0.1, passes=1, deadline=GATE) for gate in found.health)
    return changed(
        found, health=health, balancers=(), strategy="rolling", rolling=changed(found.rolling, batch=(NumberOfHosts(count=len(PAST)),), max_failures=0)
    )


async def _carried(how: Invocation, found: "Environment", request: Request) -> None:
    """Open a run and wait for its end."""
    from console.cli.meet_engine import configure, engine_of

    client = await engine_of(how, found)
    try:
        await configure(client, found, request.kind)
        await client.wait_ended(await client.open_run(request), 0)
    finally:
        await client.close()
