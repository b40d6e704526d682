"""The four panels of the prepare screen: what each shows, which one has the focus, and which one is full screen."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from console.model.state import RunState
from console.tui.prepare.release_form import ReleaseForm
from console.tui.prepare.version_picker import VersionPicker
from console.tui.widgets.checklist_panels import ChecksPanel, PlanPanel
from console.views.release_preparation import PreviewAnswer, problem_lines
from console.views.styled_text import Span, line

VERSIONS, FORM, CHECKS, PLAN = PANELS = (1, 2, 3, 4)
OVERRIDES = "o"
"""The key that `override` has here."""


class PreparePanels(Horizontal):
    """Versions and form at the left, checks and plan at the right. `arranged`: called when another panel stands alone, before it is given the keys."""

    def __init__(self, arranged: Callable[[], None]) -> None:
        super().__init__(id="columns")
        self._arranged = arranged
        self._alone = 0
        self.versions, self.form = VersionPicker(), ReleaseForm()
        self._checks, self._plan = ChecksPanel(id="checks", classes="panel"), PlanPanel(id="plan", classes="panel")
        self._checks.number, self._plan.number, self._checks.all_by, self._checks.key = CHECKS, PLAN, "3, enter: all", OVERRIDES
        self._checks.can_focus = self._plan.can_focus = True
        self._widgets: dict[int, Widget] = {VERSIONS: self.versions, FORM: self.form, CHECKS: self._checks, PLAN: self._plan}

    def compose(self) -> ComposeResult:
        """Lay out the versions and the form beside the checks and the plan."""
        with Vertical(id="left"):
            yield self.versions
            yield self.form
        with Vertical(id="right"):
            yield self._checks
            yield self._plan

    def show_answer(self, answer: PreviewAnswer, ref: str) -> None:
        """Show what is known of the version that is called so; empty: none is chosen."""
        problem = answer.problem
        if problem:
            self._checks.entitle(line("3 Checks  not made"))
            self._checks.draw(lambda width, _: problem_lines(problem, width))
            self._plan.show_run(RunState())
            return
        self._checks.show_run(answer.state)
        self._plan.show_run(answer.state)
        if answer.asking and ref:
            self._checks.entitle(line(Span(f"3 Checks  asking about {ref} …", "busy")))
            self._plan.entitle(line(Span("4 Plan and way back  asking …", "busy")))

    # -- which one has the keys, or the room --------------------------------------------------------------------------------------

    @property
    def _is_tiny(self) -> bool:
        return self.screen.has_class("tiny")

    def shape(self, *, tiny: bool) -> dict[str, bool]:
        """Say which panel stands alone; the smallest screens have room for one."""
        alone = self._alone or (VERSIONS if tiny else 0)
        return {"alone": alone > 0} | {f"alone-{number}": alone == number for number in PANELS}

    @property
    def focused(self) -> int:
        """The number of the panel that has the keys."""
        return next((number for number, widget in self._widgets.items() if self.screen.focused is widget), VERSIONS)

    def focus_on(self, number: int) -> None:
        """Give a panel the keys; alone on the screen where another one was."""
        if self._alone or self._is_tiny:
            self._alone = 0 if self._is_tiny and number == VERSIONS else number
            self._arranged()
        self._widgets[number].focus()

    def go_on(self, step: int) -> None:
        """Move so many panels on, round and round."""
        self.focus_on((self.focused - 1 + step) % len(PANELS) + 1)

    def show_alone(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._alone = 0 if self._alone == number else number
        self._arranged()
        self._widgets[number].focus()

    def show_all(self) -> bool:
        """Go back to all panels; False where none stood alone."""
        if not self._alone:
            return False
        self._alone = 0
        self._arranged()
        return True
