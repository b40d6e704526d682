"""Prepare: a version is chosen, the form is filled in, and beside them stands what a run would find and do. GO opens the run.

Lays out and shows the parts, each of which is a module of its own; it judges nothing, and changes nothing on a host.
"""

from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.model.fleet_snapshot import Candidate
from console.model.request import Request
from console.model.state import RunState
from console.ports.environment_client import EnvironmentClient
from console.ports.feed import Feed
from console.tui.dialogs.dialog import TextDialog
from console.tui.page import Page
from console.tui.prepare.announcement_editor import AnnouncementEditor
from console.tui.prepare.panel_layout import PANELS, PanelLayout
from console.tui.prepare.preview_query import PreviewQuery
from console.tui.prepare.release_form import ReleaseForm
from console.tui.prepare.text_entry import TextEntry
from console.tui.prepare.version_picker import VersionPicker
from console.tui.situation import Situation
from console.tui.widgets.checklist_panels import ChecksPanel, PlanPanel
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.line_view import LineView
from console.tui.widgets.picker import Picker
from console.typed import as_typed
from console.views.checklist import check_lines
from console.views.plan_words import plan_lines, way_back_lines
from console.views.release_fields import Seen
from console.views.release_preparation import PreviewAnswer, prepare_lines, problem_lines, twin, why_closed
from console.views.styled_text import Line, Span, Tone, line

OVERRIDES = "o"
"""The key that `override` has here."""


