"""What runs that have ended come to, worked out once: a board is asked for every few seconds, and must not fold the same records each time.

A record goes on behind its run's end (a note, a debt that is forgiven, a lock that is released): what came since is read, and folded on top. Holds so much
for each journal of the process; knows the journal, and what it is asked for by whom not.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from console.core.checks.health_at_rest import Said, said_last
from console.core.run.evolve import fold
from console.errors import Exit
from console.model.events import HostFailed, HostOwed, StepFinished
from console.model.state import RunState
from console.ports.journal import Journal

BACK = 1000
"""Runs among which those that matter are sought, newest first: commands, checks of a release and no-gos stand between them."""
ACTED: Final = frozenset({Exit.DONE, Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND})
"""Exit codes of runs that did something to hosts."""
HOSTS = 20_000
"""Hosts, over all states that are kept; the state that was asked for last always is."""
SAYINGS = 100
"""Runs of which it is kept what their gates said."""


@dataclass
class _Kept:
    states: OrderedDict[str, RunState] = field(default_factory=OrderedDict)
    owed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    said: OrderedDict[tuple[str, frozenset[str]], Mapping[str, Said]] = field(default_factory=OrderedDict)


_kept: WeakKeyDictionary[Journal, _Kept] = WeakKeyDictionary()


def _of(journal: Journal) -> _Kept:
    return _kept.setdefault(journal, _Kept())


def state_of(journal: Journal, run: str) -> RunState:
    """Return the state of a run as its record is now: cheap where it has ended. Raises ConsoleError where that cannot be read."""
    states = _of(journal).states
    known = states.get(run) or RunState()
    if events := journal.read(run, after=known.seq):
        known = states[run] = fold(events, known)
        states.move_to_end(run)
        while len(states) > 1 and sum(len(state.hosts) for state in states.values()) > HOSTS:
            states.popitem(last=False)
    return known


def owed_in(journal: Journal, run: str) -> tuple[str, ...]:
    """Return the hosts that a run which has ended has owed something, paid since or not."""
    owed = _of(journal).owed
    if run not in owed:
        owed[run] = tuple(event.host for event in journal.of_type(run, HostOwed) if isinstance(event, HostOwed))
    return owed[run]


def gates_in(journal: Journal, run: str, gated: frozenset[str], *, ended: bool) -> Mapping[str, Said]:
    """Return what a run said last of each host that it worked on; what one that goes on says is read anew. `gated`: hosts with health checks."""
    said, key = _of(journal).said, (run, gated)
    if ended and key in said:
        return said[key]
    events = sorted((*journal.of_type(run, StepFinished), *journal.of_type(run, HostFailed)), key=lambda event: event.seq)
    found = said_last(events, gated)
    if ended:
        said[key] = found
        if len(said) > SAYINGS:
            said.popitem(last=False)
    return found
