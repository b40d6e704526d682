"""Releases onto hosts: a host says what it has, what it lacks is sent, and it puts the whole together, checks it, and moves it into place.

Hosts that lack the same are sent the same stream. Knows nothing of plans; what is done on a host stands in `core/host/receive_release.py`.
"""

import asyncio
import gzip
import os
import shutil
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from console.adapters.compressed_stream import Codec, PackedStream
from console.adapters.jump_line import JumpLine
from console.adapters.rate_limit import PIECE, RateLimit
from console.adapters.release_difference import ShippedRelease, Way, shipped_release
from console.core.host import receive_release
from console.core.host.receive_release import DIFFERENT, FENCED, HELD, LOOKED, NO_ROOM, OTHER_BASE, TRUNCATED, how_to_ship
from console.core.host.release_scripts import RELEASE
from console.core.host.shell import quote
from console.errors import ConsoleError
from console.model.host import Host
from console.model.release_facts import Package
from console.ports.hosts import Ran, Transport
from console.ports.steps import Sharing, StepResult, unheard
from console.safe_text import SafeText, safe_end

REASONS = {
    FENCED: "this run does not hold the host's lock any more",
    TRUNCATED: "the release did not arrive whole",
    DIFFERENT: "what was unpacked is not what the manifest says",
}

PATIENCE = 60.0
"""Seconds, from the first lost link on, in which the release is sent again."""
PAUSE = 1.0
MANIFEST_MOST = 64 * 1024 * 1024
"""Bytes of a manifest that a host may send."""
HELD_AT_ONCE = 3
"""Releases whose streams are kept on this machine's disk."""
SAID_MOST = 1024 * 1024
"""Bytes that are kept of what a host says."""
_END = f"{LOOKED}\n".encode()


@dataclass(frozen=True)
class Standing:
    """What a host says that it has."""

    codec: Codec = "gzip"
    sealed: str = ""
    releases: tuple[str, ...] = ()
    """Those with a manifest, oldest first."""
    parts: tuple[tuple[int, str, str], ...] = ()
    """(bytes, SHA-256, name) of streams that were cut."""


def standing_of(printed: bytes, *, zstd: bool) -> Standing:
    """Read what a host said. `zstd`: whether this machine has it too."""
    found = Standing()
    for line in printed.decode("utf-8", "replace").splitlines():
        match line.split():
            case ["zstd"] if zstd:
                found = replace(found, codec="zstd")
            case ["sealed", name] if RELEASE.fullmatch(name):
                found = replace(found, sealed=name)
            case ["release", name] if RELEASE.fullmatch(name):
                found = replace(found, releases=(*found.releases, name))
            case ["part", size, digest, name] if size.isdigit():
                found = replace(found, parts=(*found.parts, (int(size), digest, name)))
    return found