class PrepareScreen(Page):
    """A release that is being prepared."""

    AUTO_FOCUS = "#versions"
    place = "prepare"

    def __init__(self, station: EnvironmentClient) -> None:
        super().__init__()
        self.station = station
        self.inquiry = PreviewQuery(self)
        self.panels = PanelLayout(self)
        self.form = ReleaseForm(self)
        self.filling = TextEntry(self)
        self.versions = VersionPicker(self)
        self.announcing = AnnouncementEditor(self)
        self._opening = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield LineView(id="headline")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Picker("reading the versions …", id="versions", classes="panel")
                yield Picker(id="form", classes="panel")
            with Vertical(id="right"):
                yield ChecksPanel(id="checks", classes="panel")
                yield PlanPanel(id="plan", classes="panel")
        yield FilterLine(id="filter")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Read what there is to choose from."""
        checks, plan = self.query_one(ChecksPanel), self.query_one(PlanPanel)
        checks.number, plan.number, checks.all_by, checks.key = 3, 4, "3, enter: all", OVERRIDES
        checks.can_focus = plan.can_focus = True
        self.versions.picker.marked = True
        self.form.picker.entitle(line("2 Release"))
        self.lay_out()
        self.inquiry.read()

    def on_unmount(self) -> None:
        """Ask no more."""
        self.inquiry.stop()
        self.announcing.stop()
        self.versions.stop()

    @property
    def request(self) -> Request:
        """What is asked about."""
        return self.inquiry.request

    @property
    def answer(self) -> PreviewAnswer:
        """What is known of it."""
        return self.inquiry.answer

    @property
    def seen(self) -> Seen:
        """What a field's value is judged by."""
        return self.inquiry.seen

    @property
    def chosen(self) -> Candidate | None:
        """The version that is chosen."""
        return self.versions.chosen

    def list_versions(self, ref: str) -> None:
        """List the versions that the filter keeps, with that one chosen."""
        self.versions.keep(self.filling.filter, ref)
        self.show()

    def fill_in(self, request: Request) -> None:
        """Take what was said in the form."""
        self.inquiry.fill_in(request)

    def tick(self) -> None:
        """Ask CI about versions that have come into sight."""
        if self.is_mounted and self.query("#versions"):
            self.versions.look()

    # -- what is shown ------------------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Choose the arrangement for the size: four panels, or one alone."""
        super().lay_out()
        self.call_after_refresh(self.show)

    def shape(self) -> dict[str, bool]:
        """Say which panel stands alone, too."""
        size = super().shape()
        return size | {"protected": self.station.protected} | self.panels.shape(tiny=size["tiny"])

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.is_mounted or not self.query("#footer"):
            return
        self.versions.draw()
        self.form.draw()
        self._show_answer()
        self.announcing.show()
        self.query_one("#headline", LineView).draw(self._head)
        self.show_edges()

    def _head(self, width: int, _: int) -> tuple[Line, ...]:
        station = self.station
        first, second = prepare_lines(station.app, station.environment, station.protected, self.inquiry.board, self.chosen, self.answer, width)
        return (first, self._message) if self.has_class("tiny") and self._message else (first, second)

    def _show_answer(self) -> None:
        checks, plan, answer = self.query_one(ChecksPanel), self.query_one(PlanPanel), self.answer
        problem = answer.problem
        if problem:
            checks.entitle(line("3 Checks  not made"))
            checks.draw(lambda width, _: problem_lines(problem, width))
            plan.show_run(RunState())
            return
        checks.show_run(answer.state)
        plan.show_run(answer.state)
        if answer.asking and self.chosen:
            checks.entitle(line(Span(f"3 Checks  asking about {self.chosen.ref} …", "busy")))
            plan.entitle(line(Span("4 Plan and way back  asking …", "busy")))

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        closed = "this console only looks on" if self.app.read_only else "the run is being opened" if self._opening else why_closed(self.answer, self.chosen)
        below = self.app.rollback_page
        before = below.situation if below else Situation(RunState(), read_only=self.app.read_only, has_station=True)
        return replace(before, host="", zoomed=0, place="prepare", closed=closed)

    def rest_line(self) -> Line:
        """Say what a press of GO would type."""
        return line(" ") if self.situation.closed else line(Span(f" same as: {as_typed(twin(self.station.environment, self.request))}", "dim"))

    # -- what is done -------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.panels.show_alone(number) for number in PANELS}
        return panels | {
            "open-run": self.go, "fill": self.open_focused, "change": lambda: self.form.turn(1), "change-back": lambda: self.form.turn(-1),
            "panel-next": lambda: self.panels.go_on(1), "panel-before": lambda: self.panels.go_on(-1), "filter": self.open_filter, "unzoom": self.back,
            "refresh": self.inquiry.read, "roll-back": self.ask_rollback, "announcement": self.announcing.open, "override": self.form.override,
        }  # fmt: skip

    def typing(self) -> bool:
        """Return whether the line has the keys."""
        return self.filling.typing

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry, or goes into the line."""
        return self.filling.press(key) if self.filling.typing else super().press(key)

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line; on the smallest screens in the place of the second line."""
        super().say(words, tone)
        self.show()

    def unsay(self) -> None:
        """Clear the message line."""
        super().unsay()
        self.show()

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Filter as it is typed."""
        self.filling.typed(event.words)

    def on_picker_row_chosen(self, event: Picker.RowChosen) -> None:
        """Another version was chosen."""
        if event.picker is self.versions.picker and self.chosen and self.request.ref != str(self.chosen.ref):
            self.unsay()
            self.inquiry.ask()

    def filtered(self) -> None:
        """Show the versions that the filter keeps."""
        before = self.chosen
        self.list_versions(str(before.ref) if before else self.request.ref)
        if (str(self.chosen.ref) if self.chosen else "") != self.request.ref:
            self.inquiry.ask()

    def move(self, rows: int) -> None:
        """Choose a version so many rows on."""
        self.versions.picker.choose(self.versions.picker.index + rows)

    def open_filter(self) -> None:
        """Type what the versions are to hold."""
        self.panels.focus_on(1)
        self.filling.open_filter()

    def back(self) -> None:
        """Clear the filter; else go back to all panels; else leave."""
        if not self.filling.clear() and not self.panels.show_all():
            self.app.leave()

    def open_focused(self) -> None:
        """Open what has the keys: from a version on to the form, a field, GO, all checks, the whole plan."""
        panel = self.panels.focused
        if panel == 1:
            self.panels.focus_on(2)
        elif panel == 2:
            self.form.open_row()
        elif panel == 3:
            self._open_words("Checks", lambda width: check_lines(self.answer.state, width, 1000, key=OVERRIDES))
        else:
            state = self.answer.state
            self._open_words("Plan and way back", lambda width: (*plan_lines(state, width), line(" "), *way_back_lines(state, width)))

    def _open_words(self, title: str, lines: Callable[[int], tuple[Line, ...]]) -> None:
        problem = self.answer.problem
        self.app.push_screen(TextDialog(title, problem_lines(problem, 1000) if problem else lines))

    def press_go(self) -> None:
        """Open the run, or say why that is not to be."""
        if self.situation.closed:
            self.say(f"GO is closed: {self.situation.closed}", "warn")
        else:
            self.go()

    def go(self) -> None:
        """Open the run; it asks for GO by itself when its own pre-flight is made."""
        self._opening = True
        words = twin(self.station.environment, self.request)
        self.app.open_run(self._opened(self.request), f"opening the release of {self.request.ref}", asks=True, twin=words)
        self.show()

    async def _opened(self, request: Request) -> Feed:
        try:
            return await self.station.open(request)
        finally:
            self._opening = False
            self.show()

    def ask_rollback(self) -> None:
        """Ask about the release that is live, where it is known."""
        below = self.app.rollback_page
        if below is not None:
            below.ask_rollback()
