"""Which refusals for lack of rights are written down: the same one of the same person once a minute. Knows no run and no journal."""

from console.model.request import Person

AGAIN = 60.0
"""Seconds in which the same refusal of the same person is written down once."""
MOST = 1000
"""Refusals of all people that an engine writes down in that time at most."""


class Refusals:
    """What was written down, and when (boot-time clock)."""

    def __init__(self) -> None:
        self._at: dict[tuple[int, str, str], float] = {}

    def is_new(self, person: Person, act: str, now: float) -> bool:
        """Whether this one is to be written down; it counts as written then."""
        key = person.uid, person.name, act
        if len(self._at) >= MOST:
            self._at = {known: at for known, at in self._at.items() if now - at < AGAIN}
        if now - self._at.get(key, now - AGAIN) < AGAIN or len(self._at) >= MOST:
            return False
        self._at[key] = now
        return True
