"""Text in HTML: escaped, harmless, and read in its own direction. Pure."""

import html

from console.safe_text import SafeText


def told(words: object) -> str:
    """Return words as text of a page: nothing in them is markup, and what is invisible or turns the direction of writing is shown."""
    return html.escape(SafeText(str(words)))


def classed(name: str, tone: str) -> str:
    """Return a class attribute for a tone; nothing for a plain one."""
    both = " ".join(part for part in (name, f"t-{tone}" if tone != "plain" else "") if part)
    return f' class="{both}"' if both else ""
