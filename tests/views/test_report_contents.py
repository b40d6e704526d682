"""The whole report of a run on real journals: what is told, what is inferred, and what is left to people."""

from pathlib import Path

import pytest

from console.core.run.evolve import fold
from console.core.words.sizes import with_capital
from console.model import events as ev
from console.model.checks import Check
from console.model.maintenance_mode import Maintenance
from console.model.request import Person
from console.model.values import changed
from console.plain.run_as_json import result_object
from console.plain.run_as_lines import Ending
from console.ports.feed import Sample
from console.report.html import html_page
from console.report.markdown import markdown
from console.report.objects import report_object
from console.safe_text import SafeText
from console.views.document_blocks import FactRows
from console.views.kept_metrics import kept_metrics
from console.views.left_open import left_open
from console.views.past_runs import report_lines
from console.views.post_mortem import QUESTIONS
from console.views.recording import Recording
from console.views.report_contents import origin_of, summary_sentence, versions_of, whole_report
from console.views.report_from_events import checks_in_words, report_of
from console.views.report_layout import report_sections
from console.views.styled_text import text
from console.views.times import fine_seconds
from console.wire.codec import decode_event
from tests.tui.past_runs import past_run

JOURNALS = Path(__file__).parents[1] / "journals"
GOOD, BACK = past_run(), past_run(failing="wave-2/web02/restart")


def journal(name: str) -> tuple[ev.AnyEvent, ...]:
    return tuple(decode_event(line) for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines())


SEQUENCE = ["First bad effect, at the earliest", "First signal", "Verdict", "Decision", "Action", "Back", "End"]
MOMENTS = [
    ("a release that went back", journal("rolled-back"), SEQUENCE),
    ("a step that failed", BACK, SEQUENCE),
    ("a rollback that was asked for", journal("rollback"), ["Decision", "Action", "Back", "End"]),
    ("a host that was lost while it was watched", journal("lost-in-window"), ["First bad effect, at the earliest", "First signal", "Verdict", "End"]),
    ("a good release", GOOD, None),
    ("a restart", journal("restart"), None),
    ("a no-go", journal("no-go"), None),
    ("a host that was left out", journal("release"), None),
    ("a lock that was met", journal("locked"), None),
]


@pytest.mark.parametrize(("events", "names"), [pytest.param(*row[1:], id=row[0]) for row in MOMENTS])
def test_the_moments_of_a_failure_come_in_their_order(events, names):
    case = whole_report(events).post_mortem
    assert (None if case is None else [one.name for one in case.moments]) == names
    if case is not None:
        assert case.moments[0].gap is None
        assert sum(one.gap or 0.0 for one in case.moments) == pytest.approx(case.moments[-1].seconds - case.moments[0].seconds)


def test_what_is_inferred_is_marked_so_and_all_else_is_on_the_record():
    case = whole_report(journal("rolled-back")).post_mortem
    assert case is not None
    assert [one.source for one in case.moments] == ["inferred"] + ["recorded"] * 6
    assert case.moments[0].words.startswith("web01: restart began")
    assert "HTTP 503, expected 200" in case.moments[1].words
    assert 21.0 < case.exposed["web01"] < 23.0
    assert set(case.exposed) == {"web01"}
    assert case.numbers == (
        "web01, Web app: failed; saw HTTP 503, expected 200; 0 of 2 passes in a row within 20 s",
        "Failed hosts: 1; allowed: 0",
    )
    assert case.left[0] == "2 of 3 hosts were not changed yet: web02, web03"


def test_only_hosts_that_did_not_stay_new_were_exposed():
    case = whole_report(journal("lost-in-window")).post_mortem
    assert case is not None
    assert set(case.exposed) == {"web02"}
    assert "0 of 0" not in markdown(whole_report(journal("lost-in-window")))


SENTENCES = [
    (
        "rolled-back",
        "Rolling deploy on production, from v1.4.1 to v1.5.0, 3 hosts: rolled back after 00:22 (exit 4). Hosts at the end: 3 on v1.4.1. Automatic: 1 failed",
    ),
    ("no-go", "Rolling deploy on production, from v1.4.1 to v1.5.1, 3 hosts: no-go after 00:00 (exit 3). Hosts at the end: 3 on v1.4.1."),
    ("release", "Rolling deploy on production, from v1.4.1 to v1.4.2, 3 hosts: released, some hosts behind after 00:04 (exit 8)."),
]


@pytest.mark.parametrize(("name", "words"), SENTENCES)
def test_the_summary_is_a_sentence_with_its_numbers(name: str, words: str):
    assert summary_sentence(whole_report(journal(name))).startswith(words)


