"""What no event sets of an environment, a person's note and a maintenance page: stated on this machine first, and in the shared database at once or later.

What another machine has stated there meanwhile stands. Decides nothing of when the database is asked.
"""

import logging
from functools import partial
from typing import Any

from console.adapters.journal.environment_rows import Place
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.local_copy import LocalCopy
from console.model.environment_record import EnvironmentRecord
from console.model.values import changed

log = logging.getLogger(__name__)


class StatedHere:
    """What this machine states of environments, until the database has been told."""

    def __init__(self, shared: SqlJournal, local: SqlJournal, copy: LocalCopy, place: Place) -> None:
        """`place`: the environment whose statements of earlier engines are told."""
        self._shared, self._local, self._copy, self._place = shared, local, copy, place
        self._said: dict[Place, EnvironmentRecord] = {}
        """What the database said last of environments: another machine may have stated something since."""

    async def look_there(self, place: Place) -> EnvironmentRecord:
        """Return what the database says of an environment, which is remembered."""
        self._said[place] = said = await self._shared.environment(*place)
        return said

    async def look_here(self, place: Place) -> EnvironmentRecord | None:
        """Return what this machine knows of an environment; None: nothing."""
        return await self._local.environment(*place) if await self._local.asked(lambda: self._copy.knows(place)) else None

    async def state(self, place: Place, part: str, value: object | None) -> None:
        """Keep a statement on this machine, with what it is the answer to."""
        before = self._said.get(place) or await self.look_here(place) or EnvironmentRecord(*place)
        await self._local.asked_to_write(lambda: self._copy.state_later(place, part, value, getattr(before, part)))
        await self._keep_here(place, part, value)

    async def _keep_here(self, place: Place, part: str, value: object | None) -> None:
        if await self._local.asked(lambda: self._copy.knows(place)):
            await _keep(self._local, place, part, value)

    async def tell(self, place: Place, part: str, value: object | None) -> None:
        """Tell the database. Raises JournalAway; what was stated is told later then."""
        await _keep(self._shared, place, part, value)
        if place in self._said:
            self._said[place] = changed(self._said[place], **{part: value})
        await self._local.asked_to_write(partial(self._copy.told, place, part, value))

    async def tell_all(self) -> None:
        """Tell the database what was stated here, by this engine or one before it. What others have said there since stands, and is what holds here, too."""
        for part, value, before in await self._local.asked(lambda: self._copy.stated(self._place)):
            now = getattr(await self._shared.environment(*self._place), part)
            if now in (before, value):
                await self.tell(self._place, part, value)
                continue
            log.warning("%s of %s was stated here while the journal was away, and is another there since, which stands: %s", part, self._place[1], value)
            await self._keep_here(self._place, part, now)
            await self._local.asked_to_write(partial(self._copy.told, self._place, part, value))


async def _keep(journal: SqlJournal, place: Place, part: str, value: Any) -> None:  # noqa: ANN401 (as the part has it)
    """Store a part of an environment's record that no event sets."""
    await (journal.keep_note if part == "note" else journal.keep_maintenance)(*place, value)
