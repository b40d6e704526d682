"""Filters every line before it goes to the terminal: removes control characters, and draws ASCII where the terminal has nothing else."""

import re

from rich.segment import Segment
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
