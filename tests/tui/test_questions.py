"""What each answer does, as values: no screen is needed to ask."""

import pytest

from console.model import commands as cmd
from console.model.values import changed
from console.tui.dialogs.question import AskNext, EndedRunBack, ToRun
from console.tui.dialogs.run_questions import QUESTIONS, rollback_question
from console.tui.run.panel_zoom import PanelZoom
from console.views.styled_text import text
from tests.core.plans import say
from tests.tui.scripted import ScriptedFeed
from tests.tui.test_keys import running

WIDTH = 70


@pytest.mark.parametrize(
    ("action", "answer", "command", "typed"),
    [
        ("roll-back", "at-once", cmd.RollBack(how="at-once"), "deploy rollback production"),
        ("roll-back", "halves", cmd.RollBack(how="halves"), "deploy rollback production --halves"),
        ("abort", "back", cmd.Abort(), "deploy abort"),
        ("abort", "leave", cmd.Abort(leave=True), "deploy abort --leave"),
        ("note", "it's slow", cmd.Note(text="it's slow"), "deploy note 'it'\"'\"'s slow'"),
    ],
)
def test_an_answer_is_a_command_and_its_command_line(action, answer, command, typed):
    state = running().run.state
    assert QUESTIONS[action](state, "web02", WIDTH).act(answer, state) == ToRun(command, typed)


def test_a_skip_holds_to_what_was_seen_when_it_was_asked():
    feed = running()
    question, seen = QUESTIONS["skip"](feed.run.state, "web02", WIDTH), feed.run.state.seq
    feed.go_on("")
    assert question.act("skip", feed.run.state) == ToRun(cmd.Skip(expects=seen, host="web02"), "deploy skip web02")


def test_go_is_said_of_the_plan_that_was_shown_with_the_name_that_was_typed():
    state = ScriptedFeed().run.state
    question = QUESTIONS["go"](state, "", WIDTH)
    said = question.act("production", state)
    assert isinstance(said, ToRun)
    assert said.command == cmd.Decide(go=True, digest=state.plan.digest, typed="production")
    assert question.is_open(state)
    assert not question.is_open(changed(state, phase="running"))


def test_a_roll_back_of_a_run_that_has_ended_is_a_run_of_its_own():
    state = running().run.state
    ended = changed(state, phase="ended")
    assert QUESTIONS["roll-back"](state, "", WIDTH).act("halves", ended) == EndedRunBack(state.run, "halves", "deploy rollback production --halves")
    assert rollback_question(ended, WIDTH, ended="r-live").act("at-once", ended) == EndedRunBack("r-live", "at-once", "deploy rollback production")


def test_a_roll_back_goes_at_once_or_with_a_reason_that_is_typed_first():
    state = running().run.state
    first = QUESTIONS["roll-back"](state, "", WIDTH)
    assert [one.key for one in first.dialog.choices][:1] + [one.key for one in first.dialog.choices][-1:] == ["r", "w"]
    asked = first.act("reason", state)
    assert isinstance(asked, AskNext)
    again = asked.question.act("  errors: 5xx ", state)
    assert isinstance(again, AskNext)
    assert "errors: 5xx" in text(again.question.dialog.body[0])
    assert again.question.act("at-once", state) == ToRun(cmd.RollBack(how="at-once", reason="errors: 5xx"), "deploy rollback production --reason 'errors: 5xx'")
    ended = rollback_question(changed(state, phase="ended"), WIDTH, ended="r-live", reason="it's slow")
    assert ended.act("halves", changed(state, phase="ended")) == EndedRunBack(
        "r-live", "halves", "deploy rollback production --halves --reason 'it'\"'\"'s slow'", "it's slow"
    )


def test_a_note_on_a_way_back_without_a_reason_asks_for_it_and_the_next_is_a_remark():
    run = running().run
    assert say(run, cmd.RollBack()) is None
    question = QUESTIONS["note"](run.state, "", WIDTH)
    assert question.dialog.title_words == "Why is it rolled back?"
    said = question.act("errors", run.state)
    assert said == ToRun(cmd.Note(text="errors", about="rollback"), "deploy note --rollback errors")
    assert say(run, said.command) is None
    assert run.state.back_why == "errors"
    assert QUESTIONS["note"](run.state, "", WIDTH).act("x", run.state) == ToRun(cmd.Note(text="x"), "deploy note x")


def test_a_panel_gets_half_then_all_of_the_room_and_gives_it_back():
    zoom = PanelZoom()
    assert zoom.less().startswith("all panels are shown")
    assert zoom.more(on_log=True) == ""
    assert (zoom.focused, zoom.shape()["half"], zoom.shape()["zoomed"]) == ("log", True, False)
    assert zoom.more(on_log=True) == ""
    assert (zoom.shape()["half"], zoom.shape()["zoomed"]) == (False, True)
    assert zoom.more(on_log=True).startswith("panel 4 has the whole screen")
    assert (zoom.less(), zoom.less(), zoom.panel) == ("", "", 0)
    assert not zoom.end()
    zoom.turn(3)
    assert (zoom.focused, zoom.end(), zoom.panel) == ("metrics", True, 0)
