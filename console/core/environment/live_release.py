"""What an environment is now, by the record of its runs, and what owed hosts are brought to. Pure; runs come in as states, newest first."""

from collections.abc import Iterable
from typing import NamedTuple

from console.model.release import Release
from console.model.state import HostState, RunState
from console.text import SafeText


class Live(NamedTuple):
    """The release that the environment is on. `content`: the digest that it shipped; empty: not known."""

    release: Release
    content: str = ""


class Unclear(NamedTuple):
    """Why nobody can say what the environment is, so that a person is asked."""

    words: str


def live_release(states: Iterable[RunState]) -> Live | Unclear:
    """Return what the environment is. Reads no more states than it takes to know."""
    wanted = ""
    for state in states:
        if wanted:
            if state.kind == "deploy" and state.release is not None and state.release.id == wanted:
                return Live(state.release, state.content)
            continue
        if state.kind == "restore" and state.go:
            return Unclear(f"the database was brought back by run {state.run}: what runs on it now is for a person to say")
        if state.kind not in ("deploy", "rollback") or not state.changed or state.request.hosts:
            continue
        if state.kind == "deploy" and state.exit in (0, 8) and state.release is not None:
            return Live(state.release, state.content)
        found = {_ends_on(host) for host in state.hosts.values() if host.condition not in ("owed", "left-out")}
        if len(found) != 1 or "" in found:
            return Unclear(f"run {state.run} left its hosts on different releases")
        wanted = found.pop()
        if state.kind == "deploy" and state.release is not None and state.release.id == wanted:
            return Live(state.release, state.content)
    if wanted:
        return Live(Release(wanted, SafeText(""), ""))
    return Unclear("no release run is known here")


def _ends_on(host: HostState) -> str:
    """The release that a host was known to be on at the run's end; empty: not known."""
    return host.release if host.condition in ("back", "old", "skipped", "new") else ""


