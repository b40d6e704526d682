"""What a refusal or a pause names to type: it is accepted in the very state in which it is printed. Runs as chance draws them."""

import shlex
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.command_refusals import may
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.person_wanted import command_to_go_on, wanted
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import AnyCommand
from console.model.request import RunKind
from console.model.state import RunState
from console.model.thresholds import Breached, Threshold
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_state, paused
from tests.core.drawn import KINDS, draw_run, everything_said
from tests.core.plans import a_run, run_of, say, until_runs
from tests.core.simulation import Simulation, an_environment
from tests.core.test_critical_paths import BUY, fleet
from tests.examples import examples

VERBS: dict[str, AnyCommand] = {
    "continue": cmd.Continue(), "promote": cmd.Promote(), "abort": cmd.Abort(), "abort --leave": cmd.Abort(leave=True), "rollback": cmd.RollBack(),
}  # fmt: skip
ANSWERED = ("attach", "report", "status", "check", "maintenance", "note")
"""Verbs that no state of a run refuses."""


def meant(hint: str, state: RunState) -> AnyCommand | None:
    """The command that a run is told by a hint; None: it is told none."""
    words = shlex.split(hint)
    if words[:1] != ["deploy"] or words[1] in ANSWERED:
        return None
    if words[1] == "ack":
        return cmd.Acknowledge(check=words[2])
    if state.phase == "ended" or state.superseded_by:
        assert words[1] == "rollback", f"{hint} is no run of its own"
        return None
    verb = " ".join(word for word in words[1:] if word not in (state.run, state.environment))
    return VERBS[verb]


def printed(state: RunState) -> Iterator[str]:
    """What the state has a person type: each refusal's hint, a pause's, and that of a call."""
    said = (*everything_said(state), *(cmd.Acknowledge(check=name) for name in open_ticks(state)), cmd.Abort(expects=1), cmd.Pause(expects=1))
    yield from (str(refusal.hint) for command in said if (refusal := may(command, state)))
    if state.pausing is not None:
        yield command_to_go_on(state)
    if call := wanted(state):
        yield call.next


def assert_every_hint_helps(state: RunState) -> None:
    for hint in dict.fromkeys(filter(None, printed(state))):
        if not hint.startswith(("hosts: ", "type ", "ctrl+c")) and (command := meant(hint, state)):
            assert may(command, state) is None, (hint, may(command, state), state.phase, state.pausing)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
@examples(12)
def test_what_is_named_to_type_is_accepted_where_it_is_named(kind: RunKind, seed: int):
    draw_run(kind, seed, lambda run: assert_every_hint_helps(run.state))


@pytest.mark.parametrize("cause", get_args(ev.PauseCause))
@pytest.mark.parametrize("kind", ["deploy", "restart"])
@pytest.mark.parametrize("aborting", ["", "leave"])
def test_in_every_pause(cause: ev.PauseCause, kind: str, aborting: str):
    for unshared in ("", "the shared record does not answer"):
        assert_every_hint_helps(
            a_state("new", "updating", phase="running", kind=kind, pausing=paused("why", cause), aborting=aborting, unshared=SafeText(unshared))
        )


def a_pause_for_a_path() -> Simulation:
    run = until_runs(run_of(fleet(changed(BUY, kind="manual"), monitor=60.0)), "verify/critical-1")
    run.record(ev.Paused(reason=SafeText("critical path Buy"), cause="manual"))
    return run


def test_a_pause_for_a_path_that_a_person_tries_names_its_tick():
    state = a_pause_for_a_path().state
    assert_every_hint_helps(state)
    refusals = [may(command, state) for command in (cmd.Pause(), cmd.Continue())]
    assert [str(refusal.hint) for refusal in refusals if refusal] == [f"deploy ack Buy {state.run}"] * 2


def test_two_paths_that_wait_are_ticked_off_one_after_the_other():
    run = a_pause_for_a_path()
    assert say(run, cmd.Acknowledge(check="Buy")) is None
    assert run.state.pausing is None
    assert_every_hint_helps(run.state)


def above(run: Simulation) -> Simulation:
    run.record(ev.ThresholdBreached(threshold=Threshold("cpu", above=0.9, then="propose"), verdict=Breached()))
    return run


def test_where_no_host_can_go_back_a_breach_is_gone_on_with():
    run = above(until_runs(a_run(3), "wave-2/web02/gate"))
    ways = tuple(changed(way, possible=False, reason=SafeText("damaged")) for way in run.state.way_back)
    gone = changed(run.state, way_back=ways, ways={way.host: way for way in ways})
    assert_every_hint_helps(gone)
    assert command_to_go_on(gone) == f"deploy continue {gone.run}"
    assert command_to_go_on(run.state) == "deploy rollback production"


@pytest.mark.parametrize("command", [cmd.Pause(), cmd.Promote(), cmd.Continue(), cmd.RollBack(), cmd.Abort()])
def test_a_restart_without_its_record_names_nothing_that_it_refuses(command: AnyCommand):
    run = until_runs(a_run(3, kind="restart"), "wave-1/web01/gate")
    run.record(ev.RecordLost(reason=SafeText("away"), kept_in="here"))
    run.turn()
    assert run.state.pausing is not None
    assert_every_hint_helps(run.state)


def test_runs_of_a_window_with_a_metric_above_its_limit():
    run = above(until_runs(run_of(changed(an_environment(2), monitor=600.0)), "verify/monitor"))
    assert_every_hint_helps(run.state)
    assert say(run, cmd.Pause()) is None
    assert_every_hint_helps(run.state)
