"""The record of runs."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.sharing_machines import SharingMachines
from console.safe_text import SafeText


class PastRun(NamedTuple):
    """An ended run as a rollback needs it (`core.environment.record.trimmed`), and its position in the record."""

    number: int
    state: RunState


class Known(NamedTuple):
    """What is known of an environment."""

    record: EnvironmentRecord
    is_confirmed: bool = True
    """False: the record did not say so itself; it is what this machine's copy has, or nothing. Good to be shown, and no reason to write."""


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

    @property
    def machines(self) -> SharingMachines:
        """What is done with the other machines that share the record."""

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

    async def close(self) -> None:
        """Write what waits, and let go of the record."""
