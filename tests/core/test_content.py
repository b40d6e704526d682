"""What can be shipped of a tree, by names and links alone."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.content import assess_content, flaws_of, leads_out, shipped_root, unfit
from console.core.checks.fleet import overridden
from console.model.content import Holding
from console.model.fleet import Build, Environment
from console.model.values import changed
from console.text import SafeText

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


@given(st.dictionaries(st.sampled_from(["a", "b", "d/a", "d/e/a"]), st.sampled_from(["..", "../..", "a", "b/..", "d", "d/e/..", "/etc", "../d/e", "d/a/.."]), max_size=4))
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
