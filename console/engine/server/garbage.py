"""Garbage of the engine's process, looked for in pieces: a search through all that a run on a thousand hosts has made holds the loop for 0.1 s and more.

While something goes on, what a whole search has found alive is left out of the next ones, so that each looks only at what came since. At rest all
of it is searched once: what had become garbage meanwhile goes then.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


class GarbageSearch:
    """The process's one search for garbage. `is_busy` says whether something goes on."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._has_left_out = False

    @contextmanager
    def in_pieces(self) -> Iterator[None]:
        """Leave out what lives, as long as this lasts."""
        gc.callbacks.append(self._searched)
        try:
            yield
        finally:
            gc.callbacks.remove(self._searched)

    def rest(self) -> None:
        """Search all, where something was left out and nothing goes on now."""
        if self._has_left_out and not self._is_busy():
            self._has_left_out = False
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def _searched(self, phase: str, info: Mapping[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2 and self._is_busy():
            gc.freeze()
            self._has_left_out = True
