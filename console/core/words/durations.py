"""Durations as people type them. Pure; knows no clock."""

import re

LONGEST = 100 * 365 * 86400.0
"""Seconds that a duration may have: a time so far off is one still."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds_of(text: str) -> float | None:
    """Return the seconds of "90s", "1h30m", "500ms"; None when it is no duration, or longer than a hundred years."""
    if not re.fullmatch(r"(?:\d{1,9}(?:\.\d{1,6})?(?:ms|s|m|h|d|w))+", text, re.ASCII):
        return None
    found = float(sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|[smhdw])", text)))
    return found if found <= LONGEST else None


def duration_words(seconds: float) -> str:
    """Return a duration as it is typed, to the millisecond: `5m`, `1h30m`, `1s500ms`; `0s` for none."""
    rest = round(seconds * 1000)
    words = ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"
