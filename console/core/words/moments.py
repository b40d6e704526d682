"""Moments as sentences say them that are read on several machines, in zones that nobody here knows: in UTC, to the minute. Pure."""


def moment_words(at: str) -> str:
    """Return an RFC 3339 moment in UTC as `2026-11-24 12:03 UTC`; what is none stays as it is."""
    day, mark, time = at.partition("T")
    return f"{day} {time[:5]} UTC" if mark and at.endswith("Z") else at
