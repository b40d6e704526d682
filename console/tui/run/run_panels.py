"""Paints the panels of a run's screen: every widget is given its slice of the state, and repaints only what differs."""

from typing import TYPE_CHECKING

from console.model.state import RunState
from console.tui.widgets.checklist_panels import ChecklistPanel, ChecksPanel, PlanPanel
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.views.headline import run_lines

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen


def is_before(state: RunState) -> bool:
    """Whether nothing was changed yet: checks and plan are what there is to see."""
    return state.phase in ("preflight", "deciding") or (state.phase == "ended" and not state.epoch and not state.changed)


def show_panels(screen: "RunScreen", state: RunState, now: float) -> None:
    """Show every panel as the state is."""
    was_before, before = screen.has_class("before"), is_before(state)
    screen.update_classes(screen.shape())
    if was_before and not before:
        screen.call_after_refresh(_focus_fleet, screen)
    screen.query_one("#checkline", ChecklistPanel).show_run(state, now)
    if before:
        screen.query_one(ChecksPanel).show_run(state)
        screen.query_one(PlanPanel).show_run(state)
    else:
        numbers, pinned = screen.numbers, screen.pinned if screen.pinned in state.hosts else ""
        screen.query_one(FleetPanel).show_fleet(state, now, screen.host, lambda host: numbers.load_of(host, now))
        screen.query_one(MetricsPanel).show_numbers(numbers.series(pinned), state, now, pinned, screen.moment.looked)
    presence, problem = screen.follower.presence, screen.watching.link_problem
    screen.query_one("#checklist", ChecklistPanel).show_run(
        state, now, lambda width: run_lines(state, now, width, presence.names, presence.round_trip, problem=problem)
    )


def _focus_fleet(screen: "RunScreen") -> None:
    """Give the fleet the arrows once it is there, unless somebody reads or types."""
    if not screen.typing() and screen.query_one(LogPanel).following:
        screen.query_one(FleetPanel).focus()
