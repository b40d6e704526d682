"""A run as something to follow and to speak to."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from console.model.application_metrics import MACHINE
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AnyEvent
from console.safe_text import SafeText


@dataclass(frozen=True, slots=True)
class Output:
    """A line of what a step printed on a host; not an event, and not in the journal."""

    at: str
    host: str
    step: str
    text: SafeText


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of what a run's steps printed, oldest line first, between two places."""

    lines: tuple[Output, ...]
    before: str = ""
    """From where to read further back; empty: there is no more."""
    after: str = ""
    """From where to read on: what is printed later, too."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a machine, or at what its application or a balancer says of it. Shares are 0..1; `at` is on the clock of the reader."""

    host: str
    """Empty: of the environment as a whole."""
    at: float
    cpu: float | None = None
    memory: float | None = None
    load: float | None = None
    extra: Mapping[str, float | None] = field(default_factory=dict)
    """Other metrics that were looked at, by name; None: it could not be measured, or there was no request."""
    source: str = MACHINE
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of metrics that are counted: requests since the look before, and how many of them were bad."""
    problem: SafeText = SafeText("")
    """Why something could not be measured."""


@dataclass(frozen=True, slots=True)
class SamplePage:
    """A piece of the numbers that were kept of a run, in the order of time. `after`: the place from where to read on."""

    samples: tuple[Sample, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is connected to the engine."""

    names: tuple[str, ...] = ()
    round_trip: float | None = None
    me: str = ""
    """The login of the one who hears this, as the engine knows it."""
    logins: tuple[str, ...] = ()
    """Every login that is connected: one person may have several."""
    every: float = 0.0
    """Seconds after which it is said again, also when nothing changed; 0: only when it changes. Silence for much longer is an engine that does not answer."""
    record_away: bool = False
    """The engine's record does not answer, and the run that is followed goes on on another machine: nothing new is known of it."""


@dataclass(frozen=True, slots=True)
class Untold:
    """What was printed before that moment is not told to one who joins late: it is in the run's log files."""

    until: str


Heard = AnyEvent | Output | Sample | Presence
"""What an engine says."""

FeedItem = Heard | Untold


class Feed(Protocol):
    """A run as something to follow and to speak to. A front end cannot tell the implementations apart."""

    joined_at: int
    """The run's last event when it was joined, so that it is known from which event on what comes is news; 0: that is not known, or there was none."""

    def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Everything after that event, then what comes, until the run has ended."""

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Have the run's engine judge a command: accepted once it is in the record, or refused with a reason and what to type."""