class _Said:
    """What a host says while a release is shipped: what it has, and after that what is odd there."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._is_whole = asyncio.Event()

    def hear(self, data: bytes) -> None:
        """Keep some of what the host says, as far as SAID_MOST, and see whether it has said all that it has."""
        self._came += data[: SAID_MOST - len(self._came)]
        if self._came.startswith(_END) or b"\n" + _END in self._came:
            self._is_whole.set()

    async def standing(self) -> bytes:
        """Wait until the host has said what it has."""
        await self._is_whole.wait()
        return bytes(self._came)

    @property
    def rest(self) -> bytes:
        """What it said after that."""
        return bytes(self._came.partition(_END)[2])


class HostShipper:
    """Ships over any transport. Sent again, it finds what is there whole and does nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._zstd = shutil.which("zstd") is not None
        self._rate: RateLimit | None = None
        self._lines: dict[str, JumpLine] = {}
        """By jump host."""
        self._packed: dict[Package, asyncio.Future[ShippedRelease]] = {}

    async def ship(
        self, host: Host, path: str, epoch: str, release: str, package: Package, *, deadline: float, sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
        limit_rate: int = 0, jump_rate: int = 0, hear: Callable[[int, int], None] = unheard,
    ) -> StepResult:  # fmt: skip
        """Bring the release to the host whole, or not at all. `deadline` is seconds for everything.

        `limit_rate` is bytes a second for all hosts together, `jump_rate` for all behind one jump host; 0: as fast as it goes.
        """
        limit, until = self._limit(limit_rate), time.monotonic() + deadline
        try:
            packed = await self._packed_of(package)
        except (OSError, ConsoleError) as fault:
            return StepResult("failed", detail=SafeText(f"what was packed cannot be read on the console's machine: {fault}"))
        lines = partial(self._line, host, jump_rate)
        parcel = _Parcel(self._transport, host, path, epoch, release, packed, sharing, until, limit, lines, hear, zstd=self._zstd)
        return await parcel.ship()

    def _limit(self, rate: int) -> RateLimit | None:
        if rate and (self._rate is None or self._rate.rate != rate):
            self._rate = RateLimit(rate)
        return self._rate if rate else None

    def _line(self, host: Host, rate: int) -> JumpLine | None:
        """The line of the jump host that a host is reached through; None: there is none."""
        name = self._transport.jump_of(host)
        if name and (name not in self._lines or self._lines[name].rate != rate):
            self._lines[name] = JumpLine(rate)
        return self._lines.get(name)

    async def _packed_of(self, package: Package) -> ShippedRelease:
        """What is known of the package; whoever comes first reads it for all, and again where it could not be read. Raises OSError, UsageFault."""
        found = self._packed.get(package)
        if found is None or (found.done() and found.exception()):
            found = self._packed[package] = asyncio.ensure_future(asyncio.to_thread(shipped_release, package))
            while len(self._packed) > HELD_AT_ONCE:
                oldest = self._packed.pop(next(iter(self._packed)))
                if oldest.done() and not oldest.exception():
                    oldest.result().streams.close()
        return await asyncio.shield(found)


