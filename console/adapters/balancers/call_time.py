"""The seconds that one call of a port has, over all that it asks."""

import asyncio


class CallTime:
    """What is left of a call's seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds; never below zero."""
        return max(0.0, self._end - asyncio.get_running_loop().time())

    def least(self) -> float:
        """Seconds for one more talk: a call that waited to its end may still say what it saw."""
        return max(0.5, self.left())
