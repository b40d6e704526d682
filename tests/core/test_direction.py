"""Forward, backward, aside, again: what is said of a release against what is live."""

import pytest

from console.core.checks.direction import assess_direction, attempt_of, attempts_after
from console.model.environment_record import Attempts, EarlierAttempt
from console.model.host_facts import HostFacts, HostRelease
from console.model.release_facts import Revision
from console.model.state import HostState, RunState
from console.safe_text import SafeText
from tests.core.newest_first import bad_attempts

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
    assert found.detail == "v2 is older than v3, live on 2 hosts; or --override direction=REASON"
    assert found.remedy == "deploy rollback ENV --to v2"
    away = judged({"v3": "older"}, a_host("web01", "v3", "v2"), a_host("web02", "v3"))
    assert away.remedy == "deploy rollback ENV --to RELEASE"


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
    found = judged({"v1": "newer"}, a_host("web01", "v1"), attempts={COMMITS["v2"][:7]: EarlierAttempt("RUN", "failed", "2026-11-24T12:04:05Z")})
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
        "ccc": ("r8", "was rolled back"),
        "bbb": ("r5", "failed and was rolled back"),
        "ddd": ("r2", "failed"),
    }
    assert attempt_of("cccdef", found)
    assert attempt_of("aaa", found) is None


V9 = Revision("9" * 40, SafeText("v9"))
OVERRIDE = "--override direction=REASON"
AWAY = HostFacts("web09", problem=SafeText("no route"))
FAILED_BEFORE = {COMMITS["v2"]: EarlierAttempt("r7", "failed", "2026-11-24T12:04:05Z")}
JUDGED = [
    ("nothing is live", {}, [a_host("web01", "")], {}, ("passed", "nothing is live yet", "", True)),
    ("no host", {}, [], {}, ("passed", "nothing is live yet", "", True)),
    ("newer than one", {"v1": "newer"}, [a_host("web01", "v1")], {}, ("passed", "newer than v1, live on 1 host", "", True)),
    (
        "newer than two, most hosts first",
        {"v1": "newer", "v3": "newer"},
        [a_host("web01", "v1"), a_host("web02", "v3"), a_host("web03", "v3")],
        {},
        ("passed", "newer than v3, live on 2 hosts; v1, live on 1 host", "", True),
    ),
    ("a part has nothing live", {"v1": "newer"}, [a_host("web01", "v1"), a_host("web02", "")], {}, ("passed", "newer than v1, live on 1 host", "", True)),
    ("live already", {"v1": "same"}, [a_host("web01", "v1")], {}, ("warning", "v1 is live already on 1 host", "", False)),
    (
        "diverged",
        {"v1": "diverged"},
        [a_host("web01", "v1")],
        {},
        ("warning", "v2 and v1, live on 1 host, have diverged: neither holds the other", "", False),
    ),
    (
        "not known",
        {"v1": "unknown"},
        [a_host("web01", "v1")],
        {},
        ("warning", "whether v2 is newer than v1, live on 1 host, is not known: that commit is not in the repository, or its history is cut off", "", False),
    ),
    (
        "two warnings",
        {"v1": "same", "v3": "diverged"},
        [a_host("web01", "v1"), a_host("web02", "v1"), a_host("web03", "v3")],
        {},
        ("warning", "v1 is live already on 2 hosts; v2 and v3, live on 1 host, have diverged: neither holds the other", "", False),
    ),
    (
        "newer, but it failed here",
        {"v1": "newer"},
        [a_host("web01", "v1")],
        FAILED_BEFORE,
        ("warning", "v2 failed here (run r7, 2026-11-24 12:04 UTC)", "", False),
    ),
    (
        "live already, and it failed here",
        {"v1": "same"},
        [a_host("web01", "v1")],
        FAILED_BEFORE,
        ("warning", "v1 is live already on 1 host; v2 failed here (run r7, 2026-11-24 12:04 UTC)", "", False),
    ),
    (
        "older",
        {"v3": "older"},
        [a_host("web01", "v3", "v2")],
        {},
        ("failed", f"v2 is older than v3, live on 1 host; or {OVERRIDE}", "deploy rollback ENV --to v2", True),
    ),
    (
        "older than what is not on every disk",
        {"v3": "older"},
        [a_host("web01", "v3")],
        {},
        (
            "failed",
            f"v2 is older than v3, live on 1 host; or {OVERRIDE}",
            "deploy rollback ENV --to RELEASE",
            True,
        ),
    ),
    (
        "older, and one away",
        {"v3": "older"},
        [a_host("web01", "v3", "v2"), AWAY],
        {},
        ("failed", f"v2 is older than v3, live on 1 host; or {OVERRIDE}", "deploy rollback ENV --to v2", True),
    ),
    ("one away", {"v1": "same"}, [a_host("web01", "v1"), AWAY], FAILED_BEFORE, ("error", "what is live on web09 is not known", "", False)),
]


@pytest.mark.parametrize(("relations", "hosts", "attempts", "found"), [pytest.param(*row[1:], id=row[0]) for row in JUDGED])
def test_a_verdict_on_the_direction(relations, hosts, attempts, found):
    check = judged(relations, *hosts, attempts=attempts)
    assert (check.id, check.title) == ("direction", "Goes forward")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


