"""The record that several machines share, as an engine works with it: an event is on this machine's disk first, and the database follows.

While the database answers, nothing goes on before it has an event. Once it has been silent for OUTAGE seconds it is away: events are
written here alone, and are handed in, in their order, when it is back. Implements `ports.Journal`. Decides nothing of a run, nor what
becomes of what stands here alone (`core.journal_merge`).
"""

import asyncio
import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Never, TypeVar

from console.adapters.journal.chain import JournalAway, JournalFault
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.local_copy import LocalCopy, copy_path
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.record_store import OutOfOrder
from console.adapters.journal.sql_journal import SqlJournal
from console.core.journal_merge import judge_merge
from console.core.run.evolve import fold
from console.errors import ConsoleError
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
from console.model.values import changed
from console.ports.journal import LEASE, HandedIn, HearsOutage, Known, Outage, PastRun, SentCommand, SetApart
from console.text import SafeText

T = TypeVar("T")

OUTAGE = 8.0
"""Seconds that the database may be silent. With the time between two renewals it is less than LEASE: an engine knows that it is cut off before another
may take its run."""
HURRIED = 1.0
"""The same for a run that goes back."""
OPENING = 2.0
"""The same when an engine begins, with which a person may be waiting for a rollback."""
AGAIN = 0.3
"""Seconds between two tries."""
BACK = 1.0
"""Seconds after which a database that is away is asked again."""
assert LEASE / 3 + OUTAGE < LEASE - 1

log = logging.getLogger(__name__)


