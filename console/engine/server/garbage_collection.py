"""Garbage of the engine's process, looked for in pieces: a search through all that a run on a thousand hosts has made holds the loop for 0.1 s and more.

While something goes on, what a whole search has found alive is left out of the next ones, and there is one after each search of the middle generation
(some 7,000 new objects), so that each is short: a third as often, and each takes five times as long. At rest all of it is searched once, in a moment in
which nobody waits: what had become garbage meanwhile goes then.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

QUIET = 600.0
"""Seconds of rest after which all is searched though somebody looks on: such a search holds the loop for as long as 0.3 s, once."""


class GarbageSearch:
    """The process's one search for garbage. `is_busy` says whether something goes on, `is_watched` whether anybody is there who would wait."""

    def __init__(self, is_busy: Callable[[], bool], is_watched: Callable[[], bool] = lambda: False) -> None:
        self._is_busy = is_busy
        self._is_watched = is_watched
        self._rests_since: float | None = None
        self._has_left_out = False

    @contextmanager
    def in_pieces(self) -> Iterator[None]:
        """Leave out what lives, as long as this lasts. Needs a running loop."""
        loop = asyncio.get_running_loop()

        def searched(phase: str, info: Mapping[str, int]) -> None:
            if phase != "stop" or not self._is_busy():
                return
            if info["generation"] == 2:
                gc.freeze()
                self._has_left_out = True
            elif info["generation"] == 1:
                loop.call_soon_threadsafe(gc.collect)

        gc.callbacks.append(searched)
        try:
            yield
        finally:
            gc.callbacks.remove(searched)

    def rest(self) -> None:
        """Search all, where something was left out, nothing goes on now, and nobody is held up by it."""
        if self._is_busy():
            self._rests_since = None
            return
        now = time.monotonic()
        self._rests_since = self._rests_since or now
        if self._has_left_out and (not self._is_watched() or now - self._rests_since > QUIET):
            self._has_left_out = False
            gc.unfreeze()
            gc.collect()
            gc.freeze()
