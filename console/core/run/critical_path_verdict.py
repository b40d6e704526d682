"""Critical paths in a run: which hosts one is tried for, what its tries come to, and which ones wait for a person. Pure.

How one is tried is the adapters'. What its failure means for the run is `core/run/decide.py`'s, as for every step about no host.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from console.core.checks.configured import SHOWN
from console.core.host.shell import placeholders
from console.core.host_selection import applies
from console.core.words.shortened_list import shortened
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step
from console.model.state import CriticalTry, RunState
from console.safe_text import SafeText

OF_A_HOST: Final = frozenset({"host", "address", "server", "shared", "previous"})
TRIES: Final = 3
"""A path that could not be measured is tried so often; one that failed is not tried again."""
AGAIN: Final = 2.0
"""Seconds between two tries."""


class PathEnd(NamedTuple):
    """How the step of a path ends."""

    status: Literal["done", "failed", "unknown"]
    words: SafeText


def path_of(environment: Environment, step: Step) -> CriticalPath | None:
    """Return the path that the step tries; None: the file has it no more."""
    return next((path for path in environment.critical if path.name == step.path), None)


def tried_hosts(environment: Environment, state: RunState, path: CriticalPath, release: str) -> tuple[Host, ...]:
    """Return the hosts that have the release and that the path is for. One that gets its requests only later on has it too."""
    known = ((host, state.hosts.get(host.name)) for host in environment.hosts if applies(path.tags, host))
    return tuple(host for host, seen in known if seen and seen.condition in ("new", "updating") and seen.release == release)


def is_per_host(path: CriticalPath) -> bool:
    """Whether it is tried for each host: by the host itself, or as its texts name something of a host."""
    return path.on == "host" or not OF_A_HOST.isdisjoint(name for text in _texts(path) for name in placeholders(text))


def _texts(path: CriticalPath) -> Iterator[str]:
    if path.command is not None:
        yield path.command.run
    for step in path.steps:
        yield from (step.url, step.json, step.expect_body)
        yield from (value for value in (*step.form.values(), *step.headers.values()) if isinstance(value, str))


def ended(path: CriticalPath, step: Step, tries: Sequence[CriticalTry]) -> PathEnd:
    """Return what the tries come to: the worst of them. No host to try it for is no pass, unless it is tried again at the end."""
    if not tries:
        later = step.phase == "release" and "end" in path.at
        return PathEnd("done" if later else "unknown", SafeText("not tried: no host has the new release" + (" by now" if later else "")))
    bad = [one for one in tries if one.verdict == "failed"] or [one for one in tries if one.verdict == "error"]
    if not bad:
        return PathEnd("done", SafeText(""))
    told = shortened([try_words(one) for one in bad], SHOWN, "; ")
    return PathEnd("failed", SafeText(told)) if bad[0].verdict == "failed" else PathEnd("unknown", SafeText(f"it could not be measured: {told}"))


def try_words(tried: CriticalTry) -> str:
    """Return what one try came to, in words: its host, its request, what was seen."""
    return ": ".join(filter(None, (tried.host, str(tried.where), str(tried.seen))))


def has_passed(state: RunState, step: Step) -> bool:
    """Whether the step has shown that its path works: it was tried on a host at least, or a person ticked it off."""
    return state.step_state(step).status == "done" and (step.kind == "manual" or bool(state.critical.get(step.name)))


def manual_names(environment: Environment) -> tuple[str, ...]:
    """Return what can be ticked off in that environment: manual checks, and critical paths that a person tries."""
    checks = (check.name for check in environment.checks if check.kind == "manual")
    return (*checks, *(path.name for path in environment.critical if path.kind == "manual"))


def open_ticks(state: RunState) -> dict[str, str]:
    """Return the critical paths that wait for a person now, by name: the step that waits."""
    if state.phase != "running" or state.aborting:
        return {}
    waiting = (state.index[name] for name in state.tally.own_running)
    return {step.path: step.name for step in waiting if step.kind == "manual" and step.name not in state.ticks}


def tick_words(path: CriticalPath | None, name: str) -> str:
    """Return what a person is asked to do."""
    return f"critical path {name}" + (f": {path.prompt}" if path and path.prompt else " is to be tried by a person")
