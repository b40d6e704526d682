"""Which run left an environment unverified, and none has made good since. Pure; runs come in as states, newest first."""

from collections.abc import Iterable

from console.core.run.outcome import is_there_already
from console.errors import Exit
from console.model.state import RunState

VERIFIED = frozenset({"new", "back"})
UNVERIFIED = frozenset({"failed", "unknown", "unreachable", "owed", "updating", "returning"})


def failed_run(states: Iterable[RunState]) -> RunState | None:
    """Return the last ended run that failed (5) on hosts which no run has verified since; None where there is none.

    A run of every host that ended well speaks for all; one of some hosts for those that it verified. Reads no more states than it takes to know.
    """
    good: set[str] = set()
    for state in states:
        bad = {name for name, host in state.hosts.items() if host.condition in UNVERIFIED} or _not_made(state) or set(state.hosts)
        if state.exit == Exit.FAILED and bad - good:
            return state
        if state.exit in (Exit.DONE, Exit.ROLLED_BACK, Exit.LIVE_BUT_BEHIND) and not state.request.hosts:
            return None
        good |= {name for name, host in state.hosts.items() if host.condition in VERIFIED}
    return None


def _not_made(state: RunState) -> set[str]:
    """The hosts that a run which failed on none of them left as they were, but for those that were where it would have brought them."""
    return {name for name, host in state.hosts.items() if host.condition not in VERIFIED and not is_there_already(state, host)}
