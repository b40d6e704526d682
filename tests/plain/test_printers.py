"""A run as lines and as JSON, on events made by hand: none is left out, and the result is as the contract names it."""

import json

import pytest

from console.core.run.evolve import evolve
from console.errors import ConsoleError, NoGo, Problem
from console.exit_codes import Exit
from console.model import events as ev
from console.model.checks import Check
from console.model.request import Person
from console.model.state import RunState
from console.model.values import changed
from console.plain.json_text import in_ascii, json_text
from console.plain.problem_json import fault_object
from console.plain.run_as_json import JsonPrinter, result_object
from console.plain.run_as_lines import Ending, LinePrinter, Printer
from console.safe_text import SafeText
from console.views.parting_lines import last_lines
from console.wire.json_lines import event_json
from tests.core.simulation import Simulation, an_environment, opening

ADA = Person("ada", 1000)


def a_run(ending=lambda step, attempt: "done") -> Simulation:
    run = Simulation(an_environment(3), ending)
    run.record(*opening(run.environment))
    run.run()
    return run


def shown(printer: Printer, events: list[ev.Event], ending: Ending) -> RunState:
    state = RunState()
    for event in events:
        state = evolve(state, event)
        printer.event(event)
    printer.ended(state, ending)
    return state


def test_json_has_an_object_for_each_event_and_the_result_last():
    run, lines = a_run(), []
    shown(JsonPrinter(lines.append, event_json), run.events, Ending(0, "succeeded", 12.345))
    objects = [json.loads(line) for line in lines]
    assert [each["seq"] for each in objects[:-1]] == list(range(1, len(run.events) + 1))
    assert all({"type", "at", "seq"} <= set(each) for each in objects[:-1])
    result = objects[-1]
    assert set(result) == {"type", "exit", "run", "outcome", "downtime", "hosts", "seconds", "problems"}
    assert (result["type"], result["exit"], result["run"], result["seconds"], result["problems"]) == ("result", 0, "r1", 12.35, [])
    assert [row["state"] for row in result["hosts"]] == ["new"] * 3


def test_a_failure_is_a_problem_in_the_result():
    run, lines = a_run(lambda step, attempt: "failed" if step.kind == "gate" and step.phase == "release" else "done"), []
    shown(JsonPrinter(lines.append, event_json), run.events, Ending(4, "rolled-back"))
    result = json.loads(lines[-1])
    assert result["outcome"] == "rolled-back"
    assert set(result["problems"][0]) == {"file", "line", "key", "message", "hint"}
    assert "web01" in result["problems"][0]["message"]


def test_why_this_end_leaves_goes_before_the_runs_own_reason():
    lines: list[str] = []
    printer = JsonPrinter(lines.append, event_json)
    printer.ended(RunState(run="r1"), Ending(7, "detached", 1.0, "the run goes on", "deploy attach r1"))
    result = json.loads(lines[0])
    assert (result["exit"], result["problems"][0]["hint"]) == (7, "deploy attach r1")


def test_plain_has_a_line_for_each_event():
    run, lines = a_run(), []
    shown(LinePrinter(lines.append), run.events, Ending(0, "succeeded"))
    assert len(lines) > len(run.events)
    assert [line.split(" ")[0] for line in lines[: len(run.events)]] == [event.at[11:19] for event in run.events]
    assert "released" in lines[-1]


def test_plain_says_why_it_leaves_before_the_end_and_what_to_type():
    lines: list[str] = []
    LinePrinter(lines.append).ended(RunState(run="r1", environment="production"), Ending(9, "paused", 0, "paused by the file", "deploy continue r1"))
    assert lines == ["production: paused: paused by the file", "next: deploy continue r1"]


def test_a_no_go_names_each_check_that_blocks_once():
    checks = tuple(
        Check(name, SafeText(name.title()), "failed", detail=SafeText(f"{name} is wrong"), remedy=SafeText(f"mend {name}")) for name in ("ci", "lock")
    )
    state = RunState(run="r1", app="shop", environment="qa", phase="ended", exit=3, checks=checks, reason=SafeText("Ci: ci is wrong; Lock: lock is wrong"),
                     hint=SafeText("deploy check qa"))  # fmt: skip
    problems = result_object(state, Ending(3, "no-go"))["problems"]
    assert [(one["message"], one["hint"]) for one in problems] == [("Ci: ci is wrong", "mend ci"), ("Lock: lock is wrong", "mend lock")]
    lines = last_lines(state, 0.0)
    assert lines[1:] == ("  Ci: ci is wrong", "    mend ci", "  Lock: lock is wrong", "    mend lock", "deploy check qa")
    bare = changed(state, checks=())
    assert result_object(bare, Ending(3, "no-go"))["problems"][0]["message"] == str(state.reason)
    assert last_lines(bare, 0.0)[1:] == (str(state.reason), "deploy check qa")


def test_a_fault_before_there_is_a_run_is_a_result_with_all_problems():
    fault = NoGo("two things", "look", (Problem("one", "do", "hosts.toml", 3, "app.name"), Problem("two")))
    result = fault_object(fault)
    assert (result["exit"], result["outcome"], result["run"], result["hosts"]) == (3, "no-go", None, [])
    assert result["problems"][0] == {"file": "hosts.toml", "line": 3, "key": "app.name", "message": "one", "hint": "do"}
    assert fault_object(ConsoleError("x"))["outcome"] == "error"


def test_json_acts_on_no_terminal():
    text = json_text({"a": "\x1b[31m\x7f\u202e é"})
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["a"] == "\x1b[31m\x7f\u202e é"


@pytest.mark.parametrize("text", ["plain", "é … → \u202e", "\U0001f600 and \U0001f468\u200d\U0001f4bb", 'quo"te\\ \x7f \x85', "\u2028"])
def test_json_that_another_made_is_escaped_as_ours_is(text):
    told = in_ascii(json.dumps([text], ensure_ascii=False, separators=(",", ":")))
    assert told == json_text([text])
    assert json.loads(told) == [text]


def test_every_exit_code_has_an_outcome():
    for code in Exit:
        fault = ConsoleError("x")
        fault.exit = code
        assert fault_object(fault)["outcome"] in {
            "succeeded", "rolled-back", "failed", "no-go", "detached", "paused", "locked", "superseded", "interrupted", "error",
        }  # fmt: skip


def test_a_note_reaches_both():
    event = ev.NoteAdded(by=ADA, text=SafeText("cache is warm"), seq=1, at="2026-01-02T03:04:05Z")
    lines: list[str] = []
    LinePrinter(lines.append).event(event)
    JsonPrinter(lines.append, event_json).event(event)
    assert lines[0] == "03:04:05 note by ada: cache is warm"
    assert json.loads(lines[1])["text"] == "cache is warm"