def test_a_good_run_gets_half_a_page_and_a_bad_one_its_draft():
    good, bad = markdown(whole_report(journal("restart"))), markdown(whole_report(journal("rolled-back")))
    assert len(good.splitlines()) <= 45
    assert "Post-mortem" not in good
    assert "For people to answer" not in good
    for title, prompt in QUESTIONS:
        assert f"### {title}\n\n{prompt}\n\n-\n" in bad


@pytest.mark.parametrize("events", [journal("rolled-back"), journal("rollback"), journal("lost-in-window"), BACK], ids=["back", "asked", "lost", "step"])
def test_no_cause_is_named_by_the_machine(events):
    words = markdown(whole_report(events)).lower()
    assert "root cause" not in words
    assert "caused by" not in words


def rolled_back_by(reason: str) -> tuple[ev.AnyEvent, ...]:
    began = {"by": Person("lin"), "cause": "key", "reason": SafeText(f"asked for by lin{reason}")}
    return tuple(changed(event, **began) if isinstance(event, ev.RollbackBegan) else event for event in journal("rolled-back"))


ORIGINS = [
    ("by a rule", journal("rolled-back"), "Automatic: 1 failed, 0 allowed: web01 (Web app: HTTP 503, expected 200; 0 of 2 passes in 20 s)"),
    ("by a key", rolled_back_by(""), "Asked for by lin, without a reason"),
    ("by a key with a reason", rolled_back_by(": errors at checkout"), "Asked for by lin: errors at checkout"),
    ("a run of its own", journal("rollback"), "Asked for by root, without a reason"),
    ("nothing went back", GOOD, ""),
]


@pytest.mark.parametrize(("events", "words"), [pytest.param(*row[1:], id=row[0]) for row in ORIGINS])
def test_who_or_what_took_it_back_is_said(events, words: str):
    assert origin_of(events, fold(events)).words == words


def test_a_rollback_goes_from_what_was_there_to_its_target():
    assert versions_of(fold(journal("rollback"))) == ("v1.4.2", "v1.4.1")
    assert versions_of(fold(journal("rolled-back"))) == ("v1.4.1", "v1.5.0")


def test_a_reason_that_a_rollback_was_typed_with_is_told():
    opened, *rest = journal("rollback")
    assert isinstance(opened, ev.RunOpened)
    events = (changed(opened, request=changed(opened.request, reason="errors at checkout")), *rest)
    assert "Asked for by root: errors at checkout." in markdown(whole_report(events))


def test_the_timeline_in_short_has_the_decision_the_first_change_and_what_failed():
    told = [f"{one.host} {one.words}".strip() for one in whole_report(journal("rolled-back")).highlights]
    assert told == [
        "pre-flight of a deploy to production, asked for by root",
        "GO by root",
        "wave 1 of 3: web01",
        "web01 first change: switch",
        "web01 Web app: failed, 0 of 2 in a row after 20 s, saw HTTP 503, expected 200",
        "rolling back: 1 failed, 0 allowed: web01 (Web app: HTTP 503, expected 200; 0 of 2 passes in 20 s)",
        "web01 last step of the rollback done",
        "rolled-back, exit 4",
    ]


def test_a_plan_is_held_against_what_happened():
    rows = {one.words: one for one in whole_report(journal("rolled-back")).kinds}
    gate = rows["health gate"]
    assert (gate.planned, gate.done, gate.failed, gate.not_begun, gate.longest_on, gate.is_late) == (3, 0, 1, 2, "web01", True)
    assert rows["pruning"].not_begun == 3
    assert rows["pruning"].median is None
    assert rows["switch (rollback)"].done == 1
    slow = whole_report(journal("rolled-back")).slowest[0]
    assert (slow.words, slow.host, slow.is_late) == ("health gate", "web01", True)


@pytest.mark.parametrize(
    ("events", "planned", "words"),
    [
        (GOOD, None, "From GO to the end it took 19 s; what it should have taken is not known"),
        (journal("rolled-back"), 7.466, "Planned were 7.5 s; from GO to the end it took 22 s: 14 s longer."),
        (journal("no-go"), 0.0, ""),
    ],
)
def test_the_whole_time_is_held_against_the_plan(events, planned, words):
    whole = whole_report(events)
    assert words in markdown(whole)
    assert (whole.time.planned if whole.time else 0.0) == planned


