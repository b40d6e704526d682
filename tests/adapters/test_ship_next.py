"""The next release is made of what a host has: what travels, what is shared, and what a damaged, changed or foreign older release does to it."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.adapters.pack_release import pack
from console.adapters.send_release import HostShipper
from console.adapters.this_machine import LocalTransport
from console.core.host import prune_releases, release_scripts
from console.model.host import Host
from console.model.release_facts import Package, Release
from console.ports.hosts import Ran, Sink
from console.ports.steps import Sharing, StepResult
from console.safe_text import SafeText
from tests.adapters.hosts import SHELLS, host_with

HERE = Host("localhost")
EPOCH = "run-1.1"
LINKS = Sharing(links=True, apart=("log/", "tmp/"))
BIG = 40_000


def named(number: int) -> Release:
    return Release(f"202601{number:02}T000000Z-abcde{number:02}", SafeText(f"v{number}"), "a" * 40)


class Counting:
    """A host that counts what it is sent."""

    def __init__(self, inner: LocalTransport) -> None:
        self.inner, self.sent, self.commands = inner, 0, 0
        self.jump_of = inner.jump_of

    async def run(
        self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None
    ) -> Ran:  # fmt: skip
        self.commands += 1
        return await self.inner.run(host, script, data if isinstance(data, bytes) else self._counted(data), deadline=deadline, sink=sink)

    async def _counted(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in data:
            self.sent += len(piece)
            yield piece


class Stage:
    """A host, and a folder here that changes from release to release."""

    def __init__(self, shell: str, place: Path) -> None:
        self.place, self.app, self.tree = place, place / "srv", place / "tree"
        (self.app / ".deploy/lock" / EPOCH).mkdir(parents=True)
        (place / "tools").mkdir()
        self.transport = Counting(host_with(shell, place))
        self.shipper = HostShipper(self.transport)  # type: ignore[arg-type]
        self.is_gnu = shell != "busybox"
        self.number = 0
        for name, size in {"app/big": BIG, "app/one": 100, "app/deep/er/two": 100, "log/.keep": 0, "top": 10}.items():
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_bytes(os.urandom(size))
        (self.tree / "app/link").symlink_to("one")
        (self.tree / "app/empty").mkdir()

    async def ship(self, sharing: Sharing = LINKS) -> StepResult:
        self.number += 1
        self.transport.sent = self.transport.commands = 0
        release = named(self.number)
        package = await pack(str(self.tree), release, str(self.place / release.id), 1_700_000_000 + self.number)
        return await self.again(package, sharing)

    async def again(self, package: Package, sharing: Sharing = LINKS) -> StepResult:
        return await self.shipper.ship(HERE, str(self.app), EPOCH, Path(package.listed).name, package, deadline=60, sharing=sharing)

    @property
    def folder(self) -> Path:
        return self.app / "releases" / named(self.number).id

    async def linked(self) -> None:
        """What the step does afterwards, and what a run does to the release at its end."""
        script = release_scripts.link_shared(str(self.app), self.folder.name, ("log/",))
        assert (await self.transport.run(HERE, script, deadline=60)).ok
        (self.app / "current.new").symlink_to(f"releases/{self.folder.name}")
        os.replace(self.app / "current.new", self.app / "current")

    def differs(self) -> str:
        """How the release differs from what was shipped."""
        diff = subprocess.run(["diff", "-r", "--no-dereference", "-x", ".deploy-*", str(self.tree), str(self.folder)], check=False, capture_output=True)
        return diff.stdout.decode()

    def inode(self, name: str, number: int = 0) -> int:
        return (self.app / "releases" / named(number or self.number).id / name).lstat().st_ino


@pytest.fixture(params=SHELLS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(request.param, tmp_path)


@pytest.fixture
def gnu(tmp_path: Path) -> Stage:
    return Stage("dash", tmp_path)


async def test_only_what_changed_travels_and_all_of_it_is_there(stage: Stage) -> None:
    assert (await stage.ship()).status == "done"
    await stage.linked()
    first = stage.transport.sent
    (stage.tree / "app/one").write_bytes(b"changed")
    (stage.tree / "app/new").write_bytes(b"new")
    (stage.tree / "app/deep/er/two").chmod(0o755)
    assert (await stage.ship()).status == "done"
    assert stage.differs() == ""
    assert os.access(stage.folder / "app/deep/er/two", os.X_OK)
    assert stage.transport.sent < 1500 < first
    assert stage.transport.commands == 1
    assert (stage.inode("app/big", 1) == stage.inode("app/big", 2)) == stage.is_gnu
    assert not list((stage.app / ".deploy/staging").iterdir())
    manifest = (stage.folder / ".deploy-manifest").read_bytes()
    assert manifest == (stage.place / stage.folder.name).read_bytes()


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing at all": lambda tree: None,
    "a file for a folder": lambda tree: (shutil.rmtree(tree / "app/deep"), (tree / "app/deep").write_bytes(b"file")),
    "a folder for a file": lambda tree: ((tree / "app/one").unlink(), (tree / "app/one").mkdir(), (tree / "app/one/in").write_bytes(b"x")),
    "a link for a folder": lambda tree: (shutil.rmtree(tree / "app/one"), (tree / "app/one").symlink_to("big")),
    "a link to elsewhere": lambda tree: ((tree / "app/link").unlink(), (tree / "app/link").symlink_to("big")),
    "a file for a link": lambda tree: ((tree / "app/link").unlink(), (tree / "app/link").write_bytes(b"x")),
    "what was empty is not": lambda tree: (tree / "app/empty/now").write_bytes(b"x"),
    "less": lambda tree: (shutil.rmtree(tree / "app/empty"), (tree / "top").unlink(), (tree / "app/deep").unlink()),
    "odd names": lambda tree: [(tree / os.fsdecode(name)).write_bytes(b"x") for name in (b"-rf", b" a  b ", b"*", b"\xff\xfe", b".hidden", b"..x", b"'\"$x")],
    "an unreadable mode": lambda tree: (tree / "log/.keep").chmod(0o100),
}


async def test_whatever_changes_the_next_release_is_what_was_shipped(gnu: Stage) -> None:
    assert (await gnu.ship()).status == "done"
    await gnu.linked()
    for change, make in CHANGES.items():
        make(gnu.tree)
        assert (await gnu.ship()).status == "done", change
        assert gnu.differs() == "", change
        assert gnu.transport.sent < 2500, change
        assert {path.stat().st_mode & 0o777 for path in gnu.folder.rglob("*") if path.is_file()} <= {0o644, 0o755}


def in_place(path: Path, *, dated: bool = False) -> None:
    """Write into a file without making another one, of the same size; `dated`: with the date that it had."""
    found = path.stat()
    with path.open("r+b") as file:
        file.write(b"damaged")
    if dated:
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("dated", [True, False])
async def test_a_file_that_somebody_wrote_into_is_found_and_sent_anew(stage: Stage, dated: bool) -> None:
    await stage.ship()
    await stage.linked()
    in_place(stage.folder / "app/one", dated=dated)
    assert (await stage.ship()).status == "done"
    assert stage.differs() == ""
    assert (await stage.ship()).status == "done"
    assert stage.differs() == ""


async def test_what_was_removed_or_put_into_the_older_release_is_not_in_the_next_one(stage: Stage) -> None:
    await stage.ship()
    await stage.linked()
    (stage.folder / "app/one").unlink()
    (stage.folder / "app/made/by/the").mkdir(parents=True)
    (stage.folder / "app/made/by/the/app.log").write_bytes(b"x" * 100_000)
    (stage.folder / "app/deep/x.pyc").write_bytes(b"x")
    assert (await stage.ship()).status == "done"
    assert stage.differs() == ""


async def test_what_lies_in_a_folder_that_was_moved_is_not_taken_for_what_it_is_called(gnu: Stage) -> None:
    (gnu.tree / "app/like/er").mkdir(parents=True)
    (gnu.tree / "app/like/er/two").write_bytes(b"y" * 100)
    await gnu.ship()
    await gnu.linked()
    app = gnu.folder / "app"
    for name, other in (("deep", "aside"), ("like", "deep"), ("aside", "like")):
        (app / name).rename(app / other)
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""
    (gnu.folder / "app/deep").rename(gnu.folder / "app/moved")
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""


async def test_where_something_writes_into_releases_no_file_is_shared(gnu: Stage) -> None:
    await gnu.ship(Sharing(links=False))
    assert (await gnu.ship(Sharing(links=False))).status == "done"
    assert gnu.transport.sent < 1500
    assert gnu.inode("app/big", 1) != gnu.inode("app/big", 2)
    with (gnu.folder / "app/big").open("ab") as file:
        file.write(b"an install writes into it")
    assert (gnu.app / "releases" / named(1).id / "app/big").stat().st_size == BIG


async def test_what_the_application_writes_is_never_shared(gnu: Stage) -> None:
    sharing = Sharing(links=True, apart=("**/two",))
    for _ in range(2):
        await gnu.ship(sharing)
    assert gnu.inode("app/deep/er/two", 1) != gnu.inode("app/deep/er/two", 2)
    assert gnu.inode("app/big", 1) == gnu.inode("app/big", 2)


async def test_links_hold_through_a_prune_and_what_is_left_is_whole(gnu: Stage) -> None:
    for _ in range(3):
        await gnu.ship()
        await gnu.linked()
    in_place(gnu.folder / "app/one", dated=True)
    script = prune_releases.prune(str(gnu.app), 0, (gnu.folder.name,), "run", ("log/",))
    assert (await gnu.transport.run(HERE, script, deadline=60)).ok
    assert [path.name for path in (gnu.app / "releases").iterdir()] == [gnu.folder.name]
    inode = gnu.inode("app/big")
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""
    assert (gnu.inode("app/big"), gnu.transport.sent < 1500) == (inode, True)


async def test_an_older_release_is_the_better_one_to_begin_with(gnu: Stage) -> None:
    (gnu.tree / "huge").write_bytes(os.urandom(3_000_000))
    await gnu.ship()
    (gnu.tree / "huge").rename(gnu.place / "huge")
    await gnu.ship()
    (gnu.place / "huge").rename(gnu.tree / "huge")
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""
    assert gnu.transport.sent < 2000


async def test_a_tree_of_another_tool_and_releases_of_an_older_console(gnu: Stage) -> None:
    other = gnu.app / "releases/20251231235959"
    shutil.copytree(gnu.tree, other, symlinks=True)
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""
    shutil.rmtree(gnu.app / ".deploy/seal")
    manifest = gnu.folder / ".deploy-manifest"
    manifest.write_bytes(b"".join(line for line in manifest.read_bytes().splitlines(True) if not line.startswith((b"#l", b"#d"))))
    os.remove(gnu.place / gnu.folder.name)
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""
    assert gnu.transport.sent < 1500


async def test_a_manifest_that_was_changed_on_the_host_is_no_beginning(gnu: Stage) -> None:
    await gnu.ship()
    with (gnu.folder / ".deploy-manifest").open("ab") as file:
        file.write(b"# a line\n")
    assert (await gnu.ship()).status == "done"
    assert gnu.differs() == ""


async def test_another_console_asks_for_the_manifest(gnu: Stage) -> None:
    await gnu.ship()
    os.remove(gnu.place / gnu.folder.name)
    assert (await gnu.ship()).status == "done"
    assert gnu.transport.sent < 1500
