"""Times as people read them: spans of seconds in words, moments on the operator's wall clock. Knows no clock of its own."""

from datetime import UTC, datetime, tzinfo


def seconds_in_words(seconds: float) -> str:
    """`3 s`, `0.4 s`, `02:14`, `1:05:09`."""
    seconds = max(seconds, 0)
    if seconds < 1:
        return f"{seconds:.1f} s" if 0.05 <= seconds < 0.95 else f"{round(seconds)} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    return clock_span(seconds)


def fine_seconds(seconds: float) -> str:
    """`0.02 s`, `1.5 s`, and from ten seconds on as `seconds_in_words`: for times that are compared with each other."""
    return f"{seconds:.2f} s" if 0 < seconds < 0.1 else f"{seconds:.1f} s" if 0 < seconds < 10 else seconds_in_words(seconds)


def clock_span(seconds: float) -> str:
    """`00:07`, `02:14`, `1:05:09`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def seconds_between(started: str, ended: str) -> float:
    """Return the seconds between two RFC 3339 moments; 0 where one of them is none."""
    try:
        return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds())
    except ValueError:
        return 0.0


def rfc3339(seconds: float) -> str:
    """Return seconds since 1970 as an RFC 3339 moment in UTC, `2026-11-24T12:00:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_clock(at: str, zone: tzinfo | None) -> str:
    """Return the time of day of an RFC 3339 moment in that zone, `12:03:11`; empty when there is none."""
    if not at:
        return ""
    try:
        moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return ""
    return (moment.astimezone(zone) if zone else moment).strftime("%H:%M:%S")


def day_and_time(at: str, zone: tzinfo | None) -> str:
    """Return an RFC 3339 moment in that zone as `11-24 12:03`; empty when there is none."""
    try:
        moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError:
        return ""
    return (moment.astimezone(zone) if zone else moment).strftime("%m-%d %H:%M")
