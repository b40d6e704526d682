"""What is read of runs from the record."""

import sys
from typing import Any

import click

from console.cli.carry_out import finish
from console.cli.options import how_of, how_options
from console.cli.strict_command import StrictCommand


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@how_options
@click.pass_context
def history(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """List the runs, newest first."""
    from console.cli import record_commands

    sys.exit(record_commands.history(how_of(ctx, given), environment))


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@how_options
@click.pass_context
def events(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Print every event of a run, one JSON object per line."""
    from console.cli import record_commands

    sys.exit(record_commands.events(how_of(ctx, given), run))


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@click.option("--format", "form", default="md", type=click.Choice(["md", "html", "json"]), help="Markdown, one HTML file with plots, or JSON.")
@how_options
@click.pass_context
def report(ctx: click.Context, /, run: str, form: str, **given: Any) -> None:
    """Report what happened in a run: summary, decision, timeline, plan against what happened, hosts; after a failure the draft of a post-mortem."""
    how = how_of(ctx, given)
    from console.cli import record_commands

    sys.exit(record_commands.report(how, run, "json" if how.json else form))


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@click.option("--speed", default=1.0, type=float, metavar="N", help="How many times faster than the run was; 0: all at once.")
@how_options
@click.pass_context
def replay(ctx: click.Context, /, run: str, speed: float, **given: Any) -> None:
    """Replay a recorded run; nothing is changed."""
    how = how_of(ctx, given)
    from console.cli import replay_command as player

    finish(player.replay(how, run, speed))


COMMANDS = (history, events, report, replay)
