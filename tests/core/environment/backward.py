"""The rules of an environment's record told the other way round: by whole runs, newest first, with everything that they come to. What `recorded` keeps is held against these."""

from console.core.database_state import is_migrated
from console.core.run.outcome import is_there_already
from console.core.traffic.bluegreen_sides import moves_traffic
from console.model import events as ev

ACTED = (0, 4, 5, 8)
UNVERIFIED = frozenset({"failed", "unknown", "unreachable", "owed", "updating", "returning"})


def open_debts(states):
    """(host, run) of what is owed. Runs that did nothing to hosts say nothing."""
    paid, found, undone = set(), [], False
    for state in (one for one in states if one.exit in ACTED):
        takes_back, undone = undone, undone and state.kind in ("restart", "catch-up")
        for host in state.hosts.values():
            left_out = host.name in {name for name, _ in state.request.without}
            if host.name in paid:
                continue
            if host.condition == "owed" and not (takes_back and left_out):
                found.append((host.name, state.run))
            elif not takes_back and (
                (host.condition == "new" and state.kind in ("deploy", "catch-up")) or (host.condition == "back" and state.kind == "rollback")
            ):
                paid.add(host.name)
        undone = undone or (state.kind == "rollback" and state.exit == 0 and not state.request.ref and not state.request.hosts)
    return found


def failed_run(states):
    """The run that left the environment unverified; empty: none."""
    good = set()
    for state in (one for one in states if one.exit in ACTED):
        stayed = {name for name, host in state.hosts.items() if host.condition not in ("new", "back") and not is_there_already(state, host)}
        bad = {name for name, host in state.hosts.items() if host.condition in UNVERIFIED} or stayed or set(state.hosts)
        if state.exit == 5 and bad - good:
            return state.run
        if state.exit in (0, 4, 8) and not state.request.hosts:
            return ""
        good |= {name for name, host in state.hosts.items() if host.condition in ("new", "back")}
    return ""


def live_release(states):
    """(release, content), or why nobody can say."""
    wanted = ""
    for state in states:
        if wanted:
            if state.kind == "deploy" and state.release is not None and state.release.id == wanted:
                return state.release.id, state.content
            continue
        if state.kind == "restore" and state.go:
            return f"the database was brought back by run {state.run}: what runs on it now is for a person to say"
        if state.kind not in ("deploy", "rollback") or not state.changed or state.request.hosts:
            continue
        if state.kind == "deploy" and state.exit in (0, 8) and state.release is not None:
            return state.release.id, state.content
        ends = {
            host.release if host.condition in ("back", "old", "skipped", "new") else ""
            for host in state.hosts.values()
            if host.condition not in ("owed", "left-out") and not (moves_traffic(state) and host.is_out)
        }
        if len(ends) != 1 or "" in ends:
            return f"run {state.run} left its hosts on different releases"
        wanted = ends.pop()
        if state.kind == "deploy" and state.release is not None and state.release.id == wanted:
            return wanted, state.content
    return (wanted, "") if wanted else "no release run is known here"


def locks_left(histories, host):
    """The run whose lock is to be released on that host; empty: none. `histories`: (state, events), newest first."""
    for state, events in histories:
        if not any(isinstance(event, ev.LocksTaken) and host in event.hosts for event in events):
            continue
        held = {name for event in events if isinstance(event, ev.RunEnded) for name in event.held}
        for event in events:
            if isinstance(event, ev.LocksReleased):
                held -= {*event.hosts, *(one.host for one in event.left if one.unsettled)}
        return state.run if state.phase == "ended" and host in held else ""
    return ""


def migrated_last(states):
    """The run whose migration is still there; empty: none."""
    for state in states:
        if state.kind == "rollback" and state.exit == 0:
            return ""
        if state.kind == "deploy" and (state.changed or is_migrated(state)):
            return state.run if is_migrated(state) else ""
    return ""
