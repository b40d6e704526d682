"""Entries of `shared`: which may stand together, which folders lead to them, and what of a commit is in their way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.shared_entries import blocked_ways, clash, shared_path, ways_to
from console.errors import UsageFault

PARTS = st.sampled_from(["a", "b", "log", "app", ".env", "my key"])
ENTRIES = st.tuples(st.lists(PARTS, min_size=1, max_size=3), st.sampled_from(["", "/"])).map(lambda drawn: "/".join(drawn[0]) + drawn[1])


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("log/", "log"), ("log", "log"), ("log//", "log"), ("X/", "X"), ("config/master.key", "config/master.key"), ("a/b/c/", "a/b/c"), (".env", ".env"),
        ("my key", "my key"), ("...", "..."), ("..a/b..", "..a/b.."), (".deploy", ".deploy"), ("a/.deploy-linked", "a/.deploy-linked"), ("-rf", "-rf"),
    ],
)  # fmt: skip
def test_an_entry_is_a_path_without_its_last_slash(entry: str, path: str):
    assert shared_path(entry) == path


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "/",
        "//",
        "/etc",
        "/etc/",
        ".",
        "./",
        "..",
        "../x",
        "a/..",
        "a/../b",
        "a/./b",
        "./a",
        "a//b",
        "a\nb",
        "\n",
        ".deploy-linked",
        ".deploy-manifest/x",
        ".deploy-anything/",
    ],
)
def test_what_is_no_path_inside_a_release_is_refused_and_named(entry: str):
    with pytest.raises(UsageFault) as fault:
        shared_path(entry)
    assert fault.value.message == f"shared: {entry!r} must be a path inside the release"
    assert fault.value.hint == 'as in shared = ["log/", ".env"]'


@given(st.text(alphabet="ab./-\n ", max_size=12))
def test_what_is_taken_is_inside_a_release_and_no_name_of_the_console_s(entry: str):
    try:
        parts = shared_path(entry).split("/")
    except UsageFault:
        return
    assert not {"", ".", ".."} & set(parts)
    assert not parts[0].startswith(".deploy-")
    assert "\n" not in entry


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (("log/",), ""),
        (("log/", "tmp/"), ""),
        (("log/", "log-old/"), ""),
        (("a/b", "a/c"), ""),
        (("ab/", "a/"), ""),
        (("log/", "log/"), "log/ is log/ again"),
        (("log", "log/"), "log/ is log again"),
        (("storage/", "storage/app/"), "storage/app/ lies in storage/, which is linked as a whole"),
        (("storage/app/", "storage/"), "storage/app/ lies in storage/, which is linked as a whole"),
        (("a/b/c", "x", "a/"), "a/b/c lies in a/, which is linked as a whole"),
        (("x", "y/", "y/"), "y/ is y/ again"),
        (("x", "y/z", "y/z/w"), "y/z/w lies in y/z, which is linked as a whole"),
    ],
)
def test_an_entry_that_another_one_reaches_is_said_with_both_names(entries: tuple[str, ...], words: str):
    assert clash(entries, len(entries) - 1) == words


def test_an_entry_is_held_against_those_before_it_alone():
    entries = ("a/", "b/", "a/")
    assert [clash(entries, number) for number in range(3)] == ["", "", "a/ is a/ again"]


@given(st.lists(ENTRIES, max_size=4).map(tuple))
def test_entries_without_a_clash_never_lie_in_one_another(entries: tuple[str, ...]):
    paths = [shared_path(entry) for entry in entries]
    is_crowded = any(one == other or one.startswith(f"{other}/") for at, one in enumerate(paths) for before, other in enumerate(paths) if at != before)
    assert any(clash(entries, number) for number in range(len(entries))) is is_crowded


@pytest.mark.parametrize(
    ("entries", "ways"),
    [
        ((), ()), (("log/",), ()), ((".env", "log/"), ()), (("config/key",), ("config",)), (("a/b/c/",), ("a", "a/b")),
        (("a/b/c", "a/d"), ("a", "a/b")), (("z/y", "a/b"), ("z", "a")),
    ],
)  # fmt: skip
def test_the_folders_that_lead_to_entries_outermost_first_and_each_once(entries: tuple[str, ...], ways: tuple[str, ...]):
    assert ways_to(entries) == ways


@given(st.lists(ENTRIES, max_size=4).map(tuple))
def test_no_way_is_an_entry_s_own_name_and_each_leads_somewhere(entries: tuple[str, ...]):
    paths = [shared_path(entry) for entry in entries]
    for way in ways_to(entries):
        assert any(path.startswith(f"{way}/") for path in paths)
    for entry in entries:
        alone = ways_to((entry,))
        assert all(deeper.startswith(f"{way}/") for way, deeper in pairwise(alone))
        assert len(alone) == shared_path(entry).count("/")


@pytest.mark.parametrize(
    ("entries", "kinds", "words"),
    [
        (("log/",), {"log": "link"}, ()),
        (("a/b/",), {}, ()),
        (("a/b/",), {"a": "folder"}, ()),
        (("a/b/",), {"a/b": "link", "a/b/c": "file", "ab": "link"}, ()),
        (("a/b/",), {"a": "link"}, ("a/b/ is in shared, but a is a link in the commit",)),
        (("a/b",), {"a": "file"}, ("a/b is in shared, but a is a file in the commit",)),
        (("a/b/c",), {"a/b": "file"}, ("a/b/c is in shared, but a/b is a file in the commit",)),
        (("a/b/c",), {"a": "link", "a/b": "file"}, ("a/b/c is in shared, but a is a link in the commit",)),
        (
            ("a/b", "log/", "c/d"),
            {"a": "file", "c": "link"},
            ("a/b is in shared, but a is a file in the commit", "c/d is in shared, but c is a link in the commit"),
        ),
    ],
)
def test_a_link_or_a_file_on_the_way_to_an_entry_is_said_once(entries: tuple[str, ...], kinds: dict[str, str], words: tuple[str, ...]):
    assert blocked_ways(entries, kinds) == words
