"""Why a run may be paused, and what each pause means: what goes on in it, what ends it, what its end says. The one table of that. Pure.

Whether a run is paused is decided in `core/run/decide.py` and by whoever tries a step; a run that nobody is asked in never is.
"""

from typing import Final, NamedTuple

from console.model.events import PauseCause
from console.model.state import RunState


class PauseRule(NamedTuple):
    """What goes on in a pause, and what follows from its end. Hosts that go back do so in each of them."""

    may_be_superseded: bool
    """Every host is as it is to stay, and a newer release may take the run's place."""
    updates_go_on: bool
    """Hosts that are being updated come to their gate: none is left between its switch and that."""
    ends_by_promote: bool = False
    """`promote` ends it as well."""
    tolerates: bool = False
    """Whoever continues has seen the failures so far, and goes on with them."""
    forgets_links: bool = False
    """Whoever continues has seen which links were lost."""


PAUSES: Final[dict[PauseCause, PauseRule]] = {
    "operator": PauseRule(may_be_superseded=True, updates_go_on=True, ends_by_promote=True),
    "pause-after": PauseRule(may_be_superseded=True, updates_go_on=True, ends_by_promote=True),
    "inconclusive": PauseRule(may_be_superseded=False, updates_go_on=False, ends_by_promote=True),
    "manual": PauseRule(may_be_superseded=True, updates_go_on=False),
    "failure": PauseRule(may_be_superseded=False, updates_go_on=False, tolerates=True),
    "network": PauseRule(may_be_superseded=False, updates_go_on=False, tolerates=True, forgets_links=True),
    "traffic": PauseRule(may_be_superseded=False, updates_go_on=True),
    "record": PauseRule(may_be_superseded=False, updates_go_on=True),
    "taken-up": PauseRule(may_be_superseded=False, updates_go_on=False),
}
"""By cause. `manual` is ended by ticking off what it waits for, `record` not before the record that machines share answers again, `inconclusive` mostly by
`promote`. The end of `traffic` has what was held done again."""


def pause_rule(state: RunState) -> PauseRule | None:
    """Return what the pause means that the run is in; None: it is in none."""
    return PAUSES[state.pausing.cause] if state.pausing is not None else None


def is_paused_for(state: RunState, cause: PauseCause) -> bool:
    """Whether the run is paused, and for that cause."""
    return state.pausing is not None and state.pausing.cause == cause
