"""What machines that share a record say to each other: rows of its database, and word that there are new ones. Implements `ports.SharingMachines`.

Knows which thread does what; the rows are the store's. A database that does not answer raises here: who waits for it is not known.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.adapters.journal.record_store import Asks
from console.model.bastions import Bastion, SshSeen
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person
from console.ports.sharing_machines import SentCommand

if TYPE_CHECKING:
    from console.adapters.journal.environment_rows import Place
    from console.adapters.journal.postgres_listener import Listener
    from console.adapters.journal.postgres_store import PostgresStore


class MachinesByRows:
    """The machines that share the record of that store."""

    def __init__(self, store: "PostgresStore", asks: Asks) -> None:
        self._store, self._asks = store, asks
        self._listener: Listener | None = None

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the lease of a run; None: this engine has it."""
        return await self._asks.asked_to_write(lambda: self._store.take_lease(run, carrier))

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Let the lease of a run go."""
        await self._asks.asked_to_write(lambda: self._store.end_lease(run, carrier))

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the turn at what ended runs have left; None: this engine has it."""
        return await self.take_lease(f"what is left in {environment} of {app}", carrier)

    async def carried(self) -> dict[str, Carrier]:
        """Who carries which run, by their leases."""
        return await self._asks.asked(self._store.carried)

    async def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Leave a command for the engine that carries a run; its number."""
        return await self._asks.asked_to_write(lambda: self._store.send_command(run, command, person))

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Take the commands that wait for a run."""
        return await self._asks.asked_to_write(lambda: self._store.take_commands(run))

    async def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Say what became of a command."""
        await self._asks.asked_to_write(lambda: self._store.answer_command(run, number, answer))

    async def command_answer(self, number: int) -> Accepted | Refusal | None:
        """What became of a command; None: that is not known yet."""
        return await self._asks.asked(lambda: self._store.command_answer(number))

    async def withdraw_command(self, number: int) -> bool:
        """Take a command back; False: it was taken already."""
        return await self._asks.asked_to_write(lambda: self._store.withdraw_command(number))

    async def login(self) -> str:
        """The login by which this engine writes to the database."""
        return await self._asks.asked(self._store.login)

    async def reached_elsewhere(self, app: str, environment: str, hosts: Mapping[str, SshSeen]) -> tuple[Bastion, ...]:
        """Return nobody: which machine this is, only `SharedMachines` knows."""
        return ()

    async def tell_reach(self, place: "Place", here: Bastion) -> tuple[Bastion, ...]:
        """Say how hosts of an environment are reached from this machine; what other machines say."""
        return await self._asks.asked_to_write(lambda: self._store.tell_reach(place, here))

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on here and show `items`; what other machines say."""
        return await self._asks.asked_to_write(lambda: self._store.look_on(run, engine, people, items, place))

    async def news(self, run: str, seconds: float, heard: int) -> int:
        """Return when something may have been said about the run since `heard`, or after so many seconds; what is `heard` then."""
        from console.adapters.journal.postgres_listener import Listener

        if self._listener is None:
            self._listener = Listener(self._store.address, self._store.writers)
        return await self._listener.news(run, seconds, heard)

    async def close(self) -> None:
        """Listen no more, and give the listening connection back."""
        if self._listener is not None:
            await self._listener.close()
