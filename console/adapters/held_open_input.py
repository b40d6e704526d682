"""Input of a command that lasts as long as somebody hears it: it ends with them or with the link, and the host ends then what nobody hears."""

import asyncio
from collections.abc import AsyncIterator


class HeldOpenInput(AsyncIterator[bytes]):
    """Some bytes, and then no end."""

    def __init__(self, begins: bytes = b"") -> None:
        self._begins = begins

    async def __anext__(self) -> bytes:
        """Return what it begins with, once; then wait for good."""
        begins, self._begins = self._begins, b""
        if not begins:
            await asyncio.Event().wait()
        return begins

    @property
    def begins(self) -> bytes:
        """What is left of what it begins with."""
        return self._begins
