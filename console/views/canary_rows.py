"""A canary's counts in little room: the rows above the metrics, and the short form for the line under the header. Pure."""

from console.core.run.canary_verdict import analysis_that_runs
from console.core.run.sentences import kinds_in_words
from console.core.words.canary_words import metric_words, percent, ratio_words, rounded_up
from console.core.words.durations import duration_words
from console.core.words.sizes import counted
from console.model.analysis import Reading
from console.model.state import AnalysisState, RunState
from console.views.styled_text import Line, Span, Tone, clipped, line
from console.views.styled_text import width as text_width

_TONES: dict[str, Tone] = {"worse": "bad", "not-worse": "good", "inconclusive": "plain"}


def canary_rows(state: RunState, width: int) -> tuple[Line, ...]:
    """Return the rates, the ratio and what is missing of the last analysis of a run that goes on, and what is new in the log; none where nothing is judged."""
    seen = next(reversed(state.analyses.values()), None) if state.phase in ("running", "rolling-back") else None
    if seen is None:
        return ()
    step = state.index.get(analysis_that_runs(state))
    rows = (row for reading in seen.readings for row in _rows(reading, width, step.timeout if step else None))
    return (*rows, *((_kinds(state.log_kinds_total, width),) if state.log_kinds_total else ()))


def _kinds(total: int, width: int) -> Line:
    """How many kinds of log lines only new hosts print, in as many words as have room."""
    words = f"log: {kinds_in_words(total)}"
    return clipped(line(Span(words if len(words) <= width else f"log: {counted(total, 'new kind')}", "warn")), width)


def _rows(reading: Reading, width: int, most: float | None) -> tuple[Line, ...]:
    """`most`: seconds that the analysis may take; None: it has ended."""
    tone = _TONES[reading.verdict]
    rates = line(f"{metric_words(reading)} ", Span(f"{percent(reading.new_rate)} vs {percent(reading.old_rate)}", "strong"))
    wanted = line("ratio ", Span(ratio_words(reading.low, reading.high), tone), Span(f", want < {reading.wanted:g}", "dim"))
    more: tuple[Line, ...] = ()
    if most is not None and reading.seconds is not None:
        needed = duration_words(rounded_up(reading.seconds))
        over = reading.seconds > most
        more = (line(Span(f"needs {needed}, {duration_words(most)} at most" if over else f"about {needed} more", "warn" if over else "dim")),)
    if not reading.new or not reading.old:
        return (clipped(line(f"{metric_words(reading)} ", Span(f"{reading.new} new {reading.old} old requests", "warn")), width),)
    rows = (rates, wanted, *more)
    whole = line(*rates, *(span for row in rows[1:] for span in (Span("  "), *row)))
    return (whole,) if text_width(whole) <= width else tuple(clipped(row, width) for row in rows)


def short_words(state: RunState) -> str:
    """Return the first metric that is not decided yet, in as few words as say it; empty: nothing is judged, or was counted."""
    seen = state.analyses.get(analysis_that_runs(state), AnalysisState())
    reading = next((one for one in seen.readings if one.verdict != "not-worse"), next(iter(seen.readings), None))
    if reading is None:
        return ""
    if not reading.new or not reading.old:
        return f"{reading.new:,} new, {reading.old:,} old requests"
    return f"{percent(reading.new_rate)} vs {percent(reading.old_rate)}, ratio {ratio_words(reading.low, reading.high)}"
