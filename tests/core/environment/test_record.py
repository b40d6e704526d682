"""The record of an environment says what whole runs say, however their events came; and nothing that one run says is lost behind others."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.environment.record import is_late, is_undoable, recorded, trimmed
from console.core.environment.record_queries import debts_of, failed_run, leftovers, owed_now
from console.core.rollback_targets import targets_before
from console.core.run.evolve import evolve, fold
from console.model import events as ev
from console.model.environment_record import EnvironmentRecord, Live
from console.model.request import Person
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.wire.codec import decode_event, decoder, encode
from tests.core.drawn import KINDS, draw_run
from tests.core.environment import backward
from tests.core.simulation import ADA
from tests.examples import examples

JOURNALS = Path(__file__).parents[2] / "journals"
HOSTS = tuple(f"web{number:02}" for number in range(1, 5))


def one_by_one(record, number, events):
    """Take a run's events as they come."""
    state = RunState()
    for event in events:
        state = evolve(state, event)
        record = recorded(record, number, (event,), state)
    return record


def at_once(record, number, events):
    """Take a whole run, as a record is made anew."""
    return recorded(record, number, tuple(events), fold(events))


def named(events, run):
    return [changed(event, run=run) if isinstance(event, ev.RunOpened) else event for event in events]


def drawn(seed):
    """Runs of an environment, oldest first, each to its end or to where it was left; what is forgiven and released behind their end."""
    chance = Random(seed)
    for number in range(1, chance.randint(2, 6)):
        kind = chance.choice((*KINDS, "deploy", "deploy", "rollback"))
        run = draw_run(kind, chance.randint(0, 10_000), lambda _: None)
        holds = tuple(name for name in run.state.hosts if chance.random() < 0.5)
        run.events = [changed(event, hosts=holds) if isinstance(event, ev.LocksTaken) else event for event in named(run.events, f"r{number}")]
        run.events = [changed(event, held=holds) if isinstance(event, ev.RunEnded) else event for event in run.events]
        run.state = fold(run.events)
        if run.state.phase == "ended":
            for host in (host for host in run.state.hosts.values() if host.condition == "owed" and chance.random() < 0.3):
                run.record(ev.HostForgiven(host=host.name, by=ADA, reason=SafeText("sold")))
            if chance.random() < 0.5:
                run.record(ev.LocksReleased(hosts=tuple(name for name in run.state.locked_hosts if chance.random() < 0.7)))
        yield f"r{number}", run.events


@given(st.integers(0, 10**6))
@examples(150)
def test_what_is_kept_as_events_come_is_what_whole_runs_say(seed):
    runs = [events for _, events in drawn(seed)]
    kept = anew = EnvironmentRecord()
    for number, events in enumerate(runs, 1):
        kept, anew = one_by_one(kept, number, events), at_once(anew, number, events)
        assert kept == anew
    ended = [state for state in map(fold, reversed(runs)) if state.phase == "ended" and state.kind not in ASIDE]
    assert [(debt.host, debt.run) for debt in debts_of(kept)] == backward.open_debts(ended)
    found = failed_run(kept)
    assert (found.run if found else "") == backward.failed_run(ended)
    live = (kept.live.release.id, kept.live.content) if isinstance(kept.live, Live) else kept.live.words
    assert live == backward.live_release(ended)
    assert (kept.migrated.run if kept.migrated else "") == backward.migrated_last(ended)
    assert (kept.last.run if kept.last else "") == (ended[0].run if ended else "")
    histories = [(fold(events), events) for events in reversed(runs)]
    left = {host: one.run for one in leftovers(kept, HOSTS) for host in one.hosts}
    assert left == {host: run for host in HOSTS if (run := backward.locks_left([each for each in histories if each[0].kind not in ASIDE], host))}
    assert decoder(EnvironmentRecord)(encode(kept)) == kept


@given(st.integers(0, 10**6))
@examples(60)
def test_a_rollback_finds_in_trimmed_runs_what_it_finds_in_whole_ones(seed):
    ended = [state for state in (fold(events) for _, events in drawn(seed)) if state.phase == "ended"][::-1]
    for hosts in (HOSTS, HOSTS[:1]):
        assert targets_before([trimmed(state) for state in ended if is_undoable(state)], hosts) == targets_before(ended, hosts)


@pytest.mark.parametrize("file", sorted(JOURNALS.glob("*.jsonl")), ids=lambda file: file.stem)
def test_runs_that_earlier_versions_wrote_make_the_same_record_either_way(file):
    events = [decode_event(line) for line in file.read_bytes().splitlines()]
    kept = one_by_one(EnvironmentRecord(), 1, events)
    assert kept == at_once(EnvironmentRecord(), 1, events)
    assert kept.last is not None
    assert (kept.last.exit, kept.open) == (fold(events).exit, ())


def golden(name, run):
    return named([decode_event(line) for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines()], run)


def test_a_debt_is_known_with_what_comes_of_it_until_it_is_forgiven():
    owing = golden("lost-in-window", "r1")
    record = one_by_one(EnvironmentRecord(), 1, owing)
    (debt, *_) = owed_now(record)
    assert (debt.run, "once it answers again" in debt.next or "for a person to say" in debt.next) == ("r1", True)
    assert "not by itself: no secret" in owed_now(record, "no secret")[0].next or "for a person" in debt.next
    state = fold(owing)
    for number, one in enumerate(debts_of(record), 1):
        forgiven = ev.stamped(ev.HostForgiven(host=one.host, by=Person("ada"), reason=SafeText("sold")), state.seq + number, state.at, 0.0, "boot")
        owing.append(forgiven)
        record = recorded(record, 1, (forgiven,), fold(owing))
    assert debts_of(record) == ()


def test_runs_that_changed_nothing_hide_no_debt_no_gate_and_no_failure():
    record = one_by_one(EnvironmentRecord(), 1, golden("lost-in-window", "r1"))
    before = record
    for number in range(2, 300):
        record = at_once(record, number, golden("no-go", f"r{number}"))
    assert debts_of(record) == debts_of(before)
    assert record.unverified == before.unverified
    assert {name: host.verdict for name, host in record.hosts.items() if name in before.hosts} == {name: host.verdict for name, host in before.hosts.items()}
    assert record.last.run == "r299"


def test_an_older_run_that_ends_behind_a_newer_one_makes_the_record_start_anew():
    record = at_once(EnvironmentRecord(), 7, golden("release", "r7"))
    late = golden("rolled-back", "r3")
    assert is_late(record, 3, late, fold(late))
    assert not is_late(record, 8, late, fold(late))
    refused = golden("no-go", "r3")
    assert not is_late(record, 3, refused, fold(refused))


def test_an_open_run_is_named_with_whether_it_waits_and_is_gone_at_its_end():
    seen, state, record = [], RunState(), EnvironmentRecord()
    for event in golden("release", "r1"):
        state = evolve(state, event)
        record = recorded(record, 1, (event,), state)
        seen.append([(one.run, one.waits) for one in record.open])
    assert seen[0] == [("r1", False)]
    assert [("r1", True)] in seen
    assert seen[-1] == []
