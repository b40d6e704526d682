"""What the source allows: where a commit stands, what is not committed, and what the remote does not have."""

import pytest

from console.core.checks.branch_and_work_tree import assess_behind, assess_branch, assess_tree
from console.model.release_facts import Revision
from console.model.values import changed
from console.safe_text import SafeText


def revision(branches: tuple[str, ...] = (), tags: tuple[str, ...] = (), uncommitted: int = 0) -> Revision:
    safe = [tuple(map(SafeText, names)) for names in (branches, tags)]
    return Revision("a" * 40, SafeText("v1"), branches=safe[0], tags=safe[1], uncommitted=uncommitted)


def test_a_branch_or_a_tag_is_enough() -> None:
    assert assess_branch(("main",), (), revision(("main", "topic"))).detail == "on branch main"
    assert assess_branch(("main",), ("v*",), revision(("topic",), ("v1.2",))).detail == "tagged v1.2"
    assert assess_branch(("release/*",), (), revision(("release/7",))).status == "passed"


def test_neither_fails_with_what_was_seen_and_allowed() -> None:
    check = assess_branch(("main", "release/*"), ("v*",), revision(("topic",)))
    assert (check.id, check.status, check.blocks) == ("branch", "failed", True)
    assert check.detail == "seen branch topic, no tag; allowed branches main, release/*, tag v*"
    assert "--override branch=" in check.remedy


def test_any_branch_means_even_none_with_a_warning() -> None:
    check = assess_branch(("*",), ("*",), revision())
    assert (check.status, check.blocks) == ("warning", False)


def test_uncommitted_files_are_pointed_out_and_block_nothing() -> None:
    check = assess_tree(revision(uncommitted=3))
    assert (check.id, check.status, check.blocks) == ("tree", "warning", False)
    assert check.detail == "3 files are not committed and will not be shipped"
    assert assess_tree(revision()).status == "passed"


OPEN, CLOSED = "passed", "failed"
MERGE = "merge or tag the commit first, or --override branch=REASON"
BRANCHES = [
    ("a branch by name", ("main",), (), (("main",), ()), (OPEN, "on branch main", "", True)),
    ("the first branch that a glob matches", ("rel*",), (), (("main", "rel1", "rel2"), ()), (OPEN, "on branch rel1", "", True)),
    ("a tag", ("main",), ("v*",), (("topic",), ("old", "v1")), (OPEN, "tagged v1", "", True)),
    ("a branch before a tag", ("main",), ("v*",), (("main",), ("v1",)), (OPEN, "on branch main", "", True)),
    ("a tag where any branch would do", ("*",), ("v*",), ((), ("v1",)), (OPEN, "tagged v1", "", True)),
    ("no branch where any would do", ("*",), ("v*",), ((), ("w1",)), ("warning", "the commit is on no branch and has no tag", "", False)),
    ("no branch where one is named", ("main",), ("v*",), ((), ()), (CLOSED, "seen no branch, no tag; allowed branch main, tag v*", MERGE, True)),
    ("another branch", ("main",), (), (("topic",), ("t1",)), (CLOSED, "seen branch topic, tag t1; allowed branch main, no tag", MERGE, True)),
    ("a name in capitals", ("main",), (), (("Main",), ()), (CLOSED, "seen branch Main, no tag; allowed branch main, no tag", MERGE, True)),
    ("a part of a name", ("main",), (), (("main2",), ()), (CLOSED, "seen branch main2, no tag; allowed branch main, no tag", MERGE, True)),
    ("four branches", ("main",), (), (tuple("abcd"), ("x", "y")), (CLOSED, "seen branches a, b, c, d, tags x, y; allowed branch main, no tag", MERGE, True)),
    ("five branches", ("main",), (), (tuple("abcde"), ()), (CLOSED, "seen branches a, b, c, d …, no tag; allowed branch main, no tag", MERGE, True)),
]


@pytest.mark.parametrize(("branches", "tags", "seen", "found"), [pytest.param(*row[1:], id=row[0]) for row in BRANCHES])
def test_a_verdict_on_where_the_commit_stands(branches, tags, seen, found: tuple[object, ...]) -> None:
    check = assess_branch(branches, tags, revision(*seen))
    assert (check.id, check.title) == ("branch", "Branch or release tag allowed")
    assert (check.status, str(check.detail), str(check.remedy), check.blocking) == found


