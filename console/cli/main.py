"""The command line: what may be typed, and which function each word leads to. Knows the words; nothing of runs, hosts or files.

`deploy production` is no command of its own: a first word that names no command is an environment. Slow parts are imported by the command
that needs them, so that `deploy --help` and a mistyped word answer at once.
"""

import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click

from console.cli.options import how_of, how_options, how_parameters, reason, seconds, what_of, what_options
from console.cli.wiring import How, fail, need_yes
from console.errors import ConsoleError, Exit, NotYet, UsageFault

LATER = ("maintenance", "promote", "doctor", "init")
"""Commands that are still to come."""


class Words(click.Group):
    """A group in which a word that is no command is an environment, and options that belong to all may stand before the command."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the first word for a command, or for the environment of a release."""
        if args and args[0] in LATER:
            raise NotYet(f"deploy {args[0]}: not yet", "deploy --help names what is there")
        if args and (args[0] not in self.commands or args[0] == "ENV") and not args[0].startswith("-"):
            return "ENV", self.commands["ENV"], args
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return [name for name in self.commands if not self.commands[name].hidden]


def _run(work: Coroutine[Any, Any, int]) -> None:
    import asyncio

    sys.exit(asyncio.run(work))


@click.group(cls=Words, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@how_options
@click.version_option(package_name="deploy-console", message="%(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:
    """Deploy, watch and roll back. `deploy ENV` releases to an environment: deploy production --version v1.4.2."""
    if ctx.invoked_subcommand is None:
        how = how_of(ctx, given)
        if how.wants_screen:
            from console.cli.home import home

            _run(home(how, ""))
        from console.cli import fleet

        _run(fleet.status(how, ""))


@cli.command("ENV", hidden=True)
@click.argument("environment")
@what_options
@how_options
@click.pass_context
def release(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Release to that environment."""
    how = how_of(ctx, given)
    what = what_of(given)
    _near_a_command(how, environment)
    need_yes(how, f"deploy {environment}")
    from console.cli import runs
    from console.model.request import Request

    _run(runs.open_run(how, environment, Request(**what, yes=how.yes, wait_for_person=how.patience)))


def _near_a_command(how: How, word: str) -> None:
    """Refuse a word that is a command with a slip in it, where no file names such an environment."""
    from difflib import get_close_matches

    near = get_close_matches(word, [name for name in (*cli.commands, *LATER) if name != "ENV"], 1, 0.75)
    if not near:
        return
    from console.cli.wiring import config_if_any

    try:
        file = config_if_any(how)
    except ConsoleError:
        return
    if file is None or word not in file.environment_names:
        raise UsageFault(f"there is no command and no environment {word}", f"deploy {near[0]}")


@cli.command()
@click.argument("environment", default="")
@what_options
@how_options
@click.pass_context
def check(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Show the go/no-go and the whole plan; change nothing."""
    how = how_of(ctx, given)
    what = what_of(given)
    from console.cli import fleet

    _run(fleet.check(how, environment, what))


@cli.command()
@click.argument("environment", default="")
@click.option("--to", "ref", default="", metavar="RELEASE", help="Release, version or commit that is on disk.")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@click.option("--at-once", is_flag=True, help="All hosts together.")
@click.option("--halves", is_flag=True, help="One half, then the other.")
@how_options
@click.pass_context
def rollback(ctx: click.Context, /, environment: str, ref: str, hosts: str, at_once: bool, halves: bool, **given: Any) -> None:
    """Back to the release that was live before, or to a named one."""
    how = how_of(ctx, given)
    if at_once and halves:
        raise UsageFault("--at-once and --halves exclude each other", "one of them, or neither")
    need_yes(how, "deploy rollback")
    from console.cli import runs
    from console.model.request import Request

    request = Request(
        kind="rollback", ref=ref, hosts=hosts, at_once=at_once, halves=halves, yes=how.yes, wait_for_person=how.patience
    )  # fmt: skip
    _run(runs.open_run(how, environment, request))


@cli.command()
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@how_options
@click.pass_context
def restart(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Restart host by host, each behind its health gate."""
    how = how_of(ctx, given)
    need_yes(how, "deploy restart")
    from console.cli import runs
    from console.model.request import Request

    _run(runs.open_run(how, environment, Request(kind="restart", hosts=hosts, yes=how.yes, wait_for_person=how.patience)))


@cli.command()
@click.argument("environment", default="")
@click.option("--motd", is_flag=True, help="One line, if anything is open, for a login: as this machine last saw it.")
@how_options
@click.pass_context
def status(ctx: click.Context, /, environment: str, motd: bool, **given: Any) -> None:
    """What runs where, read from the hosts."""
    how = how_of(ctx, given)
    if motd:
        from console.cli.motd import motd as say_what_is_open

        _run(say_what_is_open(how, environment))
    from console.cli import fleet

    _run(fleet.status(how, environment))


@cli.command()
@click.argument("run", default="")
@how_options
@click.pass_context
def attach(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Join a run; ends with it, with its exit code."""
    how = how_of(ctx, given)
    from console.cli import runs

    _run(runs.attach(how, run))


@cli.command()
@click.argument("environment", default="")
@click.option("--run", "of", required=True, metavar="RUN", help="The run whose backup it is: its id, a unique prefix, or last.")
@how_options
@click.pass_context
def restore(ctx: click.Context, /, environment: str, of: str, **given: Any) -> None:
    """Bring the database back from the backup that a run took. Never done by anything else; the environment's name is typed."""
    how = how_of(ctx, given)
    need_yes(how, "deploy restore")
    from console.cli import restore as restoring

    _run(restoring.restore(how, environment, of))


@cli.command()
@click.argument("run", default="")
@how_options
@click.pass_context
def resume(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Go on with an interrupted run."""
    how = how_of(ctx, given)
    need_yes(how, "deploy resume")
    from console.cli import runs

    _run(runs.resume(how, run))


def _steer(name: str, text: str, kind: str, twin: Callable[[dict[str, Any]], tuple[str, ...]], *words: click.Parameter) -> None:
    """Add a verb that speaks to a run. `twin`: its words on the command line."""

    @click.pass_context
    def verb(ctx: click.Context, /, run: str, **given: Any) -> None:
        how = how_of(ctx, given)
        from console.cli import runs
        from console.model import commands
        from console.text import SafeText

        said = {key: SafeText(reason(value, key)) if key == "text" else value for key, value in given.items()}
        _run(runs.steer(how, run, getattr(commands, kind)(**said), twin(given)))

    cli.add_command(click.Command(name, callback=verb, params=[*words, click.Argument(["run"], default=""), *how_parameters()], help=text))


_steer("pause", "Start nothing new.", "Pause", lambda given: ("pause", "RUN"))
_steer("continue", "Go on after a pause.", "Continue", lambda given: ("continue", "RUN"))
_steer(
    "abort", "End the run: every touched host goes back.", "Abort", lambda given: ("abort", "RUN", "--leave" if given["leave"] else ""),
    click.Option(["--leave"], is_flag=True, help="Leave all as it is."),
)  # fmt: skip
_steer("skip", "Leave a host on its old release.", "Skip", lambda given: ("skip", given["host"], "RUN"), click.Argument(["host"]))
_steer("retry", "Try a host again.", "Retry", lambda given: ("retry", given["host"], "RUN"), click.Argument(["host"]))
_steer(
    "ack", "Tick a manual check off.", "Acknowledge", lambda given: ("ack", given["check"], "RUN"), click.Argument(["check"]),
)  # fmt: skip
_steer("note", "A remark for the record.", "Note", lambda given: ("note", given["text"], "RUN"), click.Argument(["text"]))


@cli.command()
@click.argument("environment", default="")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why; shown to everyone who is refused.")
@click.option("--for", "duration", metavar="DURATION", help="Until then, by the hosts' clocks; without it, until deploy unlock.")
@how_options
@click.pass_context
def lock(ctx: click.Context, /, environment: str, why: str, duration: str | None, **given: Any) -> None:
    """Close an environment: releases, restarts and exec are refused until it is unlocked."""
    how = how_of(ctx, given)
    length = 0.0 if duration is None else seconds(duration, "--for")
    if duration is not None and length < 1:
        raise UsageFault(f"--for {duration}: that is over at once", "--for 90s, 10m or 1h")
    from console.cli import locks

    _run(locks.lock(how, environment, reason(why, "--reason"), length))


@cli.command()
@click.argument("environment", default="")
@click.option("--run", "dead", default="", metavar="RUN", help="Break the lock of this run, which is dead.")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why.")
@how_options
@click.pass_context
def unlock(ctx: click.Context, /, environment: str, dead: str, why: str, **given: Any) -> None:
    """Take a person's note away, or break a dead run's lock."""
    how = how_of(ctx, given)
    need_yes(how, "deploy unlock")
    from console.cli import locks

    if dead:
        _run(locks.unlock_run(how, environment, dead, reason(why, "--reason")))
    _run(locks.unlock(how, environment, reason(why, "--reason")))


@cli.command("exec")
@click.argument("environment")
@click.argument("command", nargs=-1, required=True)
@click.option("--hosts", required=True, metavar="P", help="Which: names, globs, ranges, tag:x, ! in front of any.")
@how_options
@click.pass_context
def execute(ctx: click.Context, /, environment: str, command: tuple[str, ...], hosts: str, **given: Any) -> None:
    """Run a command in the live release of those hosts: deploy exec production --hosts web01 -- 'ls | wc -l'.

    One word behind -- is the shell's text, several are a command with its arguments. --read-only: it changes nothing, by your word, and may run on
    hosts that are locked.
    """
    how = how_of(ctx, given)
    need_yes(how, "deploy exec")
    from console.cli import errands

    _run(errands.execute(how, environment, hosts, errands.command_of(command)))


@cli.command()
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@click.option("--follow", is_flag=True, help="Go on until ctrl+c.")
@click.option("--grep", "pattern", default="", metavar="REGEX", help="Only lines in which that is found.")
@how_options
@click.pass_context
def logs(ctx: click.Context, /, environment: str, hosts: str, follow: bool, pattern: str, **given: Any) -> None:
    """The application's own logs, from every host, merged."""
    from console.cli import errands

    _run(errands.logs(how_of(ctx, given), environment, hosts, pattern, follow=follow))


@cli.command()
@click.argument("environment", default="")
@click.option("--version", "ref", metavar="REF", default="", help="Tag, branch or commit (HEAD).")
@how_options
@click.pass_context
def pending(ctx: click.Context, /, environment: str, ref: str, **given: Any) -> None:
    """Commits, authors and migrations between what is live and REF."""
    from console.cli import pending as waiting

    _run(waiting.pending(how_of(ctx, given), environment, ref))


@cli.command()
@click.argument("host")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why.")
@how_options
@click.pass_context
def forgive(ctx: click.Context, /, host: str, why: str, **given: Any) -> None:
    """Close the debt of a host that no longer exists."""
    how = how_of(ctx, given)
    need_yes(how, f"deploy forgive {host}")
    from console.cli import debts

    _run(debts.forgive(how, host, reason(why, "--reason")))


@cli.command()
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@how_options
@click.pass_context
def trust(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Enrol host keys: shows fingerprints, asks."""
    how = how_of(ctx, given)
    need_yes(how, "deploy trust")
    from console.cli.trust import trust as enrol_keys

    _run(enrol_keys(how, environment, hosts))


@cli.command()
@click.argument("environment", default="")
@how_options
@click.pass_context
def history(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Runs, newest first."""
    from console.cli import records

    sys.exit(records.history(how_of(ctx, given), environment))


@cli.command()
@click.argument("run", default="")
@how_options
@click.pass_context
def events(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Every event of a run, an object a line."""
    from console.cli import records

    sys.exit(records.events(how_of(ctx, given), run))


@cli.command()
@click.argument("run", default="")
@click.option("--format", "form", default="md", type=click.Choice(["md", "html", "json"]), help="Markdown, or JSON.")
@how_options
@click.pass_context
def report(ctx: click.Context, /, run: str, form: str, **given: Any) -> None:
    """What happened in a run: timeline, decision, hosts, failures, notes."""
    how = how_of(ctx, given)
    if form == "html":
        raise NotYet("--format html: not yet", "--format md, --format json")
    from console.cli import records

    sys.exit(records.report(how, run, as_json=how.json or form == "json"))


@cli.command()
@click.argument("run", default="")
@click.option("--speed", default=1.0, type=float, metavar="N", help="Seconds of the run that pass in one; 0: at once.")
@how_options
@click.pass_context
def replay(ctx: click.Context, /, run: str, speed: float, **given: Any) -> None:
    """Play a run again; it acts on nothing."""
    how = how_of(ctx, given)
    from console.cli import replay as player

    _run(player.replay(how, run, speed))


@cli.command()
@click.option("--hosts", default=12, type=click.IntRange(1, 500), metavar="N", help="How many hosts.")
@how_options
@click.pass_context
def demo(ctx: click.Context, /, hosts: int, **given: Any) -> None:
    """A fleet on this machine, with the console on it; leaves nothing behind."""
    from console.cli import demo as demonstration

    sys.exit(demonstration.run(how_of(ctx, given), hosts))


@cli.command()
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

    _run(records.engines(how, verb, force=force))


def run() -> None:
    """Run the command line, and end with the contract's exit codes."""
    as_json = "--json" in sys.argv
    try:
        cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(int(Exit.INTERRUPTED))
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.UsageError as fault:
        sys.exit(fail(UsageFault(fault.format_message(), _help_for(fault)), as_json=as_json))
    except click.ClickException as fault:
        sys.exit(fail(UsageFault(fault.format_message(), "deploy --help"), as_json=as_json))
    except ConsoleError as error:
        sys.exit(fail(error, as_json=as_json))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(int(Exit.CONSOLE_FAILED))
    except Exception as bug:
        if not as_json:
            raise
        sys.exit(fail(ConsoleError(f"the console failed: {type(bug).__name__}: {bug}"), as_json=True))


def _help_for(fault: click.UsageError) -> str:
    name = fault.ctx.info_name if fault.ctx and fault.ctx.parent else ""
    return f"deploy {name} --help" if name else "deploy --help"
