"""What changes what is live: a release, the way back, a restart, a backup brought back; and the look before it."""

from typing import Any

import click

from console.cli.carry_out import finish
from console.cli.command_list import PLACES
from console.cli.invocation import Invocation, need_yes
from console.cli.options import how_of, how_options, reason, what_of, what_options
from console.cli.strict_command import StrictCommand
from console.errors import ConsoleError, UsageFault
from console.safe_text import SafeText

SLIP = 0.75
"""How like a command or an environment a first word must be to be a slip in it."""


@click.command("ENV", hidden=True, cls=StrictCommand)
@click.argument("environment")
@what_options
@how_options
@click.pass_context
def release(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Release to that environment."""
    how = how_of(ctx, given)
    what = what_of(given)
    _need_environment(how, environment)
    need_yes(how, f"a release to {environment}")
    from console.cli import run_commands
    from console.model.request import Request

    finish(run_commands.open_run(how, environment, Request(**what, yes=how.yes, wait_for_person=how.patience)))


def _need_environment(how: Invocation, word: str) -> None:
    """Refuse a word that the file has no environment of; a command or an environment with a slip in it is named. Raises UsageFault."""
    from console.cli.configuration import config_if_any
    from console.core.words.nearest_name import nearest

    try:
        file = config_if_any(how)
    except ConsoleError:
        return
    names = file.environment_names if file is not None else ()
    near = nearest(word, [*names, *(name for name in PLACES if name != "ENV")], SLIP)
    if word not in names and (near or names):
        hint = f"deploy {near}" if near else f"known here: {', '.join(names)}"
        raise UsageFault(f"there is no command and no environment {word}", hint)


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@what_options
@how_options
@click.pass_context
def check(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Show the go/no-go and the whole plan; change nothing."""
    how = how_of(ctx, given)
    what = what_of(given)
    from console.cli import fleet_commands

    finish(fleet_commands.check(how, environment, what))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--to", "ref", default="", metavar="RELEASE", help="Release, version or commit that is on disk.")
@click.option("--hosts", default="", metavar="P", help="Only these hosts: names, globs, ranges, tag:x; ! excludes.")
@click.option("--at-once", is_flag=True, help="Roll back all hosts at once.")
@click.option("--halves", is_flag=True, help="Roll back one half of the hosts, then the other.")
@click.option("--reason", "why", default="", metavar="TEXT", help="Why; kept in the record, and shown in the report.")
@how_options
@click.pass_context
def rollback(ctx: click.Context, /, environment: str, ref: str, hosts: str, at_once: bool, halves: bool, why: str, **given: Any) -> None:
    """Roll back to the release that was live before, or to a named one."""
    how = how_of(ctx, given)
    if at_once and halves:
        raise UsageFault("--at-once and --halves exclude each other", "one of them, or neither")
    need_yes(how, "rollback")
    from console.cli import run_commands
    from console.model.request import Request

    request = Request(
        kind="rollback", ref=ref, hosts=hosts, at_once=at_once, halves=halves, reason=str(SafeText(reason(why, "--reason"))) if why else "", yes=how.yes,
        wait_for_person=how.patience,
    )  # fmt: skip
    finish(run_commands.open_run(how, environment, request))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these hosts: names, globs, ranges, tag:x; ! excludes.")
@how_options
@click.pass_context
def restart(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Restart host by host, each behind its health gate."""
    how = how_of(ctx, given)
    need_yes(how, "restart")
    from console.cli import run_commands
    from console.model.request import Request

    finish(run_commands.open_run(how, environment, Request(kind="restart", hosts=hosts, yes=how.yes, wait_for_person=how.patience)))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--run", "of", required=True, metavar="RUN", help="The run whose backup it is: its id, a unique prefix, or last.")
@how_options
@click.pass_context
def restore(ctx: click.Context, /, environment: str, of: str, **given: Any) -> None:
    """Restore the database from the backup that a run took. Nothing else does this; you type the environment's name."""
    how = how_of(ctx, given)
    need_yes(how, "restore")
    from console.cli import restore_command as restoring

    finish(restoring.restore(how, environment, of))


COMMANDS = (release, check, rollback, restart, restore)
