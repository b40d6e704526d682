"""The workflow's eight lines as a panel or as one line, and the pre-flight's checks and plan."""

from collections.abc import Callable

from console.model.state import RunState
from console.tui.widgets.line_view import LineView
from console.views.check_lines import check_lines
from console.views.checklist import checklist, checklist_line, checklist_lines
from console.views.plan_words import plan_lines
from console.views.return_words import way_back_lines
from console.views.styled_text import Line, Span, line


class ChecklistPanel(LineView):
    """Eight lines, or one of eight marks where there is a single row; where there is room, what the header may have had none for."""

    def show_run(self, state: RunState, now: float, facts: Callable[[int], tuple[Line, ...]] = lambda _: ()) -> None:
        """Show how far the workflow is. `facts`: makes the lines about the run for a width."""
        rows = checklist(state, now)
        self.entitle(line("1 Checklist"))
        self.draw(lambda width, height: (checklist_line(rows, width),) if height < 2 else self._both(checklist_lines(rows, width), facts(width), height))

    @staticmethod
    def _both(rows: tuple[Line, ...], facts: tuple[Line, ...], height: int) -> tuple[Line, ...]:
        return (*rows, (), *facts)[:height] if facts and height > len(rows) + 4 else rows


class ChecksPanel(LineView):
    """The pre-flight: what was found, what blocks, what to type. `number` is the panel's key, `all_by` says how all is read, `key` what overrides a check."""

    number = 2
    all_by = "2 shows all"
    key = ""

    def show_run(self, state: RunState) -> None:
        """Show the checks as they stand."""
        blocking = sum(1 for check in state.checks if check.blocks)
        words = f"{len(state.checks)}, {blocking} blocking" if blocking else f"{len(state.checks)}, no blocking checks"
        self.entitle(line(f"{self.number} Checks", f"  {words}" if state.checks else ""))
        nothing: tuple[Line, ...] = (line(Span("the pre-flight begins", "dim")),)
        self.draw(lambda width, height: check_lines(state, width, height, self.all_by, self.key) or nothing)


class PlanPanel(LineView):
    """The plan in words and the way back. `number` is the key that shows all of it."""

    number = 3

    def show_run(self, state: RunState) -> None:
        """Show what GO would do, and the way back from it."""
        self.entitle(line(f"{self.number} Plan and way back"))
        self.draw(lambda width, height: self._lines_for(state, width, height))

    @staticmethod
    def _lines_for(state: RunState, width: int, height: int) -> tuple[Line, ...]:
        back = way_back_lines(state, width, max(2, height - len(plan_lines(state, width, 0)))) if state.plan else ()
        room = height - len(back)
        return (*plan_lines(state, width, room)[:room], *back)
