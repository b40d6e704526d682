"""One rule, one place: a key that is offered is a command that is accepted, in runs of every kind, after each of their events."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.run.accept import accept
from console.core.run.critical_path_verdict import open_ticks
from console.model import commands as cmd
from console.model.commands import AnyCommand, Refusal
from console.model.values import changed
from console.plain.plain_questions import question
from console.tui import keys
from console.tui.key_refusals import COMMANDS, Act, Situation, refused
from tests.core.drawn import ASKED, KINDS, LIN, draw_run
from tests.core.simulation import Simulation
from tests.tui.test_keys import running

OF_A_HOST: tuple[Act, ...] = ("skip", "back-one", "retry")


def seen(run: Simulation, host: str) -> Situation:
    """What is on the screen of Lin, who joined: whoever has the helm is there, too."""
    return Situation(run.state, host, helm=str(run.state.driver) if run.state.driver != LIN else "")


def answered(run: Simulation, command: AnyCommand) -> Refusal | None:
    answer = accept(run.environment, command, run.state, LIN)
    return answer if isinstance(answer, Refusal) else None


def is_offered(act: Act, now: Situation) -> bool:
    return any(action.id == act and keys.is_ready(action, now) for action in keys.ACTIONS if now.place in action.places)


def is_the_screens_own(act: Act, now: Situation) -> bool:
    """Where a screen offers less than the run would take, and why that is right."""
    if now.state.phase == "ended":
        return True  # what is done from here on is a run of its own, and a note waits for the command line
    if act in ("go", "continue", "promote") and now.helm:
        return True  # who has the helm answers; the command line is everybody's
    has_release = now.chosen is not None and now.chosen.condition == "new"
    if act in ("skip", "back-one"):
        return has_release is (act == "skip")  # one command, two keys: `x` for a host that has not got the release, `B` for one that has
    return act == "acknowledge" and all(check.id != ASKED for check in now.state.checks)  # it has not come up yet


def differences(run: Simulation) -> list[tuple[Act, str, str]]:
    """Keys that are offered and refused, or possible and not offered: none."""
    found = []
    for host in run.state.hosts:
        now = seen(run, host)
        for act, command in COMMANDS.items():
            said = cmd.Acknowledge(check=ASKED) if act == "acknowledge" and not open_ticks(run.state) else command(now)
            offered, refusal = is_offered(act, now), answered(run, said)
            if offered is not (refusal is None) and (offered or not is_the_screens_own(act, now)):
                found.append((act, host, f"offered: {refusal.message}" if refusal else "not offered"))
    return found


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_a_key_is_offered_where_its_command_is_accepted_and_nowhere_else(kind, seed):
    def hold(run: Simulation) -> None:
        assert differences(run) == []

    draw_run(kind, seed, hold)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_a_key_that_the_rule_refuses_says_what_the_run_would_say(kind, seed):
    def hold(run: Simulation) -> None:
        if run.state.phase == "ended":
            return
        for host in run.state.hosts:
            now = seen(run, host)
            for act in ("pause", "continue", "abort", "roll-back", *OF_A_HOST):
                refusal = answered(run, COMMANDS[act](now))
                assert refusal is None or refused(act, now) == refusal.message

    draw_run(kind, seed, hold)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_a_question_without_a_screen_has_no_answer_that_is_refused(kind, seed):
    def hold(run: Simulation) -> None:
        asked = question(run.state)
        for choice in asked.choices if asked else ():
            assert choice.command is None or answered(run, choice.command) is None

    draw_run(kind, seed, hold)


def test_every_command_has_its_key():
    state = running().run.state
    assert {action.id for action in keys.ACTIONS} >= COMMANDS.keys() == set(get_args(Act))
    made = {type(command(Situation(state, "web01"))) for command in COMMANDS.values()}
    assert made == set(get_args(AnyCommand)) - {cmd.Forgive}


@pytest.mark.parametrize("act", COMMANDS)
def test_who_only_looks_on_and_who_reads_a_run_that_is_over_says_nothing_to_it(act: Act):
    state = running().run.state
    assert "read-only" in refused(act, Situation(state, "web01", read_only=True))
    assert "has ended" in refused(act, Situation(changed(state, phase="ended"), "web01"))
    assert refused(act, Situation(type(state)(), "web01"))
