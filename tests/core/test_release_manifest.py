"""What a release holds as text, read back, and made of an older one by the sed that a host has."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.integrity import expected
from console.core.host.release_manifest import Manifest, PackedFile, difference, manifest_of, patch_of, whole
from console.errors import UsageFault
from tests.examples import examples_on_a_fixture

NOTHING = expected((), ())
SEDS = (("sed",), ("busybox", "sed"))


def manifest(*names: str, links: dict[str, str] | None = None, folders: tuple[str, ...] = (), release: str = "new") -> Manifest:
    """A file holds what stands behind a `=` of its name; one that ends in `*` may be executed."""
    files = {}
    for name in names:
        path, _, held = name.rstrip("*").partition("=")
        files[f"./{path}"] = PackedFile((held.encode().hex() or "0").rjust(64, "0"), name.endswith("*"))
    return Manifest("v1", "c" * 40, release, files, {f"./{name}": target for name, target in (links or {}).items()}, tuple(f"./{name}" for name in folders))


def changes(old: Manifest, new: Manifest, apart: tuple[str, ...] = (), damaged: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """What is sent, and what is in the way."""
    found = difference(old, old.text(), new, expected((), apart), frozenset(damaged), links=True)
    return [name[2:] for name in (*found.files, *found.links)], [name[2:] for name in found.gone]


@pytest.mark.parametrize(
    ("old", "new", "sent", "gone"),
    [
        (manifest("a", "b"), manifest("a", "b"), [], []),
        (manifest("a=1", "b"), manifest("a=2", "b"), ["a"], []),
        (manifest("a"), manifest("a*"), ["a"], []),
        (manifest("a", "b"), manifest("a"), [], ["b"]),
        (manifest("a"), manifest("a", "b/c"), ["b/c"], []),
        (manifest("x/a", "x/y/b", "k"), manifest("k"), [], ["x"]),
        (manifest("x/a", "k"), manifest("x", "k"), ["x"], ["x"]),
        (manifest("x", "k"), manifest("x/a", "k"), ["x/a"], ["x"]),
        (manifest("k", folders=("e",)), manifest("k"), [], ["e"]),
        (manifest("k", links={"l": "k"}), manifest("k", links={"l": "k"}), [], []),
        (manifest("k", links={"l": "k"}), manifest("k", links={"l": "j"}), ["l"], []),
        (manifest("k", "l"), manifest("k", links={"l": "k"}), ["l"], []),
        (manifest("new\nline", "back\\slash"), manifest("new\nline", "back\\slash"), ["back\\slash", "new\nline"], []),
    ],
)
def test_what_is_sent_and_what_is_in_the_way(old: Manifest, new: Manifest, sent: list[str], gone: list[str]) -> None:
    assert changes(old, new) == (sent, gone)


def test_what_the_application_writes_and_what_is_damaged_is_sent() -> None:
    one = manifest("app/a", "app/b", "tmp/c", "d")
    assert changes(one, one, ("tmp/",), ("./d",)) == (["d", "tmp/c"], [])


def test_a_host_without_a_seal_is_sent_every_link() -> None:
    one = manifest("a", links={"l": "a"})
    assert difference(one, one.text(), one, NOTHING, frozenset(), links=False).links == ("./l",)


NAMES = st.lists(st.text("ab/\\\n\tü\udcff #x", min_size=1, max_size=6).map(lambda text: "./" + text.strip("/").replace("//", "/")), max_size=8).map(
    lambda names: [name for name in names if all(part not in ("", ".", "..") for part in name[2:].split("/"))]
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    names = draw(NAMES)
    files = {name: PackedFile(draw(st.sampled_from("0123")) * 64, "\n" not in name and draw(st.booleans())) for name in names}
    links = {name: target for name in draw(NAMES) if name not in files and (target := draw(st.text("a/\\\n\t", min_size=1, max_size=4)))}
    return Manifest("v1", "c" * 40, draw(st.sampled_from(("one", "two"))), {"./top": PackedFile("f" * 64), **files}, links, ("./empty",))


@given(manifests())
def test_a_manifest_is_read_back(one: Manifest) -> None:
    assert manifest_of(one.text()) == one


@examples_on_a_fixture(25)
@given(manifests(), manifests())
@pytest.mark.parametrize("sed", SEDS, ids=lambda sed: sed[0])
def test_a_host_makes_the_manifest_of_the_older_one(sed: tuple[str, ...], tmp_path: Path, old: Manifest, new: Manifest) -> None:
    if not shutil.which(sed[0]):
        pytest.skip(f"needs {sed[0]} (Debian: {sed[0]})")
    patch = patch_of(old.text(), new.lines())
    if patch is None:
        return
    (tmp_path / "patch").write_bytes(patch)
    ran = subprocess.run([*sed, "-f", str(tmp_path / "patch")], input=old.text(), capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert ran.stdout == new.text()


@pytest.mark.parametrize(
    "text", [b"", b"# version v1\n", b"f" * 64 + b"  ../up\n", b"f" * 64 + b"  ./a/../../up\n", b"f" * 64 + b"  /etc/passwd\n", b"f" * 64 + b"  ./a\nwords\n"]
)
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(UsageFault):
        manifest_of(text)


def test_lines_that_stand_elsewhere_are_no_patch() -> None:
    assert patch_of(b"b\na\n", [b"a", b"b"]) is None
    assert patch_of(b"a\na\n", [b"a"]) is None
    assert patch_of(b"a", [b"a"]) is None


def test_all_of_a_release_is_sent_where_there_is_nothing() -> None:
    assert whole(manifest("a", links={"l": "a"})).files == ("./a",)
