"""The options of the command line, in groups that commands share, and how what was typed becomes values. Knows nothing of runs or hosts."""

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from console.as_typed import Typed, set_typed, typed_here
from console.cli.command_list import ASKING, PLACES
from console.cli.invocation import Invocation
from console.core.words.sizes import bytes_of
from console.errors import UsageFault
from console.model.strategy_names import STRATEGIES

F = TypeVar("F", bound=Callable[..., Any])


HOW = (
    click.Option(["-c", "file"], metavar="FILE", help="hosts.toml to use ($DEPLOY_CONFIG, or here and in the folders above)."),
    click.Option(["--app"], metavar="NAME", help="Application, where the file has several."),
    click.Option(["--state"], metavar="DIR", help="Folder of the journal and the engines' sockets ($DEPLOY_STATE)."),
    click.Option(["--theme"], metavar="NAME", help="Colour theme of the screen."),
    click.Option(["--yes"], is_flag=True, help="Answer confirmations and the typed name; overrides no check."),
    click.Option(["--plain"], is_flag=True, help="Print one line per event."),
    click.Option(["--json", "json_"], is_flag=True, help="Print one JSON object per event; the last one is the result."),
    click.Option(["--wait-for-person"], metavar="DURATION", help="How long a question stays open (without a terminal: 0s)."),
    click.Option(["--read-only"], is_flag=True, help="Change nothing."),
)
"""The options that stand before or after every command; all commands share these very objects, which nothing changes."""


def how_options(command: F) -> F:
    """The options that stand before or after every command."""
    return _with(command, HOW)


def _with(command: F, options: Iterable[click.Option]) -> F:
    """Add options to what becomes a command, as click's own decorators do: the last one first."""
    vars(command).setdefault("__click_params__", []).extend(reversed(tuple(options)))
    return command


def what_options(command: F) -> F:
    """What to release, and the answers that a release needs."""
    answers = [
        ("--migration", "yes|no", "Whether it migrates the database."), ("--downtime", "none|DURATION", "How long the service is down."),
        ("--breaking", "yes|no", "Whether it breaks other systems."), ("--risk", "low|medium|high", "How risky the release is."),
        ("--old-code", "ok|breaks|unknown", "Whether the previous code runs on the new schema."), ("--notes", "FILE", "Release notes for the announcement."),
    ]  # fmt: skip
    options = [
        click.Option(["--version", "ref"], metavar="REF", default="", help="Tag, branch or commit (HEAD)."),
        click.Option(["--strategy"], metavar="NAME", help="Release strategy: rolling, canary, bluegreen or recreate."),
        click.Option(["--hosts"], metavar="P", default="", help="Hosts: names, globs, ranges, tag:x; ! excludes."),
        click.Option(["--without"], multiple=True, metavar="HOST=REASON", help="Leave a host out."),
        click.Option(["--hotfix"], metavar="REASON", help="Release during a freeze or a closed day; the reason is recorded."),
        click.Option(["--override", "overrides"], multiple=True, metavar="CHECK=REASON", help="Release although this check blocks; the reason is recorded."),
        click.Option(["--ack", "acks"], multiple=True, metavar="CHECK", help="Tick a manual check off."),
        click.Option(["--limit-rate"], metavar="SIZE", help="Bytes a second that are sent, all hosts together: 20MiB."),
        *(click.Option([name], metavar=metavar, help=words) for name, metavar, words in answers),
    ]
    return _with(command, options)


def how_of(ctx: click.Context, given: dict[str, Any]) -> Invocation:
    """Return how the command speaks: what stands behind it, else what stands before it. Takes those options out of `given`."""
    before = ctx.find_root().params
    names = ("file", "app", "state", "theme", "yes", "plain", "json_", "wait_for_person", "read_only")
    chosen = {name: given.pop(name, None) or before.get(name) for name in names}
    if chosen["plain"] and chosen["json_"]:
        raise UsageFault("--plain and --json exclude each other", "one of them")
    _keep_typed(chosen)
    if chosen["theme"]:
        _need_theme(chosen["theme"])
    wait = chosen["wait_for_person"]
    return Invocation(
        file=chosen["file"] or "", app=chosen["app"] or "", theme=chosen["theme"] or "", yes=bool(chosen["yes"]), plain=bool(chosen["plain"]),
        json=bool(chosen["json_"]), read_only=bool(chosen["read_only"]),
        wait_for_person=None if wait is None else seconds(wait, "--wait-for-person"),
    )  # fmt: skip


