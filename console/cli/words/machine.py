"""What concerns this machine alone: a fleet to try the console on, and the engines."""

import sys
from typing import Any

import click

from console.cli.given import Command
from console.cli.options import how_of, how_options
from console.cli.wiring import finish


@click.command(cls=Command)
@click.option("--hosts", default=12, type=click.IntRange(1, 500), metavar="N", help="How many hosts.")
@how_options
@click.pass_context
def demo(ctx: click.Context, /, hosts: int, **given: Any) -> None:
    """A fleet on this machine, with the console on it; leaves nothing behind."""
    from console.cli import demo as demonstration

    sys.exit(demonstration.run(how_of(ctx, given), hosts))


@click.command(cls=Command)
@click.argument("verb", default="list", type=click.Choice(["list", "stop"]), metavar="[list|stop]")
@click.option("--environment", default="", hidden=True)
@click.option("--force", is_flag=True, help="Also where a run goes on.")
@how_options
@click.pass_context
def engine(ctx: click.Context, /, verb: str, environment: str, force: bool, **given: Any) -> None:
    """The engines of this state folder: list them, or stop them."""
    how = how_of(ctx, given)
    if environment:
        from console.cli.engine import run_engine

        run_engine(how.app, environment)
        return
    from console.cli import records

    finish(records.engines(how, verb, force=force))


COMMANDS = (demo, engine)
