"""Runs, newest first, of which one is chosen. The choice stays with its run while others begin above it; on the newest run it stays on the newest."""

from collections.abc import Callable

from console.model.run_summary import RunSummary
from console.tui.widgets.picker import Picker
from console.views.styled_text import Line


class RunList(Picker):
    """Knows which runs stand in it, and nothing of what a row says."""

    def __init__(self, empty: str, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(empty, id=id, classes="panel")
        self.runs: tuple[RunSummary, ...] = ()
        """The runs as they are shown."""

    @property
    def chosen(self) -> RunSummary | None:
        """The run that is chosen; None: there is none."""
        return self.runs[self.index] if self.index < len(self.runs) else None

    def show_runs(self, runs: tuple[RunSummary, ...], row: Callable[[RunSummary, int], Line]) -> None:
        """Show those runs. `row`: makes a run's line for a width."""
        before, self.runs = self.chosen if self.index else None, runs
        self.draw(lambda width: tuple(row(run, width) for run in runs))
        place = next((place for place, run in enumerate(runs) if before and run.run == before.run), self.index)
        if place != self.index:
            self.choose(place)
