"""What runs have left undone is done later: owed hosts that answer again are brought up to date, by a run of its own, locks that a run still
had at its end are released, and tickets are closed. Knows the record and the fleet; no plans, no steps.

A host that answered all the while (it was left out with a reason) waits for the next release; one whose catch-up went wrong waits until it has been
away again. While a person's note or another run holds it, nothing is begun.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable

from console.core.environment.record_queries import Leftover, debts_of, leftovers
from console.core.secrets.needed import Needs, needs_of
from console.engine.catch_up.leftover_locks import release, without_leftovers
from console.engine.context import ENGINE
from console.engine.keyring import Keyring
from console.engine.pacing import on_each
from console.engine.tasks import Background
from console.errors import ConsoleError
from console.model.configured_environment import Environment
from console.model.debt import Debt
from console.model.environment_record import EnvironmentRecord, Live
from console.model.events import LocksReleased
from console.model.host_facts import HostFacts
from console.model.request import Person, Request
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.ports.outside import Outside

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two looks at the hosts that are owed something."""
FIRST = 1.0
"""Seconds until the first look: whoever started the engine comes first."""
LOOK = 20.0
"""Seconds that a host has to answer."""

Model = Callable[[], tuple[Environment, Outside] | None]
UNREAD = EnvironmentRecord()
"""Stands where a record cannot be read."""

Opens = Callable[[Request, Person], Awaitable[str]]
Notes = Callable[..., Awaitable[None]]
"""(run, *events): writes events into the record of a run that has ended."""


async def alone(record: EnvironmentRecord, runs: Iterable[str]) -> bool:
    """Say that no other machine has this record."""
    return True


