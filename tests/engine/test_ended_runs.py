"""What runs that have ended come to, asked again and again: read once, and brought up to date by what was written behind their end."""

from pathlib import Path

import pytest

from console.adapters.journal import MemoryJournal
from console.core.run.evolve import fold
from console.engine.catch_up.debts import debts_of
from console.engine.queries.ended_runs import gates_in, state_of
from console.engine.queries.gate_record import gates_said
from console.engine.queries.last_runs import last_runs
from console.model.events import AnyEvent, HostForgiven, RunEnded, RunOpened, stamped
from console.model.fleet import Environment, Host
from console.model.values import changed
from console.text import SafeText
from console.wire.codec import decode_event

JOURNALS = Path(__file__).parent.parent / "journals"
OWED = "lost-in-window"


class Counting(MemoryJournal):
    """A journal that counts the events that are read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.events_read = 0

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        found = super().read(run, after)
        self.events_read += len(found)
        return found

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        found = super().of_type(run, kind)
        self.events_read += len(found)
        return found


@pytest.fixture
def journal() -> Counting:
    made = Counting()
    events = tuple(decode_event(line) for line in (JOURNALS / f"{OWED}.jsonl").read_bytes().splitlines())
    made.append(_opened(events).run, events)
    made.events_read = 0
    return made


def _opened(events: tuple[AnyEvent, ...]) -> RunOpened:
    return next(event for event in events if isinstance(event, RunOpened))


def _run(journal: Counting) -> tuple[str, str, str]:
    (one,) = journal.runs()
    return one.run, one.app, one.environment


def test_a_record_is_folded_once(journal: Counting):
    run, app, environment = _run(journal)
    owed = debts_of(journal, app, environment)
    assert owed
    last_runs(journal, app, environment)
    gates_in(journal, run, frozenset(), ended=True)
    journal.events_read = 0
    assert debts_of(journal, app, environment) == owed
    assert state_of(journal, run) == fold(MemoryJournal.read(journal, run))
    gates_in(journal, run, frozenset(), ended=True)
    assert journal.events_read == 0


def test_what_is_written_behind_the_end_counts_at_once(journal: Counting):
    run, app, environment = _run(journal)
    owed = debts_of(journal, app, environment)
    state = state_of(journal, run)
    for number, debt in enumerate(owed, 1):
        forgiven = HostForgiven(host=debt.host, by=state.by, reason=SafeText("it is gone"))
        journal.append(run, (stamped(forgiven, state.seq + number, state.at, state.mono, state.boot),))
    journal.events_read = 0
    assert debts_of(journal, app, environment) == ()
    assert journal.events_read == len(owed)


def test_what_a_run_that_goes_on_says_is_read_each_time(journal: Counting):
    run, _, _ = _run(journal)
    first = gates_in(journal, run, frozenset(), ended=False)
    journal.events_read = 0
    assert gates_in(journal, run, frozenset(), ended=False) == first
    assert journal.events_read > 0


def test_two_journals_are_two_records(journal: Counting):
    run, _, _ = _run(journal)
    assert state_of(journal, run).run == run
    assert state_of(MemoryJournal(), run).run == ""


def _refused(journal: Counting, count: int) -> None:
    """Runs that changed nothing, behind the one that did."""
    events = tuple(decode_event(line) for line in (JOURNALS / "no-go.jsonl").read_bytes().splitlines())
    for number in range(count):
        run = f"refused-{number}"
        journal.append(run, tuple(changed(event, run=run) if isinstance(event, RunOpened) else event for event in events))


def test_runs_that_changed_nothing_hide_no_gate_and_no_failure(journal: Counting):
    run, app, environment = _run(journal)
    hosts = tuple(Host(name) for name in state_of(journal, run).hosts)
    fleet = Environment(app, environment, "/srv/shop", hosts)
    said, owed = gates_said(journal, fleet), debts_of(journal, app, environment)
    assert said["web02"] == "unknown"
    _refused(journal, 120)
    assert gates_said(journal, fleet) == said
    assert debts_of(journal, app, environment) == owed


def test_a_run_that_failed_is_not_forgotten_behind_runs_that_changed_nothing():
    journal = Counting()
    events = tuple(decode_event(line) for line in (JOURNALS / f"{OWED}.jsonl").read_bytes().splitlines())
    journal.append("r1", tuple(changed(event, exit=5, outcome="failed") if isinstance(event, RunEnded) else event for event in events))
    _, app, environment = _run(journal)
    _refused(journal, 120)
    last, failed = last_runs(journal, app, environment)
    assert last is not None
    assert failed is not None
    assert (last.run, failed.run) == ("refused-119", "r1")
