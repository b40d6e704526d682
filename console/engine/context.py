"""What a question to an engine is about: its model, its ports, its record, and the run that goes on. Values handed to the answers; it does nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from console.engine.metrics.metrics_sampler import MetricKeeper
from console.errors import RecordAway
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.events import AnyEvent, Event
from console.model.fleet_snapshot import CiMark
from console.model.host_facts import Ceding
from console.model.request import Person
from console.model.secret import Secret
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Heard, Output, Sample
from console.ports.journal import Journal, Known
from console.ports.outside import Outside

ENGINE = Person("the engine")
"""Who does what no person asked for."""


class Keep(Protocol):
    """Keeps what a run's steps printed, and what its machines did. Never waits."""

    def __call__(self, run: str, item: Output | Sample, ago: float = 0.0) -> None:
        """Keep it. `ago`: how many seconds ago it came."""


class OpenRecord(Protocol):
    """The record of a run that an answer writes now: a command of exec, a switch of maintenance mode. What else is written there goes by it."""

    state: RunState

    async def write(self, *events: Event) -> tuple[AnyEvent, ...]:
        """Write events behind those that are on their way. Raises ConsoleError where that cannot be."""

    async def submit(self, environment: Environment, command: AnyCommand, by: Person) -> Accepted | Refusal:
        """Take a note, the one command that such a run takes; each other one is refused."""


async def _written(run: str, *events: Event) -> None:
    raise NotImplementedError


async def _nowhere(app: str, environment: str) -> str:
    return ""


async def _nobody(run: str) -> None:
    return None


@dataclass(frozen=True)
class QueryContext:
    """What a question, and a pre-flight, is about: the model with its ports, the record, and who goes on meanwhile. Made anew for each."""

    environment: Environment
    outside: Outside
    clock: Clock
    zone: tzinfo | None
    run: str
    """The run that is open; empty: none."""
    journal: Journal
    submit: Callable[[str, AnyCommand, Person], Awaitable[Accepted | Refusal]]
    """Says something to a run, also to one that has ended."""
    note: Callable[..., Awaitable[None]] = _written
    """(run, *events): writes events into the record of a run that has ended."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    digest: str = ""
    """Of the model."""
    feeds: dict[str, Callable[[], AsyncIterator[Heard]]] = field(default_factory=dict)
    """What begins when somebody follows it, and ends with them; by name. One who follows takes it out."""
    carried: Collection[str] = ()
    """Feeds that are followed now."""
    ci_kept: dict[tuple[str, str], tuple[float, CiMark]] = field(default_factory=dict)
    """What CI said, by the model's digest and the commit, and until when (boot-time clock) that is not asked again."""
    unpaid: str = ""
    """Why this engine brings no owed host up to date; empty: it does."""
    switching: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while maintenance mode is switched: of two who do so at once, the second sees what the first has done."""
    writing_idle: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the record of a run that nobody carries is read and written: two writers at once would take the same place in it."""
    open_records: dict[str, OpenRecord] = field(default_factory=dict)
    """By run, those that answers write now."""
    metrics: MetricKeeper | None = None
    """The environment's numbers; None: nobody measures."""
    elsewhere: Callable[[str, str], Awaitable[str]] = _nowhere
    """(application, environment): the open run that an engine of another machine carries; empty: there is none. Raises RecordAway where that is not known."""

    ceding: Callable[[], Ceding | None] = lambda: None
    """The run in its monitoring window that makes way for a release now; None: there is none."""
    carrier: Callable[[str], Awaitable[Carrier | None]] = _nobody
    """Which engine of another machine carries a run; None: none does. Raises RecordAway where that is not known."""
    here: Carrier = Carrier()
    """This engine, among those that share its record."""

    @contextmanager
    def writing(self, run: str, record: OpenRecord) -> Iterator[None]:
        """Have what others write into that run go by this record, as long as this lasts."""
        self.open_records[run] = record
        try:
            yield
        finally:
            del self.open_records[run]

    async def known(self) -> Known:
        """What is known of the environment, to be shown; nothing, where the record is away and this machine has carried no run there."""
        return await self.journal.known(self.environment.app, self.environment.name)

    async def open_run(self) -> str:
        """The run that goes on, here or on another machine; empty: none, or none that is known while the record is away, which is said beside it."""
        try:
            return self.run or await self.elsewhere(self.environment.app, self.environment.name)
        except RecordAway:
            return ""