def _keep_typed(chosen: dict[str, Any]) -> None:
    """Keep what every command that is named here needs too, from any folder and terminal; a state folder that was typed is in force from here on."""
    if chosen["state"]:
        os.environ["DEPLOY_STATE"] = os.path.abspath(chosen["state"])
    file, state = chosen["file"] or os.environ.get("DEPLOY_CONFIG", ""), os.environ.get("DEPLOY_STATE", "")
    paths = (("-c", file and os.path.abspath(os.path.expanduser(file))), ("--app", chosen["app"] or ""), ("--state", state and os.path.abspath(state)))
    quiet = None if Invocation().is_terminal else frozenset(PLACES) - ASKING
    set_typed(Typed(typed_here().program, tuple(pair for pair in paths if pair[1]), quiet))


def _need_theme(name: str) -> None:
    from console.tui.themes.theme_files import theme_names

    names = theme_names()
    if name not in names:
        raise UsageFault(f"--theme {name}: there is no theme of that name", f"--theme {'|'.join(names)}")


def seconds(text: str, option: str) -> float:
    """Return a duration in seconds. Raises UsageFault."""
    from console.core.words.durations import seconds_of

    found = seconds_of(text)
    if found is None:
        raise UsageFault(f"{option} {text}: not a duration, or one of more than a hundred years", f"{option} 90s, 10m or 1h")
    return found


def reason(text: str, option: str) -> str:
    """Return a reason that is one. Raises UsageFault."""
    if not text.strip():
        raise UsageFault(f"{option}: a reason is missing", f"{option} REASON")
    return text.strip()


def pairs(texts: tuple[str, ...], option: str) -> tuple[tuple[str, str], ...]:
    """Return `NAME=REASON` options as pairs. Raises UsageFault where one has no reason, or a name has two."""
    for text in texts:
        name, _, why = (part.strip() for part in text.partition("="))
        if not name or not why:
            raise UsageFault(f"{option} {text}: {'a reason' if name else 'a name'} is missing", f"{option} {name or 'NAME'}={why or 'REASON'}")
    found = tuple((text.partition("=")[0].strip(), text.partition("=")[2].strip()) for text in texts)
    twice = next((name for place, (name, _) in enumerate(found) if name in dict(found[:place])), "")
    if twice:
        raise UsageFault(f"{option} {twice} is given twice, each time with a reason of its own", f"{option} {twice}=REASON, once")
    return found


def _limit_rate(text: str | None) -> int:
    """Return a rate in bytes a second; 0: none was typed. Raises UsageFault."""
    if text is None:
        return 0
    found = bytes_of(text)
    if not found:
        raise UsageFault(f"--limit-rate {text}: not a size", "--limit-rate 20MiB: so much a second, all hosts together")
    return found


def what_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that those options say, and take them out of `given`. Raises UsageFault."""
    strategy = given.pop("strategy", None)
    if strategy and strategy not in STRATEGIES:
        raise UsageFault(f"--strategy {strategy}: there is no such strategy", f"one of {', '.join(STRATEGIES)}")
    from console.cli.impact_options import impact_of

    hotfix = given.pop("hotfix", None)
    return {
        "ref": given.pop("ref"),
        "hosts": given.pop("hosts"),
        "without": pairs(given.pop("without"), "--without"),
        "overrides": pairs(given.pop("overrides"), "--override"),
        "acks": tuple(given.pop("acks")),
        "hotfix": "" if hotfix is None else reason(hotfix, "--hotfix"),
        "impact": impact_of(given),
        "strategy": strategy or "",
        "limit_rate": _limit_rate(given.pop("limit_rate", None)),
    }
