"""Hosts that send at once have one limit together."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from console.adapters.rate_limit import PIECE, RateLimit


async def collected(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


async def test_what_two_send_takes_as_long_as_the_rate_says(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 50.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("console.adapters.rate_limit.time.monotonic", lambda: now)
    monkeypatch.setattr("console.adapters.rate_limit.asyncio.sleep", sleep)
    limit = RateLimit(1000)
    one, two = await asyncio.gather(collected(limit.pieces(b"a" * 1500)), collected(limit.pieces(b"b" * 500)))
    assert (b"".join(one), b"".join(two), len(one)) == (b"a" * 1500, b"b" * 500, 15)
    assert 1.8 <= now - 50 <= 2.0
    assert [len(piece) for piece in await collected(RateLimit(10**9).pieces(b"c" * (PIECE + 1)))] == [PIECE, 1]
