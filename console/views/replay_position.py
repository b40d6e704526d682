"""Where a replay stands, as a line. Pure."""

from datetime import tzinfo

from console.views.recording import Recording
from console.views.styled_text import Line, Span, by_room, line
from console.views.times import clock_span, day_and_time, wall_clock


def replay_line(recording: Recording, place: int, seconds: float, speed: float, width: int, zone: tzinfo | None, *, playing: bool) -> Line:
    """Return whether it plays, the time in the run and on its clock, the chapter, the speed, the event."""
    at = recording.events[place - 1].at if 0 < place <= len(recording) else recording.events[0].at if recording.events else ""
    chapter = recording.chapter_at(place)
    end = place >= len(recording)
    stands = "playing" if playing else "at the end" if end else "paused"
    parts = (
        (0, line(" ", Span(" REPLAY ", "selected"))),
        (0, line(Span(f"{clock_span(seconds)} of {clock_span(recording.seconds)}", "strong"))),
        (1, line(f"x{speed:g}" if playing else "")),
        (4, line(Span(f"{stands}", "busy" if playing else "warn"))),
        (2, line(Span(f"{day_and_time(at, zone)[:5]} {wall_clock(at, zone)}".strip(), "dim"))),
        (5, line(Span(f"event {place} of {len(recording)}", "dim"))),
        (3, line(Span(chapter.words, chapter.tone)) if chapter else ()),
    )
    return by_room(parts, width)
