"""Where a rollback goes: what each host had, and which hosts it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.rollback_targets import Targets, targets_before, targets_named
from console.errors import Problem
from console.model.host_facts import HostFacts, HostRelease
from console.model.plan import ReturnTarget
from console.model.request import Request
from console.model.state import HostState, RunState
from console.model.values import changed
from console.safe_text import SafeText

CONDITIONS = st.sampled_from(["new", "back", "skipped", "owed", "old", "left-out"])


def a_release(**hosts: HostState) -> RunState:
    return RunState(run="r1", kind="deploy", outcome="succeeded", exit=0, changed=True, phase="ended", hosts=hosts)


def a_host(name: str, condition: str, before: str = "r0") -> HostState:
    return HostState(name, condition=condition, before=before, release="r1", touched=condition not in ("old", "left-out"))  # type: ignore[arg-type]


def test_who_was_left_out_stays_and_who_went_back_alone_is_there():
    run = a_release(a=a_host("a", "new"), b=a_host("b", "left-out"), c=a_host("c", "skipped"))
    found = targets_before([run], ("a", "b", "c", "d"))
    assert found == Targets({"a": "r0", "c": "r0"}, frozenset({"c"}), frozenset({"b", "d"}))


def test_it_is_known_by_which_strategy_the_run_was_asked_for_that_is_undone():
    asked = changed(a_release(a=a_host("a", "new")), request=Request(strategy="recreate"))
    found = targets_before([asked], ("a",))
    assert isinstance(found, Targets)
    assert found.strategy == "recreate"


def test_a_release_that_left_nothing_live_is_passed_over_for_the_one_before():
    newer = a_release(a=a_host("a", "back"))
    older = a_release(a=a_host("a", "new", "r00"))
    found = targets_before([newer, older], ("a",))
    assert isinstance(found, Targets)
    assert found.goes_to == {"a": "r00"}


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), CONDITIONS, min_size=1), st.sets(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1))
def test_every_host_that_is_asked_for_goes_somewhere_or_stays(conditions: dict[str, str], asked: set[str]):
    run = a_release(**{name: a_host(name, condition) for name, condition in conditions.items()})
    found = targets_before([run], tuple(sorted(asked)))
    if not isinstance(found, Problem):
        assert found.goes_to.keys() | found.untouched == asked
        assert not found.goes_to.keys() & found.untouched
        assert found.there_already <= found.goes_to.keys()


def test_what_never_was_verified_is_not_offered_as_a_way_back():
    releases = (
        HostRelease("r1", SafeText("v1"), healthy=True),
        HostRelease("r2", SafeText("v2")),
        HostRelease("r3", SafeText("v3"), whole=False, healthy=True),
    )
    found = targets_named(tuple(HostFacts(f"web{number:02}", releases=releases) for number in range(1, 8)), "v9")
    assert found == Problem("v9 is not on disk on web01, web02, web03, web04, web05 and 2 more", "on disk: v1; never verified: v2")
    assert targets_named((HostFacts("web01", releases=releases),), "v2") == Targets({"web01": "r2"})


def test_a_first_release_that_was_taken_back_names_no_version():
    host = HostState("a", condition="back", touched=True)
    run = RunState(run="r1", kind="deploy", outcome="rolled-back", exit=4, changed=True, phase="ended", ended_at="2026-11-24T12:04:09.123Z", hosts={"a": host})
    found = targets_before([run], ("a",))
    assert isinstance(found, Problem)
    assert found.message == "already back where no release was live, since 2026-11-24 12:04 UTC; nothing to roll back; further: --to"


def test_a_rollback_to_a_named_release_is_gone_on_with_there():
    """Not where the release before it came from, nor is it called back where an older rollback went."""
    hosts = {"a": HostState("a", condition="back", touched=True), "b": HostState("b", condition="old", release="r2")}
    ways = (ReturnTarget("a", "r0", SafeText("v0")), ReturnTarget("b", "r0", SafeText("v0"), possible=False))
    named = RunState(
        run="r9", kind="rollback", request=Request(kind="rollback", ref="v0"), outcome="failed", exit=5, changed=True, phase="ended", hosts=hosts, way_back=ways
    )
    older = RunState(run="r8", kind="rollback", outcome="rolled-back", exit=0, changed=True, phase="ended", ended_at="2026-11-24T12:04:09.123Z", hosts=hosts)
    release = a_release(a=a_host("a", "new", "r1"), b=a_host("b", "new", "r1"))
    for before in ([named, older, release], [named, release]):
        assert targets_before(before, ("a", "b", "c")) == Targets({"a": "r0", "b": "r0"}, frozenset({"a"}), frozenset({"c"}))
    rest = RunState(run="r10", kind="catch-up", changed=True, phase="ended", hosts={"b": HostState("b", condition="new", before="r2", touched=True)})
    found = targets_before([rest, named, release], ("a", "b"))
    assert isinstance(found, Problem)
    assert found.message.startswith("already back on v0 since")


FURTHER = "deploy rollback ENV --to RELEASE"


def a_way_back(**hosts: HostState) -> RunState:
    return RunState(run="r9", kind="rollback", outcome="failed", exit=5, changed=True, phase="ended", hosts=hosts)


def restarted(kind: str = "restart", **hosts: HostState) -> RunState:
    return RunState(run="r5", kind=kind, outcome="succeeded", exit=0, changed=True, phase="ended", hosts=hosts)  # type: ignore[arg-type]


NEW_A, NEW_B = a_host("a", "new"), a_host("b", "new")
UNKNOWN = Problem("no release run is known here, so there is nothing to roll back", "deploy rollback ENV --to RELEASE")
BEFORE = [
    ("no run", [], UNKNOWN),
    ("a release", [a_release(a=NEW_A, b=NEW_B)], Targets({"a": "r0", "b": "r0"})),
    ("a release of other hosts", [a_release(c=a_host("c", "new"))], UNKNOWN),
    ("a release that changed nothing", [changed(a_release(a=NEW_A), changed=False)], UNKNOWN),
    ("a restart after it", [restarted(a=NEW_A), a_release(a=NEW_A, b=NEW_B)], Targets({"a": "r0", "b": "r0"})),
    ("a first release", [a_release(a=a_host("a", "new", ""))], Problem("run r1 was the first release: there is none before it", "deploy status ENV")),
    ("a first release on one of two", [a_release(a=NEW_A, b=a_host("b", "new", ""))], Targets({"a": "r0"})),
    ("a host that was not touched", [a_release(a=NEW_A, b=a_host("b", "old"))], Targets({"a": "r0"}, frozenset(), frozenset({"b"}))),
    ("a host that went back alone", [a_release(a=NEW_A, b=a_host("b", "back"))], Targets({"a": "r0", "b": "r0"}, frozenset({"b"}))),
    ("a host that was skipped", [a_release(a=NEW_A, b=a_host("b", "skipped"))], Targets({"a": "r0", "b": "r0"}, frozenset({"b"}))),
    (
        "a rollback of one of two hosts",
        [changed(a_way_back(a=a_host("a", "back")), outcome="rolled-back", exit=0), a_release(a=NEW_A, b=NEW_B)],
        Targets({"a": "r0", "b": "r0"}, frozenset({"a"})),
    ),
    ("a host that failed", [a_release(a=NEW_A, b=a_host("b", "failed"))], Targets({"a": "r0", "b": "r0"})),
    ("hosts that all went back", [a_release(a=a_host("a", "back"), b=a_host("b", "skipped"))], UNKNOWN),
    ("a host that caught up", [restarted("catch-up", b=a_host("b", "new", "r00")), a_release(a=NEW_A)], Targets({"a": "r0", "b": "r00"})),
    (
        "a host that caught up and was owed by that release",
        [restarted("catch-up", b=a_host("b", "new", "r00")), a_release(a=NEW_A, b=a_host("b", "back", "r000"))],
        Targets({"a": "r0", "b": "r000"}),
    ),
    (
        "a host that did not catch up",
        [restarted("catch-up", b=a_host("b", "failed", "r00")), a_release(a=NEW_A)],
        Targets({"a": "r0"}, frozenset(), frozenset({"b"})),
    ),
    (
        "a host that caught up from nothing",
        [restarted("catch-up", b=a_host("b", "new", "")), a_release(a=NEW_A)],
        Targets({"a": "r0"}, frozenset(), frozenset({"b"})),
    ),
    (
        "two hosts that caught up one after the other",
        [
            restarted("catch-up", a=a_host("a", "new", "r01")),
            restarted("catch-up", b=a_host("b", "new", "r02")),
            a_release(c=a_host("c", "new"), a=a_host("a", "owed", ""), b=a_host("b", "failed")),
        ],
        Targets({"a": "r01", "b": "r0"}),
    ),
    ("another host that caught up", [restarted("catch-up", c=a_host("c", "new", "r00")), a_release(a=NEW_A, b=NEW_B)], Targets({"a": "r0", "b": "r0"})),
    (
        "a rollback that one host did not follow",
        [a_way_back(a=a_host("a", "back"), b=a_host("b", "owed")), a_release(a=NEW_A, b=NEW_B)],
        Targets({"a": "r0", "b": "r0"}, frozenset({"a"})),
    ),
    ("a rollback that no host followed", [a_way_back(a=a_host("a", "owed")), a_release(a=NEW_A, b=NEW_B)], Targets({"a": "r0", "b": "r0"})),
    (
        "two rollbacks that one host each did not follow",
        [a_way_back(a=a_host("a", "owed"), b=a_host("b", "back")), a_way_back(a=a_host("a", "back"), b=a_host("b", "owed")), a_release(a=NEW_A, b=NEW_B)],
        Problem("already back on r0 since ; nothing to roll back; further: --to", FURTHER),
    ),
    (
        "a host that caught up after a rollback",
        [restarted("catch-up", b=a_host("b", "new", "r1")), a_way_back(a=a_host("a", "back"), b=a_host("b", "owed")), a_release(a=NEW_A, b=NEW_B)],
        Problem("already back on r0 since ; nothing to roll back; further: --to", FURTHER),
    ),
    (
        "a rollback that ended well",
        [changed(a_way_back(a=a_host("a", "back")), outcome="rolled-back", exit=0, ended_at="2026-11-24T12:04:09.123Z"), a_release(a=NEW_A)],
        Problem("already back on r1 since 2026-11-24 12:04 UTC; nothing to roll back; further: --to", FURTHER),
    ),
    (
        "a release that was rolled back, by its version",
        [changed(a_release(a=changed(a_host("a", "back"), version=SafeText("v0"))), outcome="rolled-back", exit=4, ended_at="2026-11-24T12:04:09.123Z")],
        Problem("already back on v0 since 2026-11-24 12:04 UTC; nothing to roll back; further: --to", FURTHER),
    ),
    (
        "a release that was rolled back and changed nothing",
        [changed(a_release(a=a_host("a", "old")), outcome="rolled-back", exit=4, changed=False), a_release(a=NEW_A, b=NEW_B)],
        Targets({"a": "r0", "b": "r0"}),
    ),
]


@pytest.mark.parametrize(("runs", "targets"), [pytest.param(*row[1:], id=row[0]) for row in BEFORE])
def test_where_a_rollback_goes_after(runs: list[RunState], targets: Targets | Problem):
    assert targets_before(runs, ("a", "b")) == targets


def named_rollback(*ways: ReturnTarget, **hosts: HostState) -> RunState:
    return changed(a_way_back(**hosts), request=Request(kind="rollback", ref="v0"), way_back=ways, ended_at="2026-11-24T12:04:09.123Z")


BACK_A = a_host("a", "back")
NAMED_BEFORE = [
    (
        "a host that did not follow",
        named_rollback(ReturnTarget("a", "r0"), ReturnTarget("b", "r0"), a=BACK_A),
        Targets({"a": "r0", "b": "r0"}, frozenset({"a"})),
    ),
    (
        "a host that was not asked for",
        named_rollback(ReturnTarget("a", "r0"), ReturnTarget("c", "r0"), a=a_host("a", "owed")),
        Targets({"a": "r0"}, frozenset(), frozenset({"b"})),
    ),
    (
        "a host without a target",
        named_rollback(ReturnTarget("a", "r0"), ReturnTarget("b"), a=a_host("a", "owed")),
        Targets({"a": "r0"}, frozenset(), frozenset({"b"})),
    ),
    (
        "all followed",
        named_rollback(ReturnTarget("a", "r0", SafeText("v7")), ReturnTarget("b", "r0", SafeText("v7")), a=BACK_A, b=a_host("b", "back")),
        Problem("already back on v7 since 2026-11-24 12:04 UTC; nothing to roll back; further: --to", FURTHER),
    ),
    (
        "all followed, to what has no version",
        named_rollback(ReturnTarget("a", "r0"), ReturnTarget("b", "r0"), a=BACK_A, b=a_host("b", "back")),
        Problem("already back on v0 since 2026-11-24 12:04 UTC; nothing to roll back; further: --to", FURTHER),
    ),
]


@pytest.mark.parametrize(("run", "targets"), [pytest.param(*row[1:], id=row[0]) for row in NAMED_BEFORE])
def test_a_rollback_to_a_named_release_is_gone_on_with(run: RunState, targets: Targets | Problem):
    assert targets_before([run], ("a", "b")) == targets


@pytest.mark.parametrize(("hosts", "targets"), [
    (("b",), Targets({"b": "r0"})), (("a", "b"), Targets({"b": "r0"}, untouched=frozenset({"a"}))),
    (("a",), Problem("already back on r1 since 2026-11-24 12:04 UTC; nothing to roll back; further: --to", FURTHER)),
])  # fmt: skip
def test_a_host_that_a_rollback_to_a_named_release_left_alone_goes_back_by_the_release_before(hosts: tuple[str, ...], targets: Targets | Problem):
    back = changed(named_rollback(ReturnTarget("a", "r00", SafeText("v7")), a=BACK_A), outcome="rolled-back", exit=0)
    assert targets_before([back, a_release(a=NEW_A, b=NEW_B)], hosts) == targets


def test_a_release_of_other_hosts_that_was_rolled_back_is_no_way_back_of_this_one():
    other = changed(a_release(a=BACK_A), outcome="rolled-back", exit=4)
    assert targets_before([other, a_release(a=NEW_A, b=NEW_B)], ("b",)) == Targets({"b": "r0"})


NOWHERE = "already back where no release was live, since 2026-11-24 12:04 UTC; nothing to roll back; further: --to"


def test_where_nobody_had_a_release_that_is_said():
    rolled_back = changed(a_release(a=HostState("a", condition="back")), outcome="rolled-back", exit=4, ended_at="2026-11-24T12:04:09.123Z")
    assert targets_before([rolled_back], ("a",)) == Problem(NOWHERE, FURTHER)


def test_no_more_runs_are_read_than_it_takes():
    def runs():
        yield a_release(a=NEW_A)
        raise AssertionError("one too many")

    assert targets_before(runs(), ("a",)) == Targets({"a": "r0"})


def on_disk(name: str, *releases: HostRelease) -> HostFacts:
    return HostFacts(name, releases=releases)


V1, V2 = HostRelease("r1", SafeText("v1"), "1" * 40, healthy=True), HostRelease("r2", SafeText("v2"), "2" * 40)
TWICE = HostRelease("r3", SafeText("v1"), "1" * 40)
NAMED = [
    ("by its version", (on_disk("a", V1, V2), on_disk("b", V1)), "v1", Targets({"a": "r1", "b": "r1"})),
    ("by its folder", (on_disk("a", V1, V2),), "r2", Targets({"a": "r2"})),
    ("by seven digits of its commit", (on_disk("a", V1, V2),), "2" * 7, Targets({"a": "r2"})),
    ("by its whole commit", (on_disk("a", V1, V2),), "2" * 40, Targets({"a": "r2"})),
    ("by six digits of its commit", (on_disk("a", V1, V2),), "2" * 6, Problem("222222 is not on disk on a", "on disk: v1; never verified: v2")),
    ("by a part of its version", (on_disk("a", V1),), "v", Problem("v is not on disk on a", "on disk: v1")),
    ("the one that was live last of two", (on_disk("a", V1, TWICE),), "v1", Targets({"a": "r3"})),
    ("a damaged one", (on_disk("a", HostRelease("r1", SafeText("v1"), whole=False)),), "v1", Problem("v1 is not on disk on a", "on disk: nothing verified")),
    ("one that is missing on one of two", (on_disk("a", V1), on_disk("b", V2)), "v1", Problem("v1 is not on disk on b", "on disk: v1; never verified: v2")),
    ("one that is missing on five", tuple(on_disk(name) for name in "abcde"), "v1", Problem("v1 is not on disk on a, b, c, d, e", "on disk: nothing verified")),
    (
        "one that is missing on six",
        tuple(on_disk(name) for name in "abcdef"),
        "v1",
        Problem("v1 is not on disk on a, b, c, d, e and 1 more", "on disk: nothing verified"),
    ),
    ("of several that were verified", (on_disk("a", V1, HostRelease("r5", healthy=True)),), "v9", Problem("v9 is not on disk on a", "on disk: r5, v1")),
    (
        "of several that were not",
        (on_disk("a", V2, HostRelease("r5")),),
        "v9",
        Problem("v9 is not on disk on a", "on disk: nothing verified; never verified: r5, v2"),
    ),
    (
        "of one that was verified on one host alone",
        (on_disk("a", V1), on_disk("b", HostRelease("r7", SafeText("v1")))),
        "v9",
        Problem("v9 is not on disk on a, b", "on disk: v1"),
    ),
    ("with no host", (), "v1", Targets({})),
]


@pytest.mark.parametrize(("facts", "name", "targets"), [pytest.param(*row[1:], id=row[0]) for row in NAMED])
def test_a_release_is_named(facts: tuple[HostFacts, ...], name: str, targets: Targets | Problem):
    assert targets_named(facts, name) == targets


@given(st.lists(st.sampled_from(["v1", "v2", "r1", "r2", "1" * 40, "1" * 7]), max_size=3))
def test_a_host_goes_where_the_name_is_its_own(names: list[str]):
    for name in names:
        found = targets_named((on_disk("a", V1, V2),), name)
        assert isinstance(found, Targets)
        assert found.goes_to == {"a": "r2" if name.endswith("2") else "r1"}
