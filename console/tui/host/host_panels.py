"""The panels of the host screen: fault, steps, releases, metrics and log; and which of them is full screen."""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.model.host_commands import Command
from console.model.state import HostState, RunState
from console.tui.host.host_lookup import HostLookup
from console.tui.metrics_history import MetricsHistory
from console.tui.widgets.line_view import LineView
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.tui.widgets.picker import Picker
from console.views.host_details import current_step, fault_lines, host_head, host_steps, release_rows, step_rows, way_back_of
from console.views.staleness import old_news
from console.views.styled_text import Line, line

PANELS = {1: "steps", 2: "releases", 3: "metrics", 4: "log"}
LOG = 4


class HostSnapshot(NamedTuple):
    """What the panels show, all of one moment."""

    host: str
    fleet: RunState
    """The hosts as they are."""
    run: RunState
    """The run whose steps are shown; an empty one where the host has no part in it."""
    numbers: MetricsHistory
    lookup: HostLookup
    now: float
    """On the boot-time clock."""


def head_rows(fleet: RunState, run: RunState, host: str, now: float, room: tuple[int, int], problem: str) -> tuple[Line, ...]:
    """Return the lines on top, in so many cells and rows; where they are all that there is room for, what went wrong follows them.

    `problem`: why nothing more is heard of the host; empty: it is.
    """
    names, (width, height) = tuple(fleet.hosts), room
    number = (names.index(host) + 1 if host in names else 0, len(names))
    first, second = host_head(fleet, fleet.hosts.get(host, HostState(host)), number, now, width)
    head = first, old_news(problem, second, width)
    return (*head, *fault_lines(run, host, width, height - 2)) if height > 2 else head


class HostPanels(Vertical):
    """Which of them are seen at which size is the style sheet's to say."""

    def __init__(self, log: LogPanel) -> None:
        super().__init__(id="host-body")
        self._log = log
        self._fault = LineView(id="fault", classes="panel")
        self.steps = Picker("no steps on this host", id="steps", classes="panel")
        self._releases = LineView(id="releases", classes="panel")
        self._metrics = MetricsPanel(id="metrics", classes="panel")
        self._at = -1
        self.zoomed = 0
        """The panel that has the whole screen; 0: none."""

    def compose(self) -> ComposeResult:
        """Lay out the fault and the steps, the releases and the numbers beside them, and the log below."""
        with Horizontal(id="host-top"):
            with Vertical(id="host-left"):
                yield self._fault
                yield self.steps
            with Vertical(id="host-right"):
                yield self._releases
                yield self._metrics
        yield self._log

    def on_mount(self) -> None:
        """Name those whose names stay."""
        self._fault.entitle(line("What went wrong"))
        self._releases.entitle(line("2 Releases"))

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen."""
        return {"zoomed": self.zoomed > 0} | {f"zoom-{number}": self.zoomed == number for number in PANELS}

    def turn(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self.zoomed = 0 if self.zoomed == number else number

    def focus_zoomed(self) -> None:
        """Give the panel that has the screen the keys, where it takes any."""
        wanted = self.query_one(f"#{PANELS[self.zoomed]}") if self.zoomed else None
        if wanted is not None and wanted.can_focus:
            wanted.focus()

    def fit(self, run: RunState, host: str, width: int, height: int) -> bool:
        """Give log and fault the rows that they need on a screen of that size; whether anything went wrong."""
        self._log.styles.height = "1fr" if self.zoomed == LOG else max(6, (height - 4) // 3)
        room = (self._fault.content_size.width or width - 4, 100 if self.zoomed == 1 else max(4, (height - 4) * 3 // 10))
        count = len(fault_lines(run, host, *room))
        self._fault.styles.height = count + 2
        return count > 0

    def begin(self) -> None:
        """Another host is shown: its current step is to be chosen."""
        self._at = -1

    def show(self, seen: HostSnapshot) -> None:
        """Show every panel as things are; each repaints only what differs."""
        host, run, lookup = seen.host, seen.run, seen.lookup
        self._fault.draw(lambda width, height: fault_lines(run, host, width, height))
        self._show_steps(seen)
        known = seen.fleet.hosts.get(host)
        drift = str(known.detail) if known and not seen.fleet.run else ""
        told = (line(lookup.no_releases),) if lookup.no_releases else None
        self._releases.draw(lambda width, _: told or release_rows(lookup.releases, way_back_of(run, host), drift, width))
        self._metrics.show_numbers(seen.numbers.series(host, seen.now), seen.fleet, seen.now, host, span=seen.numbers.span)

    def _show_steps(self, seen: HostSnapshot) -> None:
        run, host = seen.run, seen.host
        self.steps.entitle(line("1 Steps", "" if seen.fleet.run or not run.run else f"  of the last run, {run.run}"))
        self.steps.draw(lambda width: step_rows(run, host, seen.now, width))
        at = current_step(run, host)
        if at != self._at:
            self._at = at
            self.steps.choose(at)

    def chosen_command(self, run: RunState, host: str) -> Command | None:
        """Return what was run in the chosen step; None: that is the console's own."""
        steps = host_steps(run, host)
        return steps[self.steps.index][0].command if self.steps.index < len(steps) else None