COMMIT_THEM = "commit them and start again, if they belong to it"
TREES = [
    ("nothing", 0, (), (OPEN, "", "")),
    ("one file", 1, (), ("warning", "1 file is not committed and will not be shipped", COMMIT_THEM)),
    ("one file by name", 1, ("a",), ("warning", "1 file is not committed and will not be shipped: a", COMMIT_THEM)),
    ("two files by name", 2, ("a", "b"), ("warning", "2 files are not committed and will not be shipped: a, b", COMMIT_THEM)),
    ("more than are named", 3, ("a", "b"), ("warning", "3 files are not committed and will not be shipped: a, b …", COMMIT_THEM)),
]


@pytest.mark.parametrize(("uncommitted", "names", "found"), [pytest.param(*row[1:], id=row[0]) for row in TREES])
def test_a_verdict_on_the_work_tree(uncommitted: int, names: tuple[str, ...], found: tuple[str, str, str]) -> None:
    check = assess_tree(changed(revision(uncommitted=uncommitted), changed_files=tuple(map(SafeText, names))))
    assert (check.id, check.title, check.blocking) == ("tree", "Work tree is committed", False)
    assert (check.status, str(check.detail), str(check.remedy)) == found


LACKS = {"behind": 2, "upstream": SafeText("origin/main"), "remote": SafeText("origin"), "named": "branch", "published": True}
ALONE = {"remote": SafeText("origin"), "published": False}
PULL = "deploy ENV --version origin/main"
REMOTES = [
    ("no remote", {}, ("skipped", "the repository has no remote", "")),
    ("a branch that lacks commits", LACKS, ("warning", "main lacks 2 commits of origin/main; release that, or pull", PULL)),
    ("a branch that lacks one", {**LACKS, "behind": 1}, ("warning", "main lacks 1 commit of origin/main; release that, or pull", PULL)),
    ("a commit on no remote", ALONE, ("warning", "aaaaaaa is on no remote (origin was asked)", "git -C /r push")),
    (
        "both",
        {**LACKS, "published": False},
        ("warning", "main lacks 2 commits of origin/main; release that, or pull; aaaaaaa is on no remote (origin was asked)", PULL),
    ),
    (
        "a history that is cut off",
        {"remote": SafeText("origin")},
        ("warning", "whether a remote has aaaaaaa is not known: the repository's history is cut off", "git -C /r fetch --unshallow"),
    ),
    ("a tag that the remote has", {**ALONE, "published": True, "named": "tag"}, ("skipped", "main is a tag that origin has", "")),
    ("a commit that the remote has", {**ALONE, "published": True}, ("skipped", "main is a commit that origin has", "")),
    ("a branch with all of its upstream", {**LACKS, "behind": 0}, (OPEN, "main holds all of origin/main", "")),
    ("a branch without an upstream", {**LACKS, "behind": 0, "upstream": SafeText("")}, (OPEN, "origin has it", "")),
]


@pytest.mark.parametrize(("fields", "found"), [pytest.param(*row[1:], id=row[0]) for row in REMOTES])
@pytest.mark.parametrize("protected", [False, True], ids=["open", "protected"])
def test_a_verdict_on_what_the_remote_has(fields: dict[str, object], found: tuple[str, str, str], protected: bool) -> None:
    check = assess_behind(changed(revision(), ref=SafeText("main"), **fields), protected, "/r")
    assert (check.id, check.title) == ("behind", "Up to date with the remote")
    holds_up = protected and ("lacks" in found[1] or "on no remote" in found[1])
    status, detail, remedy = found
    assert (check.status, str(check.detail)) == (("failed", f"{detail}; or --override behind=REASON") if holds_up else (status, detail))
    assert str(check.remedy) == remedy
    assert check.blocking is (holds_up or status == OPEN)


def test_what_nobody_named_is_called_head_and_a_folder_is_typed_as_a_word() -> None:
    assert assess_behind(changed(revision(), **LACKS), protected=False, repository="/my repo").detail.startswith("HEAD lacks")
    assert assess_behind(changed(revision(), **ALONE), protected=False, repository="/my repo").remedy == "git -C '/my repo' push"
