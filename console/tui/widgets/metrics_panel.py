"""The metrics panel: a number and a sparkline for each kind, of the fleet or of the chosen host; a plot with axes where there is room."""

from collections.abc import Sequence
from typing import NamedTuple

from console.model.state import RunState
from console.tui.widgets.line_view import LineView
from console.views.canary_rows import canary_rows
from console.views.metric_series import MetricSeries, newest
from console.views.metrics_panel_lines import Looking, metric_lines, step_of, window, window_words
from console.views.metrics_panel_numbers import TEN_MINUTES
from console.views.styled_text import Line, Span, line
from console.views.threshold_rows import threshold_rows


class Looked(NamedTuple):
    """A moment that is looked at: on the clock of the numbers, as a time of day, and what the log says there."""

    at: float
    words: str
    line: Line = ()


class MetricsPanel(LineView):
    """Sparklines with a fixed scale from zero; a late source says so."""

    title_words = "3 Metrics"

    step = 1.0
    """Seconds that a column stands for, as it is drawn."""
    since = 0.0
    """The time of the first column."""

    def show_numbers(
        self, series: Sequence[MetricSeries], state: RunState, now: float, host: str = "", looked: Looked | None = None, span: float = TEN_MINUTES
    ) -> None:
        """Show those numbers as they stand now (boot-time clock), or stood at the moment that is looked at. Of a run that is over: as they stood at its end.

        `span`: seconds that are shown at most.
        """
        above = _rows_above(state, self.content_size.width)
        room = (max(1, self.content_size.width), max(1, self.content_size.height - len(above)))
        last = newest(series)
        known, over = last is not None, bool(state.run) and state.phase == "ended"
        if last is not None and over:
            now = min(now, last)
        words = f"  {window_words(window(series, now, room, span))}{' of the run' if over else ''}" if known else ""
        self.step = step_of(series, now, room, span) if known else 1.0
        self.since = now - window(series, now, room, span) + self.step if known else 0.0
        at = line("  ", Span(f" {looked.words} ", "selected")) if looked else ()
        self.entitle(line(self.title_words, f"  {host}" if host else "", *at, "" if looked and room[0] < 40 else words))
        cursor, below = (looked.at, looked.line) if looked else (None, ())
        looking = Looking(now, span, cursor, below, "end" if over else "now")

        def drawn(width: int, height: int) -> tuple[Line, ...]:
            rows = _rows_above(state, width)
            return (*rows, *metric_lines(series, state, looking, (width, max(1, height - len(rows)))))[:height]

        self.draw(drawn)


def _rows_above(state: RunState, width: int) -> tuple[Line, ...]:
    return (*canary_rows(state, width), *threshold_rows(state, width))
