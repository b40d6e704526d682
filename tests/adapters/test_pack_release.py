"""One archive for all hosts: what is in it, and what is refused."""

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.pack_release import pack
from console.errors import NoGo
from console.model.release_facts import Package, Release
from console.safe_text import SafeText
from tests.examples import examples_on_a_fixture
from tests.packed import whole_stream

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
RELEASE = Release("20261124T071407Z-3f2a91c", SafeText("v1.2.3"), "3f2a91c" + "0" * 33)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "empty").mkdir()
    (tree / "app.txt").write_text("hello")
    (tree / "bin" / "start").write_text("#!/bin/sh\n")
    (tree / "bin" / "start").chmod(0o700)
    (tree / "bin-old").write_text("x")
    (tree / "latest").symlink_to("bin/start")
    return tree


async def test_all_that_is_in_the_way_is_named_at_once(tree: Path, tmp_path: Path) -> None:
    (tree / "back\\slash").write_text("x")
    (tree / "away").symlink_to("/etc/passwd")
    (tree / "movie.bin").write_text(POINTER)
    with pytest.raises(NoGo) as caught:
        await packed(tree, tmp_path)
    assert all(words in caught.value.message for words in ("back\\\\slash holds a backslash", "away -> /etc/passwd", "movie.bin is a pointer only"))


async def test_a_link_that_is_listed_leads_out(tree: Path, tmp_path: Path) -> None:
    (tree / "uploads").symlink_to("/srv/shop/shared/uploads")
    (tree / "today").symlink_to("uploads/today")
    package = await pack(str(tree), RELEASE, str(tmp_path / "out"), 0, ("uploads",))
    assert os.readlink((await unpacked(package, tmp_path)) / "uploads") == "/srv/shop/shared/uploads"


async def test_with_a_reason_it_is_packed_as_it_is_and_the_manifest_stays_readable(tree: Path, tmp_path: Path) -> None:
    for name in ("back\\slash", "new\nline"):
        (tree / name).write_text("x")
    (tree / "away").symlink_to("/etc/passwd")
    (tree / "movie.bin").write_text(POINTER)
    folder = await unpacked(await pack(str(tree), RELEASE, str(tmp_path / "out"), anyway=True), tmp_path)
    assert {"back\\slash", "new\nline", "away", "movie.bin"} <= {path.name for path in folder.iterdir()}
    check = "grep -v '^#' .deploy-manifest | sha256sum -c --strict -"
    assert subprocess.run(check, check=False, shell=True, cwd=folder, capture_output=True).returncode == 0


async def packed(tree: Path, tmp_path: Path, name: str = "out", mtime: int = 0) -> Package:
    return await pack(str(tree), RELEASE, str(tmp_path / name), mtime)


async def unpacked(package: Package, tmp_path: Path) -> Path:
    """As a host does it: gzip and tar."""
    folder = tmp_path / "host"
    folder.mkdir()
    subprocess.run(f"gzip -dc | tar -xf - -C '{folder}'", shell=True, check=True, input=await whole_stream(package))
    return folder


async def test_the_package_is_what_its_digests_say(tree: Path, tmp_path: Path) -> None:
    package = await packed(tree, tmp_path)
    manifest = ((await unpacked(package, tmp_path)) / ".deploy-manifest").read_bytes()
    assert package.manifest == hashlib.sha256(manifest).hexdigest()
    assert (package.files, package.unpacked) == (3, len("hello" + "#!/bin/sh\n" + "x"))
    assert list(tmp_path.glob("*.partial")) == []


async def test_the_manifest_is_read_by_sha256sum(tree: Path, tmp_path: Path) -> None:
    folder = await unpacked(await packed(tree, tmp_path), tmp_path)
    lines = (folder / ".deploy-manifest").read_text().splitlines()
    assert lines[:3] == ["# version v1.2.3", f"# commit {RELEASE.commit}", f"# release {RELEASE.id}"]
    assert [line[66:] for line in lines[3:6]] == ["./app.txt", "./bin-old", "./bin/start"]
    assert lines[6:] == ["#x ./bin/start", "#l ./latest\tbin/start", "#d ./empty"]
    check = "grep -v '^#' .deploy-manifest | sha256sum -c --strict -"
    assert subprocess.run(check, check=False, shell=True, cwd=folder, capture_output=True).returncode == 0
    (folder / "app.txt").write_text("hellO")
    assert subprocess.run(check, check=False, shell=True, cwd=folder, capture_output=True).returncode == 1


