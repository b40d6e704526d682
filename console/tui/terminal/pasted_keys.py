"""Tells a person's keys from a paste that arrives as keys: more than five keys within 20 ms are dropped. Pure; times are seconds.

A key that does nothing but change what is seen need not be held: it counts, and is acted on at once unless others are held before it.
"""

from typing import Generic, TypeVar

Key = TypeVar("Key")

WITHIN = 0.02
MOST = 5
QUIET = 0.1
"""What comes after a burst before so much silence still belongs to it."""


class KeyBurst(Generic[Key]):
    """Holds keys back for 20 ms, until it is clear what they are."""

    __slots__ = ("_held", "_last", "_passed", "_pasting", "dropped", "some_acted")

    def __init__(self) -> None:
        self._held: list[Key] = []
        self._passed: list[float] = []
        """When the last keys came that were not held."""
        self.some_acted = False
        """Keys of the burst that was dropped had acted before: they did nothing but show."""
        self._last = float("-inf")
        self._pasting = False
        self.dropped = 0

    def may_pass(self, at: float) -> bool:
        """Count a key that arrived at that time and does no harm; True: act on it now. False: `take` it as any other."""
        self._passed = [earlier for earlier in self._passed if at - earlier < WITHIN]
        if self._held or (self._pasting and at - self._last < QUIET):
            return False
        self._passed.append(at)
        return True

    def take(self, key: Key, at: float) -> bool:
        """Hold a key that arrived at that time; True when `settle` is to be called after `WITHIN` seconds, whatever became of the key."""
        if self._pasting and at - self._last < QUIET:
            self._last = at
            self.dropped += 1
            return False
        self._last = at
        if self._pasting:
            self._pasting, self.dropped = False, 0
        self._held.append(key)
        is_first = len(self._held) == 1
        passed = sum(at - earlier < WITHIN for earlier in self._passed)
        if len(self._held) + passed > MOST:
            self.dropped, self.some_acted = len(self._held), passed > 0
            self._held.clear()
            self._pasting = True
        return is_first

    def settle(self) -> tuple[Key, ...]:
        """Return the keys that a person pressed; none when it was a burst."""
        keys = tuple(self._held)
        self._held.clear()
        return keys
