"""What is sent of a release: one compressed tar for all hosts that lack the same, written to a file once and sent while it is being written.

Knows tar, gzip and the `zstd` program; nothing of hosts, or of why something is sent. Above the files stands what makes the rest of the release of an
older one (`.deploy-new/`): a patch of its manifest, what goes, and the digests of what came.
"""

import asyncio
import contextlib
import gzip
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Literal, Protocol, cast

from console.core.checks.content import MANIFEST
from console.core.host.release_manifest import Difference, Manifest

Codec = Literal["zstd", "gzip"]
CHUNK = 256 * 1024
KEPT = 64
"""Chunks that stay in memory, for whoever comes to them next."""
CONTROL = ".deploy-new"
_LEVELS = {"zstd": "-3", "gzip": "-3"}


@dataclass(frozen=True)
class Contents:
    """What goes into one stream. `folder` holds the files, `base` says whether the host adds the rest from an older release."""

    folder: str
    manifest: Manifest
    sent: Difference
    base: bool
    mtime: int

    @cached_property
    def size(self) -> int:
        """Bytes of the files that are sent."""
        return sum(os.lstat(os.path.join(self.folder, name)).st_size for name in self.sent.files)


class Damaged(Exception):
    """A file is not what it was when the release was read."""


@dataclass
class PackedStream:
    """A stream on the console's disk, which grows until it is `done`. Every host reads it from where it stands."""

    path: str
    size: int = 0
    done: bool = False
    problem: str = ""
    unpacked: int = 0
    """Bytes of the files in it."""
    read: int = 0
    """Bytes of files that went into it so far."""
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _chunks: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)

    def expected(self) -> int:
        """Bytes that it will have, by what it has so far; 0: nobody can say yet."""
        if self.done:
            return self.size
        return max(self.size, self.size * self.unpacked // self.read) if self.read and self.size else 0

    def grow(self, size: int, read: int, *, done: bool = False, problem: str = "") -> None:
        """Note that so much of it is on the disk."""
        self.size, self.read, self.done, self.problem = size, read, done, problem
        self._grown.set()
        self._grown = asyncio.Event()

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """Yield its bytes from `start` on, as they come. One that could not be packed ends early, and its host finds it cut."""
        at = start
        while True:
            number = at // CHUNK
            while self.size < (number + 1) * CHUNK and not self.done:
                await self._grown.wait()
            if at >= self.size or self.problem:
                return
            piece = (await self._chunk(number))[at % CHUNK :]
            if not piece:
                return
            yield piece
            at += len(piece)

    async def _chunk(self, number: int) -> bytes:
        """A chunk, read once for all."""
        found = self._chunks.get(number)
        if found is None:
            found = self._chunks[number] = asyncio.ensure_future(asyncio.to_thread(self._read, number))
            while len(self._chunks) > KEPT:
                del self._chunks[next(iter(self._chunks))]
        return await asyncio.shield(found)

    def _read(self, number: int) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(number * CHUNK)
            return file.read(CHUNK)

    async def begins_with(self, size: int, digest: str) -> bool:
        """Whether its first bytes are those. Waits until so many are there."""
        while self.size < size and not self.done:
            await self._grown.wait()
        return size <= self.size and await asyncio.to_thread(self._digest, size) == digest

    def _digest(self, size: int) -> str:
        found = hashlib.sha256()
        with open(self.path, "rb") as file:
            while size and (data := file.read(min(size, CHUNK))):
                found.update(data)
                size -= len(data)
        return found.hexdigest()


class ReleaseStreams:
    """The streams of one release, each packed once, into files whose paths begin with `start`."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._streams: dict[tuple[object, ...], PackedStream] = {}
        self._all: list[PackedStream] = []
        """With those that could not be packed."""
        self._packing: set[asyncio.Task[None]] = set()

    def stream(self, contents: Contents, codec: Codec) -> PackedStream:
        """Return the stream of that, and have it packed where it is new, or could not be packed before."""
        sent = contents.sent
        key = (codec, contents.base, sent.files, sent.links, sent.gone, sent.patch)
        found = self._streams.get(key)
        if found is None or found.problem:
            path = f"{self._start}.{len(self._all)}.{os.getpid()}.tar.{codec}"
            found = self._streams[key] = PackedStream(path, unpacked=contents.size)
            self._all.append(found)
            task = asyncio.create_task(_pack(found, contents, codec))
            self._packing.add(task)
            task.add_done_callback(self._packing.discard)
        return found

    def close(self) -> None:
        """Remove what was packed."""
        for task in self._packing:
            task.cancel()
        for stream in self._all:
            with contextlib.suppress(FileNotFoundError):
                os.remove(stream.path)


async def _pack(stream: PackedStream, contents: Contents, codec: Codec) -> None:
    loop = asyncio.get_running_loop()

    def grown(size: int, read: int) -> None:
        loop.call_soon_threadsafe(stream.grow, size, read)

    try:
        size = await asyncio.to_thread(_written, stream.path, contents, codec, grown)
    except Exception as fault:  # whatever it was, whoever waits for the stream must hear of it
        stream.grow(stream.size, stream.read, done=True, problem=str(fault))
        with contextlib.suppress(OSError):
            os.truncate(stream.path, 0)  # a disk that is full has the room again
    else:
        stream.grow(size, stream.unpacked, done=True)


class _Writer(Protocol):
    def write(self, data: bytes, /) -> int: ...


@contextlib.contextmanager
def _compressed(file: IO[bytes], codec: Codec) -> Iterator[_Writer]:
    """What is written here stands compressed in the file once this ends. Raises OSError."""
    if codec == "gzip":
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=3, mtime=0) as zipped:
            yield cast("_Writer", zipped)
        return
    argv = ("zstd", "-q", "-c", "--check", "-T2", _LEVELS[codec])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BaseException:
            process.kill()
            with contextlib.suppress(OSError):  # what it did not take any more is no reason
                process.stdin.close()
            raise
    if process.returncode:
        raise OSError(f"zstd ended with {process.returncode}")


def _written(path: str, contents: Contents, codec: Codec, grown: Callable[[int, int], None]) -> int:
    with open(path, "wb") as file:
        with (
            _compressed(file, codec) as zipped,
            tarfile.open(
                fileobj=cast("IO[bytes]", zipped), mode="w|", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape", bufsize=CHUNK
            ) as tar,
        ):
            _write(tar, contents, lambda read: grown(os.fstat(file.fileno()).st_size, read))
        file.flush()
        return os.fstat(file.fileno()).st_size


def _write(tar: tarfile.TarFile, contents: Contents, grown: Callable[[int], None]) -> None:
    sent, manifest = contents.sent, contents.manifest
    for name, data in _control(contents):
        tar.addfile(_member(name, tarfile.REGTYPE, 0o644, contents.mtime, len(data)), io.BytesIO(data))
    for folder in _folders(contents):
        tar.addfile(_member(folder, tarfile.DIRTYPE, 0o755, contents.mtime))
    for name in sent.links:
        member = _member(name, tarfile.SYMTYPE, 0o777, contents.mtime)
        member.linkname = manifest.links[name]
        tar.addfile(member)
    read = told = 0
    for name in sent.files:
        read += _add(tar, contents, name)
        if read - told >= CHUNK:
            grown(read)
            told = read


def _folders(contents: Contents) -> list[str]:
    """The empty ones, and where all is sent the others too, so that each has its date; a folder before what is in it."""
    found = {name.removeprefix("./") for name in contents.manifest.folders}
    if not contents.base:
        above = set[str]()
        for name in (*contents.sent.files, *contents.sent.links, *contents.manifest.folders):
            folder = name.removeprefix("./").rpartition("/")[0]
            while folder and folder not in above:
                above.add(folder)
                folder = folder.rpartition("/")[0]
        found |= above
    return sorted(f"./{name}" for name in found)


def _control(contents: Contents) -> Iterator[tuple[str, bytes]]:
    sent = contents.sent
    if sent.patch is None:
        yield f"./{MANIFEST}", contents.manifest.text()
    else:
        yield f"./{CONTROL}/patch", sent.patch
    if sent.gone:
        yield f"./{CONTROL}/gone", b"".join(os.fsencode(name) + b"\0" for name in sent.gone)
    if contents.base:
        part = Manifest("", "", "", {name: contents.manifest.files[name] for name in sent.files})
        yield f"./{CONTROL}/sums", b"".join(line + b"\n" for line in part.lines() if not line.startswith(b"#"))


class _Digesting:
    """A file whose bytes are digested as they pass by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, limit: int = -1) -> bytes:
        data = self._file.read(limit)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, contents: Contents, name: str) -> int:
    """Put a file into the tar, as the manifest has it; return its bytes. Raises Damaged where it has changed since."""
    entry = contents.manifest.files[name]
    with open(os.path.join(contents.folder, name), "rb") as file:
        member = _member(name, tarfile.REGTYPE, 0o755 if entry.is_executable else 0o644, contents.mtime, os.fstat(file.fileno()).st_size)
        passing = _Digesting(file)
        tar.addfile(member, cast("IO[bytes]", passing))
    if passing.digest.hexdigest() != entry.digest:
        raise Damaged(f"{name[2:]} was changed on the console's machine while the release was sent")
    return member.size


def _member(name: str, kind: bytes, mode: int, mtime: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime, member.size = kind, mode, mtime, size
    return member
