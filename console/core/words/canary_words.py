"""What a canary's readings say, in one line: what a person can judge by, never the evidence itself. Pure."""

import math
from collections.abc import Iterable

from console.core.words.durations import duration_words
from console.core.words.sizes import counted
from console.model.analysis import Reading
from console.safe_text import SafeText

_NAMES = {"error_rate": "errors", "latency": "slow"}


def reading_words(readings: Iterable[Reading]) -> str:
    """Return the rates and the ratios that they leave possible: `errors new 0.12 %  old 0.10 %, ratio 0.6-1.9, wanted below 2.0; about 40 s more`."""
    return "; ".join(_one(reading) for reading in readings) or "nothing was counted yet"


def metric_words(reading: Reading) -> str:
    """Return what is counted: `errors`, `slower than 250ms`."""
    return f"slower than {duration_words(reading.bound)}" if reading.bound is not None else _NAMES.get(reading.metric, reading.metric)


def rounded_up(seconds: float) -> float:
    """Return an estimate no finer than it is: whole seconds up to a minute, then tens of them, then minutes."""
    step = 1 if seconds <= 60 else 10 if seconds <= 600 else 60
    return float(math.ceil(seconds / step) * step)


def _one(reading: Reading) -> str:
    name = metric_words(reading)
    if not reading.new or not reading.old:
        return f"{name}: {counted(reading.new, 'request')} to new hosts, {reading.old} to old ones"
    told = f"{name} new {percent(reading.new_rate)}  old {percent(reading.old_rate)}, ratio {ratio_words(reading.low, reading.high)}"
    if reading.verdict == "worse":
        return f"{told}, more than 1.0"
    if reading.verdict == "not-worse" and reading.limit and not (reading.high is not None and reading.high <= reading.wanted):
        return f"{told}; below {100.0 * reading.limit:g}% on new hosts, which is good enough"
    return f"{told}, wanted below {reading.wanted:.1f}" + _more(reading)


def _more(reading: Reading) -> str:
    if reading.verdict != "inconclusive":
        return ""
    return f"; about {duration_words(rounded_up(reading.seconds))} more" if reading.seconds is not None else "; no end in sight at these rates"


def percent(rate: float) -> str:
    """Return a share with so many digits that a small one is not called none."""
    shown = 100.0 * rate
    digits = 2 if shown >= 0.095 or not shown else min(6, 1 - math.floor(math.log10(shown)))
    return f"{shown:.{1 if shown >= 10 else digits}f} %"


def ratio_words(low: float | None, high: float | None) -> str:
    """Return between which two numbers the ratio lies, as far as is known."""
    if low is None and high is None:
        return "unknown"
    if high is None:
        return f"above {low:.2g}"
    return f"below {high:.2g}" if low is None else f"{low:.2g}-{high:.2g}"


def missing_words(readings: tuple[Reading, ...], problems: tuple[SafeText, ...], *, has_new: bool) -> str:
    """Return why there is no verdict, and what it would take."""
    if not has_new:
        return "no host has the new release and serves"
    parts = [_missing(reading) for reading in readings if reading.verdict == "inconclusive"] or ["nothing was counted"]
    return "; ".join([*parts, *map(str, problems)])


def _missing(reading: Reading) -> str:
    told = _one(reading).partition("; ")[0]
    if not reading.new or not reading.old:
        return told
    more = "it would not end at these rates" if reading.more is None else f"it would take {counted(reading.more, 'more request')} to new hosts"
    return f"{told}; {more}"
