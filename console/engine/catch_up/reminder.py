"""Calls a person for what stays open though no run works on it: a maintenance page without an end, and debts. Once, and again each day.

Knows the record and the notifier; what counts as open is `core.run.person_wanted`'s. A debt was called for when its run ended.
"""

from collections.abc import Callable

from console.as_typed import as_typed
from console.core.run.person_wanted import NeedsPerson, stays_open
from console.engine.context import QueryContext
from console.model.configured_environment import Notify

AGAIN = 86400.0
"""Seconds until somebody is called for the same thing again."""
TELL_WITHIN = 20.0
"""Seconds that the channels have."""


class Reminder:
    """Remembers, on the boot-time clock, when somebody is to be called for each thing. `fleet`: what the engine works with; None: it has no model."""

    def __init__(self, fleet: Callable[[], QueryContext | None]) -> None:
        self._fleet = fleet
        self._due: dict[str, float] = {}

    async def look(self) -> None:
        """Call for what has been open for long enough."""
        fleet = self._fleet()
        notify = fleet.environment.notify if fleet else None
        if fleet is None or notify is None:
            return
        record = await fleet.journal.environment(fleet.environment.app, fleet.environment.name)
        found = {one.key: one for one in stays_open(record, fleet.run)}
        now = fleet.clock.mono()
        self._due = {key: self._due.get(key, now + _first(one, notify)) for key, one in found.items()}
        for key in [key for key, due in self._due.items() if now >= due]:
            self._due[key] = now + AGAIN
            words = found[key].words
            deliveries = await fleet.outside.notifier.tell(words, f"{words}\n{as_typed(found[key].next)}", deadline=TELL_WITHIN)
            if deliveries and all(one.problem for one in deliveries):  # nobody has heard of it
                self._due[key] = now + notify.after


def _first(one: NeedsPerson, notify: Notify) -> float:
    """Seconds until the first call."""
    return AGAIN if one.was_called else notify.after
