"""For how long an engine that says regularly that it is there has said nothing, and what is shown then. Knows no clock: times are seconds of the caller's."""

from console.views.styled_text import Line, Span, clipped, line

SILENT = 3
"""So many of the engine's signs of life have to be missing before that is news."""


UNSEEN = "the shared record is away: how the run goes on elsewhere is not known"
"""What is said to those who follow a run of another machine while its record does not answer."""


class Staleness:
    """What was last heard of an engine."""

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._every = 0.0

    def heard(self, at: float) -> None:
        """Note that it said something."""
        self._heard_at = at

    def comes_every(self, seconds: float) -> None:
        """Note how often it says that it is there; 0: only when something changed."""
        self._every = seconds

    def silence(self, now: float) -> float:
        """Return the seconds since it said something; 0 while that is no news."""
        quiet = now - self._heard_at
        return quiet if self._every and quiet > SILENT * self._every else 0.0


def old_news(problem: str, told: Line, width: int) -> Line:
    """Return the line as it is; where nothing more is heard (`problem`: why), that first, and the line as what was known before."""
    if not problem:
        return told
    return clipped(line(Span(f" ! {problem}", "bad"), *(line(Span("   before that:", "dim"), *told) if told else ())), width)
