"""A record that one machine alone has. Implements `ports.SharingMachines`: there are no others."""

import asyncio
from collections.abc import Mapping

from console.model.bastions import Bastion, SshSeen
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person
from console.ports.sharing_machines import SentCommand


class OneMachine:
    """No other machine. Its engines are kept apart by their own locks."""

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Return None: nobody else can carry it."""
        return None

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Do nothing: nobody asks for it."""

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Return None: nobody else can have the turn."""
        return None

    async def carried(self) -> dict[str, Carrier]:
        """Return no carrier: by their leases no run is anybody's."""
        return {}

    async def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Raise: there is no other machine that could take it."""
        raise NotImplementedError

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Return none: no other machine can have sent one."""
        return ()

    async def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Raise: no command can have come from another machine."""
        raise NotImplementedError

    async def command_answer(self, number: int) -> Accepted | Refusal | None:
        """Raise: no command can have gone to another machine."""
        raise NotImplementedError

    async def withdraw_command(self, number: int) -> bool:
        """Raise: no command can have gone to another machine."""
        raise NotImplementedError

    async def login(self) -> str:
        """Return no login: the record is a file."""
        return ""

    async def reached_elsewhere(self, app: str, environment: str, hosts: Mapping[str, SshSeen]) -> tuple[Bastion, ...]:
        """Return no bastion: there is no other."""
        return ()

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Return no onlooker: who looks on is at this engine."""
        return SeenElsewhere()

    async def news(self, run: str, seconds: float, heard: int) -> int:
        """Wait so long: nothing is told."""
        await asyncio.sleep(seconds)
        return heard

    async def close(self) -> None:
        """Do nothing: nothing is heard."""
