"""What an operator says becomes exactly one event, with who said it; what is refused becomes none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.accept import accept
from console.core.run.command_refusals import may
from console.core.run.evolve import fold
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.configured_checks import CheckSpec
from console.model.plan import Plan
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import ADA, LIN, a_check, a_state, a_step, an_act
from tests.core.drawn import KINDS, draw_run, everything_said
from tests.core.simulation import Simulation, an_environment, opening

ENVIRONMENT = an_environment(2)
CHECKED = changed(ENVIRONMENT, checks=(CheckSpec("Support", "manual"), CheckSpec("Legal", "manual"), CheckSpec("CI", "github")))
OPEN = {"go": None, "changed": False, "phase": "deciding"}
REQUEST = Request(overrides=(("space", "small release"),), hotfix="INC-1")

GATE = a_step("wave-1/web01/gate", "gate", "release", "web01")

BECOMES = [
    ("GO", a_state("old", **OPEN), cmd.Decide(go=True), ev.Decided(go=True, by=LIN)),
    ("GO on a plan", a_state("old", plan=Plan("rolling", (), (), "abc"), **OPEN), cmd.Decide(go=True), ev.Decided(go=True, by=LIN, digest="abc")),
    (
        "GO with what was overridden",
        a_state("old", request=REQUEST, **OPEN),
        cmd.Decide(go=True),
        ev.Decided(go=True, by=LIN, overrides=(("space", "small release"),), hotfix=SafeText("INC-1")),
    ),
    (
        "no-go",
        a_state("old", plan=Plan("rolling", (), (), "abc"), request=REQUEST, **OPEN),
        cmd.Decide(go=False),
        ev.Decided(go=False, by=LIN, reasons=(SafeText("no-go by lin"),)),
    ),
    (
        "an abort before GO",
        a_state("old", **OPEN),
        cmd.Abort(leave=True),
        ev.Decided(go=False, by=LIN, interrupted=True, reasons=(SafeText("aborted by lin"),)),
    ),
    ("an abort", a_state("new", phase="running"), cmd.Abort(), ev.AbortAsked(by=LIN, leave=False)),
    (
        "an abort behind which a roll back follows",
        a_state("new", phase="running", kind="restart"),
        cmd.Abort(leave=True, then_back="halves", why=SafeText("x")),
        ev.AbortAsked(by=LIN, leave=True, then_back="halves", why=SafeText("x")),
    ),
    ("an abort that leaves all", a_state("new", phase="running"), cmd.Abort(leave=True), ev.AbortAsked(by=LIN, leave=True)),
    ("a pause", a_state("new", phase="running"), cmd.Pause(), ev.Paused(reason=SafeText("paused by lin"), by=LIN, cause="operator")),
    ("a skip", a_state("old", phase="running"), cmd.Skip(host="web01"), ev.HostSkipped(host="web01", by=LIN)),
    ("a retry", a_state("failed", phase="running", lanes={"web01": (GATE,)}), cmd.Retry(host="web01"), ev.HostRetried(host="web01", by=LIN)),
    ("a note", a_state(phase="ended"), cmd.Note(text=SafeText("seen")), ev.NoteAdded(by=LIN, text=SafeText("seen"))),
    ("a tick", a_state("old", **OPEN), cmd.Acknowledge(check="Support"), ev.CheckAcknowledged(check="Support", by=LIN)),
    ("the helm", a_state("new", phase="running", by=ADA), cmd.TakeHelm(), ev.HelmTaken(by=LIN)),
    (
        "forgiving",
        a_state("owed", phase="ended"),
        cmd.Forgive(host="web01", reason=SafeText("scrapped")),
        ev.HostForgiven(host="web01", by=LIN, reason=SafeText("scrapped")),
    ),
]


@pytest.mark.parametrize(("state", "command", "event"), [pytest.param(*row[1:], id=row[0]) for row in BECOMES])
def test_a_command_becomes_one_event(state: RunState, command: cmd.AnyCommand, event: ev.Event):
    assert accept(CHECKED, command, state, LIN) == (event,)


def test_the_end_of_a_pause_is_said_by_who_said_it():
    run = Simulation(ENVIRONMENT, lambda step, attempt: "done")
    run.record(*opening(ENVIRONMENT), ev.Paused(reason=SafeText("wait"), by=ADA))
    assert accept(ENVIRONMENT, cmd.Continue(), run.state, LIN) == (ev.Continued(by=LIN, in_spite_of=()),)


@pytest.mark.parametrize(
    ("how", "strategy", "why", "reason"),
    [
        ("", "at-once", "", "asked for by lin"),
        ("at-once", "at-once", "errors at checkout", "asked for by lin: errors at checkout"),
        ("halves", "halves", "", "asked for by lin"),
    ],
)
def test_a_roll_back_has_its_plan_and_its_cause(how: str, strategy: str, why: str, reason: str):
    run = Simulation(ENVIRONMENT, lambda step, attempt: "done")
    run.record(*opening(ENVIRONMENT))
    while not run.state.hosts["web02"].touched:
        if not run.turn():
            run.finish(next(step for step in run.state.index.values() if run.state.step_state(step).status == "running"))
    answer = accept(ENVIRONMENT, cmd.RollBack(how=how, reason=SafeText(why)), run.state, LIN)  # type: ignore[arg-type]
    assert not isinstance(answer, Refusal)
    (began,) = answer
    assert isinstance(began, ev.RollbackBegan)
    assert (began.by, began.cause, began.reason) == (LIN, "key", reason)
    assert {step.about for step in began.plan.steps if step.kind == "switch"} == {"web01", "web02"}
    waves = {step.wave for step in began.plan.steps if step.about}
    assert len(waves) == (2 if strategy == "halves" else 1)


UNKNOWN_CHECKS = [
    ("no manual check at all", ENVIRONMENT, "there is no manual check Support", "manual: none"),
    ("manual checks of other names", changed(CHECKED, checks=CHECKED.checks[1:]), "there is no manual check Support", "manual: Legal"),
    (
        "a check of that name that nobody ticks",
        changed(ENVIRONMENT, checks=(CheckSpec("Support", "github"),)),
        "there is no manual check Support",
        "manual: none",
    ),
    (
        "two of other names",
        changed(ENVIRONMENT, checks=(CheckSpec("Legal", "manual"), CheckSpec("Press", "manual"))),
        "there is no manual check Support",
        "manual: Legal, Press",
    ),
]


@pytest.mark.parametrize(("environment", "message", "hint"), [pytest.param(*row[1:], id=row[0]) for row in UNKNOWN_CHECKS])
@pytest.mark.parametrize("phase", ["preflight", "deciding", "running"])
def test_a_tick_of_what_the_file_does_not_ask_for_is_refused_with_what_it_asks_for(environment, message: str, hint: str, phase: str):
    state = a_state("old", **{**OPEN, "phase": phase, "go": True if phase == "running" else None})
    assert accept(environment, cmd.Acknowledge(check="Support"), state, LIN) == Refusal(SafeText(message), SafeText(hint))


def test_after_the_end_the_end_is_the_reason():
    answer = accept(ENVIRONMENT, cmd.Acknowledge(check="Support"), a_state(phase="ended", outcome="succeeded"), LIN)
    assert isinstance(answer, Refusal)
    assert (answer.ended, answer.message) == (True, "run r1 has ended: succeeded")


def test_a_second_tick_is_told_who_was_first():
    state = a_state("old", checks=(a_check("passed", "Support", by="ada"),), acts={"check Support": an_act("ticked Support off", by=ADA)}, **OPEN)
    answer = accept(CHECKED, cmd.Acknowledge(check="Support"), state, LIN)
    assert isinstance(answer, Refusal)
    assert answer.message == "Support is ticked off already: ada was first and ticked Support off at 03:04:05 UTC"


def test_the_typed_name_is_asked_for_here_too():
    protected = a_state("old", protected=True, **OPEN)
    assert isinstance(accept(ENVIRONMENT, cmd.Decide(go=True), protected, ADA), Refusal)
    assert isinstance(accept(ENVIRONMENT, cmd.Decide(go=True, typed="shop"), protected, ADA), Refusal)
    assert accept(ENVIRONMENT, cmd.Decide(go=True, typed="production"), protected, ADA) == (ev.Decided(go=True, by=ADA),)


@given(st.sampled_from(KINDS), st.integers(0, 1_000_000), st.sampled_from([ADA, LIN]))
def test_what_is_accepted_is_what_the_rules_allow_and_it_is_of_who_said_it(kind, seed, by):
    def hold(run: Simulation) -> None:
        for command in everything_said(run.state):
            answer = accept(run.environment, command, run.state, by)
            if isinstance(answer, Refusal):
                assert may(command, run.state, by) == answer
            else:
                assert may(command, run.state, by) is None
                assert [event.by for event in answer] == [by]  # type: ignore[attr-defined]
                assert fold(answer, run.state) != run.state

    draw_run(kind, seed, hold)
