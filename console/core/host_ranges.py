"""The host names that a range stands for: `web[01-12]`, `db-[a-c]`, `gate[1,3]`. Pure; no host is known here."""

import re
from itertools import product
from typing import Final

from console.errors import Problem

MOST: Final = 10_000
"""Names that one pattern may become."""

_RANGE = re.compile(r"\[([^\[\]]*)\]")
_FORMS: Final = "a range is [01-12], [a-f] or [1,3]"


def expand(pattern: str) -> tuple[str, ...] | Problem:
    """Return the names that a pattern with any number of `[01-12]`, `[a-f]`, `[1,3]` stands for, in order."""
    pieces = _RANGE.split(pattern)
    if any(bracket in piece for piece in pieces[::2] for bracket in "[]"):
        return Problem(f"{pattern}: a bracket without its other half", _FORMS)
    choices: list[tuple[str, ...]] = []
    total = 1
    for place, piece in enumerate(pieces):
        found = (piece,) if place % 2 == 0 else _range(piece)
        if isinstance(found, Problem):
            return Problem(f"{pattern}: {found.message}", found.hint)
        total *= len(found)
        choices.append(found)
        if total > MOST:
            return Problem(f"{pattern}: more than {MOST} names", "give fewer, or several patterns")
    return tuple("".join(parts) for parts in product(*choices))


def _range(text: str) -> tuple[str, ...] | Problem:
    names: list[str] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        found = (first,) if not dash and first.isascii() and first.isalnum() else _between(first, last)
        if isinstance(found, Problem):
            return found
        names.extend(found)
    return tuple(names)


def _between(first: str, last: str) -> tuple[str, ...] | Problem:
    wrong = Problem(f"[{first}-{last}] is no range" if last else f"[{first}] is no range", _FORMS)
    if not (first.isascii() and last.isascii()):
        return wrong
    if first.isdigit() and last.isdigit() and len(first) <= 9 and len(last) <= 9:
        low, high = int(first), int(last)
        if high - low >= MOST:
            return Problem(f"[{first}-{last}] is more than {MOST} names", "give fewer, or several patterns")
        return tuple(str(number).zfill(len(first)) for number in range(low, high + 1)) or wrong
    same_case = (first.islower() and last.islower()) or (first.isupper() and last.isupper())
    if len(first) == len(last) == 1 and same_case:
        return tuple(chr(code) for code in range(ord(first), ord(last) + 1)) or wrong
    return wrong
