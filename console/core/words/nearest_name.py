"""The known names that somebody may have meant who typed another. Pure."""

from collections.abc import Sequence

LIKE = 0.6
"""How like a name must be to be meant (0 to 1): about two letters in five may be other ones."""


def nearest(name: str, known: Sequence[str], like: float = LIKE) -> str:
    """Return the known name that is most like this one; empty when none is."""
    return next(iter(near_names(name, known, 1, like)), "")


def near_names(name: str, known: Sequence[str], count: int, like: float = LIKE) -> list[str]:
    """Return so many known names at most that are like this one, the most like first: one that is this one's first part, or the other way round, above all."""
    from difflib import get_close_matches

    inside = [other for other in known if name and (other.startswith(f"{name}.") or name.startswith(f"{other}."))]
    return (inside or get_close_matches(name, known, count, like))[:count]
