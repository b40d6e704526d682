"""A long plan is written down in pieces: each is small, and together they come to what the whole would have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.long_plans import PIECE, in_pieces
from console.core.plan.return_plan import plan_rollback
from console.core.run.evolve import fold
from console.core.run.sentences import sentence
from console.model import events as ev
from console.model.values import changed, sealed
from console.safe_text import SafeText
from console.wire.codec import decode_event, encode_event
from console.wire.frames import TO_CLIENT
from tests.core.driver import BATCHES, a_fleet
from tests.core.plans import until_runs
from tests.core.simulation import Simulation, opening


def a_run(hosts: int, batch: str) -> Simulation:
    run = Simulation(a_fleet(hosts, batch), lambda step, attempt: "done")
    run.record(*opening(run.environment))
    return run


@given(st.integers(1, 6), st.sampled_from(sorted(BATCHES)), st.integers(1, 40))
def test_pieces_come_to_what_the_whole_does(hosts: int, batch: str, piece: int):
    run = until_runs(a_run(hosts, batch), "wave-1/web01/switch")
    back = ev.RollbackBegan(plan=plan_rollback(run.environment, run.state, "halves"), reason=SafeText("asked"))
    whole = [*run.events, back]
    pieces = [decode_event(encode_event(event)) for event in in_pieces(whole, piece)]
    assert all(len(event.steps) == piece for event in pieces if isinstance(event, ev.StepsPlanned))
    assert all(len(event.plan.steps) <= piece for event in pieces if isinstance(event, ev.PlanMade | ev.RollbackBegan))
    assert fold(pieces) == fold(whole)
    assert sealed(fold(pieces).plan) == fold(whole).plan


def test_what_is_short_enough_is_one_event():
    events = opening(a_fleet(3, "1"))
    assert tuple(in_pieces(events)) == events


def test_a_plan_says_how_long_it_is_as_a_whole():
    made = next(event for event in opening(a_fleet(3, "1")) if isinstance(event, ev.PlanMade))
    *before, last = in_pieces([made], 10)
    assert before
    assert isinstance(last, ev.PlanMade)
    assert (last.size, last.plan.digest, sentence(last)) == (made.plan.size, made.plan.digest, sentence(made))
    assert len(made.plan.steps) == made.plan.size + 1, "the mark before the close is no step that is taken"


@pytest.mark.parametrize("batch", sorted(BATCHES))
def test_a_plan_of_a_thousand_hosts_is_small_in_any_form(batch: str):
    made = next(event for event in opening(a_fleet(1000, batch)) if isinstance(event, ev.PlanMade))
    sizes = [len(encode_event(event)) for event in in_pieces([made])]
    assert sum(sizes) < 3_000_000
    assert sum(sizes) < 2 * len(encode_event(made)), "pieces cost little"


def test_a_piece_of_hosts_that_have_nothing_in_common_fits_into_a_frame():
    made = next(event for event in opening(a_fleet(500, "1")) if isinstance(event, ev.PlanMade))
    steps = [changed(step, title=SafeText(f"{number} {'x' * 200}"), release=f"{number} {'y' * 200}") for number, step in enumerate(made.plan.steps)]
    alone = changed(made, plan=changed(made.plan, steps=type(made.plan.steps)(steps)))
    assert len(steps) > PIECE
    assert all(len(encode_event(event)) < TO_CLIENT / 4 for event in in_pieces([alone]))
