"""Whether the database of a shared record answers, what is done while it does not, and what once it is back.

Once it has been silent for OUTAGE seconds it is away. Knows neither runs nor statements: what becomes of those is its owner's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from console.adapters.journal.chain import JournalAway
from console.errors import ConsoleError
from console.ports.journal import HearsOutage, Outage
from console.ports.sharing_machines import LEASE
from console.safe_text import SafeText

T = TypeVar("T")

OUTAGE = 8.0
"""Seconds that the database may be silent. With the time between two renewals it is less than LEASE: an engine knows that it is cut off before another
may take its run."""
AGAIN = 0.3
"""Seconds between two tries."""
BACK = 1.0
"""Seconds after which a database that is away is asked again."""
assert LEASE / 3 + OUTAGE < LEASE - 1

log = logging.getLogger(__name__)


class Return(NamedTuple):
    """What its owner does when the database is back."""

    catch_up: Callable[[], Awaitable[bool]]
    """Hand in what stands here alone; whether the database has all of it. Raises ConsoleError where it is away still."""
    go_on: Callable[[], Awaitable[None]]
    """What follows once it is used again. Raises ConsoleError where it went away meanwhile."""


class DatabaseOutage:
    """How one database is asked: again while it does not answer, and not at all while it is away."""

    def __init__(self, database: str, copy: str, hears: HearsOutage, back: Return) -> None:
        """`database`, `copy`: what people call the shared record, and that of this machine."""
        self.now: Outage | None = None
        self._database, self._copy, self._hears, self._back = database, copy, hears, back
        self._returning: asyncio.Task[None] | None = None

    def fault(self) -> JournalAway:
        """Return the fault of a database that says nothing, or has said that it cannot be used."""
        reason = str(self.now.reason) if self.now else f"the journal {self._database} does not answer"
        return JournalAway(reason, f"see whether its server is up: pg_isready -d {self._database}")

    async def within(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """Do it, and again while the database does not answer. Raises JournalAway after so many seconds."""
        last = self.fault()
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

    async def ask(self, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the database alone can say. Raises JournalAway where it is away, or has been silent for so long: it is away from then on."""
        if self.now is not None:
            raise self.fault()
        try:
            return await self.within(seconds, work)
        except JournalAway as fault:
            self.begin(fault)
            raise

    async def prefer(self, there: Callable[[], Awaitable[T]], here: Callable[[], Awaitable[T]], *, waits_again: bool) -> T:
        """Return what the database says; where it is away, what this machine knows. `waits_again`: one silence does not mean that it is away."""
        if self.now is None:
            try:
                async with asyncio.timeout(OUTAGE):
                    return await there()
            except (JournalAway, TimeoutError) as fault:
                log.warning("read from %s: %s", self._copy, fault)
                if not waits_again:
                    self.begin(fault if isinstance(fault, JournalAway) else self.fault())
        return await here()

    def begin(self, fault: ConsoleError) -> None:
        """Go on without the database."""
        if self.now is None:
            self.now = Outage(SafeText(fault.message), SafeText(self._copy))
            log.warning("%s: what happens is written to %s", fault.message, self._copy)
            self._hears(self.now)
        if self._returning is None:
            self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        """Wait for the database, and hand in what stands here alone."""
        while self.now is not None:
            await asyncio.sleep(BACK)
            if await self._went_well(self._back.catch_up):
                self.now = None
                log.warning("the journal %s answers again", self._database)
                if not await self._went_well(self._gone_on):
                    self.begin(self.fault())
        self._returning = None

    async def _gone_on(self) -> bool:
        await self._back.go_on()
        return True

    async def _went_well(self, work: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await work()
        except ConsoleError as fault:
            log.info("%s", fault.message)
        except Exception:
            log.exception("handing in what is written in %s", self._copy)
        return False

    async def close(self) -> None:
        """Wait for the database no more."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
