"""A run that nobody carries, written on: what is still said to it goes into its record, behind all else. Knows the journal; nothing of hosts."""

from console.core.run.accept import accept
from console.core.run.evolve import fold
from console.core.run.outcome import conclude
from console.engine.run.event_writer import written
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AbortAsked, AnyEvent, Decided, Event, LocksReleased, NoteAdded, RunEnded
from console.model.fleet import Environment
from console.model.request import Person
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.text import SafeText


class IdleRecord:
    """The record of one run. Only for runs that no engine carries: there is one writer a run."""

    def __init__(self, journal: Journal, clock: Clock, run: str) -> None:
        self._journal = journal
        self._clock = clock
        self.state = fold(journal.read(run))

    def write(self, *events: Event) -> tuple[AnyEvent, ...]:
        """Write events down, fold them, and return them with their places. Raises ConsoleError when the journal cannot take them: then nothing happened."""
        self.state, found = written(self._journal, self._clock, self.state, events)
        return found

    def submit(self, environment: Environment, command: AnyCommand, by: Person) -> Accepted | Refusal:
        """Take a note, or a debt that is forgiven; all else needs an engine."""
        answer = accept(environment, command, self.state, by)
        if isinstance(answer, Refusal):
            return answer
        self.write(*answer)
        return Accepted(self.state.seq)

    def end(self, reason: SafeText, by: Person, released: tuple[str, ...] = ()) -> None:
        """End a run that can no longer be carried on, as it stands, and that holds those hosts no more."""
        self.write(NoteAdded(by=by, text=reason))
        if self.state.go is None:
            self.write(Decided(go=False, by=by, interrupted=True, reasons=(reason,)))
        elif not self.state.aborting:
            self.write(AbortAsked(by=by, leave=True))
        code, outcome, _, hint = conclude(self.state)
        ended = RunEnded(exit=int(code), outcome=outcome, reason=reason, hint=SafeText(hint), held=self.state.held)
        self.write(ended, *([LocksReleased(hosts=released)] if released else []))
