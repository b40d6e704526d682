"""What concerns this machine alone: a fleet to try the console on, and the engines."""

import sys
from typing import Any

import click

from console.cli.carry_out import finish
from console.cli.invocation import need_to_change
from console.cli.options import how_of, how_options
from console.cli.strict_command import StrictCommand


@click.command(cls=StrictCommand)
@click.option("--hosts", type=click.IntRange(1, 1000), metavar="N", help="How many hosts (12).")
@click.option("--sides", is_flag=True, help="Hosts on two sides, blue and green, of which one gets requests: for blue/green releases.")
@click.option("--stop", is_flag=True, help="Stop the demo's fleet and remove everything it made.")
@how_options
@click.pass_context
def demo(ctx: click.Context, /, hosts: int | None, *, sides: bool, stop: bool, **given: Any) -> None:
    """Start a fleet of SSH servers on this machine and open the console on it. It runs until --stop, or an hour after its last console."""
    from console.cli import demo_command as demonstration

    how = how_of(ctx, given)
    sys.exit(demonstration.stop(how) if stop else demonstration.run(how, hosts, sides=sides))


@click.command(cls=StrictCommand)
@click.argument("verb", default="list", type=click.Choice(["list", "stop", "migrate"]), metavar="[list|stop|migrate]")
@click.option("--environment", default="", hidden=True)
@click.option("--force", is_flag=True, help="Stop it even during a run.")
@how_options
@click.pass_context
def engine(ctx: click.Context, /, verb: str, environment: str, force: bool, **given: Any) -> None:
    """List or stop the engines of this state folder; or bring the tables of a shared journal up to date."""
    how = how_of(ctx, given)
    if environment:
        from console.cli.engine_command import run_engine

        run_engine(how.app, environment)
        return
    if verb != "list":
        need_to_change(how, f"engine {verb}")
    if verb == "migrate":
        from console.cli.migrate_command import migrate_journal

        sys.exit(migrate_journal(how))
    from console.cli import list_engines

    finish(list_engines.engines(how, verb, force=force))


COMMANDS = (demo, engine)
