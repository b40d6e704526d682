"""A run as something to follow and to speak to."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AnyEvent
from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Output:
    """A line of what a step printed on a host; not an event, and not in the journal."""

    at: str
    host: str
    step: str
    text: SafeText


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of what a run's steps printed, oldest line first. `before`: the place from where to read further back; empty: there is no more."""

    lines: tuple[Output, ...]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a machine. Shares are 0..1; `at` is on the clock of the reader."""

    host: str
    at: float
    cpu: float | None = None
    memory: float | None = None
    load: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is connected to the engine."""

    names: tuple[str, ...] = ()
    round_trip: float | None = None
    me: str = ""
    """The login of the one who hears this, as the engine knows it."""
    logins: tuple[str, ...] = ()
    """Every login that is connected: one person may have several."""


FeedItem = AnyEvent | Output | Sample | Presence


class Feed(Protocol):
    """A run as something to follow and to speak to. A front end cannot tell the implementations apart."""

    def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Everything after that event, then what comes, until the run has ended."""

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Say something to the run."""
