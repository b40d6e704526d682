"""The demo's customers: a steady light stream of requests to every host's application, and how it was answered.

It knows addresses and answers, nothing of deployments.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

DEADLINE = 3.0
"""Seconds that a customer waits."""


@dataclass(slots=True)
class AnswerCounts:
    """What customers got: answers by status (0: none at all)."""

    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        """The number of requests that were sent."""
        return self.statuses.total()

    @property
    def errors(self) -> int:
        """How many got no answer, or one that is a server's failure."""
        return sum(number for status, number in self.statuses.items() if status == 0 or status >= 500)


class Traffic:
    """Asks each address for `/`, `rate` times a second each."""

    def __init__(self, addresses: tuple[str, ...], port: int, rate: float = 2.0) -> None:
        self.counts: dict[str, AnswerCounts] = {address: AnswerCounts() for address in addresses}
        self._port = port
        self._pause = 1 / rate
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, the addresses evenly apart in time."""
        share = self._pause / max(1, len(self.counts))
        self._tasks = [asyncio.create_task(self._visit(address, index * share)) for index, address in enumerate(self.counts)]

    async def stop(self) -> None:
        """Send no more requests, and wait until those that are on their way have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def summary(self) -> dict[str, dict[str, int]]:
        """Requests and errors by address."""
        return {address: {"requests": each.requests, "errors": each.errors} for address, each in self.counts.items()}

    async def _visit(self, address: str, delay: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        while True:
            await asyncio.sleep(due - loop.time())
            self.counts[address].statuses[await ask(address, self._port)] += 1
            due = max(due + self._pause, loop.time())


async def ask(address: str, port: int, path: str = "/", deadline: float = DEADLINE) -> int:
    """Status of one request; 0 where nothing answered in time."""
    try:
        async with asyncio.timeout(deadline):
            return await _get(address, port, path)
    except (OSError, ValueError, IndexError):
        return 0


async def _get(address: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {address}:{port}\r\n\r\n".encode())
        answer = await reader.read()
        return int(answer.split(None, 2)[1])
    finally:
        writer.close()
