"""Which release an environment is on, by its ended runs: what owed hosts are brought to. Pure; updated when a run ends."""

from collections.abc import Iterable

from console.core.host_conditions import AT_REST, BEHIND
from console.core.kinds.kind_table import kind_of
from console.core.traffic.bluegreen_sides import moves_traffic
from console.model.environment_record import Live, Released, Unclear
from console.model.release_facts import Release
from console.model.state import HostState, RunState
from console.safe_text import SafeText


def live_after(before: Live | Unclear, state: RunState, released: Iterable[Released]) -> Live | Unclear:
    """Return what the environment is once that run has ended. `released`: what earlier runs released."""
    if state.kind == "restore" and state.go:
        return Unclear(f"the database was brought back by run {state.run}: what runs on it now is for a person to say")
    if not kind_of(state).sets_live or not state.changed or state.request.hosts:
        return before
    if state.kind == "deploy" and state.exit in (0, 8) and state.release is not None:
        return Live(state.release, state.content)
    every = state.hosts.values()
    serve = [host for host in every if not host.is_out] if moves_traffic(state) else every
    found = {_ends_on(host) for host in serve if host.condition not in BEHIND}
    if len(found) != 1 or "" in found:
        return Unclear(f"run {state.run} left its hosts on different releases")
    wanted = found.pop()
    if state.kind == "deploy" and state.release is not None and state.release.id == wanted:
        return Live(state.release, state.content)
    known = (Live(one.release, one.content) for one in released if one.release and one.release.id == wanted)
    return next(known, Live(Release(wanted, SafeText(""), "")))


def _ends_on(host: HostState) -> str:
    """The release that a host was known to be on at the run's end; empty: not known."""
    return host.release if host.condition in AT_REST else ""