class SharedJournal:
    """The record of one engine, which carries runs of one environment (`place`)."""

    is_shared = True

    def __init__(self, store: PostgresStore, copy: LocalCopy, place: Place, carrier: Carrier, hears: HearsOutage) -> None:
        self._store, self._copy = store, copy
        self._shared, self._local = SqlJournal(store), SqlJournal(copy)
        self._place, self._carrier, self._hears = place, carrier, hears
        self.outage: Outage | None = None
        self._behind: set[str] = set()
        """Runs that the database lacks events of."""
        self._held: set[str] = set()
        """Those of them that another engine carries."""
        self._done: list[HandedIn] = []
        self._said: dict[Place, EnvironmentRecord] = {}
        """What the database said last of environments: another machine may have stated something since."""
        self._ends: dict[str, int] = {}
        """The last event of runs that stand here."""
        self._leased: set[str] = set()
        """Runs that this engine carries."""
        self._hurried: set[str] = set()
        self._limits: dict[str, asyncio.Timeout] = {}
        self._orders: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._returning: asyncio.Task[None] | None = None
        self._writing: set[asyncio.Task[None]] = set()

    @classmethod
    async def of(cls, state: str, address: str, place: Place, carrier: Carrier, hears: HearsOutage) -> "SharedJournal":
        """Open it. Raises JournalAway where the database does not answer and this machine has not carried a run yet; JournalFault, UsageFault."""
        store = PostgresStore(address, connects=False)
        try:
            copy = await asyncio.to_thread(_copy_of, state, store)
        except BaseException:
            store.close()
            raise
        made = cls(store, copy, place, carrier, hears)
        try:
            await made.start()
        except BaseException:
            await made.close()
            raise
        return made

    async def start(self) -> None:
        """Hand in what an engine before this one could not. A database that is away is waited for. Raises UsageFault where its tables are others."""
        try:
            await self._within(OPENING, self._catch_up)
        except JournalFault as fault:
            self._lose(fault)
        self._tell()

    async def _catch_up(self) -> None:
        """Hand in every run of the place that stands here alone, or in part. What came of it is told once the database is used again."""
        await self._shared.asked(self._store.verify)
        for run in await self._local.asked(lambda: self._copy.not_handed(self._place)):
            async with self._orders[run]:
                await self._hand_in(run)
        await self._learn_ends()
        await self._forget()
        await self._tell_stated()

    async def _learn_ends(self) -> None:
        """Have this machine have what others wrote to runs that are open here: one that was taken up has ended meanwhile.

        Nobody's lease is touched by that, and a run that cannot be read keeps nothing else waiting.
        """
        for run in await self._local.asked(lambda: self._copy.open_runs(self._place)):
            if run not in self._leased and run not in self._behind:
                async with self._orders[run]:
                    try:
                        await self._learn_rest(run)
                    except JournalAway:
                        raise
                    except JournalFault as fault:
                        log.warning("how run %s went on elsewhere is not known here: %s", run, fault.message)

    async def _learn_rest(self, run: str) -> None:
        """Append what the database has of a run beyond what stands here. Its order is held meanwhile."""
        here = await self._local.asked(lambda: self._copy.links(run))
        there = await self._shared.asked(lambda: self._store.links(run))
        merge = judge_merge(here, there, held=True)
        if merge.standing == "behind" and merge.common == len(here):
            await self._as_there(run, merge.common, len(here))
            self._ends[run] = len(there)
            await self._local.asked_to_write(lambda: self._copy.handed(run, len(there)))

    async def _forget(self) -> None:
        """Let go of what the database has, and nobody here will ask for."""
        for run in await self._local.asked_to_write(lambda: self._copy.forget(self._place)):
            self._ends.pop(run, None)

    async def _within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """Do it, and again while the database does not answer. Raises JournalAway after so many seconds."""
        last = self._silent()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await work()
                    except JournalAway as fault:
                        last = fault
                    await asyncio.sleep(AGAIN)
        except TimeoutError:
            raise last from None

    def _lose(self, fault: ConsoleError) -> None:
        """Go on without the database."""
        if self.outage is None:
            self.outage = Outage(SafeText(fault.message), SafeText(self._copy.path))
            log.warning("%s: what happens is written to %s", fault.message, self._copy.path)
            self._hears(self.outage)
        if self._returning is None:
            self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        """Wait for the database, and hand in what stands here alone."""
        while self.outage is not None:
            await asyncio.sleep(BACK)
            if await self._went_well(self._catch_up) and self._behind <= self._held:
                self.outage = None
                log.warning("the journal %s answers again", self._store.path)
                self._tell()
                if not await self._went_well(self._tell_stated):  # of what was stored just before
                    self._lose(self._silent())
        self._returning = None

    async def _went_well(self, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except ConsoleError as fault:
            log.info("%s", fault.message)
            return False
        except Exception:
            log.exception("handing in what is written in %s", self._copy.path)
            return False
        return True

    def _tell(self) -> None:
        """Say what was handed in, now that what is written goes to the database again."""
        done, self._done = self._done, []
        for one in done if self.outage is None else ():
            self._hears(one)

    async def _hand_in(self, run: str) -> None:
        """Have the database and this machine have the same of a run, as far as that is for this one to do. Its order is held meanwhile."""
        other = await self._shared.take_lease(run, self._carrier)
        here = await self._local.asked(lambda: self._copy.links(run))
        there = await self._shared.asked_to_write(lambda: self._store.links(run))  # behind what is being written
        merge = judge_merge(here, there, held=other is not None)
        apart = None
        if merge.standing == "ahead":
            events = await self._local.read(run)
            await self._shared.append(run, events[merge.common :], await asyncio.to_thread(fold, events))
        elif merge.standing in ("behind", "forked"):
            apart = await self._as_there(run, merge.common, len(here))
        if other is None and run not in self._leased:
            await self._shared.end_lease(run, self._carrier)
        if merge.standing == "held":
            self._held.add(run)
            return
        self._ends[run] = max(len(here), len(there)) if apart is None else len(there)
        self._behind.discard(run)
        self._held.discard(run)
        if merge.standing in ("ahead", "forked"):
            self._done.append(HandedIn(run, len(here) - merge.common if apart is None else 0, apart))
        await self._local.asked_to_write(lambda: self._copy.handed(run, self._ends[run]))

    async def _as_there(self, run: str, common: int, end: int) -> SetApart | None:
        """Have this machine have a run as the database has it; what differs here is kept apart."""
        events = await self._shared.read(run)
        state = await asyncio.to_thread(fold, events)
        if common == end:
            await self._local.append(run, events[common:], state)
            return None
        path = await self._local.asked(lambda: self._copy.keep_apart(run, common))
        await self._local.asked_to_write(lambda: self._copy.replace_run(run, events, state))
        return SetApart(common, end - common, SafeText(path))

    def watch(self, hears: HearsOutage) -> Callable[[], None]:
        """Tell nobody else: whoever opened it hears."""
        return lambda: None

    def hurry(self, run: str) -> None:
        """Wait for the database no longer than HURRIED for this run."""
        self._hurried.add(run)
        limit, soon = self._limits.get(run), asyncio.get_running_loop().time() + HURRIED
        if limit is not None and (limit.when() or 0.0) > soon:
            limit.reschedule(soon)

    async def append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write here, then in the database; where that is away, here alone. Raises JournalFault, OutOfOrder where another engine has the run."""
        if not events:
            return
        writing = asyncio.create_task(self._append(run, events, state))  # to its end, also where the caller goes away meanwhile
        self._writing.add(writing)
        writing.add_done_callback(self._wrote)
        await asyncio.shield(writing)

    def _wrote(self, writing: "asyncio.Task[None]") -> None:
        """Mark a fault as seen: the caller may have been cancelled while it waited."""
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()

    async def _append(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        async with self._orders[run]:
            if not await self._stands_here(run, events[0].seq - 1):
                await self._shared.append(run, events, state)  # of a run that another machine carried
                return
            await self._local.append(run, events, state)
            self._ends[run] = events[-1].seq
            if run not in self._behind:
                await self._follow(run, events, state)
        self._tell()

    async def _stands_here(self, run: str, end: int) -> bool:
        """Whether a run, up to that event, is on this machine."""
        if run not in self._ends:
            self._ends[run] = (await self._local.asked(lambda: self._copy.head(run)))[0]
        return self._ends[run] == end

    async def _follow(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Have the database have what is written here; where it does not answer for too long, go on without."""
        last: ConsoleError = self._silent()
        tries = 0
        is_hurried = self.outage is not None or run in self._hurried
        try:
            async with asyncio.timeout(HURRIED if is_hurried else OUTAGE) as self._limits[run]:
                while True:
                    try:
                        tries += 1
                        if tries == 1:
                            await self._shared.append(run, events, state)
                        else:
                            await self._hand_in(run)  # the first try may have been written, though nobody said so
                        return
                    except OutOfOrder:
                        raise
                    except ConsoleError as fault:
                        last = fault
                    await asyncio.sleep(AGAIN)
        except TimeoutError:
            self._behind.add(run)
            self._lose(last)
        finally:
            self._limits.pop(run, None)

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the lease of a run; what stands of it here alone is handed in first. Raises JournalAway while the database is away."""
        is_new = run not in self._leased
        other = await self._there(HURRIED if run in self._hurried else OUTAGE, lambda: self._shared.take_lease(run, carrier))
        if other is None and is_new:
            self._leased.add(run)
            async with self._orders[run]:
                await self._hand_in(run)
            self._tell()
        return other

    async def take_turn(self, app: str, environment: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the turn at what ended runs have left. Raises JournalAway while the database is away."""
        return await self._there(OUTAGE, lambda: self._shared.take_turn(app, environment, carrier))

    async def _there(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the database alone can say. Raises JournalAway where it is away, or has been silent for so long: it is away from then on."""
        if self.outage is not None:
            raise self._silent()
        try:
            return await self._within(seconds, work)
        except JournalAway as fault:
            self._lose(fault)
            raise

    def _silent(self) -> JournalAway:
        """Return the fault of a database that says nothing, or has said that it cannot be used."""
        reason = str(self.outage.reason) if self.outage else f"the journal {self._store.path} does not answer"
        return JournalAway(reason, f"see whether its server is up: pg_isready -d {self._store.path}")

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        """Let the lease of a run go."""
        self._leased.discard(run)
        self._hurried.discard(run)
        if self.outage is None:
            await self._shared.end_lease(run, carrier)
            if run not in self._behind and run in self._ends:
                await self._local.asked_to_write(lambda: self._copy.handed(run, self._ends[run]))
                await self._learn_ends()
                await self._forget()

    async def _known(self, there: Callable[[], Awaitable[T]], here: Callable[[], Awaitable[T]]) -> T:
        """Return what the database says; where it is away, what this machine knows. An engine that carries no run waits for it no longer then."""
        if self.outage is None:
            try:
                async with asyncio.timeout(OUTAGE):
                    return await there()
            except (JournalAway, TimeoutError) as fault:
                log.warning("read from %s: %s", self._copy.path, fault)
                if not self._leased:
                    self._lose(fault if isinstance(fault, JournalAway) else self._silent())
        return await here()

    async def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that number. Raises JournalAway where the database is away, and this machine knows nothing of the run."""
        return await self._known(lambda: self._shared.read(run, after), lambda: self._read_here(run, after))

    async def _read_here(self, run: str, after: int) -> tuple[AnyEvent, ...]:
        if not (await self._local.asked(lambda: self._copy.head(run)))[0]:
            raise self._silent()
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
        return await self._known(lambda: self._environment_there(app, environment), lambda: self._environment_here(app, environment))

    async def _environment_there(self, app: str, environment: str) -> EnvironmentRecord:
        self._said[app, environment] = said = await self._shared.environment(app, environment)
        return said

    async def _environment_here(self, app: str, environment: str) -> EnvironmentRecord:
        if not await self._local.asked(lambda: self._copy.knows((app, environment))):
            raise self._silent()
        return await self._local.environment(app, environment)

    async def known(self, app: str, environment: str) -> Known:
        """The same; while the database is away what this machine knows, or nothing, which is then not confirmed."""
        return await self._known(lambda: self._confirmed(app, environment), lambda: self._unconfirmed(app, environment))

    async def _confirmed(self, app: str, environment: str) -> Known:
        return Known(await self._environment_there(app, environment))

    async def _unconfirmed(self, app: str, environment: str) -> Known:
        has_it = await self._local.asked(lambda: self._copy.knows((app, environment)))
        return Known(await self._local.environment(app, environment) if has_it else EnvironmentRecord(app, environment), is_confirmed=False)

    async def environments(self, app: str) -> tuple[EnvironmentRecord, ...]:
        """What the record knows of each environment of an application, the newest first."""
        return await self._known(lambda: self._shared.environments(app), lambda: self._local.environments(app))

    async def past(self, app: str, environment: str, limit: int = 10, before: int = 0) -> tuple[PastRun, ...]:
        """Ended runs as far as a rollback asks, newest first."""
        return await self._known(lambda: self._shared.past(app, environment, limit, before), lambda: self._local.past(app, environment, limit, before))

    async def keep_note(self, app: str, environment: str, note: LockHolder | None) -> None:
        """Store the person's note that closes an environment."""
        await self._state((app, environment), "note", note)

    async def keep_maintenance(self, app: str, environment: str, maintenance: Maintenance | None) -> None:
        """Store who shows users a maintenance page; None: nobody does."""
        await self._state((app, environment), "maintenance", maintenance)

    async def _state(self, place: Place, part: str, value: LockHolder | Maintenance | None) -> None:
        """Store what no event sets: here first, as events are, and there at once, or when the database is back."""
        before = self._said.get(place) or (await self._unconfirmed(*place)).record
        await self._local.asked_to_write(lambda: self._copy.state_later(place, part, value, getattr(before, part)))
        await self._keep_here(place, part, value)
        if self.outage is None:
            try:
                await self._within(OUTAGE, partial(self._state_there, place, part, value))
            except JournalAway as fault:
                self._lose(fault)

    async def _keep_here(self, place: Place, part: str, value: LockHolder | Maintenance | None) -> None:
        if await self._local.asked(lambda: self._copy.knows(place)):
            await _keep(self._local, place, part, value)

    async def _state_there(self, place: Place, part: str, value: LockHolder | Maintenance | None) -> None:
        await _keep(self._shared, place, part, value)
        if place in self._said:
            self._said[place] = changed(self._said[place], **{part: value})
        await self._local.asked_to_write(partial(self._copy.told, place, part, value))

    async def _tell_stated(self) -> None:
        """Tell the database what was stored here, by this engine or one before it. What others have said there since stands, and is what holds here, too."""
        for part, value, before in await self._local.asked(lambda: self._copy.stated(self._place)):
            now = getattr(await self._shared.environment(*self._place), part)
            if now in (before, value):
                await self._state_there(self._place, part, value)
                continue
            log.warning("%s of %s was stated here while the journal was away, and is another there since, which stands: %s", part, self._place[1], value)
            await self._keep_here(self._place, part, now)
            await self._local.asked_to_write(partial(self._copy.told, self._place, part, value))

    async def carried(self) -> dict[str, Carrier]:
        """Who carries which run, by their leases. Raises JournalAway while the database is away: not known is not nobody."""
        return await self._known(self._shared.carried, self._unknown)

    async def _unknown(self) -> Never:
        raise self._silent()

    async def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Leave a command for the engine that carries a run; its number."""
        return await self._shared.send_command(run, command, person)

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Take the commands that wait for a run; none come while the database is away."""
        return () if self.outage is not None else await self._shared.take_commands(run)

    async def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Say what became of a command."""
        await self._shared.answer_command(run, number, answer)

    async def command_answer(self, number: int) -> Accepted | Refusal | None:
        """What became of a command; None: that is not known yet."""
        return await self._shared.command_answer(number)

    async def withdraw_command(self, number: int) -> bool:
        """Take a command back; False: it was taken already."""
        return await self._shared.withdraw_command(number)

    async def login(self) -> str:
        """The login by which this engine writes to the database."""
        return await self._shared.login()

    async def reached_elsewhere(self, app: str, environment: str, hosts: Mapping[str, SshSeen]) -> tuple[Bastion, ...]:
        """Say how hosts are reached from this machine, and return what other machines say, of which nothing is known while the database is away."""
        if self.outage is not None:
            return ()
        name = SafeText(f"{self._carrier.user} on {self._carrier.host}")
        here = Bastion(_mark(self._carrier, self._copy.path), name, hosts=dict(hosts))
        async with asyncio.timeout(OUTAGE):
            return await self._shared.asked_to_write(lambda: self._store.tell_reach((app, environment), here))

    async def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on here and show `items`; what other machines say, who say nothing while the database is away."""
        return SeenElsewhere(place=place) if self.outage is not None else await self._shared.look_on(run, engine, people, items, place)

    async def news(self, run: str, seconds: float) -> None:
        """Return when the run may have new events, or after so many seconds."""
        await self._shared.news(run, seconds)

    async def close(self) -> None:
        """Write what waits, and let go of both records."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
        await self._local.close()
        await self._shared.close()


async def _keep(journal: SqlJournal, place: Place, part: str, value: Any) -> None:  # noqa: ANN401 (as the part has it)
    """Store a part of an environment's record that no event sets."""
    await (journal.keep_note if part == "note" else journal.keep_maintenance)(*place, value)


def _mark(carrier: Carrier, path: str) -> str:
    """What tells this state folder from any other, and says nothing of where it is."""
    return hashlib.sha256("\0".join((carrier.host, carrier.user, os.path.realpath(path))).encode()).hexdigest()[:16]


def _copy_of(state: str, store: PostgresStore) -> LocalCopy:
    """Open what this machine has; where it has nothing yet, the database must answer."""
    if not os.path.exists(copy_path(state)):
        store.verify()
    return LocalCopy.of(state)
