"""Forward, backward, aside, again: what is said of a release against what is live."""

import pytest

from console.core.direction import Attempt, assess_direction, attempt_of, bad_attempts
from console.model.facts import HostFacts, HostRelease
from console.model.release import Revision
from console.text import SafeText

COMMITS = {"v1": "1" * 40, "v2": "2" * 40, "v3": "3" * 40}
V2 = Revision(COMMITS["v2"], SafeText("v2"))


def a_host(name: str, version: str, *on_disk: str) -> HostFacts:
    releases = tuple(HostRelease(f"r-{one}", SafeText(one), COMMITS.get(one, "")) for one in dict.fromkeys((version, *on_disk)) if one)
    return HostFacts(name, current=f"r-{version}" if version else "", releases=releases)


def judged(relations, *hosts, attempts=None):
    return assess_direction(V2, hosts, {COMMITS[name]: stand for name, stand in relations.items()}, attempts or {})


def test_forward_passes():
    found = judged({"v1": "newer"}, a_host("web01", "v1"), a_host("web02", "v1"))
    assert (found.status, found.detail) == ("passed", "newer than v1, live on 2 hosts")
    assert judged({}, a_host("web01", "")).status == "passed"


def test_backward_blocks_and_names_the_rollback_where_it_can_help():
    found = judged({"v3": "older"}, a_host("web01", "v3", "v2"), a_host("web02", "v3", "v2"))
    assert (found.status, found.blocks) == ("failed", True)
    assert found.detail == "v2 is older than v3, live on 2 hosts"
    assert found.remedy == "deploy rollback ENV --to v2, or --override direction=REASON"
    away = judged({"v3": "older"}, a_host("web01", "v3", "v2"), a_host("web02", "v3"))
    assert away.remedy.startswith("v2 is not on disk on every host: deploy rollback ENV --to RELEASE")


def test_one_host_ahead_is_enough_to_block():
    assert judged({"v1": "newer", "v3": "older"}, a_host("web01", "v1"), a_host("web02", "v3")).blocks


@pytest.mark.parametrize(("stand", "words"), [("same", "v1 is live already on 1 host"), ("diverged", "have diverged"), ("unknown", "is not known")])
def test_what_is_no_step_forward_warns(stand, words):
    found = judged({"v1": stand}, a_host("web01", "v1"))
    assert (found.status, found.blocks) == ("warning", False)
    assert words in found.detail


def test_a_live_release_that_names_no_commit_is_not_known_to_be_older():
    assert judged({}, a_host("web01", "20240102000000")).status == "warning"


def test_a_host_that_gives_no_answer_passes_nothing():
    away = HostFacts("web02", problem=SafeText("no route"))
    for hosts in ((a_host("web01", "v1"), away), (away,)):
        found = judged({"v1": "newer"}, *hosts)
        assert (found.status, found.blocks, found.detail) == ("error", False, "what is live on web02 is not known")
    assert judged({"v3": "older"}, a_host("web01", "v3"), away).status == "failed"


def test_what_failed_here_before_is_said_with_its_run():
    found = judged({"v1": "newer"}, a_host("web01", "v1"), attempts={COMMITS["v2"][:7]: Attempt("RUN", "failed", "2026-11-24T12:04:05Z")})
    assert (found.status, found.detail) == ("warning", "v2 failed here (run RUN, 2026-11-24 12:04 UTC)")


def test_the_last_release_of_a_commit_counts():
    runs = [
        ("r9", "restart", "", "succeeded", "9"),
        ("r8", "rollback", "", "rolled-back", "8"),
        ("r7", "deploy", "ccc", "succeeded", "7"),
        ("r6", "deploy", "bbb", "no-go", "6"),
        ("r5", "deploy", "bbb", "rolled-back", "5"),
        ("r4", "deploy", "aaa", "succeeded", "4"),
        ("r3", "deploy", "aaa", "failed", "3"),
        ("r2", "deploy", "ddd", "failed", "2"),
    ]
    found = bad_attempts(runs)
    assert {commit: (one.run, one.words) for commit, one in found.items()} == {
        "ccc": ("r8", "was rolled back"), "bbb": ("r5", "failed and was rolled back"), "ddd": ("r2", "failed"),
    }  # fmt: skip
    assert attempt_of("cccdef", found)
    assert attempt_of("aaa", found) is None
