"""The form of a release, the versions to choose from, and the command line that asks for the same."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.durations import duration_words, seconds_of
from console.errors import Problem
from console.model.checks import Check
from console.model.database_facts import Review
from console.model.declared_impact import Impact
from console.model.fleet_snapshot import Candidate, FleetSnapshot, SnapshotHost
from console.model.host import Host
from console.model.plan import Plan, ReturnTarget, Step
from console.model.request import Request
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from console.views.check_lines import check_lines
from console.views.filter import parse
from console.views.plan_words import plan_lines
from console.views.release_fields import FIELDS, Field, SeenOfForm, begun, needed, take, to_override, turned, why_none
from console.views.release_preparation import PreviewAnswer, equivalent_command, field_row, go_row, prepare_lines, why_closed
from console.views.return_words import way_back_lines
from console.views.styled_text import text, width
from console.views.version_list import candidate_row, first_choice, kept, standing

HOSTS = tuple(Host(f"web{number:02}", tags=("eu",)) for number in range(1, 4))
BRANCH = Check("branch", SafeText("Branch"), "failed", detail=SafeText("main is expected"))
CLOSED = Check("closed", SafeText("No closed time"), "failed")
LOCK = Check("lock", SafeText("Lock free"), "failed")
SEEN = SeenOfForm(HOSTS, (BRANCH, CLOSED, LOCK))

reasons = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, blacklist_characters=";\x7f"), min_size=1, max_size=20).map(str.strip).filter(bool)
pairs = st.lists(st.tuples(st.sampled_from(["web01", "web02"]), reasons), max_size=3).map(tuple)
overrides = st.lists(st.tuples(st.sampled_from(["branch", "closed"]), reasons), max_size=2).map(tuple)
milliseconds = st.integers(0, 10**9).map(lambda count: count / 1000)
impacts = st.builds(
    Impact, migration=st.sampled_from(["", "yes", "no"]), downtime=st.none() | milliseconds, breaking=st.sampled_from(["", "yes", "no"]),
    risk=st.sampled_from(["", "low", "medium", "high"]), old_code=st.sampled_from(["", "ok", "breaks", "unknown"]), notes=reasons.map(SafeLines),
)  # fmt: skip
requests = st.builds(
    Request, ref=st.sampled_from(["", "v1.2.0"]), hosts=st.sampled_from(["", "web*", "!web01", "tag:eu"]), without=pairs, overrides=overrides,
    hotfix=st.just("") | reasons, impact=impacts,
)  # fmt: skip
candidates = st.builds(
    Candidate, st.text(min_size=1, max_size=40).map(SafeText), st.from_regex("[0-9a-f]{40}", fullmatch=True), st.booleans(),
    st.sampled_from(["", "2026-11-24T10:00:00Z", "yesterday"]), st.text(max_size=20).map(SafeText), st.text(max_size=80).map(SafeText),
    st.integers(0, 200), st.booleans(),
)  # fmt: skip


def field(name: str) -> Field:
    return next(field for field in FIELDS if field.id == name)


@given(requests)
def test_what_a_field_shows_is_what_it_takes(request: Request):
    for one in FIELDS:
        assert take(one, request, one.read(request), SEEN) == request


def test_a_reason_may_have_a_semicolon():
    taken = take(field("overrides"), Request(), "branch=SHOP-17; agreed with Lin; closed=late; ada", SEEN)
    assert isinstance(taken, Request)
    assert taken.overrides == (("branch", "SHOP-17; agreed with Lin"), ("closed", "late; ada"))
    assert take(field("overrides"), taken, field("overrides").read(taken), SEEN) == taken


def test_an_announcement_is_overridden_before_it_is_sent():
    sent = Check("announcement", SafeText("Announcement"), "passed", detail=SafeText("1 channel is told at GO, which GO depends on"))
    taken = take(field("overrides"), Request(), "announcement=the chat is down", SeenOfForm((), (sent,)))
    assert isinstance(taken, Request)
    assert taken.overrides == (("announcement", "the chat is down"),)
    assert not to_override(Request(), SeenOfForm((), (sent,)))
    assert isinstance(take(field("overrides"), Request(), "announcement=no", SeenOfForm((), (changed(sent, status="skipped", blocking=False),))), Problem)


def test_what_is_never_overridden_says_what_to_do():
    never = Check("reach", SafeText("Hosts reachable"), "failed", detail=SafeText("web03: refused"), remedy=SafeText("leave it out: --without HOST=REASON"))
    assert why_none(SeenOfForm((), (never,))) == "Hosts reachable: web03: refused: never overridden; leave it out: --without HOST=REASON"
    assert "no blocking check" in why_none(SeenOfForm())


def test_many_in_the_way_are_all_named_before_one_is_told_in_full():
    checks = tuple(changed(KEPT, id=f"c{number}", title=SafeText(f"Check {number}")) for number in range(6))
    rows = check_lines(RunState(checks=checks), 36, 7)
    assert [text(row)[2:9] for row in rows[:6]] == [f"Check {number}" for number in range(6)]
    more = [text(row) for row in check_lines(RunState(checks=checks), 36, 10)]
    assert len(more) <= 10
    assert "--override space=REASON" in " ".join(" ".join(more).split())


@pytest.mark.parametrize("cells", [36, 96])
def test_what_a_reason_would_override_is_shown_with_its_key_only_where_the_key_is_one(cells: int):
    state = RunState(checks=(KEPT, changed(KEPT, id="late", status="overridden", title=SafeText("Late"))))

    def said(key: str) -> str:
        return " ".join(" ".join(text(row) for row in check_lines(state, cells, 40, key=key)).split())

    assert said("o").count("--override space=REASON (key o)") == 1
    assert "(key" not in said("")
    assert "--override space=REASON" in said("")


@given(milliseconds)
def test_a_duration_is_read_as_it_was_written(seconds: float):
    assert seconds_of(duration_words(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("hosts", "db*", ""), ("without", "web01", "HOST=REASON"), ("without", "web09=gone", "web0"), ("without", "=gone", "HOST=REASON"),
        ("overrides", "branch", "CHECK=REASON"), ("overrides", "space=small", "branch, closed"), ("overrides", "lock=mine", "fix"),
        ("downtime", "5 minutes", "none, 90s, 10m or 1h"), ("downtime", "-1s", "90s"), ("strategy", "magic", "rolling"),
        ("risk", "huge", "low, medium or high"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_what_was_expected(name: str, text: str, expected: str):
    found = take(field(name), Request(), text, SEEN)
    assert isinstance(found, Problem)
    assert expected in found.hint
    assert text.split("=", maxsplit=1)[0] in found.message


def test_a_field_takes_what_it_names():
    request = Request()
    for name, words in [("hosts", "web*"), ("without", "web01=disk = full; web02=new"), ("hotfix", " login is broken "), ("downtime", "1h30m")]:
        found = take(field(name), request, words, SEEN)
        assert isinstance(found, Request)
        request = found
    assert request.without == (("web01", "disk = full"), ("web02", "new"))
    assert (request.hosts, request.hotfix, request.impact.downtime) == ("web*", "login is broken", 5400.0)


def test_answers_turn_through_their_words_and_back():
    said, request = [], Request()
    for _ in range(5):
        request = turned(field("risk"), request)
        said.append(request.impact.risk)
    assert said == ["low", "medium", "high", "", "low"]
    assert turned(field("risk"), Request(), -1).impact.risk == "high"
    chosen = turned(field("strategy"), request, 2)
    assert isinstance(chosen, Request)
    assert chosen.strategy == "canary"
    assert turned(field("strategy"), chosen).strategy == "bluegreen"
    assert turned(field("strategy"), chosen, 2).strategy == "recreate"


def test_a_field_says_when_it_is_needed_and_begins_with_what_for():
    assert "closed" in needed(field("hotfix"), Request(), SEEN)
    assert not needed(field("hotfix"), Request(hotfix="urgent"), SEEN)
    assert not needed(field("hotfix"), Request(), SeenOfForm(HOSTS, (BRANCH,)))
    assert needed(field("overrides"), Request(), SEEN).startswith("branch=")
    assert begun(field("overrides"), Request(), SEEN) == "branch="
    assert begun(field("overrides"), Request(overrides=(("branch", "late"),)), SEEN) == "branch=late; closed="
    away = SeenOfForm(HOSTS, (changed(LOCK, id="reach"),), ("web02", "web03"))
    assert needed(field("without"), Request(), away) == "web02=REASON leaves it out"
    assert begun(field("without"), Request(without=(("web02", "disk"),)), away) == "web02=disk; web03="
    assert begun(field("overrides"), Request(), SeenOfForm(HOSTS, (LOCK,))) == ""


@given(requests)
def test_the_twin_is_one_command_line_that_says_all_that_has_an_option(request: Request):
    words = shlex.split(equivalent_command("production", request))
    assert words[:2] == ["deploy", "production"]
    values = {name: [words[place + 1] for place, word in enumerate(words) if word == name and place % 2 == 0] for name in words[2::2]}
    assert values.get("--without", []) == [f"{host}={reason}" for host, reason in request.without]
    assert values.get("--override", []) == [f"{check}={reason}" for check, reason in request.overrides]
    assert values.get("--hotfix", []) == ([request.hotfix] if request.hotfix else [])
    assert values.get("--hosts", []) == ([request.hosts] if request.hosts else [])


@given(st.lists(candidates, max_size=6).map(tuple), st.integers(1, 220), requests)
def test_every_line_fits_its_room(found: tuple[Candidate, ...], cells: int, request: Request):
    place = first_choice(found, request.ref)
    chosen = found[place] if found else None
    for answer in (PreviewAnswer(), PreviewAnswer(RunState(checks=(BRANCH,)), asking=False), PreviewAnswer(problem=Problem("x" * 300), asking=False)):
        lines = [*prepare_lines("shop", "production", True, None, chosen, answer, cells), go_row(answer, chosen, cells)]
        lines += [candidate_row(one, one is chosen, cells, None) for one in found] + [field_row(one, request, SEEN, cells) for one in FIELDS]
        assert max(width(one) for one in lines) <= cells
        assert why_closed(answer, chosen)


def test_the_first_choice_is_the_suggested_one_else_the_newest_that_is_not_live():
    live, newer, old = (
        Candidate(SafeText(name), "a" * 40, live=hosts, ahead=ahead) for name, hosts, ahead in [("v3", 2, True), ("v4", 0, True), ("v1", 0, False)]
    )
    assert first_choice((live, newer, old), "") == 1
    assert first_choice((live, newer, old), "v1") == 2
    assert first_choice((live, newer, old), "v9") == 1
    assert first_choice((), "v1") == 0
    assert [text((standing(one),)) for one in (live, newer, old)] == ["live on 2", "", "older than the live release"]


def test_what_failed_here_is_not_offered_and_says_so():
    live, bad, older = (
        Candidate(SafeText(name), "a" * 40, live=hosts, ahead=ahead, fared=SafeText(fared))
        for name, hosts, ahead, fared in [("v3", 2, True, ""), ("v4", 0, True, "failed and was rolled back"), ("v1", 0, False, "")]
    )
    assert first_choice((bad, live, older), "") == 0
    assert first_choice((bad, Candidate(SafeText("v5"), "b" * 40), live), "") == 1
    assert [text((standing(bad),)), text((standing(bad, short=True),))] == ["failed and was rolled back here", "failed"]
    wish = Candidate(SafeText("v4"), "a" * 40, fared=SafeText("was rolled back"))
    assert [text((standing(wish),)), text((standing(wish, short=True),))] == ["was rolled back here", "taken back"]


def test_an_open_go_says_what_speaks_against_the_direction():
    doubt = Check("direction", SafeText("Goes forward"), "warning", False, SafeText("v3 is live already on 2 hosts"))
    state = RunState(checks=(doubt,), plan=Plan("rolling", (), ()))
    one = Candidate(SafeText("v3"), "a" * 40, live=2)
    said = text(prepare_lines("shop", "production", True, None, one, PreviewAnswer(state, asking=False), 120)[1])
    assert "GO is open" in said
    assert "! v3 is live already on 2 hosts" in said


def test_what_a_side_has_that_stands_by_is_not_said_to_be_live():
    sides = (("web01", "v1", False), ("web02", "v1", False), ("web03", "v2", True), ("web04", "v2", True))
    hosts = tuple(SnapshotHost(name, version=SafeText(version), drained=drained) for name, version, drained in sides)
    one = Candidate(SafeText("v3"), "a" * 40)
    told = [prepare_lines("shop", "staging", False, FleetSnapshot("staging", hosts=seen), one, PreviewAnswer(), 120)[0] for seen in (hosts, hosts[2:])]
    assert ["v1 → " in text(told[0]), "v2 → " in text(told[1])] == [True, True]


def test_the_filter_looks_at_name_commit_author_and_subject():
    one = Candidate(SafeText("v1.2.0"), "abc" + "0" * 37, by=SafeText("Lin"), subject=SafeText("Basket"))
    for words in ("v1.2", "abc0", "lin", "basket", "/B.sket/", "!ada"):
        assert kept((one,), parse(words)) == (one,)
    assert kept((one,), parse("ada")) == ()


def test_a_blocked_go_names_what_blocks():
    one = Candidate(SafeText("v1.2.0"), "a" * 40)
    answer = PreviewAnswer(RunState(checks=(BRANCH, changed(LOCK, status="passed"), CLOSED)), asking=False)
    assert why_closed(answer, one) == "2 blocking checks: Branch, No closed time"
    alone = PreviewAnswer(RunState(checks=(BRANCH,)), asking=False)
    assert why_closed(alone, one) == "Branch blocks: main is expected"
    assert "GO is closed" in text(go_row(answer, one, 80))
    assert why_closed(answer, None) == "no version is chosen"
    assert "no host was reached" in why_closed(PreviewAnswer(RunState(), asking=False), one)


BRANCH_OK = Check("branch", SafeText("Branch or release tag allowed"), "passed", detail=SafeText("on branch main, which is allowed"))
WAITS = Check("team", SafeText("Team is there"), "waiting", detail=SafeText("1 more operator is needed, 0 joined"), remedy=SafeText("deploy attach"))
KEPT = Check(
    "space", SafeText("Room on every host"), "failed", detail=SafeText("web07 has 0.4 GB of 40 GB"), remedy=SafeText("rm old ones, or --override space=REASON")
)


@pytest.mark.parametrize("cells", [30, 36, 47, 48, 56, 96])
@pytest.mark.parametrize("height", [4, 7, 12, 40])
def test_no_title_of_a_check_is_cut_and_what_blocks_is_read_whole(cells: int, height: int):
    state = RunState(checks=(BRANCH_OK, WAITS, KEPT, changed(BRANCH_OK, id="tree", title=SafeText("Work tree is committed"))))
    rows = check_lines(state, cells, height, "3 shows all")
    assert len(rows) <= height
    assert all(width(row) <= cells for row in rows)
    said = " ".join(" ".join(text(row) for row in rows).split())
    assert "web07 has 0.4 GB of 40 GB" in said
    assert "--override space=REASON" in said
    if height >= 12:
        assert "Branch or release tag allowed" in said or cells not in (36, 47, 96)
    assert height == 4 or "more (3 shows all)" in said or "Work tree is committed" in said


def test_the_plan_and_the_way_back_are_read_whole_where_there_is_little_room():
    steps = tuple(
        Step(f"w/{host}/{kind}", kind, "release", SafeText(kind), about=host, place=host)
        for host in ("web01", "web02") for kind in ("switch", "restart", "gate")
    )  # fmt: skip
    ways = tuple(ReturnTarget(host, "20260101T000000Z-aaaaaaa", SafeText("v1.0.0-rc.1+build.20260101")) for host in ("web01", "web02"))
    state = RunState(kind="deploy", plan=Plan("rolling", (("web01",), ("web02",)), steps), way_back=ways)
    for cells in (24, 36, 60):
        for rows in (plan_lines(state, cells, 6), way_back_lines(state, cells)):
            assert all(width(row) <= cells for row in rows)
        assert "health gate" in " ".join(" ".join(text(row) for row in plan_lines(state, cells, 7)).split())
        assert "all touched hosts go back" in " ".join(" ".join(text(row) for row in plan_lines(state, cells, 3)).split())
        assert "web01, web02" in " ".join(" ".join(text(row) for row in way_back_lines(state, cells)).split())


@pytest.mark.parametrize(
    ("name", "impact", "review", "words"),
    [
        ("risk", Impact(risk="high"), None, "another operator joins, + people are told"), ("risk", Impact(risk="low"), None, ""),
        ("breaking", Impact(breaking="yes", risk="low"), None, "another operator"), ("downtime", Impact(downtime=60.0), None, "people are told"),
        ("downtime", Impact(downtime=0.0, risk="high"), None, ""), ("migration", Impact(migration="yes"), None, "no database in the file"),
        ("migration", Impact(migration="yes"), Review(runs=True, backs_up=True, where="web01"), "+ backup before it, + migrated on web01"),
        ("migration", Impact(migration="yes"), Review(runs=True, fresh=True), "fresh enough"), ("migration", Impact(migration="yes"), Review(), "no command migrates"),
        ("migration", Impact(migration="yes"), Review(runs=True), "! no backup"), ("old_code", Impact(old_code="ok"), Review(runs=True, old_code="ok"), "hosts can go back"),
        ("old_code", Impact(old_code="ok"), Review(runs=True, old_code="breaks"), "the files say breaks: no way back"),
        ("old_code", Impact(old_code="breaks"), Review(runs=True, old_code="breaks", reversible=True), "after the revert"),
        ("old_code", Impact(old_code="unknown"), Review(runs=True, old_code="unknown"), "! no way back: GO needs a reason"),
        ("old_code", Impact(old_code="ok"), Review(), "nothing without a migration"),
    ],
)  # fmt: skip
def test_an_answer_says_what_it_changes(name: str, impact: Impact, review: Review | None, words: str):
    request, state = Request(impact=impact), RunState(review=review, migrations=())
    found = text(field_row(field(name), request, SeenOfForm(), 100, state))
    assert words in found
    assert words or found.rstrip().endswith(field(name).read(request))
    assert all(width(field_row(field(name), request, SeenOfForm(), cells, state)) <= cells for cells in (14, 20, 36, 60))
    assert not words or len(text(field_row(field(name), request, SeenOfForm(), 36, state)).split()) > 2
