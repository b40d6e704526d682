"""The field for a filter of the fleet or the log, or a search in the log; it applies while it is typed."""

from textual.widget import Widget

from console.tui.screen_shell import Say
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.log_panel import LogPanel
from console.views.condition_marks import STATES
from console.views.filter import Filter, parse


class PanelFilter(FilterLine):
    """The filter of a fleet and a log that are shown together."""

    def __init__(self, fleet: FleetPanel, log: LogPanel, say: Say) -> None:
        super().__init__()
        self._fleet, self._log, self._say = fleet, log, say
        self._target: FleetPanel | LogPanel | None = None
        self._searching = False

    def open_for(self, focused: Widget | None) -> None:
        """Open the field for the panel that has the focus."""
        on_fleet = focused is self._fleet and self._shown(self._fleet)
        self._target = self._fleet if on_fleet or not self._shown(self._log) else self._log
        log = self._log
        self._searching = self._target is log and bool(log.search)
        before = log.search or log.book.filter if self._target is log else self._fleet.filter
        self.open(self._label(), before.source)
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
            self._end()
        elif key == "enter":
            wanted = self._apply(self.words)
            self._end()
            if wanted.problem:
                self._say(wanted.problem, "warn")
        elif key == "tab":
            if self._target is self._log:
                self._searching = not self._searching
                self.name_it(self._label())
                self._say_state(self._apply(self.words))
        else:
            return False
        return True

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Apply what stands in the field."""
        event.stop()
        if self.typing:
            self._say_state(self._apply(event.words))

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
            self._say(wanted.problem, "warn")
            return
        other = "filter: only what matches" if self._searching else "search: every line stays"
        tab = f"   tab {other}" if self._target is self._log else ""
        self._say(f"enter keeps it   esc clears it{tab}")

    def _end(self) -> None:
        target, self._target = self._target, None
        self.close()
        if target is not None and self._shown(target):
            target.focus()
        self._say("")

    def clear_for(self, focused: Widget | None) -> bool:
        """Clear the focused panel's filter, else the other's; False when there was none."""
        log, fleet = self._log, self._fleet
        logs = bool(log.search or log.book.filter)
        if not (logs or fleet.filter):
            return False
        if logs and not (fleet.filter and focused is fleet):
            log.show_only(Filter())
        else:
            fleet.show_only(Filter())
        return True
