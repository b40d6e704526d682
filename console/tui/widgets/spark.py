"""The metrics panel: a number and a sparkline for each kind, of the fleet or of the chosen host; a plot with axes where there is room."""

from collections.abc import Sequence

from console.model.state import RunState
from console.tui.widgets.lines import LineView
from console.views.metrics import Series, metric_lines, newest, window, window_words
from console.views.spans import line


class Metrics(LineView):
    """Sparklines with a fixed scale from zero; a late source says so."""

    title_words = "3 Metrics"

    def show_numbers(self, series: Sequence[Series], state: RunState, now: float, host: str = "") -> None:
        """Show those numbers as they stand now (boot-time clock)."""
        room = (max(1, self.content_size.width), self.content_size.height)
        span = f"  {window_words(window(series, now, room))}" if newest(series) is not None else ""
        self.entitle(line(self.title_words, f"  {host}" if host else "", span))
        self.draw(lambda width, height: metric_lines(series, state, now, (width, height)))
