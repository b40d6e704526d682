"""The time cursor of the run screen: it marks the time of the current log line in the metrics, and moves the log when the mark is moved."""

from collections.abc import Callable

from console.tui.run.run_time import RunTime
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import Looked, MetricsPanel
from console.views.drawn_log import drawn
from console.views.log_lines import LogLine
from console.views.logbook import moment_of
from console.views.times import rfc3339, wall_clock


class TimeCursor:
    """The moment that is looked at; none while what is now is shown. `moved`: called when it is another one."""

    def __init__(self, log: LogPanel, metrics: MetricsPanel, time: RunTime, moved: Callable[[], None]) -> None:
        self._log, self._metrics, self._time, self._moved = log, metrics, time, moved
        self._at: float | None = None
        """On the clock of the numbers."""
        self._wall = 0.0
        """The same moment, in seconds since 1970."""
        self._entry: LogLine | None = None

    @property
    def looked(self) -> Looked | None:
        """What the metrics are to mark."""
        if self._at is None:
            return None
        zone, entry = self._log.zone, self._entry
        below = drawn(entry, max(20, self._metrics.content_size.width), zone) if entry else ()
        return Looked(self._at, wall_clock(rfc3339(self._wall), zone), below)

    def read(self, entry: LogLine | None) -> None:
        """Another line is read in the log: mark its moment."""
        wall = moment_of(entry.at) if entry else None
        self._wall = wall or 0.0
        self._at, self._entry = (None, None) if wall is None else (self._time.mono_at(wall), entry)
        self._moved()

    def move(self, way: int) -> None:
        """Mark the column of the metrics that is one further (1) or one before (-1), and read what the log says of that time."""
        now = self._time.now
        at = (now if self._at is None else self._at) + way * self._metrics.step
        if at > now:
            self.release()
            return
        self._at = max(at, self._metrics.since)
        self._wall = self._time.wall_at(self._at)
        self._entry = self._log.go_to_moment(self._wall)
        self._moved()

    def release(self) -> bool:
        """Show what is now again; False when it is shown already."""
        if self._at is None:
            return False
        self._at = self._entry = None
        self._log.follow()
        self._moved()
        return True
