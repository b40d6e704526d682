"""What can be shipped of a tree, by names and links alone."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.content import assess_content, flaws_in, flaws_of, leads_out, shipped_root, unfit
from console.core.checks.fleet import overridden
from console.model.commit_holding import Holding
from console.model.configured_environment import Build, Environment
from console.model.values import changed
from console.safe_text import SafeText

SHOP = Environment("shop", "production", "/srv/shop", ())


@pytest.mark.parametrize("name", ["a", "ü ß/x", "caf\udce9", "-rf", 'q"uote', "x" * 255, "/".join(["d" * 250] * 14), ".deploy-manifest", "...", " "])
def test_names_that_a_release_carries(name: str):
    assert unfit(name) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a\nb", "control"), ("a\\b", "backslash"), ("\x7f", "control"), ("x" * 256, "file system"), ("ü" * 128, "file system"),
        ("/".join(["d" * 250] * 15), "host takes"), ("a/../b", "no plain path"), ("a//b", "no plain path"), (".deploy-manifest/x", "console's own"),
        (".deploy-listing", "console's own"),
    ],
)  # fmt: skip
def test_names_that_it_does_not_carry(name: str, why: str):
    assert why in unfit(name)


def test_where_the_release_stands_in_the_repository():
    assert shipped_root(SHOP) == "."
    assert shipped_root(changed(SHOP, directory="api")) == "api"
    assert shipped_root(changed(SHOP, directory="api", build=Build("x", "dist"))) == "api/dist"


@pytest.mark.parametrize(
    ("links", "out"),
    [
        ({"a": "/etc"}, {"a"}),
        ({"a": ".."}, {"a"}),
        ({"d/a": "../b"}, set()),
        ({"d/a": "../../b"}, {"d/a"}),
        ({"hop": "d/e", "a": "hop/../x"}, set()),
        ({"hop": "d", "a": "hop/../../x"}, {"a"}),
        ({"d/hop": "..", "a": "d/hop/../x"}, {"a"}),
        ({"a": "b", "b": "a"}, set()),
        ({"a": "b", "b": "/etc"}, {"a", "b"}),
        ({"a": "a/../.."}, set()),
        ({"a": "nowhere/yet"}, set()),
        ({"a": "./x/./y/"}, set()),
    ],
)
def test_links_are_followed_as_a_system_does(links: dict[str, str], out: set[str]):
    assert {name for name, target in links.items() if leads_out(name, target, links, frozenset())} == out


def test_what_leads_through_an_allowed_link_left_with_leave():
    links = {"uploads": "/srv/shop/shared/uploads", "today": "uploads/today", "more": "uploads/../x", "other": "/etc"}
    assert {str(flaw.name) for flaw in flaws_of((), links, (), ("uploads/",))} == {"other -> /etc"}


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "d/a", "d/e/a"]), st.sampled_from(["..", "../..", "a", "b/..", "d", "d/e/..", "/etc", "../d/e", "d/a/.."]), max_size=4
    )
)
def test_a_link_leads_out_where_the_system_says_so(tmp_path_factory: pytest.TempPathFactory, links: dict[str, str]):
    top = tmp_path_factory.mktemp("tree") / "deep" / "deeper" / "release"
    (top / "d" / "e").mkdir(parents=True)
    for name, target in links.items():
        (top / name).symlink_to(target)
    for name, target in links.items():
        end = Path(os.path.realpath(top / name))
        if not end.is_relative_to(top):
            assert leads_out(name, target, links, frozenset()) or _is_a_circle(top / name)


def _is_a_circle(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except FileNotFoundError:
        return False
    except (RuntimeError, OSError):
        return True
    return False


def test_a_reason_overrides_what_can_be_shipped_and_never_what_cannot():
    soft = assess_content(SHOP, Holding(links=(("a", "/etc"),), pointers=("film",), modules=(("lib", SafeText("gone")),), unfit=("a\\b",)))
    firm = assess_content(SHOP, Holding(links=(("a", "/etc"),), unfit=("x" * 300,)))
    found = overridden((soft, firm), (("content", "it is fine"),))
    assert [check.status for check in found] == ["overridden", "failed"]


def test_many_of_a_kind_are_counted_and_kinds_stand_apart():
    found = assess_content(SHOP, Holding(links=tuple((f"l{number:02}", "/etc") for number in range(13)), pointers=("film",)))
    assert "l09 -> /etc and 3 more; LFS files: film is a pointer only" in found.detail


def test_a_folder_that_the_commit_does_not_have():
    found = assess_content(changed(SHOP, directory="api"), Holding(files=1, has_directory=False))
    assert (found.firm, "api is no folder of the commit" in found.detail) == (True, True)


LONGEST = "/".join(["d" * 255] * 13 + ["x" * 255])
"""3583 bytes: the longest path that a host takes."""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (LONGEST, ""), (f"{LONGEST}/y", "is longer than a host takes (3583 bytes)"), ("x" * 255, ""),
        ("x" * 256, "is longer than a file system takes (255 bytes between two /)"), ("a/" + "ü" * 128, "is longer than a file system takes (255 bytes between two /)"),
        ("", "is no plain path"), (".", "is no plain path"), ("./a", "is no plain path"), ("a/.", "is no plain path"), ("..", "is no plain path"), ("/a", "is no plain path"),
        ("a/", "is no plain path"), (".deploy-manifest", ""), (".deploy-manifest/x", "is the console's own name"), (".deploy-listing", "is the console's own name"),
        (".deploy-linked", "is the console's own name"), (".deploy-listing/x", "is the console's own name"), ("a/.deploy-listing", ""), (".deploy-other", ""),
        ("a\tb", "holds a backslash or a control character"), ("a\\", "holds a backslash or a control character"), ("\x1f", "holds a backslash or a control character"),
        ("\x7f", "holds a backslash or a control character"), ("\x80", ""), (" a ", ""), ("a\\" + "x" * 300, "is longer than a file system takes (255 bytes between two /)"),
    ],
)  # fmt: skip
def test_why_a_name_does_not_fit(name: str, words: str):
    assert unfit(name) == words


@given(st.text(st.characters(exclude_characters="\0"), max_size=40))
def test_a_name_that_fits_can_be_made_on_a_disk(tmp_path_factory: pytest.TempPathFactory, name: str):
    if any("\ud800" <= one <= "\udfff" for one in name) or unfit(name):
        return
    path = tmp_path_factory.mktemp("names") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert path.is_file()


def chain(length: int, end: str) -> dict[str, str]:
    """Links that lead through so many others."""
    return {f"l{number}": f"l{number + 1}" for number in range(length)} | {f"l{length}": end}


@pytest.mark.parametrize(
    ("name", "target", "links", "allowed", "out"),
    [
        ("a", "..", {}, (), True), ("a", "./..", {}, (), True), ("d/e/a", "../..", {}, (), False), ("a", "b", {}, (), False), ("a", "", {}, (), False), ("a", ".", {}, (), False), ("d/a", "..", {}, (), False), ("d/a", "../..", {}, (), True),
        ("a", "/", {}, (), True), ("a", "b/../..", {}, (), True), ("a", "b/c/../..", {}, (), False), ("a", "b//c/./d", {}, (), False),
        ("a", "b", {"b": "/etc"}, (), True), ("a", "b/x", {"b": "/etc"}, ("b",), False), ("a", "b/../..", {"b": "/etc"}, ("b",), False),
        ("a", "../b", {"b": "/etc"}, ("b",), True), ("a", "d/b/x", {"d/b": "../../x"}, (), True), ("d/a", "b", {"d/b": ".."}, (), False), ("d/a", "b/..", {"d/b": ".."}, (), True),
        ("d/a", "x", {"d": "e"}, (), False), ("d/a", "../..", {"d": "e/f"}, (), False), ("d/a", "../../..", {"d": "e/f"}, (), True),
        ("a", "l0", chain(38, ".."), (), True), ("a", "l0", chain(39, ".."), (), True), ("a", "l0", chain(40, ".."), (), False), ("a", "b", {"b": "b"}, (), False),
    ],
)  # fmt: skip
def test_where_a_link_leads(name: str, target: str, links: dict[str, str], allowed: tuple[str, ...], out: bool):
    assert leads_out(name, target, links, frozenset(allowed)) is out


def told_of(*flaws):
    return [(flaw.what, flaw.name, flaw.remedy, flaw.firm) for flaw in flaws]


def test_what_keeps_a_folder_from_being_shipped_all_at_once():
    links = {"out": "/etc", "in": "src/a", "odd": "a\\b", "uploads": "/srv/uploads", "more": "uploads/x", "both": "/a\nb"}
    found = flaws_of(["src/a", "a\\b", "x" * 256], links, ["film.mp4"], ("uploads/",))
    assert told_of(*found) == [
        ("names", "a\\\\b holds a backslash or a control character", "rename it", False),
        ("names", f"{'x' * 80}…{'x' * 60} is longer than a file system takes (255 bytes between two /)", "rename it", True),
        ("links out of the release", "out -> /etc", 'make it relative, or links_out = ["out"] in [app]', False),
        ("links out of the release", "both -> /a\\nb", 'make it relative, or links_out = ["both"] in [app]', False),
        ("links", "odd has a target with a backslash or a control character", "rename the target", False),
        ("links", "both has a target with a backslash or a control character", "rename the target", False),
        ("LFS files", "film.mp4 is a pointer only", "the build is to fetch it: git lfs pull", False),
    ]
    assert flaws_of(["a"], {"b": "a"}, (), ()) == ()


def test_a_name_with_quotes_is_shown_as_it_is():
    (found,) = flaws_of((), {"a'\"b": "/"}, (), ())
    assert found.name == "a'\"b -> /"


@pytest.mark.parametrize(("size", "shown"), [(160, "x" * 160), (161, "x" * 80 + "…" + "x" * 60)])
def test_a_very_long_name_loses_its_middle(size: int, shown: str):
    (found,) = flaws_of((), {"x" * size: "/"}, (), ())
    assert found.name == f"{shown} -> /"


@pytest.mark.parametrize(
    ("directory", "build", "root"),
    [
        (".", None, "."),
        ("api", None, "api"),
        ("./api/", None, "api"),
        ("a/../b", None, "b"),
        (".", Build("x", "."), "."),
        (".", Build("x", "dist/"), "dist"),
        ("api", Build("x", "./out"), "api/out"),
    ],
)
def test_the_folder_that_is_shipped(directory: str, build: Build | None, root: str):
    assert shipped_root(changed(SHOP, directory=directory, build=build)) == root


BUILT = changed(SHOP, build=Build("make", "dist"))
SHARING = changed(SHOP, shared=("storage/app/", "log/"))
GONE = SafeText("not on the server")
FOLDER = "make it a folder in the repository, or share what it leads to"


@pytest.mark.parametrize(
    ("environment", "held", "found"),
    [
        (SHOP, Holding(), []),
        (SHOP, Holding(has_directory=False), [("no folder", ". is no folder of the commit", "directory in [app]: a folder of the repository", True)]),
        (SHOP, Holding(links=(("a", "/etc"),)), [("links out of the release", "a -> /etc", 'make it relative, or links_out = ["a"] in [app]', False)]),
        (changed(SHOP, links_out=("a",)), Holding(links=(("a", "/etc"),)), []),
        (changed(SHOP, directory="api"), Holding(links=(("web/a", "/etc"), ("api/b", "../x")), unfit=("web/\\", "api/\\")), [
            ("names", "\\\\ holds a backslash or a control character", "rename it", False),
            ("links out of the release", "b -> ../x", 'make it relative, or links_out = ["b"] in [app]', False),
        ]),
        (changed(SHOP, directory="api"), Holding(links=(("api2/a", "/etc"), ("api", "/etc"))), []),
        (SHOP, Holding(pointers=("a", "b"), pointers_why=SafeText("no server"), pointers_remedy=SafeText("push them")), [
            ("LFS files", "a is a pointer only: no server", "push them", False), ("LFS files", "b is a pointer only: no server", "push them", False),
        ]),
        (SHOP, Holding(modules=(("lib", GONE),)), [("submodules", "lib: not on the server", "push it, or submodules = false in [app]", False)]),
        (SHARING, Holding(links=(("storage", "data"),)), [("what is shared", "storage/app/ is in shared, but storage is a link in the commit", FOLDER, True)]),
        (SHARING, Holding(standing=("storage",)), [("what is shared", "storage/app/ is in shared, but storage is a file in the commit", FOLDER, True)]),
        (SHARING, Holding(links=(("storage/app", "x"), ("log", "x"))), []),
        (changed(SHARING, directory="api"), Holding(standing=("storage",), links=(("api/storage", "x"),)), [
            ("what is shared", "storage/app/ is in shared, but storage is a link in the commit", FOLDER, True),
        ]),
        (changed(SHARING, build=Build("make", "dist")), Holding(standing=("dist/storage",)), []),
    ],
    ids=["nothing", "no folder", "a link", "an allowed link", "in its folder alone", "another folder", "pointers", "submodule", "link in the way", "file in the way",
         "its own place", "in its folder", "what a build makes"],
)  # fmt: skip
def test_what_keeps_a_commit_from_being_shipped(environment: Environment, held: Holding, found):
    assert told_of(*flaws_in(environment, held)) == found


def test_what_a_build_alone_reads_counts_where_it_cannot_do_without():
    held = Holding(
        unfit=("src/a\\b", "src/" + "x" * 256, "dist/c\\d"), links=(("src/out", "/etc"), ("src/in", "a"), ("dist/far", "/etc"), ("dist/up", "../src"))
    )
    found = flaws_in(BUILT, held)
    assert [(flaw.name.split(" ")[0].replace("\\\\", "\\")[:8], flaw.shipped) for flaw in found] == [
        ("c\\d", True), ("far", True), ("up", True), ("src/a\\b", False), ("src/xxxx", True), ("src/out", False),
    ]  # fmt: skip
    assert told_of(*found[3:]) == [
        ("names", "src/a\\\\b holds a backslash or a control character", "rename it", False),
        ("names", f"src/{'x' * 76}…{'x' * 60} is longer than a file system takes (255 bytes between two /)", "rename it", True),
        ("links out of the release", "src/out -> /etc", 'make it relative, or links_out = ["src/out"] in [app]', False),
    ]
    assert flaws_in(changed(SHOP, build=Build("make", ".")), Holding(unfit=("a\\b",), links=(("l", "/etc"),)))[0].shipped
    assert len(flaws_in(changed(SHOP, build=Build("make", ".")), Holding(unfit=("a\\b",)))) == 1


@pytest.mark.parametrize(
    ("environment", "held", "status", "blocking", "firm", "detail", "remedy"),
    [
        (SHOP, Holding(files=1), "passed", True, False, "1 file", ""),
        (SHOP, Holding(files=0), "passed", True, False, "0 files", ""),
        (SHOP, Holding(files=2), "passed", True, False, "2 files", ""),
        (BUILT, Holding(links=(("src/a", "/etc"),)), "warning", False, False, "in what is built, and not in its output: links out of the release: src/a -> /etc", ""),
        (
            SHOP, Holding(pointers=("a",), pointers_remedy=SafeText("push")), "failed", True, False, "LFS files: a is a pointer only",
            "push, or --override content=REASON ships it as it is",
        ),
        (SHOP, Holding(unfit=("x" * 256,)), "failed", True, True, f"names: {'x' * 80}…{'x' * 60} is longer than a file system takes (255 bytes between two /)", "rename it"),
        (
            BUILT, Holding(pointers=("a",), pointers_remedy=SafeText("push"), links=(("src/a", "/etc"),)), "failed", True, False, "LFS files: a is a pointer only",
            "push, or --override content=REASON ships it as it is",
        ),
        (
            SHOP, Holding(unfit=("a\\", "b\\"), modules=(("lib", GONE),)), "failed", True, False,
            "names: a\\\\ holds a backslash or a control character, b\\\\ holds a backslash or a control character; submodules: lib: not on the server",
            "rename it; push it, or submodules = false in [app], or --override content=REASON ships it as it is",
        ),
    ],
    ids=["one", "none", "two", "built alone", "a pointer", "a name", "of both only what is shipped", "several kinds"],
)  # fmt: skip
def test_the_verdict_on_a_commit(environment: Environment, held: Holding, status: str, blocking: bool, firm: bool, detail: str, remedy: str):
    check = assess_content(environment, held)
    assert (check.id, check.title, check.status, check.blocking, check.firm) == ("content", "Content can be shipped", status, blocking, firm)
    assert (check.detail, check.remedy) == (detail, remedy)


@pytest.mark.parametrize(("many", "end"), [(9, "l8 -> /etc"), (10, "l9 -> /etc"), (11, "l9 -> /etc and 1 more"), (30, "l9 -> /etc and 20 more")])
def test_ten_of_a_kind_are_named(many: int, end: str):
    detail = assess_content(SHOP, Holding(links=tuple((f"l{number}", "/etc") for number in range(many)))).detail
    assert detail.endswith(end)
    assert detail.count("->") == min(many, 10)


def test_what_a_submodule_holds_stands_under_its_path():
    first = Holding(1, 10, ("a",), (("b", "c"),), ("d",), SafeText("why"), SafeText("mend"), (("e", GONE),), has_directory=False, standing=("f",))
    both = first.beside(changed(first, has_directory=True), "lib")
    assert both == Holding(
        2, 20, ("a", "lib/a"), (("b", "c"), ("lib/b", "c")), ("d", "lib/d"), SafeText("why"), SafeText("mend"), (("e", GONE), ("lib/e", GONE)),
        has_directory=True, standing=("f", "lib/f"),
    )  # fmt: skip
    assert Holding().beside(first, "x").pointers_why == "why"
