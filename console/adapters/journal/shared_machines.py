"""What an engine says to the other machines that share its record, and hears of them, while the database comes and goes. Implements `ports.SharingMachines`.

Nothing is said while it is away, and what is not known is not "nobody". A lease is taken of a run whose copies are the same.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Never

from console.adapters.journal import database_outage
from console.adapters.journal.database_outage import DatabaseOutage
from console.adapters.journal.machines_by_rows import MachinesByRows
from console.adapters.journal.run_copies import RunCopies
from console.model.bastions import Bastion, SshSeen
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person
from console.ports.sharing_machines import SentCommand
from console.safe_text import SafeText

HURRIED = 1.0
"""Seconds that the database may be silent for a run that goes back."""


class SharedMachines:
    """The other machines, for one engine. `here`: this machine's copy of the record, by which they tell it from others; `tell`: says what was handed in."""

    def __init__(self, rows: MachinesByRows, copies: RunCopies, away: DatabaseOutage, carrier: Carrier, here: str, tell: Callable[[], None]) -> None:
        self._rows, self._copies, self._away, self._carrier, self._here, self._tell = rows, copies, away, carrier, here, tell
        self.hurried: set[str] = set()
        """Runs that go back."""

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the lease of a run; what stands of it here alone is handed in first. Raises JournalAway while the database is away."""
        is_new = run not in self._copies.leased
        patience = HURRIED if run in self.hurried else database_outage.OUTAGE
        other = await self._away.ask(patience, lambda: self._rows.take_lease(run, carrier))
        if other is None and is_new:
            self._copies.leased.add(run)
            async with self._copies.order(run):
                await self._copies.hand_in(run)
            self._tell()
        return other

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Let the lease of a run go."""
        self._copies.leased.discard(run)
        self.hurried.discard(run)
        if self._away.now is None:
            await self._rows.end_lease(run, carrier)
            await self._copies.let_go(run)

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the turn at what ended runs have left. Raises JournalAway while the database is away."""
        return await self._away.ask(database_outage.OUTAGE, lambda: self._rows.take_turn(app, environment, carrier))

    async def carried(self) -> dict[str, Carrier]:
        """Who carries which run, by their leases. Raises JournalAway while the database is away: not known is not nobody."""
        return await self._away.prefer(self._rows.carried, self._unknown, waits_again=bool(self._copies.leased))

    async def _unknown(self) -> Never:
        raise self._away.fault()

    async def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Leave a command for the engine that carries a run; its number."""
        return await self._rows.send_command(run, command, person)

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Take the commands that wait for a run; none come while the database is away."""
        return () if self._away.now is not None else await self._rows.take_commands(run)

    async def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Say what became of a command."""
        await self._rows.answer_command(run, number, answer)

    async def command_answer(self, number: int) -> Accepted | Refusal | None:
        """What became of a command; None: that is not known yet."""
        return await self._rows.command_answer(number)

    async def withdraw_command(self, number: int) -> bool:
        """Take a command back; False: it was taken already."""
        return await self._rows.withdraw_command(number)

    async def login(self) -> str:
        """The login by which this engine writes to the database."""
        return await self._rows.login()

    async def reached_elsewhere(self, app: str, environment: str, hosts: Mapping[str, SshSeen]) -> tuple[Bastion, ...]:
        """Say how hosts are reached from this machine, and return what other machines say, of which nothing is known while the database is away."""
        if self._away.now is not None:
            return ()
        name = SafeText(f"{self._carrier.user} on {self._carrier.host}")
        here = Bastion(_mark(self._carrier, self._here), name, hosts=dict(hosts))
        async with asyncio.timeout(database_outage.OUTAGE):
            return await self._rows.tell_reach((app, environment), here)

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on here and show `items`; what other machines say, who say nothing while the database is away."""
        return SeenElsewhere(place=place) if self._away.now is not None else await self._rows.look_on(run, engine, people, items, place)

    async def news(self, run: str, seconds: float, heard: int) -> int:
        """Return when something may have been said about the run since `heard`, or after so many seconds; what is `heard` then."""
        return await self._rows.news(run, seconds, heard)

    async def close(self) -> None:
        """Listen no more; what was said stays in the database's rows."""
        await self._rows.close()


def _mark(carrier: Carrier, path: str) -> str:
    """What tells this state folder from any other, and says nothing of where it is."""
    return hashlib.sha256("\0".join((carrier.host, carrier.user, os.path.realpath(path))).encode()).hexdigest()[:16]
