"""Tells a person's keys from a paste that arrives as keys: more than five keys within 20 ms are dropped. Pure; times are seconds."""

from typing import Generic, TypeVar

Key = TypeVar("Key")

WITHIN = 0.02
MOST = 5
QUIET = 0.1
"""What comes after a burst before so much silence still belongs to it."""


class KeyBurst(Generic[Key]):
    """Holds keys back for 20 ms, until it is clear what they are."""

    __slots__ = ("_held", "_last", "_pasting", "dropped")

    def __init__(self) -> None:
        self._held: list[Key] = []
        self._last = float("-inf")
        self._pasting = False
        self.dropped = 0

    def take(self, key: Key, at: float) -> bool:
        """Hold a key that arrived at that time; True when `settle` is to be called after `WITHIN` seconds."""
        if self._pasting and at - self._last < QUIET:
            self._last = at
            self.dropped += 1
            return False
        self._last = at
        if self._pasting:
            self._pasting, self.dropped = False, 0
        self._held.append(key)
        if len(self._held) > MOST:
            self.dropped = len(self._held)
            self._held.clear()
            self._pasting = True
        return len(self._held) == 1

    def settle(self) -> tuple[Key, ...]:
        """Return the keys that a person pressed; none when it was a burst."""
        keys = tuple(self._held)
        self._held.clear()
        return keys
