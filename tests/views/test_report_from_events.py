"""Reports and tapes of every beginning of a run: nothing is needed that has not happened yet."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.run.evolve import evolve, fold
from console.model import events as ev
from console.model.state import RunState
from console.report.markdown import markdown
from console.report.objects import report_object
from console.safe_text import SafeText
from console.views.log_lines import chapter_lines
from console.views.past_runs import record_lines, report_lines
from console.views.recording import Recording, times_of
from console.views.report_contents import whole_report
from console.views.report_from_events import report_of
from console.views.styled_text import text, width
from tests.core.simulation import ADA
from tests.tui.past_runs import past_run

GOOD, BACK = past_run(), past_run(failing="wave-2/web02/restart")
beginnings = st.sampled_from((GOOD, BACK)).flatmap(lambda run: st.integers(0, len(run)).map(lambda place: run[:place]))


@given(beginnings, st.integers(20, 200))
def test_any_beginning_of_a_run_makes_a_report_that_fits(events, cells):
    report = report_of(events)
    assert report.state == fold(events)
    assert all(width(one) <= cells for one in (*report_lines(report, cells, None), *record_lines(report, cells, None)))
    whole = whole_report(events)
    assert json.loads(json.dumps(report_object(whole)))["type"] == "result"
    assert markdown(whole).startswith("# ")


@given(beginnings, st.data())
def test_winding_to_a_place_is_the_fold_of_the_events_before_it(events, data):
    recording = Recording(events)
    place = data.draw(st.integers(0, len(events)))
    state = RunState()
    for event in events[:place]:
        state = evolve(state, event)
    assert recording.state_at(place) == state
    assert recording.place_at(recording.time_at(place)) >= place


@given(beginnings, st.data())
def test_chapters_are_gone_through_to_the_end_and_back_to_the_beginning(events, data):
    recording = Recording(events)
    place = data.draw(st.integers(0, len(events)))
    forward = recording.next_chapter(place)
    assert place < forward <= len(recording) or place == len(recording) == forward
    back = recording.chapter_before(place)
    assert back < place or place == back == 0
    chapter = recording.chapter_at(place)
    assert chapter is None or chapter.place < place


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from(("a", "b")), st.sampled_from(("", "x", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.5Z")))))
def test_times_never_go_back_whatever_the_clocks_did(clocks):
    events = [ev.Continued(seq=seq, mono=mono, boot=boot, at=at) for seq, (mono, boot, at) in enumerate(clocks, 1)]
    times = times_of(events)
    assert len(times) == len(events)
    assert all(before <= after for before, after in pairwise(times))


def test_another_boot_is_measured_by_the_wall_clock():
    events = [ev.Continued(mono=50.0, boot="a", at="2026-01-01T00:00:00Z"), ev.Continued(mono=3.0, boot="b", at="2026-01-01T00:02:00Z")]
    assert times_of(events) == (0.0, 120.0)


def test_a_report_tells_who_decided_and_what_was_overruled():
    made = report_of(GOOD).decision
    assert made
    assert (made.go, made.by, made.overrides, made.hotfix) == (True, "ada", (("space", "it is enough"),), "basket")
    assert report_of(GOOD[:3]).decision is None


def test_a_run_that_ended_before_its_decision_has_nobodys_no_go():
    why = SafeText("its engine ended before the decision")
    opened = GOOD[0]
    ended = (opened, ev.Decided(go=False, by=ADA, interrupted=True, reasons=(why,), mono=opened.mono, boot=opened.boot, at=opened.at))
    report = report_of(ended)
    told = markdown(whole_report(ended)), "\n".join(text(one) for one in report_lines(report, 80, None)), chapter_lines(ended)[-1].text
    for words in told:
        assert "ot decided" in words
        assert "o-go" not in words
    assert str(why) in told[0]


def test_a_failure_has_its_last_lines_and_the_host_went_back():
    report = report_of(BACK)
    (failure,) = report.failures
    assert (failure.host, failure.status, failure.code) == ("web02", "failed", 1)
    assert failure.tail[0] == "Traceback: no such table"
    assert {host.state for host in report.hosts} == {"old"}
    assert [moment.words for moment in report.timeline if moment.chapter][-1].startswith("rolled-back, exit 4")


def test_a_host_that_was_slower_than_the_others_is_named_with_the_usual_time():
    slow = [
        ev.StepFinished(**{name: getattr(event, name) for name in event.__struct_fields__} | {"seconds": 41.0 if event.host == "web02" else 3.0})
        if isinstance(event, ev.StepFinished) and event.step.endswith("/gate") else event
        for event in GOOD
    ]  # fmt: skip
    hosts = {host.host: host for host in report_of(slow).hosts}
    assert [str(one) for one in hosts["web02"].lost] == ["health gate 41 s (usual 3 s)"]
    assert not any(one.is_late for one in hosts["web01"].spent)


@pytest.mark.parametrize("words", ["wave 1 of 3: web01", "GO by ada", "succeeded, exit 0"])
def test_chapters_have_names(words):
    assert words in [chapter.words for chapter in Recording(GOOD).chapters]


def test_nothing_from_outside_becomes_markup():
    told = markdown(whole_report(GOOD))
    assert "\\[@click=app.leave()\\]" in told
    assert "Traceback" not in told
    assert "      Traceback: no such table" in markdown(whole_report(BACK))
    assert "\x07" not in told


def test_the_screen_and_the_text_tell_the_same():
    report = report_of(BACK)
    seen = "\n".join(text(one) for one in report_lines(report, 200, None))
    for words in ("Traceback: no such table", "Friday, and yet", "it is enough", "- *basket*"):
        assert words in seen
        assert words in markdown(whole_report(BACK))


def test_nothing_that_a_person_typed_acts_on_a_terminal():
    asked = [
        ev.Decided(**{name: getattr(event, name) for name in event.__struct_fields__} | {"overrides": (("space", "\x1b]52;c;eA==\x07"),)})
        if isinstance(event, ev.Decided) else event
        for event in GOOD
    ]  # fmt: skip
    report = report_of(asked)
    seen = "\n".join(text(one) for one in report_lines(report, 200, None))
    assert not {"\x1b", "\x07"} & set(markdown(whole_report(asked)) + seen)
