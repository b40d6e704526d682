"""Bare `deploy` at a terminal: the console on an environment at rest, and the runs that are begun from there."""

from console.adapters.system_clock import SystemClock
from console.cli.command_access import environment_client
from console.cli.configuration import config_if_any
from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.output import say_last
from console.errors import UsageFault
from console.exit_codes import Exit
from console.model.configured_environment import Environment


async def home(how: Invocation, name: str, suggested: tuple[str, ...] = ()) -> int:
    """Show the environment until the operator leaves."""
    from datetime import datetime

    from console.tui.open_screen import ScreenFailed, open_screen

    station = environment_client(how, _first(how) if not name else environment_or_known(how, name), suggested)
    try:
        ending = await open_screen(None, SystemClock(), client=station, zone=datetime.now().astimezone().tzinfo, theme=how.theme, read_only=how.read_only)
    except ScreenFailed as fault:
        raise type(fault)(f"{fault.message}; without a screen, status shows the fleet, and attach --plain a run", "deploy status") from None
    finally:
        await station.close()
    say_last(ending.lines)
    return int(Exit.DONE)


def _first(how: Invocation) -> Environment:
    """Return the environment that is meant where none is named; of several without a default, the first of the file."""
    file = config_if_any(how)
    if file is None:
        return environment_or_known(how, "")
    try:
        return file.environment("", how.app)
    except UsageFault:
        return file.environment(file.environment_names[0], how.app)
