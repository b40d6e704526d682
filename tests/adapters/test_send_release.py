"""A release arrives whole or not at all: over this machine's shells, with archives that are cut, altered, sent twice, or too large."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.adapters.pack_release import pack
from console.adapters.send_release import HostShipper
from console.adapters.this_machine import LocalTransport
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.release_facts import Package, Release
from console.model.values import changed
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.packed import whole_stream

HERE = Host("localhost")
EPOCH = "run-1.1"
RELEASE = Release("20260101T000000Z-abcdef1", SafeText("v1"), "a" * 40)
SHELLS = [("dash",), ("bash", "--posix"), ("busybox", "sh")]


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def transport(request: pytest.FixtureRequest) -> LocalTransport:
    if not shutil.which(request.param[0]):
        pytest.skip(f"needs {request.param[0]} (Debian: {request.param[0]})")
    return LocalTransport(shell=request.param)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "srv/.deploy/lock" / EPOCH).mkdir(parents=True)
    return tmp_path / "srv"


@pytest.fixture
async def package(tmp_path: Path) -> Package:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/run").write_text("#!/bin/sh\n")
    (tree / "bin/run").chmod(0o755)
    (tree / "größe 1.txt").write_bytes(os.urandom(200_000))
    (tree / "link").symlink_to("bin/run")
    return await pack(str(tree), RELEASE, str(tmp_path / "listed"))


def ship(transport: LocalTransport, app: Path, package: Package):
    return HostShipper(transport).ship(HERE, str(app), EPOCH, RELEASE.id, package, deadline=60)


def left_behind(app: Path) -> list[str]:
    return sorted(path.name for path in (app / ".deploy/staging").iterdir()) if (app / ".deploy/staging").exists() else []


async def test_a_release_arrives_as_it_was_packed(transport: LocalTransport, app: Path, package: Package):
    assert (await ship(transport, app, package)).status == "done"
    release = app / "releases" / RELEASE.id
    assert os.access(release / "bin/run", os.X_OK)
    assert os.readlink(release / "link") == "bin/run"
    assert (release / "größe 1.txt").stat().st_size == 200_000
    assert left_behind(app) == []


async def test_sent_again_it_is_there_already_and_what_was_altered_is_sent_anew(transport: LocalTransport, app: Path, package: Package):
    await ship(transport, app, package)
    inode = (app / "releases" / RELEASE.id).stat().st_ino
    assert (await ship(transport, app, package)).status == "done"
    assert (app / "releases" / RELEASE.id).stat().st_ino == inode
    (app / "releases" / RELEASE.id / "bin/run").write_text("#!/bin/false\n")
    assert (await ship(transport, app, package)).status == "done"
    assert (app / "releases" / RELEASE.id / "bin/run").read_text() == "#!/bin/sh\n"


class Cutting:
    """A link that dies once so many bytes of a release were sent over it; `sent` counts what each command was given, without the line before them."""

    def __init__(self, inner: LocalTransport, *cuts: int) -> None:
        self.inner, self.cuts, self.sent = inner, list(cuts), []
        self.jump_of = inner.jump_of

    async def run(self, host, script, data: bytes | AsyncIterator[bytes] = b"", *, deadline, sink=None):
        if isinstance(data, bytes):
            return await self.inner.run(host, script, data, deadline=deadline, sink=sink)
        cut = self.cuts.pop(0) if self.cuts else None
        self.sent.append(0)

        async def begun() -> AsyncIterator[bytes]:
            yield await anext(data)
            async for piece in data:
                let = piece if cut is None else piece[: cut - self.sent[-1]]
                self.sent[-1] += len(let)
                if let:
                    yield let

        ran = await self.inner.run(host, script, begun(), deadline=deadline, sink=sink)
        return ran if cut is None else replace(ran, status=None, problem=Unreached(host.name, "unreachable", SafeText("the link was lost")))


async def test_what_came_before_a_link_was_lost_is_not_sent_again(transport: LocalTransport, app: Path, package: Package, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.adapters.send_release.PAUSE", 0.01)
    cutting = Cutting(transport, 100_000)
    assert (await ship(cutting, app, package)).status == "done"
    size = len(await whole_stream(package, "zstd" if shutil.which("zstd") else "gzip"))
    assert cutting.sent == [100_000, size - 100_000]
    assert left_behind(app) == []


async def test_what_came_of_another_stream_is_not_taken_for_a_part_of_it(transport: LocalTransport, app: Path, package: Package):
    (app / ".deploy/staging").mkdir()
    (app / f".deploy/staging/{RELEASE.id}.77.part").write_bytes(b"x" * 1000)
    assert (await ship(transport, app, package)).status == "done"
    assert left_behind(app) == []


async def test_a_release_that_does_not_arrive_whole_leaves_nothing_live(transport: LocalTransport, app: Path, package: Package):
    (Path(package.path) / "bin/run").write_text("changed since")
    result = await ship(transport, app, package)
    assert (result.status, "bin/run was changed" in result.detail) == ("failed", True)
    assert not list((app / "releases").iterdir())


@pytest.mark.parametrize("words", ["echo 'unknown option -r' >&2; exit 1", "echo 'SHA256 (data)= 0'", 'exec sha256sum -b "$@"'])
async def test_what_openssl_does_not_confirm_is_digested_by_coreutils(transport: LocalTransport, app: Path, tmp_path: Path, words: str):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/data").write_bytes(bytes(9_000_000))
    (tmp_path / "openssl").write_text(f'#!/bin/sh\n: > "{tmp_path}/asked"\n{words}\n')
    (tmp_path / "openssl").chmod(0o755)
    package = await pack(str(tmp_path / "tree"), RELEASE, str(tmp_path / "listed"))
    assert (await ship(Saying(transport, f"PATH={tmp_path}:$PATH\n"), app, package)).status == "done"
    assert (tmp_path / "asked").exists()


class Saying:
    """A host with something said before each script."""

    def __init__(self, inner: LocalTransport, words: str) -> None:
        self.inner, self.words = inner, words
        self.jump_of = inner.jump_of

    async def run(self, host, script, data=b"", *, deadline, sink=None):
        return await self.inner.run(host, self.words + script, data, deadline=deadline, sink=sink)


class Lying(Saying):
    """A host on which what is unpacked is not what came."""

    def __init__(self, inner: LocalTransport) -> None:
        super().__init__(inner, 'tar() { command tar "$@" && printf x | dd of="$4/data" seek=5 bs=1 conv=notrunc 2> /dev/null; }\n')


@pytest.mark.parametrize("size", [1_000, 9_000_000])
async def test_a_host_that_writes_something_else_is_found_however_large_a_release_is(transport: LocalTransport, app: Path, tmp_path: Path, size: int):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/data").write_bytes(bytes(size))
    package = await pack(str(tmp_path / "tree"), RELEASE, str(tmp_path / "listed"))
    result = await ship(Lying(transport), app, package)
    assert (result.status, result.code) == ("failed", 94)
    assert not list((app / "releases").iterdir())


async def test_what_could_not_be_packed_is_packed_again_by_the_next_try(transport: LocalTransport, app: Path, package: Package):
    shipper, kept = HostShipper(transport), (Path(package.path) / "bin/run").read_text()
    (Path(package.path) / "bin/run").write_text("changed since")
    assert (await shipper.ship(HERE, str(app), EPOCH, RELEASE.id, package, deadline=60)).status == "failed"
    assert sum(path.stat().st_size for path in Path(package.listed).parent.glob("listed.*.tar.*")) == 0  # a disk that was full has its room again
    (Path(package.path) / "bin/run").write_text(kept)
    assert (await shipper.ship(HERE, str(app), EPOCH, RELEASE.id, package, deadline=60)).status == "done"


async def test_what_could_not_be_read_is_read_again_by_the_next_try(transport: LocalTransport, app: Path, package: Package):
    shipper, kept = HostShipper(transport), Path(package.listed).read_bytes()
    Path(package.listed).unlink()
    assert (await shipper.ship(HERE, str(app), EPOCH, RELEASE.id, package, deadline=60)).status == "failed"
    Path(package.listed).write_bytes(kept)
    assert (await shipper.ship(HERE, str(app), EPOCH, RELEASE.id, package, deadline=60)).status == "done"


async def test_an_archive_of_another_manifest_is_refused(transport: LocalTransport, app: Path, package: Package):
    result = await ship(transport, app, changed(package, manifest="0" * 64))
    assert (result.status, result.code) == ("failed", 94)
    assert not list((app / "releases").iterdir())


async def test_who_lost_the_lock_ships_nothing(transport: LocalTransport, app: Path, package: Package):
    shutil.rmtree(app / ".deploy/lock" / EPOCH)
    result = await ship(transport, app, package)
    assert (result.status, result.code) == ("failed", 98)
    assert not (app / "releases").exists()


async def test_a_disk_without_room_is_told_in_numbers_before_anything_is_sent(transport: LocalTransport, app: Path, package: Package):
    result = await ship(transport, app, changed(package, unpacked=10**15))
    assert (result.status, result.code) == ("failed", 28)
    assert "KiB free" in result.detail
    assert "needed" in result.detail
    assert left_behind(app) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a small file system")
async def test_a_disk_that_fills_while_unpacking_leaves_the_releases_alone(transport: LocalTransport, app: Path, package: Package):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(app)], check=True)
    try:
        (app / ".deploy/lock" / EPOCH).mkdir(parents=True)
        result = await ship(transport, app, changed(package, unpacked=1))
        assert (result.status, result.code) == ("failed", 28)
        assert not list((app / "releases").iterdir())
        assert left_behind(app) == []
    finally:
        subprocess.run(["umount", str(app)], check=True)


async def test_two_that_send_at_once_leave_one_whole_release(transport: LocalTransport, app: Path, package: Package):
    results = await asyncio.gather(ship(transport, app, package), ship(transport, app, package))
    assert "done" in {result.status for result in results}, results
    assert (await ship(transport, app, package)).status == "done"
    assert left_behind(app) == []


class Cut(LocalTransport):
    """Loses the link under the first command, which ends by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = False

    async def run(self, host, script, data: bytes | AsyncIterator[bytes] = b"", *, deadline, sink=None):
        from console.ports.hosts import Unreached

        ran = await super().run(host, script, data, deadline=deadline, sink=sink)
        if self.lost:
            return ran
        self.lost = True
        return replace(ran, status=None, problem=Unreached(host.name, "unreachable", SafeText("the link was lost")))


async def test_a_link_that_is_lost_is_asked_once_more(app: Path, package: Package):
    transport = Cut()
    assert (await ship(transport, app, package)).status == "done"


async def test_a_health_command_runs_in_the_live_release_with_its_variables(app: Path, package: Package):
    from console.adapters.ask_health_gates import HostGates, release_command

    await ship(LocalTransport(), app, package)
    (app / "current").symlink_to(f"releases/{RELEASE.id}")
    environment = Environment("shop", "production", str(app), (HERE,))
    check = HealthCheck("deep", "command", command=Command('test -x bin/run && test "$TOKEN" = s3cret && test "$DEPLOY_HOST" = localhost && echo {env}'))
    transport = LocalTransport()
    gates = HostGates(transport, run_command=release_command(transport, environment, lambda: {"TOKEN": "s3cret"}))
    found = await gates.once(environment, HERE, check, {"host": "localhost", "env": "production"})
    assert (found.verdict, str(found.seen)) == ("passed", "exit 0: production")
