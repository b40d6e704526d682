"""What runs have left undone is done later: owed hosts that answer again are brought up to date, by a run of its own, and locks that a run still
had at its end are released. Knows the record and the fleet; no plans, no steps.

A host that answered all the while (it was left out with a reason) waits for the next release; one whose catch-up went wrong waits until it has been
away again. While a person's note or another run holds it, nothing is begun.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from console.core.environment.live_release import Live, Unclear, live_release
from console.core.secrets.needed import needs_of
from console.engine.catch_up.debts import debts_of
from console.engine.catch_up.leftover_locks import Leftover, is_over, leftovers, release
from console.engine.keyring import Keyring
from console.engine.queries.ended_runs import state_of
from console.engine.run.executor import ENGINE
from console.errors import ConsoleError
from console.model.debt import Debt
from console.model.events import LocksReleased
from console.model.fleet import Environment
from console.model.host_facts import HostFacts
from console.model.request import Person, Request
from console.model.values import changed
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.ports.outside import Outside
from console.text import SafeText

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two looks at the hosts that are owed something."""
FIRST = 1.0
"""Seconds until the first look: whoever started the engine comes first."""
LOOK = 20.0
"""Seconds that a host has to answer."""

Model = Callable[[], tuple[Environment, Outside] | None]
Opens = Callable[[Request, Person], Awaitable[str]]
Notes = Callable[..., None]
"""(run, *events): writes events into the record of a run that has ended."""


def environment_now(journal: Journal, app: str, environment: str) -> Live | Unclear:
    """What the environment is, by the record."""
    runs = journal.runs(app, environment, limit=1000)
    return live_release(state_of(journal, one.run) for one in runs if one.outcome is not None)


def owed_now(journal: Journal, environment: Environment, unpaid: str = "") -> tuple[Debt, ...]:
    """What is owed in an environment, and what comes of each. `unpaid`: why this engine brings no host up to date; empty: it does."""
    debts = debts_of(journal, environment.app, environment.name)
    if not debts:
        return ()
    live = environment_now(journal, environment.app, environment.name)
    return tuple(changed(debt, next=SafeText(_next_of(debt, live, unpaid))) for debt in debts)


def _next_of(debt: Debt, live: Live | Unclear, unpaid: str) -> str:
    if isinstance(live, Unclear):
        return f"what it gets is for a person to say: {live.words}"
    if unpaid:
        return f"it gets {live.release.version or live.release.id} with the next release; not by itself: {unpaid}"
    when = "with the next release, or once it was away and answers again" if debt.left_out else "once it answers again"
    return f"it gets {live.release.version or live.release.id} {when}"


class CatchUp:
    """Looks after an engine's debts, while no run goes on."""

    def __init__(
        self, journal: Journal, clock: Clock, model: Model, may_open: Callable[[], bool], opens: Opens, keyring: Keyring, note: Notes,
        may_carry: Callable[[], bool], every: float = EVERY,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._model = model
        self._may_open = may_open
        self._opens = opens
        self._keyring = keyring
        self._note = note
        self._may_carry = may_carry
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._debts: tuple[Debt, ...] | None = None
        self._left: tuple[Leftover, ...] | None = None
        self._away: set[str] = set()
        self._tried: set[str] = set()

    def start(self) -> None:
        """Begin to look, once."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def changed(self) -> None:
        """Hear that the record has changed: a run has ended, or a debt was forgiven."""
        self._debts = self._left = None

    @property
    def has_work(self) -> bool:
        """Whether this engine has a host to bring up to date, or a lock to release."""
        found = self._model()
        return found is not None and self._may_carry() and (bool(self.left) or (bool(self.debts) and self._has_secrets(found[0])))

    @property
    def unpaid(self) -> str:
        """Why this engine brings no owed host up to date by itself; empty: it does, once the host answers."""
        found = self._model()
        if found is None or not self._may_carry():
            return "this engine is one of a user who is no operator"
        return "" if self._has_secrets(found[0]) else f"it needs a secret that is not here: deploy status {found[0].name}, with it at hand"

    @property
    def left(self) -> tuple[Leftover, ...]:
        """Locks that runs which have ended may still hold; nothing while the engine has no model."""
        found = self._model()
        if self._left is None and found is not None:
            environment, _ = found
            try:
                self._left = leftovers(self._journal, environment.app, environment.name, (host.name for host in environment.hosts))
            except ConsoleError:
                self._left = ()
        return self._left or ()

    async def release_left(self) -> None:
        """Release the locks that runs have left, where the hosts answer. What came of it is in those runs' records."""
        found = self._model()
        if found is None:
            return
        environment, outside = found
        for left in self.left:
            released = await release(outside.locks, environment, left)
            if released.hosts:
                self._note(left.run, LocksReleased(hosts=released.hosts))

    @property
    def debts(self) -> tuple[Debt, ...]:
        """What is owed; nothing while the engine has no model."""
        found = self._model()
        if self._debts is None and found is not None:
            environment, _ = found
            try:
                self._debts = debts_of(self._journal, environment.app, environment.name)
            except ConsoleError:
                self._debts = ()
        return self._debts or ()

    async def _watch(self) -> None:
        await self._clock.sleep(min(self._every, FIRST))
        while True:
            try:
                await self.release_left()
                await self.look()
            except ConsoleError:  # a run that was opened meanwhile, a record that cannot be read: the next look says
                pass
            except Exception:
                log.exception("looking after what runs have left to do")
            await self._clock.sleep(self._every)

    async def look(self) -> str:
        """Look at the hosts that are owed something, and open a run for those that have come back; its id, empty: none."""
        found = self._model()
        if found is None or not self._may_open() or not self.debts:
            return ""
        environment, outside = found
        owed = {debt.host for debt in self.debts}
        hosts = tuple(host for host in environment.hosts if host.name in owed)
        facts = await asyncio.gather(*(outside.scout.look(environment, host, deadline=LOOK) for host in hosts))
        for fact in facts:
            if fact.problem:
                self._away.add(fact.host)
                self._tried.discard(fact.host)
        back = tuple(host for host, fact in zip(hosts, facts, strict=True) if self._is_back(fact))
        live = environment_now(self._journal, environment.app, environment.name) if back else None
        if not isinstance(live, Live) or not self._has_secrets(environment):
            return ""
        run = await self._opens(Request("catch-up", ref=live.release.id, hosts=",".join(host.name for host in back), yes=True), ENGINE)
        self._tried |= {host.name for host in back}
        return run

    def _is_back(self, fact: HostFacts) -> bool:
        is_held = fact.closed is not None or (fact.lock is not None and not is_over(self._journal, fact.lock.run))
        was_left_out = all(debt.left_out for debt in self.debts if debt.host == fact.host)
        return not fact.problem and not is_held and fact.host not in self._tried and (fact.host in self._away or not was_left_out)

    def _has_secrets(self, environment: Environment) -> bool:
        return self._keyring.has(environment, needs_of(environment, "catch-up"))
