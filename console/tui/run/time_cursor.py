"""The one time cursor of a run's screen: the line that is read in the log is a mark in the metrics, and a mark that is moved there is a line of the log.

It changes neither: it knows which moment is looked at, on the clock of the numbers, and who else is to show it.
"""

from typing import TYPE_CHECKING

from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import Looked, MetricsPanel
from console.views.log_lines import LogLine, drawn
from console.views.logbook import moment_of
from console.views.times import rfc3339, wall_clock

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen


class TimeCursor:
    """The moment that is looked at on one run's screen; none while it shows what is now."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self.at: float | None = None
        self._wall = 0.0
        """The same as seconds since 1970."""
        self._entry: LogLine | None = None

    @property
    def _log(self) -> LogPanel:
        return self._screen.query_one(LogPanel)

    @property
    def looked(self) -> Looked | None:
        """What the metrics are to mark."""
        if self.at is None:
            return None
        zone, entry = self._log.zone, self._entry
        at = rfc3339(self._wall)
        return Looked(self.at, wall_clock(at, zone), drawn(entry, max(20, self._screen.query_one(MetricsPanel).content_size.width), zone) if entry else ())

    def read(self, entry: LogLine | None) -> None:
        """Another line is read in the log: mark its moment."""
        moment = moment_of(entry.at) if entry else None
        self._wall = moment or 0.0
        self.at, self._entry = (None, None) if moment is None else (self._screen.mono_at(moment), entry)
        self._screen.show_slices()

    def move(self, way: int) -> None:
        """Mark the column of the metrics that is one further (1) or one before (-1), and read what the log says of that time."""
        now, step = self._screen.now, self._screen.query_one(MetricsPanel).step
        at = (now if self.at is None else self.at) + way * step
        if at > now:
            self.release()
            return
        self.at = max(at, self._screen.query_one(MetricsPanel).since)
        self._wall = self._screen.wall_at(self.at)
        self._entry = self._log.go_to_moment(self._wall)
        self._screen.show_slices()

    def release(self) -> bool:
        """Show what is now again; False when it is shown already."""
        if self.at is None:
            return False
        self.at = self._entry = None
        self._log.follow()
        self._screen.show_slices()
        return True
