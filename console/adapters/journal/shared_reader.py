"""What is read of the record that several machines share: what the database says; where that is away, what this machine knows."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from console.adapters.journal.database_outage import DatabaseOutage
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.local_copy import LocalCopy
from console.adapters.journal.run_copies import RunCopies
from console.adapters.journal.stated_while_away import StatedHere
from console.model.environment_record import EnvironmentRecord
from console.model.events import AnyEvent
from console.model.run_summary import RunSummary
from console.ports.journal import Known, Outage, PastRun

T = TypeVar("T")


class SharedReader:
    """The reads of one engine: in the database (`shared`), or in this machine's copy (`local`, `copy`)."""

    def __init__(self, shared: SqlJournal, local: SqlJournal, copy: LocalCopy, runs: RunCopies, stated: StatedHere, away: DatabaseOutage) -> None:
        self._shared, self._local, self._copy = shared, local, copy
        self._runs, self._stated, self._away = runs, stated, away

    @property
    def outage(self) -> Outage | None:
        """Why the database is away; None: it answers."""
        return self._away.now

    async def _known(self, there: Callable[[], Awaitable[T]], here: Callable[[], Awaitable[T]]) -> T:
        """Return what the database says; where it is away, what this machine knows. An engine that carries no run waits for it no longer then."""
        return await self._away.prefer(there, here, waits_again=bool(self._runs.leased))

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number. Raises JournalAway where the database is away, and this machine knows nothing of the run."""
        return await self._known(lambda: self._shared.read(run, after), lambda: self._read_here(run, after))

    async def _read_here(self, run: str, after: int) -> tuple[AnyEvent, ...]:
        if not (await self._local.asked(lambda: self._copy.head(run)))[0]:
            raise self._away.fault()
        return await self._local.read(run, after)

    async def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""
        return await self._known(lambda: self._shared.of_type(run, kind), lambda: self._local.of_type(run, kind))

    async def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """A page of the history, newest first."""
        return await self._known(
            lambda: self._shared.runs(app, environment, limit, after, words), lambda: self._local.runs(app, environment, limit, after, words)
        )

    async def find_run(self, text: str) -> list[RunSummary]:
        """Runs that a person may mean by that, newest first."""
        return await self._known(lambda: self._shared.find_run(text), lambda: self._local.find_run(text))

    async def environment(self, app: str, environment: str) -> EnvironmentRecord:
        """What the record knows of an environment."""
        return await self._known(lambda: self._stated.look_there((app, environment)), lambda: self._environment_here((app, environment)))

    async def _environment_here(self, place: Place) -> EnvironmentRecord:
        record = await self._stated.look_here(place)
        if record is None:
            raise self._away.fault()
        return record

    async def known(self, app: str, environment: str) -> Known:
        """The same; while the database is away what this machine knows, or nothing, which is then not confirmed."""
        return await self._known(lambda: self._confirmed((app, environment)), lambda: self._unconfirmed((app, environment)))

    async def _confirmed(self, place: Place) -> Known:
        return Known(await self._stated.look_there(place))

    async def _unconfirmed(self, place: Place) -> Known:
        return Known(await self._stated.look_here(place) or EnvironmentRecord(*place), is_confirmed=False)

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""
        return await self._known(lambda: self._shared.environments(app), lambda: self._local.environments(app))

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs as far as a rollback asks, newest first."""
        return await self._known(lambda: self._shared.past(app, environment, limit, before), lambda: self._local.past(app, environment, limit, before))
