"""Runs that an engine of another machine carries: followed by the record, and steered by way of it.

What stands in the rows is what there is; a notification only says when to look. Knows the journal alone.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace

from console.engine.catch_up.leftover_locks import is_over
from console.engine.run.onlookers import Onlookers
from console.errors import ConsoleError, RecordAway, UsageFault
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.environment_record import EnvironmentRecord
from console.model.events import Event, RunEnded, TakenUp
from console.model.request import Person
from console.model.values import changed
from console.ports.feed import Heard, Output, Sample
from console.ports.journal import Journal
from console.safe_text import SafeText
from console.wire.frames import DecodeError
from console.wire.output_elsewhere import shown_items

LOOK = 1.0
"""Seconds after which the record is read again though nothing was heard."""
ANSWER = 10.0
"""Seconds that the other engine has to answer a command."""


log = logging.getLogger(__name__)


class RunsElsewhere:
    """The runs of one record that this engine does not carry. `here`: this engine; `mono`: its clock, which what is shown is dated by."""

    def __init__(self, journal: Journal, here: Carrier, onlookers: Onlookers | None = None, mono: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._here = here
        self._onlookers = onlookers or Onlookers(here.host)
        self._mono = mono

    async def carrier(self, run: str) -> Carrier | None:
        """Which other engine carries a run; None: none does. Raises RecordAway where that is not known."""
        found = (await self._journal.machines.carried()).get(run)
        return None if found is None or found.mark == self._here.mark else found

    async def open_run(self, app: str, environment: str) -> str:
        """The open run of an environment that another engine carries; empty: there is none. Raises RecordAway where that is not known."""
        carried = await self._others()
        if not carried:
            return ""
        record = await self._journal.environment(app, environment)
        return next((one.run for one in record.open if one.run in carried), "")

    async def _others(self) -> set[str]:
        """What engines of other machines carry."""
        return {run for run, carrier in (await self._journal.machines.carried()).items() if carrier.mark != self._here.mark}

    async def is_ours(self, record: EnvironmentRecord, runs: Iterable[str]) -> bool:
        """Whether it is for this engine to do what ended runs (`runs`, and tickets) have left: one does at a time, and none while another carries one."""
        if not self._journal.is_shared:
            return True
        left = {*runs, *record.tickets, *(one.run for one in record.open)}
        if left & await self._others():
            return False
        return await self._journal.machines.take_turn(record.app, record.environment, self._here) is None

    async def goes_on_from(self, run: str, last: Event) -> bool:
        """Whether another engine carries a run, or has, and the record has that event of it, as it was told here: then what follows there follows here.

        That the record has more of it is not enough: the last that this engine wrote may stand there though nobody could tell it so.
        """
        try:
            here, *after = await self._journal.read(run, last.seq - 1) or (None,)
            if here is None or _moment(here) != _moment(last):
                return False
            return any(isinstance(event, TakenUp | RunEnded) for event in after) or await self.carrier(run) is not None
        except ConsoleError:
            return False

    async def follow(self, run: str, after: int) -> AsyncIterator[Heard]:
        """Everything of a run after that event, as it is written, until it has let go of its hosts. Raises UsageFault where nobody carries it on.

        Output and numbers come as far as the engine that carries it shows them.
        """
        try:
            async with aclosing(self._followed(run, after)) as heard:  # type: ignore[type-var] # it is a generator
                async for item in heard:
                    yield item
        finally:
            self._onlookers.hear(run, ())  # from here on nobody says who looks on there

    async def _followed(self, run: str, after: int) -> AsyncIterator[Heard]:
        place = heard = 0
        while True:
            try:
                is_carried, events = await self._may_be_carried(run), await self._journal.read(run, after)
            except RecordAway:  # whoever carries it goes on, and what it does is seen once the record is back
                is_carried, events = True, ()
            for event in events:
                after = event.seq
                yield event
            place, items = await self._shown(run, place)
            for item in items:
                yield item
            if not is_carried:
                if not await is_over(self._journal, run):
                    raise UsageFault(f"run {run} was interrupted: no engine carries it", f"deploy resume {run}")
                return
            heard = await self._journal.machines.news(run, LOOK, heard)

    async def _may_be_carried(self, run: str) -> bool:
        """Whether another engine carries a run, or may: while the record is away that is not known, and what this machine has of it is told all the same."""
        try:
            return await self.carrier(run) is not None
        except RecordAway:
            return True

    async def _shown(self, run: str, place: int) -> tuple[int, tuple[Output | Sample, ...]]:
        """What the engine that carries a run shows of it after that place, and the next place. What cannot be read is left out."""
        try:
            seen = await self._journal.machines.look_on(run, self._here, self._onlookers.here(run), place=place)
            items = tuple(item for text in seen.items for item in shown_items(text))
        except (ConsoleError, DecodeError) as fault:
            log.warning("what is shown of run %s is not seen: %s", run, fault.message)
            return place, ()
        self._onlookers.hear(run, seen.people)
        now = self._mono()
        return seen.place, tuple(replace(item, at=now) if isinstance(item, Sample) else item for item in items)

    async def submit(self, run: str, command: AnyCommand, person: Person, carrier: Carrier) -> Accepted | Refusal | None:
        """Have the engine that carries the run judge and take a command, in the name of who gave it here. None: it has let go of the run without taking it."""
        sender = changed(person, uid=-1, claims=f"{person.claims} by way of {self._here.host}".strip())
        number = await self._journal.machines.send_command(run, command, sender)
        until, heard = asyncio.get_running_loop().time() + ANSWER, 0
        while asyncio.get_running_loop().time() < until:
            heard = await self._journal.machines.news(run, 0.2, heard)
            is_left = await self.carrier(run) != carrier  # asked first: its last word may come just before it lets go
            answer = await self._journal.machines.command_answer(number)
            if answer is not None:
                return answer
            if is_left and await self._journal.machines.withdraw_command(number):
                return None
        if await self._journal.machines.withdraw_command(number):
            return Refusal(SafeText(f"{carrier} did not take the command within {ANSWER:.0f} s, and will not take it"), SafeText(f"deploy attach {run}"))
        return Refusal(SafeText(f"{carrier} took the command and has not answered for {ANSWER:.0f} s"), SafeText(f"deploy attach {run}"))


def _moment(event: Event) -> tuple[object, ...]:
    """What tells an event from that of another engine with the same number."""
    return type(event), event.at, event.mono, event.boot
