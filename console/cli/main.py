"""The command line: what may be typed, and which function each word leads to. Knows the words; nothing of runs, hosts or files.

`deploy production` is no command of its own: a first word that names no command is an environment.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from console.cli.wiring import How, fail, need_yes
from console.errors import ConsoleError, Exit, NotYet, UsageFault

F = TypeVar("F", bound=Callable[..., Any])

LATER = ("maintenance", "exec", "logs", "pending", "promote", "ack", "restore", "report", "replay", "doctor", "init", "forgive")


class Words(click.Group):
    """A group in which a word that is no command is an environment, and options that belong to all may stand before the command."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the first word for a command, or for the environment of a release."""
        if args and args[0] in LATER:
            raise NotYet(f"deploy {args[0]}: not yet", "deploy --help names what is there")
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            return "ENV", self.commands["ENV"], args
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return [name for name in self.commands if not self.commands[name].hidden]


def how_options(command: F) -> F:
    """The options that stand before or after every command."""
    options = [
        click.option("-c", "file", metavar="FILE", help="hosts.toml to use ($DEPLOY_CONFIG, or here and in the folders above)."),
        click.option("--app", help="Application, where the file has several."),
        click.option("--theme", help="Colours of the screen.", hidden=True),
        click.option("--yes", is_flag=True, help="Answer confirmations and the typed name; never a check."),
        click.option("--plain", is_flag=True, help="A line for each event."),
        click.option("--json", "json_", is_flag=True, help="An object for each event, the last one the result."),
        click.option("--wait-for-person", metavar="DURATION", help="How long a question stays open.", hidden=True),
        click.option("--read-only", is_flag=True, help="Look, and change nothing."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def what_options(command: F) -> F:
    """What to release, and the answers that a release needs."""
    options = [
        click.option("--version", "ref", metavar="REF", default="", help="Tag, branch or commit (HEAD)."),
        click.option("--strategy", type=click.Choice(["rolling"]), help="rolling."),
        click.option("--hosts", metavar="P", default="", help="Names, globs, ranges, tag:x, ! in front of any."),
        click.option("--without", multiple=True, metavar="HOST=REASON", help="Leave a host out."),
        click.option("--hotfix", metavar="REASON", default="", help="Release in a closed time, with the reason on record."),
        click.option("--override", "overrides", multiple=True, metavar="CHECK=REASON", help="Go in spite of a check."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _how(ctx: click.Context, /, given: dict[str, Any]) -> How:
    before = ctx.find_root().params
    chosen = {name: given.pop(name, None) or before.get(name) for name in ("file", "app", "yes", "plain", "json_", "read_only")}
    for name in ("theme", "wait_for_person", "strategy"):
        given.pop(name, None)
    return How(
        chosen["file"] or "", chosen["app"] or "", bool(chosen["yes"]), bool(chosen["plain"]), bool(chosen["json_"]), bool(chosen["read_only"])
    )  # fmt: skip


def _pairs(texts: tuple[str, ...], option: str) -> tuple[tuple[str, str], ...]:
    for text in texts:
        if not all(text.partition("=")[::2]):
            raise UsageFault(f"{option} {text}: a reason is missing", f"{option} {text.partition('=')[0]}=REASON")
    return tuple((text.partition("=")[0], text.partition("=")[2]) for text in texts)


def _run(work: Coroutine[Any, Any, int]) -> None:
    sys.exit(asyncio.run(work))


@click.group(cls=Words, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@how_options
@click.version_option(package_name="deploy-console", message="%(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:
    """Deploy, watch and roll back. `deploy ENV` releases to an environment: deploy production --version v1.4.2."""
    if ctx.invoked_subcommand is None:
        how = _how(ctx, given)
        if how.wants_screen:
            raise NotYet("the console without a run: not yet", "deploy ENV, deploy status, deploy history")
        from console.cli import fleet

        _run(fleet.status(how, ""))


@cli.command("ENV", hidden=True)
@click.argument("environment")
@what_options
@how_options
@click.pass_context
def release(
    ctx: click.Context, /, environment: str, ref: str, hosts: str, without: tuple[str, ...], hotfix: str, overrides: tuple[str, ...], **given: Any
) -> None:
    """A release to that environment."""
    from console.cli import runs
    from console.model.request import Request

    how = _how(ctx, given)
    need_yes(how, f"deploy {environment}")
    request = Request(
        ref=ref, hosts=hosts, without=_pairs(without, "--without"), overrides=_pairs(overrides, "--override"), hotfix=hotfix, yes=how.yes
    )  # fmt: skip
    _run(runs.open_run(how, environment, request))


@cli.command()
@click.argument("environment", default="")
@what_options
@how_options
@click.pass_context
def check(
    ctx: click.Context, /, environment: str, ref: str, hosts: str, without: tuple[str, ...], hotfix: str, overrides: tuple[str, ...], **given: Any
) -> None:
    """Show the go/no-go and the whole plan; change nothing."""
    from console.cli import fleet

    argument = {"ref": ref, "hosts": hosts, "without": _pairs(without, "--without"), "overrides": _pairs(overrides, "--override"), "hotfix": hotfix}
    _run(fleet.check(_how(ctx, given), environment, argument))


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
    from console.cli import runs
    from console.model.request import Request

    how = _how(ctx, given)
    need_yes(how, "deploy rollback")
    _run(runs.open_run(how, environment, Request(kind="rollback", ref=ref, hosts=hosts, at_once=at_once, halves=halves, yes=how.yes)))


@cli.command()
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@how_options
@click.pass_context
def restart(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Restart host by host, each behind its health gate."""
    from console.cli import runs
    from console.model.request import Request

    how = _how(ctx, given)
    need_yes(how, "deploy restart")
    _run(runs.open_run(how, environment, Request(kind="restart", hosts=hosts, yes=how.yes)))


@cli.command()
@click.argument("environment", default="")
@click.option("--motd", is_flag=True, help="One line, if anything is open.")
@how_options
@click.pass_context
def status(ctx: click.Context, /, environment: str, motd: bool, **given: Any) -> None:
    """What runs where, read from the hosts."""
    from console.cli import fleet

    _run(fleet.status(_how(ctx, given), environment, motd=motd))


@cli.command()
@click.argument("run", default="")
@how_options
@click.pass_context
def attach(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Join a run; ends with it, with its exit code."""
    from console.cli import runs

    _run(runs.attach(_how(ctx, given), run))


@cli.command()
@click.argument("run", default="")
@how_options
@click.pass_context
def resume(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Go on with an interrupted run."""
    from console.cli import runs

    how = _how(ctx, given)
    need_yes(how, "deploy resume")
    _run(runs.resume(how, run))


def _steer(name: str, text: str, command: Callable[..., Any], *words: click.Parameter) -> None:
    """Add a verb that speaks to a run."""

    @click.pass_context
    def verb(ctx: click.Context, /, run: str, **given: Any) -> None:
        from console.cli import runs

        how = _how(ctx, given)
        twin = " ".join([name, *(str(value) for value in given.values() if value and not isinstance(value, bool))])
        _run(runs.steer(how, run, command(**given), twin))

    built = click.Command(name, callback=verb, params=[*words, click.Argument(["run"], default="")], help=text)
    for option in how_options(lambda: None).__click_params__:  # type: ignore[attr-defined]
        built.params.append(option)
    cli.add_command(built)


def _say(kind: str) -> Callable[..., Any]:
    def made(**words: Any) -> Any:
        from console.model import commands
        from console.text import SafeText

        return getattr(commands, kind)(**{name: SafeText(value) if name == "text" else value for name, value in words.items()})

    return made


_steer("pause", "Start nothing new.", _say("Pause"))
_steer("continue", "Go on after a pause.", _say("Continue"))
_steer("abort", "End the run: every touched host goes back.", _say("Abort"), click.Option(["--leave"], is_flag=True, help="Leave all as it is."))
_steer("skip", "Leave a host on its old release.", _say("Skip"), click.Argument(["host"]))
_steer("retry", "Try a host again.", _say("Retry"), click.Argument(["host"]))
_steer("note", "A remark for the record.", _say("Note"), click.Argument(["text"]))


@cli.command()
@click.argument("environment", default="")
@click.option("--reason", required=True, help="Why; shown to everyone who is refused.")
@how_options
@click.pass_context
def lock(ctx: click.Context, /, environment: str, reason: str, **given: Any) -> None:
    """Close an environment: releases, restarts and exec are refused until it is unlocked."""
    from console.cli import fleet

    _run(fleet.note(_how(ctx, given), environment, "lock", reason))


@cli.command()
@click.argument("environment", default="")
@click.option("--run", "dead", default="", metavar="RUN", help="Break a dead run's lock (not yet).")
@click.option("--reason", required=True, help="Why.")
@how_options
@click.pass_context
def unlock(ctx: click.Context, /, environment: str, dead: str, reason: str, **given: Any) -> None:
    """Take a person's note away."""
    from console.cli import fleet

    if dead:
        raise NotYet("deploy unlock --run: not yet", f"deploy resume {dead}")
    how = _how(ctx, given)
    need_yes(how, "deploy unlock")
    _run(fleet.note(how, environment, "unlock", reason))


@cli.command()
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these.")
@how_options
@click.pass_context
def trust(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Enrol host keys: shows fingerprints, asks."""
    from console.cli import fleet

    how = _how(ctx, given)
    need_yes(how, "deploy trust")
    _run(fleet.trust(how, environment, hosts))


@cli.command()
@click.argument("environment", default="")
@how_options
@click.pass_context
def history(ctx: click.Context, /, environment: str, **given: Any) -> None:
    """Runs, newest first."""
    from console.cli import records

    sys.exit(records.history(_how(ctx, given), environment))


@cli.command()
@click.argument("run")
@how_options
@click.pass_context
def events(ctx: click.Context, /, run: str, **given: Any) -> None:
    """Every event of a run, an object a line."""
    from console.cli import records

    _how(ctx, given)
    sys.exit(records.events(run))


@cli.command()
@click.option("--hosts", default=12, metavar="N", help="How many hosts.")
@how_options
@click.pass_context
def demo(ctx: click.Context, /, hosts: int, **given: Any) -> None:
    """A fleet on this machine, with the console on it; leaves nothing behind."""
    from console.cli import demo as demonstration

    sys.exit(demonstration.run(_how(ctx, given), hosts))


@cli.command()
@click.argument("verb", default="list", type=click.Choice(["list", "stop", "run"]), metavar="[list|stop]")
@click.option("--environment", default="", hidden=True)
@click.option("--force", is_flag=True, help="Also where a run goes on.")
@how_options
@click.pass_context
def engine(ctx: click.Context, /, verb: str, environment: str, force: bool, **given: Any) -> None:
    """The engines of this state folder: list them, or stop them."""
    from console.cli import records
    from console.cli.engine import run_engine

    how = _how(ctx, given)
    if environment:
        run_engine(how.app, environment)
    else:
        _run(records.engines(how, verb, force=force))


def run() -> None:
    """Run the command line, and end with the contract's exit codes."""
    as_json = "--json" in sys.argv
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(int(Exit.INTERRUPTED))
    except KeyboardInterrupt:
        sys.exit(int(Exit.INTERRUPTED))
    except click.ClickException as fault:
        sys.exit(fail(UsageFault(fault.format_message(), "deploy --help"), as_json=as_json))
    except ConsoleError as error:
        sys.exit(fail(error, as_json=as_json))
