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
    number: int = 0
    """Its place in the record, over all runs. Runs are ordered by it: a clock may be set back between two of them."""

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
        """Newest first, by their places in the record: those before `after`, and whose line holds each of the words (`!word`: does not), in any case."""

    def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by an id, a part of its beginning, or `last`; newest first. One: that is it."""
