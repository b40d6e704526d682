"""The history of a state folder in a record that machines share: nothing is lost, and nothing that others wrote is put out of its order."""

import pytest

from console.adapters.journal.hand_over import hand_over
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.model.events import RunEnded
from console.model.host_facts import LockHolder
from console.safe_text import SafeText
from tests.adapters.journal.test_contract import note, opened
from tests.recorded import append


def a_run(store, run, number, environment="production", *, ends=True):
    append(store, run, (opened(run, f"2026-01-0{number}T00:00:00Z", environment=environment), note(2)))
    if ends:
        append(store, run, (RunEnded(seq=3, exit=0, outcome="succeeded"),))


@pytest.fixture
def source(tmp_path):
    made = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    for number in (1, 2, 3):
        a_run(made, f"r{number}", number)
    a_run(made, "s1", 4, "staging")
    made.keep_note("shop", "production", LockHolder(by=SafeText("ada"), since="2026-01-01T00:00:00Z", reason=SafeText("audit")))
    yield made
    made.close()


@pytest.fixture
def target(shared_journal):
    made = PostgresStore(shared_journal)
    yield made
    made.close()


def test_every_run_is_there_in_its_order_with_its_chain_and_what_is_known_of_the_environment(source, target):
    told = {one.words for one in hand_over(source, target)}
    assert told == {
        "production of shop: 3 runs of this state folder are in the shared journal now",
        "staging of shop: 1 runs of this state folder are in the shared journal now",
    }
    assert [run.run for run in target.runs("shop", "production")] == ["r3", "r2", "r1"]
    assert [target.head(run) for run in ("r1", "r3", "s1")] == [source.head(run) for run in ("r1", "r3", "s1")]
    kept, was = target.environment("shop", "production"), source.environment("shop", "production")
    assert (kept.note, kept.live, kept.hosts) == (was.note, was.live, was.hosts)
    assert list(hand_over(source, target)) == []


def test_one_that_was_cut_short_goes_on_where_it_was(source, target):
    append(target, "r1", source.read("r1"))
    assert {one.runs for one in hand_over(source, target)} == {1, 2}
    assert [run.run for run in target.runs("shop", "production")] == ["r3", "r2", "r1"]


def test_an_environment_that_others_have_runs_of_and_one_with_an_open_run_are_left_and_named(source, target):
    a_run(target, "theirs", 5)
    a_run(source, "s2", 6, "staging", ends=False)
    found = {one.environment: one for one in hand_over(source, target)}
    assert (found["production"].runs, found["production"].left) == (0, 3)
    assert "has other runs of that environment already" in found["production"].words
    assert "2 runs stay in this state folder alone: run s2 is open" in found["staging"].words
    assert [run.run for run in target.runs()] == ["theirs"]
