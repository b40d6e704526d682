"""What is said to a run that goes on: join it, take it up, and the verbs that steer it."""

from collections.abc import Callable
from typing import Any

import click

from console.cli.carry_out import finish
from console.cli.invocation import need_yes
from console.cli.options import HOW, how_of, how_options, reason, seconds
from console.cli.strict_command import StrictCommand


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@how_options
@click.pass_context
def attach(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Join a run and follow it to its end; the exit code is the run's."""
    how = how_of(ctx, given)
    from console.cli import run_commands

    finish(run_commands.attach(how, run))


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@how_options
@click.pass_context
def resume(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Continue a run whose engine has ended."""
    how = how_of(ctx, given)
    need_yes(how, "resume")
    from console.cli import run_commands

    finish(run_commands.resume(how, run))


@click.command(cls=StrictCommand)
@click.argument("run", default="")
@click.option("--for", "duration", metavar="DURATION", required=True, help="How much longer: 90s, 10m or 1h.")
@click.option("--reason", "why", metavar="TEXT", required=True, help="Kept in the run's record.")
@how_options
@click.pass_context
def extend(ctx: click.Context, /, run: str, duration: str, why: str, **given: Any) -> None:
    """Make the monitoring window of a run longer."""
    how = how_of(ctx, given)
    from console.cli import run_commands
    from console.model.commands import Extend
    from console.safe_text import SafeText

    said = Extend(seconds=seconds(duration, "--for"), reason=SafeText(reason(why, "--reason")))
    finish(run_commands.steer(how, run, said, ("extend", "RUN", "--for", duration, "--reason", why)))


def _word(text: str) -> tuple[str, ...]:
    """A word as it is typed: one that looks like an option stands behind `--`."""
    return ("--", text) if text.startswith("-") else (text,)


def _verb(name: str, text: str, kind: str, equivalent: Callable[[dict[str, Any]], tuple[str, ...]], *words: click.Parameter) -> StrictCommand:
    """Make a verb that speaks to a run. `equivalent`: its words on the command line."""

    @click.pass_context
    def verb(ctx: click.Context, /, run: str, **given: Any) -> None:
        how = how_of(ctx, given)
        from console.cli import run_commands
        from console.model import commands
        from console.safe_text import SafeText

        said = {key: SafeText(reason(value, key)) if key == "text" else SafeText(value) if key == "reason" else value for key, value in given.items()}
        finish(run_commands.steer(how, run, getattr(commands, kind)(**said), equivalent(given)))

    return StrictCommand(name, callback=verb, params=[*words, click.Argument(["run"], default=""), *HOW], help=text)


COMMANDS = (
    attach, resume,
    _verb("pause", "Start no other host; hosts that are being updated finish first.", "Pause", lambda given: ("pause", "RUN")),
    _verb("continue", "Continue a paused run.", "Continue", lambda given: ("continue", "RUN")),
    _verb(
        "promote", "End the analysis of a canary, or the monitoring window, and go on with the release.", "Promote",
        lambda given: ("promote", "RUN", *(("--reason", given["reason"]) if given["reason"] else ())),
        click.Option(["--reason"], metavar="TEXT", default="", help="Kept in the run's record."),
    ),
    extend,
    _verb(
        "abort", "End the run and roll back every host that it changed.", "Abort", lambda given: ("abort", "RUN", "--leave" if given["leave"] else ""),
        click.Option(["--leave"], is_flag=True, help="Leave every host as it is now."),
    ),
    _verb(
        "skip", "Leave a host on its old release, or take it back to it, and go on with the others.", "Skip",
        lambda given: ("skip", given["host"], "RUN"), click.Argument(["host"]),
    ),
    _verb("retry", "Try a host again.", "Retry", lambda given: ("retry", given["host"], "RUN"), click.Argument(["host"])),
    _verb(
        "ack", "Tick a manual check off.", "Acknowledge", lambda given: ("ack", *_word(given["check"]), "RUN"), click.Argument(["check"]),
    ),
    _verb(
        "note", "Write a note into the run's record.", "Note", lambda given: ("note", "--rollback" if given["about"] else "", *_word(given["text"]), "RUN"),
        click.Argument(["text"]), click.Option(["--rollback", "about"], flag_value="rollback", default="", help="It is why the run goes, or went, back."),
    ),
)  # fmt: skip
