"""That this engine carries a run, kept in the record for engines of other machines to see. Knows no step and no host: what a lost lease means is the caller's.

A record of one machine grants every lease: the lock of the engine's process is what keeps engines apart there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from console.engine.tasks import Unbroken
from console.errors import ConsoleError, Locked, RecordAway
from console.model.carrier import Carrier
from console.model.commands import Accepted, Refusal
from console.ports.journal import Journal
from console.ports.sharing_machines import LEASE, SentCommand
from console.safe_text import SafeText

LOOK = 1.0
"""Seconds after which the record is looked at again though nothing was heard."""

log = logging.getLogger(__name__)


class RunLease:
    """The lease by which one engine of several machines may carry one run."""

    def __init__(self, journal: Journal, run: str, carrier: Carrier) -> None:
        self._journal = journal
        self._run = run
        self._carrier = carrier
        self._answering = Unbroken()
        """Commands of other machines that are being judged."""

    async def take(self) -> None:
        """Take it. Raises Locked where another engine carries the run. While the record is away nobody can say so; `keep` takes it when it is back."""
        try:
            other = await self._journal.machines.take_lease(self._run, self._carrier)
        except RecordAway:
            if self._journal.outage is None:
                raise
            return
        if other is not None:
            raise Locked(f"run {self._run} is carried by {other}", f"deploy attach {self._run}")

    async def keep(self, lost: Callable[[Carrier], object]) -> None:
        """Renew it until cancelled; `lost` is told, once, who has taken it. While the record does not answer, it is asked again."""
        while True:
            await asyncio.sleep(LEASE / 3)
            try:
                other = await self._journal.machines.take_lease(self._run, self._carrier)
            except ConsoleError as fault:
                log.warning("the lease of run %s was not renewed: %s", self._run, fault.message)
                continue
            except Exception:  # without it another engine would believe this one dead
                log.exception("renewing the lease of run %s", self._run)
                continue
            if other is not None:
                lost(other)
                return

    async def hear(self, submit: Callable[[str, SentCommand], Awaitable[Accepted | Refusal]]) -> None:
        """Take what people say to the run on other machines, until cancelled."""
        heard = 0
        while True:
            heard = await self._journal.machines.news(self._run, LOOK, heard)
            try:
                for sent in await self._journal.machines.take_commands(self._run):
                    self._answering.begin(self._answered(sent, submit))
            except ConsoleError as fault:
                log.warning("what was said to run %s elsewhere was not heard: %s", self._run, fault.message)
                await asyncio.sleep(LOOK)

    async def _answered(self, sent: SentCommand, submit: Callable[[str, SentCommand], Awaitable[Accepted | Refusal]]) -> None:
        """Judge one command and answer it, beside all others: a GO that looks at hosts again holds up no roll back."""
        try:
            await self._journal.machines.answer_command(self._run, sent.number, await self._judged(sent, submit))
        except ConsoleError as fault:
            log.warning("what became of command %d to run %s was not said: %s", sent.number, self._run, fault.message)

    async def _judged(self, sent: SentCommand, submit: Callable[[str, SentCommand], Awaitable[Accepted | Refusal]]) -> Accepted | Refusal:
        """What becomes of one command; why it cannot be carried out."""
        try:
            return await submit(self._run, sent)
        except ConsoleError as fault:
            return Refusal(SafeText(fault.message), SafeText(fault.hint))
        except Exception as bug:
            log.exception("command %d to run %s", sent.number, self._run)
            return Refusal(SafeText(f"the engine failed: {type(bug).__name__}: {bug}"), SafeText(f"deploy attach {self._run}"))

    async def end(self) -> None:
        """Let it go, so that nobody waits for it to run out."""
        try:
            await self._journal.machines.end_lease(self._run, self._carrier)
        except ConsoleError as fault:
            log.warning("the lease of run %s was not given back: %s", self._run, fault.message)
