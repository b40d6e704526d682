"""What was held because a balancer could not be told, and is done again: by one host that is tried again, or by a run that goes on."""

import pytest

from console.core.run.evolve import evolve
from console.core.run.retries import gone_on, retried
from console.model import events as ev
from console.model.plan import Step
from console.model.state import RunState
from console.model.traffic import HostTraffic
from tests.core.builders import ADA, a_host_in, a_state, a_step, counted, ended, hosts_of, paused

BALANCER = "lb01/shop"


def lane(host: str) -> tuple[Step, ...]:
    return tuple(a_step(f"{host}/{kind}", kind, about=host) for kind in ("drain", "switch", "prune"))


OWN = a_step("step-1/weigh", "weigh", share=0.1)
LANES = {name: lane(name) for name in ("web01", "web02")}
INDEX = {step.name: step for step in (*LANES["web01"], *LANES["web02"], OWN)}


def waiting(*held: str, mark: str = "draining", cause: str = "traffic", own: str = "pending") -> RunState:
    """A run that waits: on those hosts the drain was held; the others have been drained, and their switch failed."""
    hosts = [
        a_host_in(
            "updating" if name in held else "failed",
            name,
            steps={f"{name}/drain": ended("held" if name in held else "done"), f"{name}/switch": ended("pending" if name in held else "failed")},
            traffic={BALANCER: HostTraffic(mark)},  # type: ignore[arg-type]
        )
        for name in LANES
    ]
    state = a_state(
        phase="running", index=INDEX, lanes=LANES, steps={OWN.name: ended(own)}, pausing=paused("lb01 gave no answer", cause), hosts=hosts_of(*hosts)
    )
    return counted(state)


def status(state: RunState, name: str) -> str:
    return state.step_state(INDEX[name]).status


def test_the_run_is_as_it_is_meant():
    state = waiting("web01", own="held")
    assert (list(state.tally.with_held_step), state.tally.own_held) == (["web01"], ("step-1/weigh",))


def test_who_goes_on_has_everything_that_was_held_done_again():
    state = gone_on(waiting("web01", "web02", own="held"))
    assert [status(state, name) for name in ("web01/drain", "web02/drain", "step-1/weigh")] == ["pending"] * 3
    assert (list(state.tally.with_held_step), state.tally.own_held) == ([], ())
    assert state.pausing is None or state.pausing.cause == "traffic"


def test_and_nothing_else():
    """What failed on a host is another matter: somebody tries that host again."""
    state = gone_on(waiting("web01", own="done"))
    assert (status(state, "web02/switch"), status(state, "web01/switch"), status(state, "step-1/weigh")) == ("failed", "pending", "done")
    assert state.hosts["web02"] == waiting("web01", own="done").hosts["web02"]


def test_a_step_about_no_host_that_was_held_may_begin_again():
    state = gone_on(waiting(own="held"))
    assert state.tally.own_ready == ("step-1/weigh",)
    assert state.step_state(OWN).attempt == 1


CUTS = [("overdue", True), ("draining", False), ("drained", False), ("unread", False), ("left", False)]


@pytest.mark.parametrize(("mark", "cuts"), CUTS)
def test_who_goes_on_ends_requests_whose_time_was_over(mark: str, cuts: bool):
    state = gone_on(waiting("web01", mark=mark))
    assert state.hosts["web01"].cuts is cuts
    assert not state.hosts["web02"].cuts


@pytest.mark.parametrize("mark", [mark for mark, _ in CUTS])
def test_a_host_that_is_tried_again_has_its_time_once_more(mark: str):
    state = retried(waiting("web01", mark=mark), ev.HostRetried(host="web01", by=ADA))
    assert not state.hosts["web01"].cuts
    assert (status(state, "web01/drain"), status(state, "web01/switch")) == ("pending", "pending")


def test_the_pause_is_over_with_the_last_that_was_held():
    one = retried(waiting("web01", "web02"), ev.HostRetried(host="web01", by=ADA))
    assert (one.pausing is not None, list(one.tally.with_held_step)) == (True, ["web02"])
    both = retried(one, ev.HostRetried(host="web02", by=ADA))
    assert (both.pausing, list(both.tally.with_held_step)) == (None, [])


def test_it_is_not_over_while_a_step_about_no_host_is_held():
    state = retried(waiting("web01", own="held"), ev.HostRetried(host="web01", by=ADA))
    assert state.pausing is not None
    assert state.tally.own_held == ("step-1/weigh",)


@pytest.mark.parametrize("cause", ["operator", "failure", "network", "pause-after"])
def test_another_pause_stays(cause: str):
    state = retried(waiting("web01", cause=cause), ev.HostRetried(host="web01", by=ADA))
    assert state.pausing is not None
    assert state.pausing.cause == cause


def test_a_host_that_is_not_of_the_run_changes_nothing():
    before = waiting("web01")
    assert retried(before, ev.HostRetried(host="db01", by=ADA)) is before


def test_what_failed_beside_it_is_tried_again_as_ever():
    """web02 was not held: its switch failed, and is begun anew."""
    state = retried(waiting("web01"), ev.HostRetried(host="web02", by=ADA))
    assert (status(state, "web02/switch"), status(state, "web02/drain")) == ("pending", "done")
    assert status(state, "web01/drain") == "held"


def test_the_record_does_the_same():
    """By its events: tried again, and gone on."""
    again = evolve(waiting("web01", "web02"), ev.stamped(ev.HostRetried(host="web01", by=ADA), 1, "2026-01-02T00:00:00Z", 1.0, "boot"))
    assert (status(again, "web01/drain"), status(again, "web02/drain")) == ("pending", "held")
    on = evolve(again, ev.stamped(ev.Continued(by=ADA), 2, "2026-01-02T00:00:01Z", 2.0, "boot"))
    assert (status(on, "web02/drain"), on.pausing) == ("pending", None)
