"""Which failed run left an environment unverified, until later runs verify its hosts. Pure; updated when a run ends."""

from console.core.host_conditions import ARRIVED, UNVERIFIED
from console.core.run.outcome import is_there_already
from console.exit_codes import Exit
from console.model.environment_record import Unverified
from console.model.fleet_snapshot import LastRun
from console.model.state import RunState
from console.model.values import changed


def unverified_after(before: tuple[Unverified, ...], state: RunState, run: LastRun) -> tuple[Unverified, ...]:
    """Return the runs that failed (5) on hosts which no run has verified since, once that run has ended, oldest first.

    A run of every host that ended well speaks for all; one of some hosts, or one that was superseded, for those that it verified.
    """
    if state.exit in (Exit.DONE, Exit.ROLLED_BACK, Exit.LIVE_BUT_BEHIND) and not state.request.hosts and not state.superseded_by:
        return ()
    good = tuple(name for name, host in state.hosts.items() if host.condition in ARRIVED)
    kept = tuple(one for old in before if is_open(one := changed(old, good=tuple(dict.fromkeys((*old.good, *good))))))
    return (*kept, _left_by(state, run)) if state.exit == Exit.FAILED and state.hosts else kept


def is_open(one: Unverified) -> bool:
    """Whether a host of that run is still to be verified."""
    return bool(set(one.bad or one.stayed or one.hosts) - set(one.good))


def unverified_forgiven(before: tuple[Unverified, ...], run: str, host: str) -> tuple[Unverified, ...]:
    """Return the unverified runs after a person closed that run's debt to that host: the host then counts as left as it was."""
    known = (_with_forgiven(one, host) if one.run.run == run and host in one.bad else one for one in before)
    return tuple(one for one in known if is_open(one))


def _with_forgiven(one: Unverified, host: str) -> Unverified:
    return changed(one, bad=tuple(name for name in one.bad if name != host), stayed=tuple(dict.fromkeys((*one.stayed, host))))


def _left_by(state: RunState, run: LastRun) -> Unverified:
    bad = tuple(name for name, host in state.hosts.items() if host.condition in UNVERIFIED)
    stayed = tuple(name for name, host in state.hosts.items() if host.condition not in ARRIVED and not is_there_already(state, host))
    return Unverified(run, bad, stayed, tuple(state.hosts))
