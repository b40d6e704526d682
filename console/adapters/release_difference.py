"""Of which older release a new one is made on a host, and what has to be sent for it. Worked out once for all hosts that have the same.

Knows manifests and streams; it contacts no host: what a host has is given, and the text of a manifest that this machine has not got is fetched by the caller.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from console.adapters.compressed_stream import Contents, ReleaseStreams
from console.core.host.integrity import expected
from console.core.host.release_manifest import Difference, Manifest, difference, manifest_of, whole
from console.errors import UsageFault
from console.model.release_facts import Package
from console.ports.steps import Sharing

OLDER = 3
"""Releases that a host may have, besides the sealed one, of which the new one could be made: the newest of them."""
WORTH = 1024 * 1024
"""Bytes by which a release that has to be digested must be the better one to begin with."""

How = Literal["", "links", "copies", "files"]
"""How the rest of a release comes from an older one: as links or copies of what its seal holds for, or as files that are digested. Empty: all is sent."""
Fetch = Callable[[str], Awaitable[bytes | None]]
"""Brings the manifest of an older release from a host."""


@dataclass(frozen=True)
class Way:
    """How a release comes to a host: of which older one, how, and what of that is not as it was."""

    base: str = ""
    how: How = ""
    damaged: frozenset[str] = frozenset()

    @property
    def is_by_seal(self) -> bool:
        """Whether it trusts what the host's seal says."""
        return self.how in ("links", "copies")


@dataclass
class ShippedRelease:
    """A release that is being shipped: its manifest, its streams, and what each way takes."""

    package: Package
    manifest: Manifest
    streams: ReleaseStreams
    _older: dict[str, "asyncio.Future[tuple[Manifest, bytes] | None]"] = field(default_factory=dict)
    _contents: dict[tuple[Way, Sharing], "asyncio.Future[Contents]"] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """Files and links that a host has then, the manifest among them."""
        return len(self.manifest.files) + len(self.manifest.links) + 1

    async def way(self, sealed: str, others: Iterable[str], damaged: frozenset[str], sharing: Sharing, fetch: Fetch) -> Way:
        """Choose the way that sends least; what has to be digested first must be worth it. `others` are releases, oldest first."""
        ways = [Way(sealed, "links" if sharing.links else "copies", damaged)] if sealed else []
        ways += [Way(name, "files") for name in [*others][-OLDER:][::-1]]
        best, least = Way(), self.package.unpacked
        for way in ways:
            if best.base and least <= WORTH:
                break
            size = await self._size(way, sharing, fetch)
            if size is not None and (size < least if not best.base else size < least // 2 and least - size > WORTH):
                best, least = way, size
        return best

    async def _size(self, way: Way, sharing: Sharing, fetch: Fetch) -> int | None:
        """Bytes that the way sends; None: it is none."""
        if await self.older(way.base, fetch) is None:
            return None
        return (await self.contents(way, sharing, fetch)).size

    async def contents(self, way: Way, sharing: Sharing, fetch: Fetch) -> Contents:
        """Return what is sent on that way; whoever comes first works it out for all."""
        found = self._contents.get((way, sharing))
        if found is None:
            found = self._contents[way, sharing] = asyncio.ensure_future(self._worked_out(way, sharing, fetch))
        return await asyncio.shield(found)

    async def _worked_out(self, way: Way, sharing: Sharing, fetch: Fetch) -> Contents:
        sent = await self._difference(way, sharing, fetch)
        found = Contents(self.package.path, self.manifest, sent, bool(way.base), self.package.mtime)
        await asyncio.to_thread(lambda: found.size)
        return found

    async def _difference(self, way: Way, sharing: Sharing, fetch: Fetch) -> Difference:
        older = await self.older(way.base, fetch) if way.base else None
        if older is None:
            return whole(self.manifest)
        return await asyncio.to_thread(difference, *older, self.manifest, expected((), sharing.apart), way.damaged, links=way.is_by_seal)

    async def damaged(self, base: str, odd: Iterable[str], fetch: Fetch) -> frozenset[str]:
        """Return which of those names the older release had."""
        older = await self.older(base, fetch)
        return frozenset(odd) & {*older[0].files, *older[0].links} if older else frozenset()

    async def entries_of(self, base: str, fetch: Fetch) -> int:
        """Files and links that the older release was shipped with, but for its manifest; zero: that is not known."""
        older = await self.older(base, fetch)
        return len(older[0].files) + len(older[0].links) if older else 0

    async def older(self, release: str, fetch: Fetch) -> tuple[Manifest, bytes] | None:
        """The manifest of an older release: the one that this machine has shipped, or what a host has, which is asked once for all."""
        known = self._older.get(release)
        if known is None:
            known = self._older[release] = asyncio.ensure_future(self._read(release, fetch))
        found = await asyncio.shield(known)
        if found is None:
            self._older.pop(release, None)
        return found

    async def _read(self, release: str, fetch: Fetch) -> tuple[Manifest, bytes] | None:
        kept = Path(os.path.dirname(self.package.listed), release)
        text = await asyncio.to_thread(lambda: kept.read_bytes() if kept.is_file() else None)
        text = text if text is not None else await fetch(release)
        try:
            return (await asyncio.to_thread(manifest_of, text), text) if text is not None else None
        except UsageFault:
            return None


def shipped_release(package: Package) -> ShippedRelease:
    """Read what was packed. Raises OSError, UsageFault."""
    return ShippedRelease(package, manifest_of(Path(package.listed).read_bytes()), ReleaseStreams(package.listed))
