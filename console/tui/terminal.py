"""What the screen owes its terminal: nothing harmful is drawn, a stalled one is not written to, a lost one ends the viewer alone."""

import re
from contextlib import ExitStack
from typing import Any

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from console.views.styled_text import ascii_text

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

class SecondWall(LineFilter):
    """Replaces control characters in whatever is about to be painted."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without anything that acts on a terminal."""
        if not any(_HARMFUL.search(segment.text) for segment in segments):
            return segments
        return [Segment(_HARMFUL.sub("�", segment.text), segment.style) for segment in segments]


class AsciiChrome(LineFilter):
    """Draws frames, bars and marks in ASCII, for a terminal that has nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with their chrome in ASCII."""
        return [segment if segment.text.isascii() else Segment(ascii_text(segment.text), segment.style) for segment in segments]


class Stall:
    """Holds painting while the terminal does not take what was written, and paints once when it does again."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._held = ExitStack()
        self.holding = False

    def waiting(self) -> int:
        """Return how many bytes wait for the terminal."""
        return int(getattr(self._app._driver, "backlog", 0))

    def check(self) -> None:
        """Hold while anything waits, let go when all is written: so a slow link gets whole frames, as many as it can take."""
        waiting = self.waiting()
        if not self.holding and waiting > 0:
            self._held.enter_context(self._app.batch_update())
            self.holding = True
        elif self.holding and waiting == 0:
            self.let_go()

    def let_go(self) -> None:
        """Paint again what changed meanwhile: the end of a batch alone wakes the program, not the screen that waits to be painted."""
        self.holding = False
        self._held.close()
        if self._app.screen_stack:
            self._app.screen.check_idle()
