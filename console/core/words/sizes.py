"""Sizes as people read and write them. Pure."""

import re

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def counted(count: int, thing: str) -> str:
    """Return `1 commit`, `3 commits`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def counted_hosts(number: int, none: str = "no host", thing: str = "host") -> str:
    """Return `1 host`, `12 hosts`, or `none` where there are none: no sentence that counts hosts says `0 hosts`."""
    return counted(number, thing) if number else none


def with_capital(sentence: str) -> str:
    """Return the sentence with a capital at its beginning; the names in it keep theirs, or have none."""
    return sentence[:1].upper() + sentence[1:]


def bytes_of(text: str) -> int | None:
    """Return a size such as `20MiB` or `2 GB` in bytes; None: it is none."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?) ?([KMGT]i?)?B", text, re.ASCII)
    if not found:
        return None
    unit = found[2] or ""
    return int(float(found[1]) * (1024 if unit.endswith("i") else 1000) ** " KMGT".index(unit[:1] or " "))


def size_words(count: int) -> str:
    """Return bytes in the unit that fits: `512 B`, `1.5 MiB`, `98 MiB`."""
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in _UNITS:
        size /= 1024
        if size < 1024 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
