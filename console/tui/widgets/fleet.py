"""The fleet as one widget: a row, a cell or a letter for each host, and one of them chosen. Never a widget for each host."""

from textual import events
from textual.message import Message

from console.model.state import RunState
from console.tui.widgets.lines import LineView
from console.views.filter import Filter, count_words
from console.views.fleet import Grid, counts_in_words, fleet_lines, grid_for, kept_names
from console.views.spans import Line, Span, line

_MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class Fleet(LineView, can_focus=True):
    """Hosts by the room there is. Arrows choose one; `escape` lets the choice go back to the host that is waited for."""

    class Chosen(Message):
        """Another host was chosen by hand; empty: none."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._state = RunState()
        self._host = ""
        self._now = 0.0
        self._names: tuple[str, ...] = ()
        self.filter = Filter()

    def show_only(self, wanted: Filter) -> None:
        """Show only the hosts that it keeps."""
        self.filter = wanted
        self.show_fleet(self._state, self._now, self._host)

    def show_fleet(self, state: RunState, now: float, host: str) -> None:
        """Show the fleet as it is now, with that host marked."""
        self._state, self._host, self._now = state, host, now
        self._names = kept_names(state, self.filter)
        kept = count_words(len(self._names), len(state.hosts), self.filter.source) + "  " if self.filter else ""
        self.entitle(line("2 Fleet  ", kept, counts_in_words(state)))
        self.draw(lambda width, height: self._lines_for(state, now, width, height))

    def _lines_for(self, state: RunState, now: float, width: int, height: int) -> tuple[Line, ...]:
        if not state.hosts:
            return (line(Span("no hosts yet", "dim")),)
        if not self._names:
            return (line(Span("no host matches; esc clears the filter", "warn")),)
        return fleet_lines(state, self._names, width, height, now, self._host)

    def _grid(self) -> Grid:
        return grid_for(self._names, self.content_size.width, self.content_size.height)

    def _choose(self, index: int) -> None:
        names = self._names
        if 0 <= index < len(names):
            self.post_message(self.Chosen(names[index]))

    def on_key(self, event: events.Key) -> None:
        """Move the choice."""
        move = _MOVES.get(event.key)
        names = self._names
        if move is None or not names:
            return
        event.stop()
        grid = self._grid()
        now = names.index(self._host) if self._host in names else -1
        if now < 0:
            self._choose(0)
            return
        across, down = (1, grid.columns) if grid.mode == "heat" else (grid.rows, 1)
        self._choose(now + move[0] * down + move[1] * across)

    def on_click(self, event: events.Click) -> None:
        """Choose the host under the pointer."""
        grid = self._grid()
        spot = event.get_content_offset(self)
        if spot is None or grid.mode == "groups":
            return
        step = 1 if grid.mode == "heat" else grid.cells + 3
        column = min(spot.x // step, grid.columns - 1)
        self._choose(spot.y * grid.columns + column if grid.mode == "heat" else column * grid.rows + spot.y)
