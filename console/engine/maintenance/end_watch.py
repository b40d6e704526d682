"""Ends maintenance mode when its time is over, by an engine that stays alive while it is on; hosts that missed the end are told once they answer.

Knows the environment's record, and who is told of the end; nothing of plans or clients.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from console.as_typed import as_typed
from console.core.words.moments import moment_words
from console.engine.catch_up.reminder import Reminder
from console.engine.context import ENGINE, QueryContext
from console.engine.maintenance.change import read_maintenance, switch_everywhere
from console.engine.tasks import Background
from console.errors import ConsoleError
from console.model.maintenance_mode import Maintenance
from console.safe_text import SafeText

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks at the record."""
AGAIN = 20.0
"""Seconds until hosts that missed the end are looked at again; twice as many each time, up to `RARELY`: each try is on record."""
RARELY = 900.0
TELL_WITHIN = 20.0
"""Seconds that the channels have."""
UNCONFIRMED = "the database of the record is away, and another machine may have prolonged it; it ends when the database answers"


class MaintenanceEnd:
    """Watches one environment. `fleet`: what the engine works with, None while it has no model; `may`: whether it has what the commands need."""

    def __init__(self, fleet: Callable[[], QueryContext | None], may: Callable[[], bool]) -> None:
        self._fleet = fleet
        self._may = may
        self._watching = Background()
        self._not_before = 0.0
        self._pause = AGAIN
        self._tried = ""
        """Since when the maintenance is on whose end was tried last."""
        self._told = ""
        self._reminder = Reminder(fleet)
        self.is_on = False
        """Whether users are shown a page, as the record said last."""

    def start(self) -> None:
        """Start watching; a second call changes nothing. Until the record was read, users may be shown a page."""
        self.is_on = True
        self._watching.start(self._watch)

    async def stop(self) -> None:
        """End the watch; a maintenance that is due is not ended any more by this engine."""
        await self._watching.stop()

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
                await self._reminder.look()
            except ConsoleError:  # a record that cannot be read, a host that is away: the next look says
                pass
            except Exception:
                log.exception("ending maintenance mode")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """End it, where it is time to; not while the record does not say so itself: another machine may have prolonged it."""
        fleet = self._fleet()
        if fleet is None:
            self.is_on = False
            return
        kept, is_confirmed = await _kept(fleet)
        self.is_on = kept is not None or (self.is_on and not is_confirmed)
        if kept is None or not _is_over(kept, fleet.clock.now()) or self._waits(kept, fleet.clock.mono()) or not self._may():
            return
        if not is_confirmed:
            await self._tell(fleet, kept, is_off=False, words=UNCONFIRMED)
            return
        self._pause = min(RARELY, 2 * self._pause) if self._tried == kept.since else AGAIN
        self._tried, self._not_before = str(kept.since), fleet.clock.mono() + self._pause
        async with fleet.switching:
            await self._end(fleet, kept)
        kept, is_confirmed = await _kept(fleet)
        self.is_on = kept is not None or not is_confirmed

    def _waits(self, kept: Maintenance, mono: float) -> bool:
        return self._tried == kept.since and mono < self._not_before

    async def _end(self, fleet: QueryContext, kept: Maintenance) -> None:
        seen, facts = await read_maintenance(fleet)
        now, is_confirmed = await _kept(fleet)
        if not is_confirmed or now is None or now.until != kept.until:
            return
        words = ""
        if any(place.shows in ("on", "half") for place in seen.places):
            note = Maintenance(SafeText(ENGINE.name), now.since)
            answer = await switch_everywhere(fleet, "off", note, seen, facts, ENGINE)
            seen, words = answer["seen"], "; ".join(one["message"] for one in answer["problems"])
        await self._tell(fleet, kept, is_off=seen.state == "off", words=words or "; ".join(f"{one.place}: {one.why}" for one in seen.places if one.why))

    async def _tell(self, fleet: QueryContext, kept: Maintenance, *, is_off: bool, words: str) -> None:
        """Tell people, once that it has ended, and once where it has not."""
        what = f"{kept.since} {is_off}"
        if what == self._told or fleet.environment.notify is None:
            return
        self._told = what
        place = f"{fleet.environment.name} of {fleet.environment.app}"
        title = f"maintenance of {place} has ended: its time is over" if is_off else f"maintenance of {place} is over, and not off everywhere: {words}"
        body = f"{title}\nswitched on by {kept.by} at {moment_words(kept.since)}" + (f": {kept.message}" if kept.message else "")
        next_words = "" if is_off else "\n" + as_typed(f"deploy maintenance {fleet.environment.name} off")
        await fleet.outside.notifier.tell(title, body + next_words, deadline=TELL_WITHIN)


async def _kept(fleet: QueryContext) -> tuple[Maintenance | None, bool]:
    """The maintenance that is on, and whether the record itself says so."""
    record, is_confirmed = await fleet.known()
    return record.maintenance, is_confirmed


def _is_over(kept: Maintenance, now: datetime) -> bool:
    try:
        return bool(kept.until) and datetime.fromisoformat(str(kept.until)) <= now
    except ValueError:
        return False
