"""What a run does about a shared record whose database is away: before its GO that holds it up, later nothing new starts, and once it is back that is said.

Knows the journal's word alone; what follows in the run is the core's.
"""

from collections.abc import Callable

from console.core.checks.shared_record import assess_record_away, record_is_back
from console.core.kinds.kind_table import KINDS, kind_of
from console.core.words.sizes import counted
from console.errors import NoGo
from console.model.carrier import Carrier
from console.model.events import CheckReported, Event, RecordLost, RecordRegained
from console.model.request import RunKind
from console.model.state import RunState
from console.ports.journal import HandedIn, Journal, Outage, SetApart
from console.safe_text import SafeText


class RecordWatch:
    """Tells one run that the shared record is away, and that it is back, as events of that run."""

    def __init__(self, journal: Journal, state: Callable[[], RunState], record: Callable[..., None]) -> None:
        self._journal = journal
        self._state = state
        self._record = record
        self._stop: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Say how it is now, and from now on what changes."""
        self._stop = self._journal.watch(self._hear)
        if self._journal.outage is not None:
            self._hear(self._journal.outage)
        elif self._state().unshared:
            self._record(RecordRegained())

    def stop(self) -> None:
        """Say no more: the run has ended here."""
        self._stop()

    def _hear(self, said: Outage | HandedIn) -> None:
        state = self._state()
        if state.phase == "ended" or (isinstance(said, HandedIn) and said.run != state.run):
            return
        event = _lost(said, state) if isinstance(said, Outage) else _regained(said, state)
        if event is not None:
            self._record(event)


def _lost(outage: Outage, state: RunState) -> Event | None:
    if state.unshared:
        return None
    if state.phase in ("preflight", "deciding") and not kind_of(state).is_return:
        return CheckReported(check=assess_record_away(outage.reason))
    return RecordLost(reason=outage.reason, kept_in=outage.kept_in)


def _regained(handed: HandedIn, state: RunState) -> Event | None:
    if state.unshared:
        return RecordRegained(events=handed.events)
    if any(check.id == "record" and check.blocks for check in state.checks):
        return CheckReported(check=record_is_back())
    return None


def refuse_unrecorded(outage: Outage | None, kind: RunKind) -> None:
    """Have nothing begin that other machines cannot know of, but what goes back. Raises NoGo while the record's database is away."""
    if outage is not None and not KINDS[kind].is_return:
        raise NoGo(f"{outage.reason}; nothing begins meanwhile but a rollback", "see whether its server is up, then type the command again")


def apart_words(carrier: Carrier, apart: SetApart) -> SafeText:
    """Say in a run's record what is no part of it: what this machine wrote while it was cut off, and another one had taken the run up."""
    what = f"{counted(apart.events, 'event')} of {carrier} after event {apart.after}"
    return SafeText(f"{what}, written while this record was away from there, came after another engine took the run up; they are kept there in {apart.kept_in}")
