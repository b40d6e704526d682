"""Verified elsewhere: that commit, on the whole fleet, recently enough."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.staging import KnownCommit, Made, assess_staging, contents_of, expected_content, is_same, known_of, released_of
from console.model.environment_record import Attempts, EarlierAttempt, EnvironmentRecord, Released
from console.model.plan import Plan, Step
from console.model.release_facts import Revision
from console.model.request import Request
from console.model.state import RunState
from console.safe_text import SafeText

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COMMIT = "b" * 40
REVISION = Revision(COMMIT, SafeText("v1.1.0"))


def a_run(hours: float = 1.0, **fields: object) -> Released:
    ended = (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    values = {"run": "r1", "kind": "deploy", "outcome": "succeeded", "exit": 0, "revision": REVISION, "ended_at": ended, "phase": "ended", **fields}
    return released_of(RunState(**values), 1)  # type: ignore[arg-type]


def status(*runs: Released) -> str:
    return assess_staging("staging", 86400.0, Made(REVISION), runs, NOW).status


def test_that_commit_verified_there_opens_the_gate():
    check = assess_staging("staging", 86400.0, Made(REVISION), (a_run(2.5),), NOW)
    assert (check.status, check.detail) == ("passed", "verified in staging 2 h ago")


@pytest.mark.parametrize(
    "run",
    [
        a_run(revision=Revision("c" * 40, SafeText("v1.0.0"))),
        a_run(outcome="rolled-back", exit=4),
        a_run(exit=8),
        a_run(outcome="superseded"),
        a_run(request=Request(hosts="web01")),
        a_run(request=Request(without=(("web02", "dead"),))),
        a_run(kind="rollback", outcome="rolled-back"),
        a_run(hours=25),
    ],
)
def test_another_commit_a_part_of_the_fleet_and_what_did_not_end_well_do_not(run: Released):
    check = assess_staging("staging", 86400.0, Made(REVISION), (run,), NOW)
    assert check.blocks
    assert "--override staging=REASON" in check.detail


def test_a_later_failure_there_does_not_undo_the_verification():
    assert status(a_run(1, outcome="rolled-back", exit=4), a_run(3)) == "passed"


def test_what_was_taken_back_there_since_it_was_verified_is_said():
    fared = EarlierAttempt("r2", "was rolled back", "2026-11-24T11:00:00Z")
    records = [
        EnvironmentRecord(environment=name, attempts=Attempts({COMMIT: attempt}), released={"r1": a_run(2.5)} if name == "staging" else {})
        for name, attempt in (("staging", fared), ("production", None))
    ]
    known = known_of(records, "staging", REVISION)
    assert (known.fared, len(known.runs)) == (fared, 1)
    check = assess_staging("staging", 86400.0, Made(REVISION), known.runs, NOW, known.fared)
    assert (check.status, check.blocks, check.remedy) == ("warning", False, "deploy report r2")
    assert check.detail == "verified in staging 2 h ago, and was rolled back there since (run r2)"
    assert known_of(records, "production", REVISION).fared is None


@given(st.floats(0, 100), st.floats(0, 100))
def test_older_never_passes_where_newer_fails(one: float, other: float):
    newer, older = sorted((one, other))
    if status(a_run(older)) == "passed":
        assert status(a_run(newer)) == "passed"
    assert a_run(older).verified


TREE = "e" * 40
OTHER = Revision("c" * 40, SafeText("v1.0.9"), tree=TREE)
BUILT = Plan("rolling", (), (Step("release/build", "build", "prepare", SafeText("build")),))


@pytest.mark.parametrize(
    ("run", "made", "is_the_same"),
    [
        (a_run(revision=OTHER), Made(Revision(COMMIT, SafeText("v1"), tree=TREE)), True),
        (a_run(revision=OTHER), Made(Revision(COMMIT, SafeText("v1"), tree=TREE), is_built=True), False),
        (a_run(revision=OTHER, plan=BUILT), Made(Revision(COMMIT, SafeText("v1"), tree=TREE)), False),
        (a_run(revision=OTHER), Made(REVISION), False),
        (a_run(revision=Revision("c" * 40, SafeText("v1.0.9"))), Made(REVISION), False),
        (a_run(revision=OTHER, content="d1", plan=BUILT), Made(REVISION, is_built=True, contents=frozenset({"d0", "d1"})), True),
        (a_run(revision=OTHER, content="d2"), Made(REVISION, contents=frozenset({"d0", "d1"})), False),
        (a_run(revision=OTHER), Made(REVISION, contents=frozenset({"d0"})), False),
    ],
)
def test_another_commit_is_the_same_where_its_build_or_what_it_holds_is(run: Released, made: Made, is_the_same: bool):
    assert is_same(run, made) is is_the_same
    check = assess_staging("staging", 86400.0, made, (run,), NOW)
    assert check.blocks is not is_the_same
    assert expected_content(made, (run,)) == (run.content if is_the_same else "")


def test_a_run_of_its_own_commit_speaks_before_one_of_another():
    made = Made(REVISION, contents=frozenset({"d"}))
    runs = (a_run(1, revision=OTHER, content="d"), a_run(2))
    assert assess_staging("staging", 86400.0, made, runs, NOW).detail == "verified in staging 2 h ago"
    assert expected_content(made, runs) == ""
    assert "as v1.0.9 ccccccc, which ships the same (content d), 60 min ago" in assess_staging("staging", 86400.0, made, runs[:1], NOW).detail


V1_1 = "v1.1.0 bbbbbbb"
GO_THERE, OVER = "deploy staging --version v1.1.0", "; or --override staging=REASON"
FAILED_THERE = a_run(run="r7", outcome="failed", exit=5)
OPEN_THERE = a_run(run="r7", outcome="", exit=None, ended_at="")
SAME_TREE = Revision(COMMIT, SafeText("v1.1.0"), tree=TREE)
VERDICTS = [
    ("nothing was released there", Made(REVISION), (), ("failed", f"{V1_1} was not verified in staging{OVER}", GO_THERE)),
    ("it failed there", Made(REVISION), (FAILED_THERE,), ("failed", f"{V1_1} was not verified in staging; last there: failed (run r7){OVER}", GO_THERE)),
    (
        "it goes on there",
        Made(REVISION),
        (OPEN_THERE, FAILED_THERE),
        ("failed", f"{V1_1} was not verified in staging; last there: not ended (run r7){OVER}", GO_THERE),
    ),
    ("another was verified there", Made(REVISION), (a_run(revision=OTHER),), ("failed", f"{V1_1} was not verified in staging{OVER}", GO_THERE)),
    ("a run without a commit", Made(REVISION), (a_run(revision=None),), ("failed", f"{V1_1} was not verified in staging{OVER}", GO_THERE)),
    ("too long ago", Made(REVISION), (a_run(49),), ("failed", f"verified in staging 2 d ago, allowed are 24 h{OVER}", GO_THERE)),
    ("just in time", Made(REVISION), (a_run(24),), ("passed", "verified in staging 24 h ago", "")),
    ("a second too late", Made(REVISION), (a_run(24 + 1 / 3600),), ("failed", f"verified in staging 24 h ago, allowed are 24 h{OVER}", GO_THERE)),
    ("now", Made(REVISION), (a_run(0),), ("passed", "verified in staging 0 s ago", "")),
    ("ahead of this clock", Made(REVISION), (a_run(-1),), ("passed", "verified in staging 0 s ago", "")),
    ("119 seconds", Made(REVISION), (a_run(119 / 3600),), ("passed", "verified in staging 119 s ago", "")),
    ("two minutes", Made(REVISION), (a_run(120 / 3600),), ("passed", "verified in staging 2 min ago", "")),
    ("119 minutes", Made(REVISION), (a_run(119 / 60),), ("passed", "verified in staging 119 min ago", "")),
    ("two hours", Made(REVISION), (a_run(2),), ("passed", "verified in staging 2 h ago", "")),
    ("the newest counts", Made(REVISION), (a_run(1), a_run(30)), ("passed", "verified in staging 60 min ago", "")),
    ("the newest counts, late as it is", Made(REVISION), (a_run(48), a_run(72)), ("failed", f"verified in staging 2 d ago, allowed are 24 h{OVER}", GO_THERE)),
    (
        "another commit of the same tree",
        Made(SAME_TREE),
        (a_run(1, revision=OTHER),),
        ("passed", "verified in staging as v1.0.9 ccccccc, which ships the same, 60 min ago", ""),
    ),
    (
        "another commit of the same content, too late",
        Made(REVISION, contents=frozenset({"d1d1d1d1"})),
        (a_run(25, revision=OTHER, content="d1d1d1d1"),),
        ("failed", f"verified in staging as v1.0.9 ccccccc, which ships the same (content d1d1d1d), 25 h ago, allowed are 24 h{OVER}", GO_THERE),
    ),
    ("its own run after one of another", Made(SAME_TREE), (a_run(1, revision=OTHER), a_run(3)), ("passed", "verified in staging 3 h ago", "")),
]


@pytest.mark.parametrize(("made", "runs", "found"), [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_a_verdict_on_the_environment_before(made: Made, runs: tuple[Released, ...], found: tuple[str, str, str]):
    check = assess_staging("staging", 86400.0, made, runs, NOW)
    assert (check.id, check.title, check.blocking) == ("staging", "Staging verified", True)
    assert (check.status, str(check.detail), str(check.remedy)) == found


@pytest.mark.parametrize(
    ("fields", "verified"),
    [
        ({}, True),
        ({"kind": "rollback"}, False),
        ({"kind": "catch-up"}, False),
        ({"outcome": "failed"}, False),
        ({"exit": 8}, False),
        ({"exit": None}, False),
        ({"request": Request(hosts="web01")}, False),
        ({"request": Request(without=(("web01", "x"),))}, False),
        ({"request": Request(hotfix="CVE")}, True),
    ],
    ids=["as it should be", "a rollback", "a catch-up", "a failure", "hosts behind", "no end", "some hosts", "hosts left out", "a hotfix"],
)
def test_a_run_that_verifies_released_to_every_host(fields: dict[str, object], verified: bool):
    assert a_run(**fields).verified is verified  # type: ignore[arg-type]


def test_nothing_is_expected_of_what_nobody_verified():
    assert expected_content(Made(REVISION), ()) == ""
    assert expected_content(Made(REVISION, contents=frozenset({"d"})), (a_run(revision=OTHER, content="d", exit=8),)) == ""
    assert expected_content(Made(REVISION, contents=frozenset({"d"})), (a_run(revision=OTHER, content="d"),)) == "d"


def test_the_oldest_of_two_others_does_not_speak():
    made = Made(REVISION, contents=frozenset({"d1", "d2"}))
    assert expected_content(made, (a_run(1, revision=OTHER, content="d2"), a_run(2, revision=OTHER, content="d1"))) == "d2"


def test_a_plan_without_a_build_built_nothing():
    unbuilt = Plan("rolling", (), (Step("release/pack", "pack", "prepare", SafeText("pack")),))
    assert is_same(a_run(revision=OTHER, plan=unbuilt), Made(SAME_TREE))
    assert not is_same(a_run(revision=OTHER, plan=BUILT), Made(SAME_TREE))


HERE = Revision(COMMIT, SafeText("v1.1.0"), tree=TREE)


def kept(run: str, revision: Revision | None = HERE, **fields: object) -> Released:
    return Released(run, 1, **{"revision": revision, "outcome": "succeeded", **fields})  # type: ignore[arg-type]


def a_record(environment: str, *released: Released) -> EnvironmentRecord:
    return EnvironmentRecord(environment=environment, released={one.run: one for one in released})


STAGING_RUNS = [
    ("no record", (), []),
    ("its own commit", (a_record("staging", kept("r1")),), ["r1"]),
    ("its own commit, newest first", (a_record("staging", kept("r1"), kept("r2")),), ["r2", "r1"]),
    ("its own commit that has not ended", (a_record("staging", kept("r1", outcome="")),), ["r1"]),
    ("its own commit elsewhere", (a_record("production", kept("r1")),), []),
    ("a run without a commit", (a_record("staging", kept("r1", None)),), []),
    ("another commit", (a_record("staging", kept("r1", Revision("c" * 40, SafeText("v1")))),), []),
    ("another commit of the same tree", (a_record("staging", kept("r1", OTHER)),), ["r1"]),
    ("another commit of the same tree that has not ended", (a_record("staging", kept("r1", OTHER, outcome="")),), []),
    (
        "another commit that shipped what this one packed elsewhere",
        (a_record("qa", kept("r0", content="d1")), a_record("staging", kept("r1", Revision("c" * 40, SafeText("v1")), content="d1"))),
        ["r1"],
    ),
    (
        "another commit that shipped something else",
        (a_record("qa", kept("r0", content="d1")), a_record("staging", kept("r1", Revision("c" * 40, SafeText("v1")), content="d2"))),
        [],
    ),
]


@pytest.mark.parametrize(("records", "runs"), [pytest.param(*row[1:], id=row[0]) for row in STAGING_RUNS])
def test_which_runs_may_have_released_the_same(records: tuple[EnvironmentRecord, ...], runs: list[str]):
    assert [one.run for one in known_of(iter(records), "staging", HERE).runs] == runs


def test_without_a_tree_another_commit_is_another():
    bare = Revision(COMMIT, SafeText("v1.1.0"))
    assert known_of((a_record("staging", kept("r1", Revision("c" * 40, SafeText("v1")))),), "staging", bare).runs == ()


def test_what_was_packed_of_a_commit_is_known_from_every_environment():
    other = Revision("c" * 40, SafeText("v1"))
    records = (
        a_record("qa", kept("r0", content="d1"), kept("r1", other, content="d9")),
        a_record("staging", kept("r2", content="d2"), kept("r3"), kept("r4", None, content="d7")),
    )
    assert contents_of(records) == {COMMIT: frozenset({"d1", "d2"}), "c" * 40: frozenset({"d9"})}
    assert known_of(records, "staging", HERE).contents == frozenset({"d1", "d2"})
    assert known_of(records, "staging", Revision("d" * 40, SafeText("v"))) == KnownCommit()
