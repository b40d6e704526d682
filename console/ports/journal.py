"""The record of runs."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from console.model.bastions import Bastion, SshSeen
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance import Maintenance
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.text import SafeText

LEASE = 15.0
"""Seconds that an engine's word holds that it carries a run."""


class PastRun(NamedTuple):
    """An ended run as a rollback needs it (`core.environment.record.trimmed`), and its position in the record."""

    number: int
    state: RunState


class Known(NamedTuple):
    """What is known of an environment."""

    record: EnvironmentRecord
    is_confirmed: bool = True
    """False: the record did not say so itself; it is what this machine's copy has, or nothing. Good to be shown, and no reason to write."""


class SentCommand(NamedTuple):
    """What a person said to a run on another machine than the one that carries it."""

    number: int
    command: AnyCommand
    person: Person
    login: str = ""
    """The login of the database by which it was sent, as the server knows it."""


class Outage(NamedTuple):
    """The database of a shared record does not answer."""

    reason: SafeText
    kept_in: SafeText
    """The file of this machine that has what is written meanwhile."""


class SetApart(NamedTuple):
    """What stood on this machine alone, of a run that another machine had taken up before it could be handed in: kept, and no part of the run's record."""

    after: int
    """The last event that both have."""
    events: int
    kept_in: SafeText


class HandedIn(NamedTuple):
    """What became of a run's events that stood on this machine alone, once the database answered again."""

    run: str
    events: int
    """How many the record has now that it lacked."""
    apart: SetApart | None = None


HearsOutage = Callable[[Outage | HandedIn], object]


class Journal(Protocol):
    """The record of runs: events by run, each with its number; the history; and what is known of each environment. Never holds the loop up.

    One writer a run. Every method raises ConsoleError where the record cannot be written, read or believed.
    """

    @property
    def is_shared(self) -> bool:
        """Whether engines of other machines write to the same record."""

    @property
    def outage(self) -> Outage | None:
        """Why what is appended is written down on this machine alone; None: it is not. Then what is read is what this machine knows."""

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Have it told, in the loop, when the database is away, and what was handed in once it is back; the end of that is returned."""

    def hurry(self, run: str) -> None:
        """Wait no longer for a database that may be away: the run goes back, and what it writes is safe on this machine."""

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write events, all or nothing, with what they change in their environment's record, and return only when that is on the disk.

        `state`: the run's state after these events. Appends that wait at the same time may be written together.
        """

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that sequence number, whose chain was verified."""

    async def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""

    async def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first, by their places in the record: those before `after`, and whose line holds each of the words (`!word`: does not), in any case."""

    async def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first. One: that is it."""

    async def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """The record of an environment, which covers everything that is written."""

    async def known(self, app: str, environment: str) -> Known:
        """The same for one who only looks: also what is known while the record is away."""

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs that may have put another release on a host, newest first: those before number `before` (0: all)."""

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment, as seen on its hosts; None: there is none."""

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows the environment's users a maintenance page, and until when; None: nobody does."""

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Say that this engine carries a run for the next LEASE seconds: None; else who carries it. Within one machine nobody needs to say so: None."""

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Say that this engine carries the run no more."""

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Say that this engine does, for the next LEASE seconds, what ended runs of an environment have left: None; else who does."""

    async def carried(self) -> dict[str, Carrier]:
        """Who has said within LEASE seconds that they carry which run. Nobody says so in a record of one machine.

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
        """Say how hosts of an environment are reached from this machine, and return what other machines say. In a record of one machine none does."""

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on at this engine, show `items` to others, and return what they say, from that place on. In a record of one machine nobody does."""

    async def news(self, run: str, seconds: float) -> None:
        """Return when the run may have new events that this process did not write, or after so many seconds."""

    async def close(self) -> None:
        """Write what waits, and let go of the record."""
