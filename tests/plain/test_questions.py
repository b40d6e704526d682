"""What a person is asked without a screen: numbered choices, the typed name, and the twin of each answer."""

from console.core.run.evolve import fold
from console.model import commands as cmd
from console.model import events as ev
from console.model.checks import Check
from console.model.values import changed
from console.plain.plain_questions import question
from console.safe_text import SafeText
from tests.core.simulation import Simulation, an_environment, opening


def undecided(*, protected: bool = False):
    state = fold(opening(an_environment(3))[:-2])
    return changed(state, protected=protected, request=changed(state.request, yes=False))


def paused(**rolling):
    run = Simulation(an_environment(3, **rolling), lambda step, attempt: "failed" if step.kind == "gate" and step.about == "web02" else "done")
    run.record(*opening(run.environment))
    run.run()
    return run.state


def test_go_is_a_number_where_nothing_is_protected():
    asked = question(undecided())
    assert asked is not None
    go, no_go = asked.answer("1"), asked.answer(" 2 ")
    assert isinstance(go.command, cmd.Decide)
    assert go.command.go
    assert go.command.digest == undecided().plan.digest
    assert go.equivalent == "deploy production --yes"
    assert not no_go.command.go
    assert asked.answer("3") is asked.answer("yes") is asked.answer("") is asked.answer("0") is None


def test_go_is_the_typed_name_where_it_is_protected():
    asked = question(undecided(protected=True))
    assert asked.answer("production").command.go
    assert asked.answer("production").command.typed == "production"
    for wrong in ("1", "y", "Production", ""):
        assert not asked.answer(wrong).command.go


def test_the_decision_shows_the_waves_and_the_way_back():
    lines = "\n".join(question(undecided()).lines)
    assert "wave 3: web03" in lines
    assert "back to 20260101T000000Z-aaaaaaa: web01, web02, web03" in lines


def test_yes_and_a_blocking_check_ask_nothing():
    state = undecided()
    assert question(changed(state, request=changed(state.request, yes=True))) is None
    check = ev.CheckReported(check=ev.Check(id="space", title="Space", status="failed"))  # type: ignore[arg-type]
    assert question(fold((check,), state)) is None


def test_a_pause_offers_what_may_be_done_now_with_its_twin():
    state = paused(on_failure="pause")
    asked = question(state)
    twins = [choice.equivalent for choice in asked.choices]
    assert twins[0] == "deploy continue r1"
    assert "deploy retry web02 r1" in twins
    assert "deploy rollback production --yes" in twins
    assert asked.choices[-1].command is None
    assert isinstance(asked.answer("1").command, cmd.Continue)


def test_a_pause_that_a_person_made_asks_nothing():
    state = paused(on_failure="pause")
    assert question(changed(state, pausing=changed(state.pausing, cause="operator"))) is None


def test_a_manual_check_is_asked_for_also_of_those_who_said_yes_beforehand():
    waiting = Check("Support knows", SafeText("Support knows"), "waiting", detail=SafeText("Told?"), kind="manual")
    state = changed(undecided(), checks=(waiting,))
    state = changed(state, request=changed(state.request, yes=True))
    asked = question(state)
    assert asked is not None
    assert asked.lines[0] == "Support knows: Told?"
    assert asked.answer("1").command == cmd.Acknowledge(check="Support knows")
    assert asked.answer("1").equivalent == f"deploy ack 'Support knows' {state.run}"
    assert asked.answer("2").command.go is False
    assert question(changed(state, checks=(changed(waiting, kind="github"),))) is None
