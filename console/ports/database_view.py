"""What is to be known of a database. Knows no database by name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from console.model.database_facts import DumpLook, Migration, MigrationText, TableFacts
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.ports.steps import StepResult
from console.safe_text import SafeText


class DatabaseView(Protocol):
    """What is to be known of a database, and where its commands stand on its host. What could not be read is a SafeText that says why."""

    async def review(self, texts: tuple[MigrationText, ...], *, deadline: float) -> tuple[tuple[Migration, ...], tuple[SafeText, ...]]:
        """Read migrations for what they lock, and have a linter read them; the migrations, and what could not be done."""

    async def dump(self, host: Host, name: str, *, deadline: float) -> DumpLook:
        """What a dump of the console's own would meet on that host; `name`: of its folder there, as for `enter`."""

    async def is_kept(self, host: Host, name: str, path: str, *, deadline: float) -> bool | SafeText:
        """Whether a dump of the console's own is still there on that host; `name`: of its folder there, as for `enter`."""

    def variables(self) -> Mapping[str, str] | SafeText:
        """The database's URL as PostgreSQL's programs read it from their environment, password and all: for a standard input, and nothing else."""

    async def tables(self, host: Host, names: tuple[str, ...], *, deadline: float) -> tuple[TableFacts, ...] | SafeText:
        """How large those tables are, and who works on them now."""

    async def schema(self, host: Host, *, deadline: float) -> str | SafeText:
        """A digest of the schema (a plain text); the same twice: nothing in it changed meanwhile."""

    def waits(self, host: Host, application: str, *, deadline: float) -> AsyncIterator[tuple[SafeText, ...]]:
        """Who waits for whom, again and again; it ends by itself where it cannot be read, and its last word says why. `deadline`: for each look."""

    async def end(self, host: Host, application: str, *, deadline: float) -> SafeText:
        """End the sessions of that application; empty: done."""

    async def enter(self, host: Host, name: str, holder: LockHolder, is_over: Callable[[str], Awaitable[bool]]) -> str | StepResult:
        """Hold a folder of the console's own on that host, where no application is; its path. What is held for the same run is taken over.

        What a run holds that is over (`is_over`) is in nobody's way.
        """

    async def leave(self, host: Host, path: str, epoch: str) -> None:
        """Release the folder that was held on the host."""
