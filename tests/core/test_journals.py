"""Runs that earlier versions wrote down: they are read, folded and judged as they were then, for ever. A file here is never changed, only added."""

from functools import reduce
from itertools import accumulate
from pathlib import Path

import pytest

from console.core.run.evolve import evolve, fold
from console.core.run.outcome import conclude
from console.model.events import RunEnded
from console.model.state import RunState
from console.wire.codec import decode_event, encode_event

FILES = sorted((Path(__file__).parents[1] / "journals").glob("*.jsonl"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_old_journal_replays_and_ends_as_it_ended(file: Path):
    events = [decode_event(line) for line in file.read_bytes().splitlines()]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    state = fold(events)
    ended = next(event for event in events if isinstance(event, RunEnded))
    assert (state.phase, state.exit, state.outcome) == ("ended", ended.exit, ended.outcome)
    assert reduce(evolve, events, RunState()) == state


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_beginning_of_an_old_journal_is_a_state(file: Path):
    events = [decode_event(line) for line in file.read_bytes().splitlines()]
    states = [fold(events[:length]) for length in range(len(events) + 1)]
    assert states == list(accumulate(events, evolve, initial=RunState()))
    assert states[-1].phase == "ended"
    assert all(decode_event(encode_event(event)) == event for event in events)
    before_the_end = fold(event for event in events if not isinstance(event, RunEnded))
    if before_the_end.go:
        assert conclude(before_the_end)[:2] == (states[-1].exit, states[-1].outcome)


def test_there_are_journals_of_every_ending_that_a_person_meets():
    assert {file.stem for file in FILES} >= {
        "release", "rolled-back", "locked", "rollback", "restart", "no-go", "drained-taken-up", "requests-cut", "blue-green", "traffic-back",
    }  # fmt: skip
