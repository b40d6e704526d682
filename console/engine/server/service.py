"""What an engine's socket server asks of its engine. `engine.Engine` is the real one; tests have a scripted one.

Knows the model and the feed's items; nothing of sockets, hosts or the journal.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from console.errors import ConsoleError
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Access, Environment
from console.model.onlooker import Onlooker
from console.model.request import Person, Request
from console.ports.feed import Heard


class EngineService(Protocol):
    """What an engine does. Every method raises ConsoleError for what a person can be told; any other exception is a bug and is logged.

    Roles are judged before a method is called; `person` is who asks. Calls may overlap.
    """

    @property
    def open_run_id(self) -> str:
        """The run that goes on or waits; empty: none. While there is one, the engine lives."""

    @property
    def newer_run_id(self) -> str:
        """The release that was opened beside it, in its monitoring window; empty: none."""

    @property
    def seq(self) -> int:
        """The last event of that run."""

    @property
    def digest(self) -> str:
        """Of the model it was configured with; empty: none yet."""

    @property
    def busy(self) -> bool:
        """Whether another model is refused now."""

    @property
    def owing(self) -> bool:
        """Whether a host is owed something, so that an engine that carried a run lives on."""

    @property
    def left(self) -> bool | None:
        """Whether runs have left a host that is owed, or a lock; None: that is not known now."""

    @property
    def access(self) -> Access | None:
        """Who may connect, by the model it was configured with."""

    async def configure(self, environment: Environment, digest: str, secrets: Mapping[str, str], person: Person) -> tuple[str, ...]:
        """Take a model and the secrets of the next run, and return the names of those that are here now; Locked while busy with another."""

    async def open_run(self, request: Request, person: Person) -> str:
        """Begin a run and return its id."""

    def follow(self, run: str, after: int) -> AsyncIterator[Heard]:
        """Everything of a run after that event, at the pace of its reader (`broadcast.Broadcast` does that), until it has ended."""

    def looking_on(self, run: str, person: Person, *, operator: bool) -> AbstractContextManager[None]:
        """Count that person among those who look on at a run, for as long as this lasts."""

    @property
    def elsewhere(self) -> tuple[Onlooker, ...]:
        """Who looks on, on other machines, at what this engine carries or follows."""

    @property
    def record_is_away(self) -> bool:
        """Whether the record does not answer, so that nothing new is known of runs on other machines."""

    async def joined(self, run: str, person: Person) -> None:
        """Hear that an operator follows a run."""

    async def submit(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Take a command for a run."""

    async def refused(self, person: Person, act: str, fault: ConsoleError) -> None:
        """Hear that somebody tried what they have no right to. Never raises."""

    async def query(self, name: str, argument: Mapping[str, Any], person: Person) -> object:
        """Answer a question with a value that has a JSON form (structs, dataclasses, dictionaries, …)."""

    async def resume(self, run: str, person: Person, *, goes_back: bool = False) -> None:
        """Take up an interrupted run. `goes_back`: it is rolled back next."""

    async def stop(self, person: Person, force: bool) -> None:
        """Let go of everything; the engine ends when this returns. Locked while something is open and `force` is not said."""