class DebtWatch:
    """Looks after an engine's debts, while no run goes on."""

    def __init__(
        self, journal: Journal, clock: Clock, model: Model, may_open: Callable[[], bool], opens: Opens, keyring: Keyring, note: Notes,
        may_carry: Callable[[], bool], close_ticket: Callable[[str], Awaitable[None]], holding: Callable[[], Collection[str]], every: float = EVERY,
        is_ours: Callable[[EnvironmentRecord, Iterable[str]], Awaitable[bool]] = alone,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._model = model
        self._may_open = may_open
        self._opens = opens
        self._keyring = keyring
        self._note = note
        self._may_carry = may_carry
        self._close_ticket = close_ticket
        self._holding = holding
        self._every = every
        self._is_ours = is_ours
        self._watching = Background()
        self._record: EnvironmentRecord | None = None
        """As it was read last; None: it has changed since."""
        self._reading: asyncio.Task[EnvironmentRecord | None] | None = None
        self._away: set[str] = set()
        self._tried: set[str] = set()

    def start(self) -> None:
        """Start looking at owed hosts; a second call changes nothing."""
        self._watching.start(self._watch)

    async def stop(self) -> None:
        """Stop looking; a catch-up that runs goes on."""
        await self._watching.stop()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    def changed(self) -> None:
        """Hear that the record has changed: a run has ended, a debt was forgiven, or another model is worked with."""
        self._record = None
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> EnvironmentRecord | None:
        """Read what the record knows of the environment; nothing while the engine has no model. One that cannot be read leaves nothing to do."""
        found = self._model()
        if found is None:
            return None
        reading = asyncio.current_task()
        try:
            record = await self._journal.environment(found[0].app, found[0].name)
        except ConsoleError:
            record = UNREAD
        if self._reading in (None, reading) or self._reading.done():
            self._record = record
        return record

    @property
    def has_work(self) -> bool:
        """Whether this engine has a host to bring up to date, a lock to release, or a ticket to close; while that is being read, it may have."""
        found = self._model()
        if found is None or not self._may_carry():
            return False
        if self._record is None:
            return self._reading is not None and not self._reading.done()
        return bool(self._left(self._record)) or bool(self._open_tickets(self._record)) or (bool(self._record.debts.owed) and self._has_secrets(found[0]))

    @property
    def left(self) -> bool | None:
        """Whether runs have left a host that is owed, or a lock; None: that is not known now."""
        record = self._record
        return None if record is None or record is UNREAD else bool(record.debts.owed) or bool(self._left(record))

    @property
    def unpaid(self) -> str:
        """Why this engine brings no owed host up to date by itself; empty: it does, once the host answers."""
        found = self._model()
        if found is None or not self._may_carry():
            return "this engine is one of a user who is no operator"
        return "" if self._has_secrets(found[0]) else f"it needs a secret that is not here; with it at hand: deploy status {found[0].name}"

    def _left(self, record: EnvironmentRecord) -> tuple[Leftover, ...]:
        """Locks that runs which have ended may still hold."""
        found = self._model()
        return leftovers(record, (host.name for host in found[0].hosts)) if found else ()

    async def release_left(self) -> None:
        """Release the locks that runs have left, where the hosts answer. What came of it is in those runs' records.

        A run that is at it by itself is left to that: whoever follows it goes once it is done, and would miss what is written later.
        """
        at_it = self._holding()  # before the record is read, which may be old by the time that such a run is done
        found, record = self._model(), await self._read()
        if found is None or record is None:
            return
        environment, outside = found
        for left in (one for one in self._left(record) if one.run not in at_it):
            released = await release(outside.locks, environment, left)
            if released.hosts:
                await self._note(left.run, LocksReleased(hosts=released.hosts))

    def _open_tickets(self, record: EnvironmentRecord) -> tuple[str, ...]:
        """Runs whose ticket is to be closed, where it can be closed from here."""
        found = self._model()
        ticket = found[0].ticket if found else None
        can = found is not None and ticket is not None and self._keyring.has(found[0], Needs(ticket.secrets, {}))
        return record.tickets if can else ()

    async def close_tickets(self) -> None:
        """Close the tickets that an engine before this one has left open."""
        record = await self._read()
        if record is not None and self._may_carry():
            for run in self._open_tickets(record):
                await self._close_ticket(run)

    async def _watch(self) -> None:
        await self._clock.sleep(min(self._every, FIRST))
        while True:
            for work in (self.release_left, self.look, self.close_tickets):
                try:
                    if await self._may_work():
                        await work()
                except ConsoleError:  # a run that was opened meanwhile, a record that cannot be read: the next look says
                    pass
                except Exception:
                    log.exception("looking after what runs have left to do")
            await self._clock.sleep(self._every)

    async def _may_work(self) -> bool:
        """Whether it is for this engine, and for none of another machine, to do what is left now."""
        record = await self._read()
        return record is not None and await self._is_ours(record, (left.run for left in self._left(record)))

    async def look(self) -> str:
        """Look at the hosts that are owed something, and open a run for those that have come back; its id, empty: none."""
        found, record = self._model(), await self._read()
        if found is None or record is None or not self._may_open() or not record.debts.owed:
            return ""
        environment, outside = found
        debts = debts_of(record)
        owed = {debt.host for debt in debts}
        hosts = tuple(host for host in environment.hosts if host.name in owed)
        seen = await on_each(hosts, lambda host: outside.scout.look(environment, host, deadline=LOOK))
        facts = await without_leftovers(self._journal, seen)
        for fact in facts:
            if fact.problem:
                self._away.add(fact.host)
                self._tried.discard(fact.host)
        back = tuple(host for host, fact in zip(hosts, facts, strict=True) if self._is_back(fact, debts))
        live = record.live
        if not back or not isinstance(live, Live) or not self._has_secrets(environment):
            return ""
        run = await self._opens(Request("catch-up", ref=live.release.id, hosts=",".join(host.name for host in back), yes=True), ENGINE)
        self._tried |= {host.name for host in back}
        return run

    def _is_back(self, fact: HostFacts, debts: tuple[Debt, ...]) -> bool:
        is_held = fact.closed is not None or fact.lock is not None
        was_left_out = all(debt.left_out for debt in debts if debt.host == fact.host)
        return not fact.problem and not is_held and fact.host not in self._tried and (fact.host in self._away or not was_left_out)

    def _has_secrets(self, environment: Environment) -> bool:
        return self._keyring.has(environment, needs_of(environment, "catch-up"))
