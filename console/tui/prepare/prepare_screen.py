"""The prepare screen: choose a version and fill in the form; checks and plan of the run are shown beside them. GO opens the run.

Puts the parts together, each of which is a module of its own; it judges nothing, and changes nothing on a host.
"""

from collections.abc import Callable

from textual.app import ComposeResult

from console.as_typed import as_typed
from console.model.fleet_snapshot import Candidate
from console.model.request import Request
from console.ports.environment_client import EnvironmentClient
from console.ports.feed import Feed
from console.tui.dialogs.dialog import TextDialog
from console.tui.key_refusals import Situation
from console.tui.page import Page
from console.tui.prepare.announcement_editor import AnnouncementEditor, Prepared
from console.tui.prepare.form_actions import FormActions
from console.tui.prepare.prepare_panels import CHECKS, FORM, OVERRIDES, PANELS, VERSIONS, PreparePanels
from console.tui.prepare.preview_query import PreviewQuery
from console.tui.prepare.text_entry import TextEntry
from console.tui.prepare.version_choice import VersionChoice
from console.tui.prepare.version_marks import VersionMarks
from console.tui.screen_shell import Shell
from console.tui.widgets.picker import Picker
from console.views.check_lines import check_lines
from console.views.plan_words import plan_lines
from console.views.release_fields import take
from console.views.release_preparation import equivalent_command, prepare_lines, problem_lines, why_closed
from console.views.return_words import way_back_lines
from console.views.styled_text import Line, Span, line


class PrepareScreen(Page):
    """A release that is being prepared."""

    AUTO_FOCUS = "#versions"
    place = "prepare"
    field: TextEntry

    def __init__(self, shell: Shell, client: EnvironmentClient) -> None:
        super().__init__(shell)
        self.client = client
        self.panels = PreparePanels(self.lay_out)
        versions = self.panels.versions
        self.marks = VersionMarks(client, shell.clock, self.show, self.say)
        self.version = VersionChoice(versions, self.marks, suggested=lambda: client.suggested, zone=shell.zone, ask=self._ask)
        self.preview = preview = PreviewQuery(client, self.say, self.version.listed, self.show)
        self.field = TextEntry(
            self.say, filtered=self.version.filtered, moved=lambda rows: versions.choose(versions.index + rows), taken=preview.fill_in,
            judge=lambda field, words: take(field, preview.request, words, preview.seen),
            ended=lambda in_field: self.panels.focus_on(FORM if in_field else VERSIONS),
        )  # fmt: skip
        self.announcement = AnnouncementEditor(shell, client, self.say, lambda: Prepared(preview.request, preview.answer), preview.fill_in)
        self.form = FormActions(self.panels, preview, self.field, self.announcement, self.say, self.go, read_only=shell.read_only)
        self._opening = False

    def compose(self) -> ComposeResult:
        """Lay out the headline, the panels, the line that is typed into and the key lines."""
        yield self.headline
        yield self.panels
        yield self.field
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Read what there is to choose from."""
        self.lay_out()
        self.preview.read()

    def on_unmount(self) -> None:
        """Wait no more for what the engine was asked."""
        self.preview.stop()
        self.announcement.stop()
        self.marks.stop()

    @property
    def chosen(self) -> Candidate | None:
        """The version that is chosen."""
        return self.panels.versions.chosen

    def tick(self) -> None:
        """Ask CI about versions that have come into sight."""
        if self.is_mounted:
            self.version.look()

    def _ask(self, ref: str, now: bool) -> None:
        self.preview.ask(ref, self.announcement.notes_for(ref), now=now)

    def on_picker_row_chosen(self, event: Picker.RowChosen) -> None:
        """Another version was chosen."""
        if event.picker is self.panels.versions and self.version.moved():
            self.unsay()

    # -- what is shown ------------------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Choose the arrangement for the size: four panels, or one alone."""
        super().lay_out()
        self.call_after_refresh(self.show)

    def shape(self) -> dict[str, bool]:
        """Say which panel stands alone, too."""
        size = super().shape()
        return size | {"protected": self.client.protected} | self.panels.shape(tiny=size["tiny"])

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.is_mounted:
            return
        preview, chosen = self.preview, self.chosen
        self.marks.learn(preview.answer.state)
        self.version.show()
        self.panels.form.show_form(preview.request, preview.seen, preview.answer, chosen)
        self.panels.show_answer(preview.answer, self.panels.versions.chosen_ref)
        self.announcement.show()
        self.headline.draw(self._head)
        self.show_edges()

    def _head(self, width: int, _: int) -> tuple[Line, ...]:
        client, preview = self.client, self.preview
        first, second = prepare_lines(client.app, client.environment, client.protected, preview.board, self.chosen, preview.answer, width)
        return (first, self.message.said) if self.has_class("tiny") and self.message.said else (first, second)

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        closed = "the run is being opened" if self._opening else why_closed(self.preview.answer, self.chosen)
        return super().situation._replace(closed="this console is read-only" if self.shell.read_only else closed)

    def rest_line(self) -> Line:
        """Say what a press of GO would type."""
        return line(" ") if self.situation.closed else line(Span(f" same as: {as_typed(self._equivalent)}", "dim"))

    @property
    def _equivalent(self) -> str:
        return equivalent_command(self.client.environment, self.preview.request)

    def _tell(self, message: Line) -> None:
        """Put it on the message line; on the smallest screens in the place of the second line."""
        super()._tell(message)
        self.show()

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.panels.show_alone(number) for number in PANELS}
        return panels | {
            "open-run": self.go, "fill": self.open_focused, "change": lambda: self.form.turn(1), "change-back": lambda: self.form.turn(-1),
            "panel-next": lambda: self.panels.go_on(1), "panel-before": lambda: self.panels.go_on(-1), "filter": self.open_filter, "unzoom": self.back,
            "refresh": self.preview.read, "announcement": self.announcement.open, "override": self.form.override,
        }  # fmt: skip

    def open_filter(self) -> None:
        """Type what the versions are to hold."""
        self.panels.focus_on(VERSIONS)
        self.field.open_filter()

    def back(self) -> None:
        """Clear the filter; else go back to all panels; else leave."""
        if not self.field.clear_filter() and not self.panels.show_all():
            self.leave()

    def open_focused(self) -> None:
        """Open what has the keys: from a version on to the form, a field, GO, all checks, the whole plan."""
        panel, state = self.panels.focused, self.preview.answer.state
        if panel == VERSIONS:
            self.panels.focus_on(FORM)
        elif panel == FORM:
            self.form.open_line()
        elif panel == CHECKS:
            self._open_words("Checks", lambda width: check_lines(state, width, 1000, key=OVERRIDES))
        else:
            self._open_words("Plan and way back", lambda width: (*plan_lines(state, width), line(" "), *way_back_lines(state, width)))

    def _open_words(self, title: str, lines: Callable[[int], tuple[Line, ...]]) -> None:
        problem = self.preview.answer.problem
        self.shell.push(TextDialog(title, problem_lines(problem, 1000) if problem else lines))

    def go(self) -> None:
        """Open the run, which asks for GO by itself when its own pre-flight is made; or say why that is not to be."""
        if self.situation.closed:
            self.say(f"GO is closed: {self.situation.closed}", "warn")
            return
        self._opening = True
        request = self.preview.request
        self.shell.open_run(self._opened(request), f"opening the release of {request.ref}", asks="go", equivalent=self._equivalent)
        self.show()

    async def _opened(self, request: Request) -> Feed:
        try:
            return await self.client.open(request)
        finally:
            self._opening = False
            self.show()
