"""Pieces that the plots of a report share: a scale, its ticks, and the frame of a drawing. Pure. Colours are classes of the page's style."""

from dataclasses import dataclass

from console.report.html_text import told
from console.views.times import seconds_in_words

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of numbers on a range of pixels."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Return the place of a number, held within the range."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)


def ticks(low: float, high: float, most: int = 8) -> tuple[float, ...]:
    """Return round numbers of seconds within a range, so many at most, from the first one that is not below `low`."""
    step = next((one for one in _STEPS if (high - low) / one <= most), _STEPS[-1])
    first = int(-(-low // step))
    return tuple(number * step for number in range(first, int(high // step) + 1))


def tick_words(seconds: float) -> str:
    """Return a tick's number of seconds; tenths where ticks stand that close."""
    if seconds < 0:
        return f"-{tick_words(-seconds)}"
    return f"{seconds:.1f} s" if seconds != int(seconds) else seconds_in_words(seconds)


def drawing(width: float, height: float, label: str, parts: list[str], *, name: str) -> str:
    """Return a plot with its title for those who cannot see it; it scrolls sideways where the page is narrow."""
    head = f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{told(label)}" class="{name}">'
    return f'<figure class="plot"><figcaption>{told(label)}</figcaption><div class="scroll" tabindex="0">{head}{"".join(parts)}</svg></div></figure>'


def text(x: float, y: float, words: object, name: str = "", anchor: str = "start") -> str:
    """Return words at a place."""
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{told(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, name: str) -> str:
    """Return a line between two places."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'


def box(x: float, y: float, width: float, height: float, name: str, title: str = "") -> str:
    """Return a bar; `title` is shown where a pointer rests on it."""
    inside = f"<title>{told(title)}</title>" if title else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" class="{name}">{inside}</rect>'
