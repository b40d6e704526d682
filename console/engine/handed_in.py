"""What an engine does once the shared record has what was written down on this machine alone, or can never have it."""

import logging
from collections.abc import Awaitable, Callable

from console.engine.context import ENGINE
from console.engine.run.record_watch import apart_words
from console.engine.tasks import Unbroken
from console.errors import ConsoleError
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Note, Refusal
from console.model.request import Person
from console.ports.journal import HandedIn, Outage, SetApart

log = logging.getLogger(__name__)


class HandedInRuns:
    """Hears of the record for one engine. `changed`: what is open is to be looked at anew; `submit`: takes a note for a run."""

    def __init__(
        self, here: Carrier, work: Unbroken, changed: Callable[[], None], submit: Callable[[str, AnyCommand, Person], Awaitable[Accepted | Refusal]]
    ) -> None:
        self._here = here
        self._work = work
        self._changed = changed
        self._submit = submit

    def hear(self, said: Outage | HandedIn) -> None:
        """Have what is open looked at anew; what the record can never have is said in the run's record."""
        if isinstance(said, HandedIn):
            self._changed()
            if said.apart is not None:
                self._work.begin(self._tell_apart(said.run, said.apart))

    async def _tell_apart(self, run: str, apart: SetApart) -> None:
        words = apart_words(self._here, apart)
        try:
            await self._submit(run, Note(text=words), ENGINE)
        except ConsoleError as fault:
            log.warning("%s (not in the record: %s)", words, fault.message)
