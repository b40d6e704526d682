"""Machines that share a record of runs: who carries which run, and what they say to each other by way of it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from console.model.bastions import Bastion, SshSeen
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person

LEASE = 15.0
"""Seconds that an engine's word holds that it carries a run."""


class SentCommand(NamedTuple):
    """What a person said to a run on another machine than the one that carries it."""

    number: int
    command: AnyCommand
    person: Person
    login: str = ""
    """The login of the database by which it was sent, as the server knows it."""


class SharingMachines(Protocol):
    """The machines that share one record. Where one machine alone has it, each is granted what it asks, and nobody says anything.

    Every method raises ConsoleError where the record cannot be reached.
    """

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Say that this engine carries a run for the next LEASE seconds: None; else who carries it."""

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Say that this engine carries the run no more."""

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Say that this engine does, for the next LEASE seconds, what ended runs of an environment have left: None; else who does."""

    async def carried(self) -> dict[str, Carrier]:
        """Who has said within LEASE seconds that they carry which run.

        Raises RecordAway while the database is away: not known is not nobody.
        """

    async def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Leave a command for the engine that carries a run; its number."""

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Take the commands that wait for a run that this engine carries, in their order. Each is given once."""

    async def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Say what became of a command that was taken."""

    async def command_answer(self, number: int) -> Accepted | Refusal | None:
        """What became of a command that was sent; None: that is not known yet."""

    async def withdraw_command(self, number: int) -> bool:
        """Take a command back; False: it was taken already."""

    async def login(self) -> str:
        """The login by which this engine writes to a database that machines share; empty: this machine alone has the record."""

    async def reached_elsewhere(self, app: str, environment: str, hosts: Mapping[str, SshSeen]) -> tuple[Bastion, ...]:
        """Say how hosts of an environment are reached from this machine, and return what other machines say."""

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on at this engine, show `items` to others, and return what they say, from that place on."""

    async def news(self, run: str, seconds: float, heard: int) -> int:
        """Return when something may have been said about the run since `heard` (0: ever), or after so many seconds. What is returned is `heard` the next time.

        So each who waits for a run hears of everything, whoever else here was woken by it.
        """

    async def close(self) -> None:
        """Hear of the other machines no more; nothing is asked afterwards."""
