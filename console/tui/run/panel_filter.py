"""The field in which a filter of the fleet or the log, or a search of the log, is typed: what stands in it holds while it is typed."""

from typing import TYPE_CHECKING

from textual.widget import Widget

from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.log_panel import LogPanel
from console.views.filter import Filter, parse
from console.views.fleet_rows import STATES

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen


class PanelFilter:
    """The filter of one run's screen."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self._target: FleetPanel | LogPanel | None = None
        self._searching = False

    @property
    def _log(self) -> LogPanel:
        return self._screen.query_one(LogPanel)

    @property
    def _fleet(self) -> FleetPanel:
        return self._screen.query_one(FleetPanel)

    @property
    def _line(self) -> FilterLine:
        return self._screen.query_one(FilterLine)

    @property
    def typing(self) -> bool:
        """Whether the field has the keys."""
        return self._target is not None

    def open_filter(self) -> None:
        """Open the field for the panel that has the focus."""
        on_fleet = self._screen.focused is self._fleet and self._shown(self._fleet)
        self._target = self._fleet if on_fleet or not self._shown(self._log) else self._log
        log = self._log
        self._searching = self._target is log and bool(log.search)
        before = log.search or log.book.filter if self._target is log else self._fleet.filter
        self._line.open(self._label(), before.source)
        self._say_state(before)

    def _shown(self, widget: Widget) -> bool:
        return widget.display and widget.size.height > 0

    def _label(self) -> str:
        if self._target is self._fleet:
            return "filter fleet:"
        return "search log:" if self._searching else "filter log:"

    def press(self, key: str) -> bool:
        """Take the keys that end the typing; the others are the field's."""
        if key in ("escape", "ctrl+c", "ctrl+q"):
            self._apply("")
            self._close()
        elif key == "enter":
            wanted = self._apply(self._line.words)
            self._close()
            if wanted.problem:
                self._screen.say(wanted.problem, "warn")
        elif key == "tab":
            if self._target is self._log:
                self._searching = not self._searching
                self._line.name_it(self._label())
                self._say_state(self._apply(self._line.words))
        else:
            return False
        return True

    def typed(self, words: str) -> None:
        """Apply what stands in the field."""
        if self.typing:
            self._say_state(self._apply(words))

    def _apply(self, words: str) -> Filter:
        if self._target is self._fleet:
            wanted = parse(words, STATES)
            self._fleet.show_only(wanted)
            return wanted
        wanted = parse(words)
        if self._searching:
            self._log.search_for(wanted)
        else:
            self._log.show_only(wanted)
        return wanted

    def _say_state(self, wanted: Filter) -> None:
        if wanted.problem:
            self._screen.say(wanted.problem, "warn")
            return
        other = "filter: only what matches" if self._searching else "search: every line stays"
        tab = f"   tab {other}" if self._target is self._log else ""
        self._screen.say(f"enter keeps it   esc clears it{tab}")

    def _close(self) -> None:
        target, self._target = self._target, None
        self._line.display = False
        if target is not None and self._shown(target):
            target.focus()
        self._screen.unsay()

    def clear_filter(self) -> bool:
        """Clear the focused panel's filter, else the other's; False when there was none."""
        log, fleet = self._log, self._fleet
        logs = bool(log.search or log.book.filter)
        if not (logs or fleet.filter):
            return False
        if logs and not (fleet.filter and self._screen.focused is fleet):
            log.show_only(Filter())
        else:
            fleet.show_only(Filter())
        return True
