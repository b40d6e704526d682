"""A release as it is sent where a host has nothing of it: one tar, for tests that unpack it themselves."""

import asyncio
from pathlib import Path

from console.adapters.compressed_stream import Codec, Contents, ReleaseStreams
from console.core.host.release_manifest import manifest_of, whole
from console.model.release_facts import Package


async def whole_stream(package: Package, codec: Codec = "gzip") -> bytes:
    """Return its bytes."""
    manifest = manifest_of(Path(package.listed).read_bytes())
    streams = ReleaseStreams(package.listed)
    stream = streams.stream(Contents(package.path, manifest, whole(manifest), base=False, mtime=package.mtime), codec)
    try:
        async with asyncio.timeout(60):
            return b"".join([piece async for piece in stream.pieces()])
    finally:
        streams.close()