@dataclass
class _Parcel:
    """One release on its way to one host."""

    transport: Transport
    host: Host
    path: str
    epoch: str
    release: str
    packed: ShippedRelease
    sharing: Sharing
    until: float
    limit: RateLimit | None
    line: Callable[[], JumpLine | None]
    """The line of the jump host that the connection goes through."""
    hear: Callable[[int, int], None]
    zstd: bool
    way: Way = field(default_factory=Way)
    refused: set[tuple[str, str]] = field(default_factory=set)
    """Older releases that it could not be made of, and how that was tried."""
    damaged: frozenset[str] = frozenset()
    """What of the sealed one is not as it was."""
    stream: PackedStream | None = None
    resumes: bool = True
    is_resumed: bool = False

    async def ship(self) -> StepResult:
        lost = 0.0
        while True:
            ran = await self._sent()
            if isinstance(ran, StepResult):
                return ran
            if await self._goes_on(ran):
                continue
            now = time.monotonic()
            lost = lost or now
            if _is_lost(ran) and (line := self.line()):
                line.was_cut()
            if not _is_lost(ran) or now - lost > PATIENCE or self.until - now < PAUSE:
                return _judged(ran, self.host)
            await asyncio.sleep(PAUSE)

    @property
    def _left(self) -> float:
        return max(0.1, self.until - time.monotonic())

    async def _sent(self) -> Ran | StepResult:
        """Hear what the host has, and send what is missing."""
        said = _Said()
        script = receive_release.ship(self.path, self.epoch, self.release, self.packed.package.manifest)
        async with AsyncExitStack() as held:  # not by the text that is sent: it is not always read to its end
            ran = await self.transport.run(self.host, script, self._told(said, held), deadline=self._left, sink=said.hear)
        if self.stream and self.stream.problem:
            return StepResult("failed", detail=SafeText(self.stream.problem))
        return replace(ran, out=said.rest)

    async def _told(self, said: "_Said", held: AsyncExitStack) -> AsyncIterator[bytes]:
        """What the host is told once it has said what it has, and then what it lacks, when it is its turn; that is `held` until all is sent."""
        standing = standing_of(await said.standing(), zstd=self.zstd)
        self.way = await self._way(standing)
        contents = await self.packed.contents(self.way, self.sharing, self._fetched)
        stream = self.stream = self.packed.streams.stream(contents, standing.codec)
        part, start = await self._part(standing, stream)
        self.is_resumed = start > 0
        of = await self.packed.entries_of(self.way.base, self._fetched) if self.way.base else 0
        yield how_to_ship(standing.codec, self.packed.entries, self._room(stream), base=self.way.base, of=of, way=self.way.how, part=part)
        async for piece in self._pieces(stream, start, held):
            start += len(piece)
            yield piece
            self.hear(start, stream.expected())
        await held.aclose()

    async def _pieces(self, stream: PackedStream, start: int, held: AsyncExitStack) -> AsyncIterator[bytes]:
        """Yield the stream in pieces, each when it may be sent: the jump host's line first, since that one's place in the line of all is used at once."""
        line = self.line()
        turn = await held.enter_async_context(line.turn()) if line else None
        async for chunk in stream.pieces(start):
            async for part in line.pieces(turn, chunk) if line else _cut(chunk):
                async for piece in self.limit.pieces(part) if self.limit else _cut(part):
                    yield piece

    async def _goes_on(self, ran: Ran) -> bool:
        """Learn from a refusal; whether it is worth another try."""
        if ran.status == TRUNCATED and self.is_resumed:
            self.resumes = False
            return True
        if ran.status != OTHER_BASE:
            return False
        odd = (os.fsdecode(name) for name in ran.out.split(b"\0"))
        damaged = await self.packed.damaged(self.way.base, odd, self._fetched)
        if damaged and self.way.is_by_seal and not self.way.damaged and len(damaged) <= self.packed.package.files // 2:
            self.damaged = damaged
        else:
            self.refused.add((self.way.base, self.way.how))
        return True

    async def _part(self, standing: Standing, stream: PackedStream) -> tuple[str, int]:
        """What came of that stream before: its file's name there, and its bytes."""
        for size, digest, name in sorted(standing.parts, reverse=True):
            if self.resumes and await stream.begins_with(size, digest):
                return name, size
        return "", 0

    def _room(self, stream: PackedStream) -> int:
        """KiB that are needed: for what is sent, packed and unpacked, and for what is copied."""
        whole_size = self.packed.package.unpacked
        sent = stream.unpacked if self.way.base else whole_size
        copied = 0 if self.way.how in ("", "links") else max(0, whole_size - sent)
        return (sent + sent // 2 + copied) // 1024 + 1

    async def _way(self, standing: Standing) -> Way:
        how = "links" if self.sharing.links else "copies"
        sealed = standing.sealed if standing.sealed in standing.releases and (standing.sealed, how) not in self.refused else ""
        others = [name for name in standing.releases if name not in (sealed, self.release) and (name, "files") not in self.refused]
        return await self.packed.way(sealed, others, self.damaged, self.sharing, self._fetched)

    async def _fetched(self, release: str) -> bytes | None:
        """The manifest of an older release as it lies on this host."""
        came = bytearray()
        script = f"cd -- {quote(self.path)} && gzip -c < releases/{release}/.deploy-manifest"
        ran = await self.transport.run(self.host, script, deadline=self._left, sink=lambda data: came.extend(data[: MANIFEST_MOST - len(came)]))
        try:
            return await asyncio.to_thread(gzip.decompress, bytes(came)) if ran.ok else None
        except (OSError, EOFError, zlib.error):
            return None


async def _cut(chunk: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(chunk), PIECE):
        yield chunk[start : start + PIECE]


def _is_lost(ran: Ran) -> bool:
    return ran.status is None and ran.problem is not None and ran.problem.kind == "unreachable"


def _judged(ran: Ran, host: Host) -> StepResult:
    if ran.ok:
        return StepResult("done")
    if ran.status is None:
        problem = ran.problem.message if ran.problem else SafeText("the link was lost")
        return StepResult("unreachable", detail=problem, hint=ran.problem.hint if ran.problem else SafeText(""))
    words = safe_end(ran.err, 400)
    if ran.status == NO_ROOM:
        room = safe_end(ran.err.strip().rpartition(b"\n")[2], 200)
        return StepResult("failed", ran.status, SafeText(f"no room on {host.name}: {room}; free some room there first"), SafeText(f"deploy retry {host.name}"))
    if ran.status == HELD:
        detail = SafeText(f"nothing was removed on {host.name}, move it to shared/: {words}")
        return StepResult("failed", ran.status, detail, SafeText(f"deploy retry {host.name}"))
    return StepResult("failed", ran.status, SafeText(REASONS.get(ran.status, f"could not be unpacked: {words}")))
