"""The record of runs."""

from dataclasses import dataclass
from typing import Protocol

from console.model.events import AnyEvent


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line of the history."""

    run: str
    app: str
    environment: str
    kind: str
    version: str
    commit: str
    strategy: str
    by: str
    started: str
    ended: str | None
    outcome: str | None
    exit: int | None = None

    @property
    def changed_the_fleet(self) -> bool:
        """Whether it may have put other releases live: it ended after a change, or goes on."""
        return self.kind in ("deploy", "rollback") and self.outcome in ("succeeded", "rolled-back", "failed", None)


class Journal(Protocol):
    """The record of runs. One writer a run; readers by page."""

    def append(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        """Write, all or nothing, and return only when it is on the disk."""

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that sequence number, whose chain was verified."""

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""

    def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first: those older than `after`, and whose line holds each of the words (`!word`: does not), in any case."""
