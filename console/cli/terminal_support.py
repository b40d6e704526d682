"""Whether the terminal understands what the screen is drawn with, by what TERM says of it. Knows nothing of what is drawn."""

import os
import re
from functools import lru_cache

DRAWN_WITH = b"\x1b["
"""How the sequences of ECMA-48 begin, which the screen is made of."""
KNOWN = re.compile(r"(xterm|screen|tmux|rxvt|alacritty|foot|ghostty|wezterm|contour|konsole|gnome|vte|iterm|rio|st|mintty|putty|kitty)([-.+0-9]|$)", re.I)
"""Terminals that understand them, for machines whose database has not heard of them."""


def why_no_screen() -> str:
    """Return why there is no screen on this terminal; empty: there is."""
    return _judged(os.environ.get("TERM", ""))


@lru_cache(maxsize=4)
def _judged(term: str) -> str:
    if not term:
        return "TERM is not set"
    if term == "dumb":
        return "TERM is dumb"
    if KNOWN.match(term):
        return ""
    try:
        import curses

        curses.setupterm(term, 1)
        moves = curses.tigetstr("cup") or b""
    except Exception:  # no such entry, no database, or no library to read it: all the same here
        return f"no terminal {term} is known here"
    return "" if moves.startswith(DRAWN_WITH) else f"a terminal {term} does not understand what the screen is drawn with"
