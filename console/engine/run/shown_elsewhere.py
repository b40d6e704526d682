"""What an engine shows other machines of a run that it carries, beside the events: who looks on, what steps print, the numbers. While somebody looks on there.

Within a bound: what is left out is said in a line. The run's log files on this machine are the whole of it. Knows the journal and the run's broadcast.
"""

import logging
from collections.abc import Callable

from console.core.words.sizes import counted_hosts
from console.engine.server.broadcast import Broadcast
from console.errors import ConsoleError
from console.model.carrier import Carrier
from console.model.onlooker import Onlooker
from console.ports.feed import Output, Sample
from console.ports.journal import Journal
from console.safe_text import SafeText
from console.wire.output_elsewhere import shown_text

EVERY = 0.4
"""Seconds between two looks while somebody looks on elsewhere: what happens here is seen there within a second."""
LOOK = 1.0
"""The same while nobody does."""
LINES = 300
"""Lines that are shown in one look."""
NUMBERS = 300
"""Samples that are shown in one look: a host has one a second."""

log = logging.getLogger(__name__)


class RunRelay:
    """One run, shown to other machines. `here`: who looks on at this engine; `hears`: told who looks on elsewhere, whenever that changes."""

    def __init__(
        self, journal: Journal, run: str, carrier: Carrier, broadcast: Broadcast, here: Callable[[str], tuple[Onlooker, ...]],
        hears: Callable[[str, tuple[Onlooker, ...]], object],
    ) -> None:  # fmt: skip
        self._journal = journal
        self._run = run
        self._carrier = carrier
        self._broadcast = broadcast
        self._here = here
        self._hears = hears
        self._elsewhere: tuple[Onlooker, ...] = ()

    async def show(self) -> None:
        """Show it until cancelled. Where the record does not answer, what was to be shown then is not shown later."""
        try:
            heard = 0
            with self._broadcast.looked_on(LINES) as viewer:
                while True:
                    heard = await self._journal.machines.news(self._run, EVERY if self._elsewhere else LOOK, heard)
                    items = within_bounds([item for item in viewer.take(self._broadcast.seq) if isinstance(item, Output | Sample)])
                    try:
                        text = shown_text(items) if items and self._elsewhere else ""
                        seen = await self._journal.machines.look_on(self._run, self._carrier, self._here(self._run), text)
                    except ConsoleError as fault:
                        log.warning("run %s is not shown elsewhere: %s", self._run, fault.message)
                        continue
                    if seen.people != self._elsewhere:
                        self._elsewhere = seen.people
                        self._hears(self._run, seen.people)
        finally:
            if self._elsewhere:
                self._hears(self._run, ())


def within_bounds(items: list[Output | Sample]) -> list[Output | Sample]:
    """Return what is shown of those items: all lines, which are bounded already, and so many samples; for the rest a line that says so."""
    samples = [item for item in items if isinstance(item, Sample)]
    if len(samples) <= NUMBERS:
        return items
    left = {item.host for item in samples[NUMBERS:]}
    words = SafeText(f"… numbers of {counted_hosts(len(left))} are not shown here; they are on the machine that carries the run")
    return [*(item for item in items if isinstance(item, Output)), *samples[:NUMBERS], Output("", "", "", words)]