async def test_everything_is_there_with_plain_modes_and_no_owner(tree: Path, tmp_path: Path) -> None:
    package = await packed(tree, tmp_path, mtime=1_700_000_000)
    with tarfile.open(fileobj=io.BytesIO(await whole_stream(package))) as archive:
        members = {member.name.removeprefix("./"): member for member in archive if ".deploy-new" not in member.name}
    assert list(members) == [".deploy-manifest", "bin", "empty", "latest", "app.txt", "bin-old", "bin/start"]
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members.values()} == {(0, 0, "", 1_700_000_000)}
    assert [oct(members[name].mode) for name in ("app.txt", "bin/start", "empty")] == ["0o644", "0o755", "0o755"]
    assert members["latest"].linkname == "bin/start"


async def test_the_same_tree_makes_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    first = await packed(tree, tmp_path, "one")
    sent = await whole_stream(first)
    os.utime(tree / "app.txt", (1, 1))
    (tree / "app.txt").chmod(0o640)
    second = await packed(tree, tmp_path, "two")
    assert first.manifest == second.manifest
    assert sent == await whole_stream(second)


async def test_a_manifest_of_an_earlier_packing_is_replaced(tree: Path, tmp_path: Path) -> None:
    first = await packed(tree, tmp_path, "one")
    (tree / ".deploy-manifest").write_text("old")
    second = await packed(tree, tmp_path, "two")
    assert (second.manifest, await whole_stream(second)) == (first.manifest, await whole_stream(first))


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "bin/../../tree/app.txt", "hop/../../x", "up"])
async def test_links_that_leave_the_release_are_refused_by_name(tree: Path, tmp_path: Path, target: str) -> None:
    (tree / "hop").symlink_to("bin")
    (tmp_path / "outside").write_text("secret")
    (tree / "up").symlink_to("..")
    (tree / "bad").symlink_to(target)
    with pytest.raises(NoGo, match=r"links out of the release: .*(bad|up) -> "):
        await packed(tree, tmp_path)
    assert list(tmp_path.glob("out*")) in ([], [tmp_path / "outside"])


async def test_a_link_to_what_only_hosts_have_is_fine(tree: Path, tmp_path: Path) -> None:
    (tree / "bin" / "log").symlink_to("../log/today")
    assert ((await unpacked(await packed(tree, tmp_path), tmp_path)) / "bin" / "log").is_symlink()


@pytest.mark.parametrize("name", ["new\nline", "back\\slash", "carriage\rreturn", "es\x1bcape"])
async def test_names_that_a_manifest_cannot_hold_are_refused(tree: Path, tmp_path: Path, name: str) -> None:
    (tree / name).write_text("x")
    with pytest.raises(NoGo, match="cannot be in a release") as caught:
        await packed(tree, tmp_path)
    assert caught.value.message.isprintable()


async def test_what_is_neither_file_nor_folder_nor_link_is_refused(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tree / "pipe")
    with pytest.raises(NoGo, match="pipe cannot be in a release"):
        await packed(tree, tmp_path)


async def test_an_empty_release_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    with pytest.raises(NoGo, match="there is no file to release"):
        await packed(tmp_path / "tree", tmp_path)


@examples_on_a_fixture(25)
@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=120).filter(lambda name: not set(name) & (set(range(32)) | {47, 92, 127}) and name not in (b".", b"..")),
        st.binary(max_size=3000),
        min_size=1,
        max_size=6,
    )
)
async def test_any_bytes_under_any_names_arrive_as_they_are(tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, bytes]) -> None:
    place = tmp_path_factory.mktemp("any")
    (place / "tree" / "sub" / ("d" * 100)).mkdir(parents=True)
    folder = os.fsencode(place / "tree" / "sub" / ("d" * 100))
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    host = os.fsencode((await unpacked(await packed(place / "tree", place), place)) / "sub" / ("d" * 100))
    found = {name: Path(os.fsdecode(os.path.join(host, name))).read_bytes() for name in os.listdir(host)}
    assert found == files
    check = "grep -av '^#' .deploy-manifest | sha256sum -c --strict -"
    assert subprocess.run(check, check=False, shell=True, cwd=place / "host", capture_output=True).returncode == 0
