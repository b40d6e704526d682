"""A list in a sentence, where there may be too much to name: the first few, and how many more there are. Pure."""

from collections.abc import Sequence

SHOWN = 5


def shortened(names: Sequence[str], most: int = SHOWN, between: str = ", ") -> str:
    """Return `web01, web02 and 3 more`; of words that are whole phrases (`between` is `"; "`), `one; another; and 3 more`."""
    more = len(names) - most
    return between.join(names[:most]) + (f"{between.strip(', ')} and {more} more" if more > 0 else "")