def test_three_are_named_and_the_rest_counted():
    hosts = [a_host(f"web{number:02}", f"w{number}") for number in range(5)]
    commits = {f"w{number}": f"{number}" * 40 for number in range(5)}
    facts = tuple(
        HostFacts(host.host, current=host.current, releases=(HostRelease(host.current, SafeText(f"w{number}"), commits[f"w{number}"]),))
        for number, host in enumerate(hosts)
    )
    found = assess_direction(V9, facts, dict.fromkeys(commits.values(), "older"), {})
    assert found.detail == "v9 is older than w0, live on 1 host; w1, live on 1 host; w2, live on 1 host; and 2 more; or --override direction=REASON"
    found = assess_direction(V9, facts[:3], dict.fromkeys(commits.values(), "newer"), {})
    assert found.detail == "newer than w0, live on 1 host; w1, live on 1 host; w2, live on 1 host"
    away = tuple(HostFacts(f"web{number:02}", problem=SafeText("no")) for number in range(4))
    assert assess_direction(V9, away, {}, {}).detail == "what is live on web00; web01; web02; and 1 more is not known"


def test_a_release_without_a_version_is_called_by_its_folder():
    host = HostFacts("web01", current="r-x", releases=(HostRelease("r-x", commit=COMMITS["v1"]),))
    assert judged({"v1": "newer"}, host).detail == "newer than r-x, live on 1 host"


def test_what_a_host_that_is_away_had_is_not_counted():
    away = HostFacts("web02", problem=SafeText("no route"), current="r-v3", releases=(HostRelease("r-v3", SafeText("v3"), COMMITS["v3"]),))
    assert judged({"v1": "newer", "v3": "older"}, a_host("web01", "v1"), away).status == "error"


ATTEMPTS = [
    ("a success", [("r1", "deploy", "aaa", "succeeded", "1")], {}),
    ("a failure", [("r1", "deploy", "aaa", "failed", "1")], {"aaa": EarlierAttempt("r1", "failed", "1")}),
    (
        "a release that was rolled back by itself",
        [("r1", "deploy", "aaa", "rolled-back", "1")],
        {"aaa": EarlierAttempt("r1", "failed and was rolled back", "1")},
    ),
    (
        "a success that was taken back",
        [("r2", "rollback", "", "rolled-back", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"aaa": EarlierAttempt("r2", "was rolled back", "2")},
    ),
    ("a success after a failure", [("r2", "deploy", "aaa", "succeeded", "2"), ("r1", "deploy", "aaa", "failed", "1")], {}),
    (
        "a failure after a success",
        [("r2", "deploy", "aaa", "failed", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"aaa": EarlierAttempt("r2", "failed", "2")},
    ),
    ("a rollback that failed", [("r2", "rollback", "", "failed", "2"), ("r1", "deploy", "aaa", "succeeded", "1")], {}),
    (
        "a rollback takes back one release",
        [("r3", "rollback", "", "rolled-back", "3"), ("r2", "deploy", "bbb", "succeeded", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"bbb": EarlierAttempt("r3", "was rolled back", "3")},
    ),
    (
        "a no-go between them takes nothing",
        [("r3", "rollback", "", "rolled-back", "3"), ("r2", "deploy", "bbb", "no-go", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"aaa": EarlierAttempt("r3", "was rolled back", "3")},
    ),
    (
        "a restart between them takes nothing",
        [("r3", "rollback", "", "rolled-back", "3"), ("r2", "restart", "bbb", "succeeded", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"aaa": EarlierAttempt("r3", "was rolled back", "3")},
    ),
    (
        "a failure under a rollback is its own",
        [("r2", "rollback", "", "rolled-back", "2"), ("r1", "deploy", "aaa", "failed", "1")],
        {"aaa": EarlierAttempt("r1", "failed", "1")},
    ),
    (
        "the later of two rollbacks",
        [("r3", "rollback", "", "rolled-back", "3"), ("r2", "rollback", "", "rolled-back", "2"), ("r1", "deploy", "aaa", "succeeded", "1")],
        {"aaa": EarlierAttempt("r2", "was rolled back", "2")},
    ),
]


@pytest.mark.parametrize(("runs", "found"), [pytest.param(*row[1:], id=row[0]) for row in ATTEMPTS])
def test_how_a_commit_fared_last(runs, found):
    assert bad_attempts(runs) == found


@pytest.mark.parametrize(("commit", "run"), [("aaabbb", "r1"), ("aaa", "r1"), ("aa", ""), ("bbb", "r2"), ("ccc", ""), ("", "")])
def test_a_record_may_have_the_first_digits_alone(commit, run):
    attempts = {"": EarlierAttempt("r0", "failed", ""), "aaa": EarlierAttempt("r1", "failed", ""), "bbb": EarlierAttempt("r2", "failed", "")}
    found = attempt_of(commit, attempts)
    assert (found.run if found else "") == run


@pytest.mark.parametrize(("cause", "failed", "words"), [
    ("key", False, "was rolled back"), ("abort", False, "was rolled back"), ("key", True, "failed and was rolled back"),
    ("failure", True, "failed and was rolled back"), ("threshold", False, "failed and was rolled back"),
])  # fmt: skip
def test_a_release_that_a_person_took_back_did_not_fail(cause: str, failed: bool, words: str):
    hosts = {"a": HostState("a", condition="back", failed_once=failed)}
    run = RunState(run="r1", kind="deploy", revision=V2, outcome="rolled-back", exit=4, back_cause=cause, hosts=hosts)
    found = attempts_after(Attempts(), run).by_commit[V2.commit]
    assert found is not None
    assert found.words == words