def test_requests_that_failed_while_hosts_were_exposed_are_told_and_weigh_what_they_are_of():
    events = journal("rolled-back")
    wall = Recording(events).wall_of(events[0].at)

    def counted(host: str, at: float, requests: int, bad: int) -> Sample:
        return Sample(host, wall + at, extra={"error_rate": bad / requests}, counts={"error_rate": (requests, bad)})

    samples = [
        counted("web01", 0.0, 100, 1),
        counted("web01", 11.0, 900, 90),
        counted("web01", 13.0, 100, 60),
        counted("web02", 12.0, 500, 0),
        counted("", 12.0, 1500, 150),
    ]
    assert "How many requests failed was not counted." in markdown(whole_report(events))
    whole = whole_report(events, samples)
    assert "150 of 1,000 requests failed there until the way back began (15.0 %)." in markdown(whole)
    assert whole.metrics is not None
    assert whole.metrics.means["error_rate"] == pytest.approx({"before": 0.01, "on the new release": 0.15})


def test_lanes_have_every_attempt_within_the_time_that_is_drawn():
    chart = whole_report(journal("rolled-back")).lanes
    assert chart is not None
    assert [lane.host for lane in chart.lanes] == ["", "web01", "web02", "web03"]
    bars = [bar for lane in chart.lanes for bar in lane.bars]
    assert all(chart.start <= bar.start <= bar.end <= chart.end for bar in bars)
    assert {bar.words for bar in bars if bar.back} == {"switch", "restart", "health gate"}
    assert [mark.words for mark in chart.marks] == ["rollback"]
    assert whole_report(journal("no-go")).lanes is None


def test_many_hosts_are_listed_shortly_those_with_trouble_first():
    whole = whole_report(past_run(50, failing="wave-2/web02/restart"))
    assert whole.lanes is not None
    assert len(whole.lanes.lanes) == 1 + 40
    assert whole.lanes.hidden > 0
    assert whole.lanes.lanes[1].host in ("web01", "web02")
    words = markdown(whole)
    assert "and 10 more hosts, which ended as they should" in words
    assert len(words.splitlines()) < 250


def test_what_was_left_open_is_named_with_what_to_type():
    state = fold(journal("lost-in-window"))
    (owed,) = left_open(state)
    assert (owed.kind, owed.hint) == ("owed", "deploy status production")
    state = changed(state, locked_hosts=("web01",), maintenance=Maintenance(SafeText("ada"), SafeText("2026-11-24T12:00:00Z")))
    assert [one.kind for one in left_open(state)] == ["owed", "maintenance", "lock"]
    assert "deploy maintenance production off" in [one.hint for one in left_open(state)]


def a_sample(events: tuple[ev.AnyEvent, ...], host: str, seconds: float, cpu: float | None) -> Sample:
    return Sample(host, Recording(events).wall_of(events[0].at) + seconds, cpu, 0.5, 1.0)


def test_the_numbers_of_changed_hosts_are_compared_before_and_after():
    events = journal("rolled-back")
    samples = [a_sample(events, "web01", at, cpu) for at, cpu in ((0.0, 0.2), (10.0, 0.6), (12.0, 0.8), (21.0, 0.4), (15.0, None))]
    samples.append(a_sample(events, "web02", 12.0, 0.1))
    found = kept_metrics(samples, Recording(events), fold(events))
    assert found is not None
    assert found.means["cpu"] == pytest.approx({"before": 0.2, "on the new release": 0.7, "after the rollback": 0.4})
    assert (found.samples, found.hosts) == (6, 2)
    cpu = next(curve for curve in found.curves if curve.kind == "cpu")
    assert [value for _, value in cpu.new] == pytest.approx([0.6, 0.8])
    assert [words for words, _ in found.marks] == ["first change", "rollback"]


def test_every_metric_that_was_kept_is_drawn_by_its_name_and_compared():
    events = journal("rolled-back")
    wall = Recording(events).wall_of(events[0].at)
    samples = [Sample("web01", wall + at, extra={"error_rate": rate, "queue": None}) for at, rate in ((0.0, 0.001), (11.0, 0.05), (21.0, 0.002))]
    samples += [Sample("", wall + at, extra={"queue": length}) for at, length in ((0.0, 3.0), (11.0, 40.0), (21.0, 5.0))]
    found = kept_metrics(samples, Recording(events), fold(events))
    assert found is not None
    assert found.means["error_rate"] == pytest.approx({"before": 0.001, "on the new release": 0.05, "after the rollback": 0.002})
    assert found.means["queue"] == pytest.approx({"before": 3.0, "on the new release": 40.0, "after the rollback": 5.0})
    drawn = {curve.kind: len(curve.new) + len(curve.old) for curve in found.curves}
    assert (drawn["error_rate"], drawn["queue"], drawn["cpu"], found.hosts) == (3, 3, 0, 1)
    words = markdown(whole_report(events, samples))
    assert all(one in words for one in ("| Errors | 0.10 % | 5.00 % | 0.20 % |", "| queue | 3 | 40 | 5 |"))
    assert "NaN" not in html_page(whole_report(events, samples))


