"""Where a rollback goes: what each host had, and which hosts it leaves alone."""

from hypothesis import given
from hypothesis import strategies as st

from console.core.targets import Targets, targets_before, targets_named
from console.errors import Problem
from console.model.facts import HostFacts, HostRelease
from console.model.plan import WayBack
from console.model.request import Request
from console.model.state import HostState, RunState
from console.text import SafeText

CONDITIONS = st.sampled_from(["new", "back", "skipped", "owed", "old", "left-out"])


def a_release(**hosts: HostState) -> RunState:
    return RunState(run="r1", kind="deploy", outcome="succeeded", exit=0, changed=True, phase="ended", hosts=hosts)


def a_host(name: str, condition: str, before: str = "r0") -> HostState:
    return HostState(name, condition=condition, before=before, release="r1", touched=condition not in ("old", "left-out"))  # type: ignore[arg-type]


def test_who_was_left_out_stays_and_who_went_back_alone_is_there():
    run = a_release(a=a_host("a", "new"), b=a_host("b", "left-out"), c=a_host("c", "skipped"))
    found = targets_before([run], ("a", "b", "c", "d"))
    assert found == Targets({"a": "r0", "c": "r0"}, frozenset({"c"}), frozenset({"b", "d"}))


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
        assert found.settled <= found.goes_to.keys()


def test_what_never_was_verified_is_not_offered_as_a_way_back():
    releases = (
        HostRelease("r1", SafeText("v1"), healthy=True), HostRelease("r2", SafeText("v2")), HostRelease("r3", SafeText("v3"), whole=False, healthy=True),
    )  # fmt: skip
    found = targets_named(tuple(HostFacts(f"web{number:02}", releases=releases) for number in range(1, 8)), "v9")
    assert found == Problem("v9 is not on disk on web01, web02, web03, web04, web05 and 2 more", "on disk: v1; never verified: v2")
    assert targets_named((HostFacts("web01", releases=releases),), "v2") == Targets({"web01": "r2"})


def test_a_first_release_that_was_taken_back_names_no_version():
    host = HostState("a", condition="back", touched=True)
    run = RunState(run="r1", kind="deploy", outcome="rolled-back", exit=4, changed=True, phase="ended", ended_at="12:04", hosts={"a": host})
    found = targets_before([run], ("a",))
    assert isinstance(found, Problem)
    assert found.message == "already back where no release was live, since 12:04; nothing to roll back"


def test_a_rollback_to_a_named_release_is_gone_on_with_there():
    """Not where the release before it came from, nor is it called back where an older rollback went."""
    hosts = {"a": HostState("a", condition="back", touched=True), "b": HostState("b", condition="old", release="r2")}
    ways = (WayBack("a", "r0", SafeText("v0")), WayBack("b", "r0", SafeText("v0"), possible=False))
    named = RunState(
        run="r9", kind="rollback", request=Request(kind="rollback", ref="v0"), outcome="failed", exit=5, changed=True, phase="ended", hosts=hosts, way_back=ways
    )
    older = RunState(run="r8", kind="rollback", outcome="rolled-back", exit=0, changed=True, phase="ended", ended_at="12:04", hosts=hosts)
    release = a_release(a=a_host("a", "new", "r1"), b=a_host("b", "new", "r1"))
    for before in ([named, older, release], [named, release]):
        assert targets_before(before, ("a", "b", "c")) == Targets({"a": "r0", "b": "r0"}, frozenset({"a"}), frozenset({"c"}))
    rest = RunState(run="r10", kind="catch-up", changed=True, phase="ended", hosts={"b": HostState("b", condition="new", before="r2", touched=True)})
    found = targets_before([rest, named, release], ("a", "b"))
    assert isinstance(found, Problem)
    assert found.message.startswith("already back on v0 since")
