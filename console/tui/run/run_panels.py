"""The panels of the run screen: each widget is given its part of one snapshot, and repaints only what changed."""

from collections.abc import Callable
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.model.state import RunState
from console.ports.feed import Presence
from console.tui.metrics_history import MetricsHistory
from console.tui.widgets.checklist_panels import ChecklistPanel, ChecksPanel, PlanPanel
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.metrics_panel import Looked, MetricsPanel
from console.views.headline import run_lines


class RunSnapshot(NamedTuple):
    """What the panels show, all of one moment."""

    state: RunState
    now: float
    """On the clock of the numbers."""
    host: str
    """The host that is marked in the fleet."""
    pinned: str
    """The host that a person chose, whose numbers are shown; empty: the fleet's are."""
    numbers: MetricsHistory
    looked: Looked | None
    """The moment that the metrics mark."""
    presence: Presence
    problem: str
    """Why nothing more comes; empty: it comes."""


def is_before(state: RunState) -> bool:
    """Whether nothing was changed yet: checks and plan are what there is to see."""
    return state.phase in ("preflight", "deciding") or (state.phase == "ended" and not state.epoch and not state.changed)


class RunPanels(Horizontal):
    """Checklist, checks, fleet, plan and metrics side by side; which of them are seen is the style sheet's to say."""

    def __init__(self, line: ChecklistPanel, choose: Callable[[str], None]) -> None:
        """`line`: the checklist as one line above the panels, where they have no room for it; `choose`: told of a host that was chosen in the fleet."""
        super().__init__(id="top")
        self._line, self._choose = line, choose
        self._checklist = ChecklistPanel(id="checklist", classes="panel")
        self._checks = ChecksPanel(id="checks", classes="panel")
        self._plan = PlanPanel(id="plan", classes="panel")
        self.fleet = FleetPanel(id="fleet", classes="panel")
        self.metrics = MetricsPanel(id="metrics", classes="panel")

    def compose(self) -> ComposeResult:
        """Lay out every panel of the run's page; which of them are seen is the phase's."""
        yield self._checklist
        yield self._checks
        yield self.fleet
        yield self._plan
        yield self.metrics

    def on_fleet_panel_host_chosen(self, event: FleetPanel.HostChosen) -> None:
        """Another host was chosen."""
        event.stop()
        self._choose(event.host)

    def focus_fleet(self, unless: Callable[[], bool]) -> None:
        """Give the fleet the arrows, `unless` somebody reads or types."""
        if not unless():
            self.fleet.focus()

    def show(self, seen: RunSnapshot) -> None:
        """Show every panel as things are."""
        state, now = seen.state, seen.now
        self._line.show_run(state, now)
        if is_before(state):
            self._checks.show_run(state)
            self._plan.show_run(state)
        else:
            numbers = seen.numbers
            self.fleet.show_fleet(state, now, seen.host, lambda host: numbers.load_of(host, now))
            self.metrics.show_numbers(numbers.series(seen.pinned, now), state, now, seen.pinned, seen.looked, numbers.span)
        presence, problem = seen.presence, seen.problem
        self._checklist.show_run(state, now, lambda width: run_lines(state, now, width, presence.names, presence.round_trip, problem=problem))