def test_a_note_that_came_later_makes_no_run_longer_and_is_its_reason():
    events = journal("rollback")
    late = ev.stamped(
        ev.NoteAdded(by=Person("lin", 1), text=SafeText("errors"), about="rollback"),
        len(events) + 1,
        "2030-01-01T00:00:00Z",
        events[-1].mono + 900,
        events[-1].boot,
    )
    before, after = whole_report(events), whole_report((*events, late))
    assert after.report.seconds == pytest.approx(before.report.seconds, abs=1.0)
    assert after.origin.reason == "errors"


def test_in_a_rollback_of_its_own_hosts_are_new_until_they_go_back():
    events = journal("rollback")
    found = kept_metrics([a_sample(events, "web01", 0.0, 0.9), a_sample(events, "web01", 2.0, 0.2)], Recording(events), fold(events))
    assert found is not None
    assert found.means["cpu"] == pytest.approx({"on the new release": 0.9, "after the rollback": 0.2})
    assert [words for words, _ in found.marks] == ["rollback"]


def test_where_no_numbers_were_kept_a_bad_run_says_so_and_a_good_one_is_silent():
    assert "No numbers of the machines were kept" in markdown(whole_report(journal("rolled-back")))
    assert "numbers of the machines" not in markdown(whole_report(GOOD))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "0 s"), (0.024, "0.02 s"), (0.5, "0.5 s"), (1.96, "2.0 s"), (9.94, "9.9 s"), (12.7, "12 s"), (134.0, "02:14")]
)
def test_short_times_are_told_apart(seconds: float, words: str):
    assert fine_seconds(seconds) == words


def test_every_section_has_something_to_tell():
    for events in (GOOD, BACK, journal("locked"), journal("no-go"), ()):
        assert all(section.blocks for section in report_sections(whole_report(events)))


def test_a_good_run_of_many_hosts_and_waves_stays_short():
    events = past_run(12)
    whole = whole_report(events)
    words = markdown(whole)
    assert len(words.splitlines()) < 65
    assert "## Hosts at the end" not in words
    assert "Hosts at the end: 12 on v1.1.0." in words
    hosts = next(section for section in report_sections(whole) if section.key == "hosts")
    assert hosts.folded
    waves = [one.words for one in whole.highlights if "wave" in one.words]
    assert len(waves) == 7
    assert waves[3] == "6 more waves until the last 3"


@pytest.mark.parametrize(
    ("reason", "words"), [("", "roll back, asked for by lin"), (": errors at checkout", "roll back, asked for by lin: errors at checkout")]
)
def test_who_asked_for_a_rollback_is_said_once(reason: str, words: str):
    case = whole_report(rolled_back_by(reason)).post_mortem
    assert case is not None
    assert next(one.words for one in case.moments if one.name == "Decision") == words


def test_a_no_go_says_the_same_next_in_its_report_as_in_its_result():
    whole = whole_report(journal("no-go"))
    (problem, *_) = result_object(whole.report.state, Ending(3, "no-go"))["problems"]
    (rows,) = (block.rows for block in report_sections(whole)[0].blocks if isinstance(block, FactRows))
    assert problem["hint"]
    assert problem["hint"] in dict(rows)["Next"]
    assert problem["hint"] in report_object(whole)["hint"]


def test_a_check_that_was_skipped_is_not_said_to_have_passed():
    checks = [Check("space", SafeText("Room"), "passed"), Check("team", SafeText("Team"), "skipped", blocking=False)]
    assert checks_in_words(checks) == "1 of 2 checks passed, 1 skipped"
    assert checks_in_words(checks[:1]) == "1 of 1 check passed"
    assert checks_in_words([]) == ""
    events = tuple(
        event for one in GOOD for event in ((one, *(ev.CheckReported(check=check) for check in checks)) if isinstance(one, ev.RunOpened) else (one,))
    )
    shown = [text(one) for one in report_lines(report_of(events), 100, None)]
    assert any("checks passed, 1 skipped" in one for one in shown)


def test_a_sentence_gets_a_capital_and_names_keep_theirs():
    assert with_capital("above its limit: errors 4 % on new hosts (WEB01)") == "Above its limit: errors 4 % on new hosts (WEB01)"
    assert with_capital("") == ""
