"""Brings two copies of a run to the same: that of the database and that of this machine, where an event stands first.

Owns which runs stand here, up to which event, which of them the database lacks events of, and the order in which one run's copies are worked on.
What is right where they differ is decided elsewhere (`core.journal_merge`); when the database is asked, too.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress

from console.adapters.journal.chain import JournalAway, JournalFault, RunDamaged
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.local_copy import LocalCopy
from console.adapters.journal.postgres_store import PostgresStore
from console.core.journal_merge import judge_merge
from console.core.run.evolve import fold
from console.model.carrier import Carrier
from console.model.events import AnyEvent
from console.model.state import RunState
from console.ports.journal import HandedIn, SetApart
from console.safe_text import SafeText

log = logging.getLogger(__name__)


class RunCopies:
    """The copies of the runs of one environment (`place`), for the engine that carries them."""

    def __init__(self, shared: SqlJournal, store: PostgresStore, local: SqlJournal, copy: LocalCopy, place: Place, carrier: Carrier) -> None:
        self._shared, self._store, self._local, self._copy = shared, store, local, copy
        self._place, self._carrier = place, carrier
        self.leased: set[str] = set()
        """Runs that this engine carries."""
        self.behind: set[str] = set()
        """Runs that the database lacks events of."""
        self._held: set[str] = set()
        """Those of them that another engine carries."""
        self._handed: list[HandedIn] = []
        self._ends: dict[str, int] = {}
        """The last event of runs that stand here."""
        self._orders: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def order(self, run: str) -> asyncio.Lock:
        """Return what is held while a run's copies are written."""
        return self._orders[run]

    @property
    def are_same(self) -> bool:
        """Whether the database has all that is for this engine to hand in."""
        return self.behind <= self._held

    def take_handed_in(self) -> list[HandedIn]:
        """Return what was handed in since that was asked last."""
        done, self._handed = self._handed, []
        return done

    async def catch_up(self) -> None:
        """Hand in every run of the place that stands here alone, or in part, and learn of those that others went on with.

        One whose events are damaged, here or there, keeps no other waiting.
        """
        for run in await self._lacking_there():
            async with self.order(run):
                try:
                    await self.hand_in(run)
                except RunDamaged as fault:
                    log.warning("what stands here alone of run %s is not handed in: %s", run, fault.message)
        await self.learn_ends()
        await self.forget()

    async def _lacking_there(self) -> list[str]:
        """Return the runs that the database lacks events of, and is the one that they belong to.

        It may have had more of a run than it has: a server took over that had not heard of the last events, or it is an older backup. Of a run that it has not
        at all any more the place in the order is known where it came after all that are there; and a database that has none of these runs is another one.
        """
        lacking = await self._local.asked(lambda: self._copy.not_handed(self._place))
        had = await self._local.asked(lambda: self._copy.handed_runs(self._place))
        has = await self._shared.asked(lambda: self._store.ends(had))
        lost = [run for run, end in had.items() if has.get(run, 0) < end]
        gone = had.keys() - has.keys()
        if gone and has:
            (newest,) = await self._shared.runs(*self._place, limit=1)
            gone -= set(list(had)[list(had).index(newest.run) :]) if newest.run in had else set()
        for run in sorted(gone):
            log.warning("run %s is in the shared record no more: what this machine has of it stays here until somebody takes it up", run)
        return [run for run in dict.fromkeys((*lost, *lacking)) if run not in gone]

    async def is_there(self, run: str, end: int) -> None:
        """Keep that the database has a run, up to that event: by that another database is told from it. What cannot be kept is not worth a run."""
        with suppress(JournalFault):
            await self._local.asked_to_write(lambda: self._copy.handed(run, end))

    async def learn_ends(self) -> None:
        """Have this machine have what others wrote to runs that are open here: one that was taken up has ended meanwhile.

        Nobody's lease is touched by that, and a run that cannot be read keeps nothing else waiting.
        """
        for run in await self._local.asked(lambda: self._copy.open_runs(self._place)):
            if run not in self.leased and run not in self.behind:
                async with self.order(run):
                    try:
                        await self._learn_rest(run)
                    except JournalAway:
                        raise
                    except JournalFault as fault:
                        log.warning("how run %s went on elsewhere is not known here: %s", run, fault.message)

    async def _learn_rest(self, run: str) -> None:
        """Have what the database has of a run beyond what stands here, or instead of it. Its order is held meanwhile."""
        here = await self._local.asked(lambda: self._copy.links(run))
        there = await self._shared.asked(lambda: self._store.links(run))
        merge = judge_merge(here, there, held=True)
        if merge.standing in ("behind", "forked"):
            apart = await self._as_there(run, merge.common, len(here))
            if apart is not None:
                self._handed.append(HandedIn(run, 0, apart))
            self._ends[run] = len(there)
            await self._local.asked_to_write(lambda: self._copy.handed(run, len(there)))

    async def forget(self) -> None:
        """Let go of what the database has, and nobody here will ask for."""
        for run in await self._local.asked_to_write(lambda: self._copy.forget(self._place)):
            self._ends.pop(run, None)

    async def hand_in(self, run: str) -> None:
        """Have the database and this machine have the same of a run, as far as that is for this one to do. Its order is held meanwhile."""
        other = await self._shared.machines.take_lease(run, self._carrier)
        here = await self._local.asked(lambda: self._copy.links(run))
        there = await self._shared.asked_to_write(lambda: self._store.links(run))  # behind what is being written
        merge = judge_merge(here, there, held=other is not None)
        apart = None
        if merge.standing == "ahead":
            events = await self._local.read(run)
            await self._shared.append(run, events[merge.common :], await asyncio.to_thread(fold, events))
        elif merge.standing in ("behind", "forked"):
            apart = await self._as_there(run, merge.common, len(here))
        if other is None and run not in self.leased:
            await self._shared.machines.end_lease(run, self._carrier)
        if merge.standing == "held":
            self._held.add(run)
            return
        self._ends[run] = max(len(here), len(there)) if apart is None else len(there)
        self.behind.discard(run)
        self._held.discard(run)
        if merge.standing in ("ahead", "forked"):
            self._handed.append(HandedIn(run, len(here) - merge.common if apart is None else 0, apart))
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

    async def stands_here(self, run: str, end: int) -> bool:
        """Return whether a run, up to that event, is on this machine."""
        if run not in self._ends:
            self._ends[run] = (await self._local.asked(lambda: self._copy.head(run)))[0]
        return self._ends[run] == end

    async def write_here(self, run: str, events: tuple[AnyEvent, ...], state: RunState) -> None:
        """Write events of a run that stands here up to the one before them."""
        await self._local.append(run, events, state)
        self._ends[run] = events[-1].seq

    async def let_go(self, run: str) -> None:
        """Keep, of a run that this engine carries no more, that the database has it, and learn how others went on with theirs."""
        if run not in self.behind and run in self._ends:
            await self._local.asked_to_write(lambda: self._copy.handed(run, self._ends[run]))
            await self.learn_ends()
            await self.forget()
