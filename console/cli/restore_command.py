"""`deploy restore`: the database back from the backup of a run, as a run of its own, after the environment's name was typed."""

from dataclasses import replace

from console.cli.configuration import environment
from console.cli.find_run import run_named
from console.cli.invocation import Invocation
from console.cli.output import tell
from console.cli.prompt import Declined, read_line
from console.cli.run_commands import open_run
from console.errors import UsageFault
from console.model.request import Request


async def restore(how: Invocation, name: str, of: str) -> int:
    """Ask for the name, and begin the run: 0 restored, 3 where there is no backup, 5 where it failed."""
    found = environment(how, name)
    run = run_named(how, of)
    if (run.app, run.environment) != (found.app, found.name):
        raise UsageFault(f"run {run.run} was one of {run.app} in {run.environment}, not of {found.app} in {found.name}", f"deploy history {found.name}")
    if not how.yes:
        tell(f"the database of {found.name} goes back to the backup of run {run.run}: everything that was written since is lost")
        if await read_line(f"type {found.name} to do that: ") != found.name:
            raise Declined("nothing was done", f"type {found.name}, or --yes")
    return await open_run(replace(how, plain=not how.json), found.name, Request(kind="restore", ref=run.run, yes=True, wait_for_person=how.patience))
