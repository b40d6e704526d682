"""A connection to PostgreSQL that does not wait for ever. The server's own limits end what takes too long there; this ends what it never hears of, or never
answers.

A machine that is gone is found by the network's keepalives; one that stands still, or a proxy whose other side is gone, acknowledges every packet and
says nothing. Imports the driver, so it is imported with the first connection.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from console.adapters.journal.postgres_address import STATEMENT

T = TypeVar("T")

SILENCE = STATEMENT + 2.0
"""Seconds after which an answer does not come any more: the server itself ends a statement before that."""
_Waiting = Generator[Any, Any, T]
"""How the driver waits: it yields what for, and is sent what is there; nothing, each time it has waited for a while in vain."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed when an answer has not come within SILENCE seconds: what was asked last may have happened."""

    def wait(self, gen: _Waiting[T], *interval: Any, **named: Any) -> T:  # noqa: ANN401 (as the driver has it)
        """Wait for an answer. Raises OperationalError where none comes."""
        return super().wait(self._in_time(gen), *interval, **named)

    def _in_time(self, answering: _Waiting[T]) -> _Waiting[T]:
        until = time.monotonic() + SILENCE
        try:
            wanted = next(answering)
            while True:
                there = yield wanted
                if not there and time.monotonic() > until:
                    self.close()
                    raise psycopg.OperationalError(f"no answer within {SILENCE:g} s")
                wanted = answering.send(there)
        except StopIteration as end:
            answer: T = end.value
            return answer
