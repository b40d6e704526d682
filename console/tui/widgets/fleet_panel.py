"""The fleet as one widget: a row, a cell or a letter for each host, and one of them chosen. Never a widget for each host."""

from textual import events
from textual.message import Message

from console.core.words.sizes import counted_hosts
from console.model.state import RunState
from console.tui.widgets.line_view import LineView
from console.views.filter import Filter, count_words
from console.views.fleet_letters import legend
from console.views.fleet_rows import Load, counts_in_words, fleet_lines, host_line, kept_names
from console.views.grid import Grid, grid_for
from console.views.styled_text import Line, Span, clipped, line

_MOVES = ("up", "down", "left", "right", "pageup", "pagedown")


class FleetPanel(LineView, can_focus=True):
    """Hosts by the room there is. Arrows and page keys choose one; `escape` lets the choice go back to the host that is waited for."""

    class HostChosen(Message):
        """Another host was chosen by hand; empty: none."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._state = RunState()
        self._host = ""
        self._now = 0.0
        self._names: tuple[str, ...] = ()
        self._load: Load | None = None
        self.filter = Filter()
        self.title_words = "2 Fleet"

    def show_only(self, wanted: Filter) -> None:
        """Show only the hosts that it keeps."""
        self.filter = wanted
        self.show_fleet(self._state, self._now, self._host, self._load)

    def mark(self, host: str) -> None:
        """Mark that host in the fleet as it is shown."""
        self.show_fleet(self._state, self._now, host, self._load)

    def show_fleet(self, state: RunState, now: float, host: str, load: Load | None = None) -> None:
        """Show the fleet as it is now, with that host marked. `load`: the newest numbers of a host, where there are any."""
        self._state, self._host, self._now, self._load = state, host, now, load
        self._names = kept_names(state, self.filter)
        self._entitle()
        self.draw(lambda width, height: self._lines_for(state, now, width, height))

    def _entitle(self) -> None:
        state, grid = self._state, self._grid()
        if not state.hosts:  # not read yet: how many there are is not known
            self.entitle(line(self.title_words))
            return
        kept = count_words(len(self._names), len(state.hosts), self.filter.source) + "  " if self.filter else ""
        room = self.size.width - len(kept) - 15
        letters = grid.mode in ("heat", "groups")
        counts = counts_in_words(state)
        short = counts if len(counts) <= room else counts.replace(" hosts:", ":")
        self.entitle(line(f"{self.title_words}  ", kept, legend(state, self._names, room) if letters else short))
        told = f"{host_line(state, self._host, self._now)}   enter opens it" if letters and self._host in state.hosts else ""
        group = f"{counted_hosts(grid.each)} a letter, the worst" if grid.mode == "groups" else ""
        self.entitle_below("   ".join(words for words in (told, group) if words))

    def _lines_for(self, state: RunState, now: float, width: int, height: int) -> tuple[Line, ...]:
        if not state.hosts:
            return (line(Span("reading the hosts …", "dim")),)
        if not self._names:
            return (line(Span("no host matches; esc clears the filter", "warn")),)
        lines = fleet_lines(state, self._names, width, height, now, self._host, self._load)
        if grid_for(self._names, width, height).mode != "heat" or len(lines) + 1 >= height:
            return lines
        return (*lines, (), clipped(line(Span(legend(state, self._names, 1000), "dim")), width))[:height]

    def _grid(self) -> Grid:
        return grid_for(self._names, self.content_size.width, self.content_size.height)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new room."""
        super().on_resize(event)
        self._entitle()

    def on_key(self, event: events.Key) -> None:
        """Move the choice by the arrows, in the grid as it is drawn; other keys are the page's."""
        if event.key not in _MOVES or not self._names:
            return
        event.stop()
        now = self._names.index(self._host) if self._host in self._names else -1
        moved = self._grid().move(now, event.key) if now >= 0 else 0
        if moved != now:
            self.post_message(self.HostChosen(self._names[moved]))

    def on_click(self, event: events.Click) -> None:
        """Choose the host under the pointer."""
        spot = event.get_content_offset(self)
        found = self._grid().index_at(spot.x, spot.y) if spot is not None else None
        if found is not None:
            self.post_message(self.HostChosen(self._names[found]))
