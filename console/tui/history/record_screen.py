"""The record of one run: its report, and the output of its steps, read backwards from the end on demand.

It changes nothing by itself; from here the release is rolled back, where it is the last one, or the run is replayed.
"""

import asyncio
from collections.abc import Callable, Coroutine

from textual.app import ComposeResult
from textual.containers import Container

from console.as_typed import as_typed
from console.errors import ConsoleError, in_one_line
from console.model.events import AnyEvent
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.environment_client import EnvironmentClient
from console.tui.begun import begun
from console.tui.dialogs.restore_dialog import restore_question
from console.tui.dialogs.run_questions import rollback_question
from console.tui.history.replay_feed import ReplayFeed
from console.tui.key_refusals import Situation
from console.tui.log_actions import LogActions
from console.tui.page_with_log import PageWithLog
from console.tui.screen_shell import Shell
from console.tui.screen_sizes import MIDDLE
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.line_view import ScrolledLines
from console.views.filter import parse
from console.views.log_lines import chapter_lines
from console.views.past_runs import record_lines, report_lines
from console.views.report_from_events import Report, report_of
from console.views.scrollback import end_of_log
from console.views.styled_text import Line, Span, line

LINES = 500
"""Lines of output that are read at once."""
LAST_RUNS = 100
"""Runs among which the last one that changed the fleet is looked for."""
WITHIN = 10.0
"""Seconds that reading may take."""


class RecordScreen(PageWithLog):
    """The record of one run that is over: its report, and its output."""

    AUTO_FOCUS = "#report"
    place = "record"
    field: FilterLine

    def __init__(self, shell: Shell, client: EnvironmentClient, run: RunSummary) -> None:
        super().__init__(shell)
        self.client = client
        self.run = run
        self.events: tuple[AnyEvent, ...] = ()
        self.report: Report | None = None
        self._is_last: bool | None = None
        """Whether no run changed the fleet after this one; None: not read."""
        self._zoom = 0
        self._reader: asyncio.Task[None] | None = None
        self._report_view = ScrolledLines((line(Span("reading the record …", "dim")),), id="report")
        self.field = FilterLine(self._keep_filter)

    def compose(self) -> ComposeResult:
        """Lay out the headline, the report beside the log, and the key lines."""
        yield self.headline
        with Container(id="parts"):
            yield self._report_view
            yield self.log_panel
        yield self.field
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Begin to read the record; the page stands before it is there."""
        self._report_view.add_class("panel")
        self._report_view.border_title = "1 Report"
        self.lay_out()
        self._begin(self._read())

    def on_unmount(self) -> None:
        """End a read that nobody sees the end of."""
        if self._reader is not None:
            self._reader.cancel()

    def lay_out(self) -> None:
        """Both panels above each other, beside each other where there is width, or one alone."""
        width, height = self.app.size
        self.set_class(width >= MIDDLE, "wide")
        self.set_class(height < 14, "tiny")
        self._report_view.display = self._zoom != 4
        self.log_panel.display = self._zoom != 1 and not (height < 14 and self._zoom != 4)
        self.call_after_refresh(self.show)

    # -- reading ------------------------------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        if self._reader is None or self._reader.done():
            self._reader = begun(self._told(work), self.say)

    async def _told(self, work: Coroutine[None, None, None]) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                await work
        except TimeoutError:
            self.say(f"the record was not read within {WITHIN:.0f} s", "bad")
        except ConsoleError as fault:
            self.say(f"not read: {in_one_line(fault)}", "bad")

    async def _read(self) -> None:
        self.events = await self.client.record(self.run.run)
        report = await asyncio.to_thread(report_of, self.events)
        self.report = report
        self.show()
        changing = (one for one in await self.client.history(LAST_RUNS) if one.changed_the_fleet)
        self._is_last = next((one.run for one in changing), "") == self.run.run
        page = await self.client.log(self.run.run, "", "", LINES)
        self.log_panel.add(end_of_log(page, await asyncio.to_thread(chapter_lines, self.events)))
        self.log_panel.is_cut = bool(page.before)
        self.readback.read_from(self.client, self.run.run, events=self.events)
        self.show()

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Show as much of the record as is read."""
        if not self.is_mounted:
            return
        self.set_class(self.client.protected, "protected")
        report, zone = self.report, self.shell.zone
        if report is not None:
            shown = self._report_view
            self.log_panel.show_kinds(report.state.log_kinds_total)
            self.headline.draw(lambda width, _: record_lines(report, width, zone))
            shown.show(report_lines(report, max(20, shown.content_size.width - 1), zone))
        else:
            self.headline.draw(lambda _w, _h: (line(Span(f" {self.run.run}", "strong")),))
        self.show_edges()

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        state = self.report.state if self.report else RunState()
        knows = self._is_last is not None or (self._reader is not None and self._reader.done())  # where it cannot be read, the engine judges it
        return Situation(
            state, "", self._zoom, self.shell.read_only, can_begin_runs=True, place="record", is_last=self._is_last is not False, knows_last=knows,
        )  # fmt: skip

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        return LogActions(self.log_panel, self.shell, self.say).reading_handlers() | {
            "roll-back": self.ask_rollback, "restore": self.ask_restore, "replay": self.replay, "filter": self.open_filter, "unzoom": self.unzoom,
            "panel-1": lambda: self.zoom(1), "panel-4": lambda: self.zoom(4),
        }  # fmt: skip

    def rest_line(self) -> Line:
        """Say how the same is had as text."""
        return line(Span(f" same as: {as_typed(f'deploy report {self.run.run}')}", "dim"))

    def zoom(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._zoom = 0 if self._zoom == number else number
        self.lay_out()
        (self.log_panel if self._zoom == 4 else self._report_view).focus()

    def unzoom(self) -> None:
        """Clear the filter; else go back to both panels."""
        if self.log_panel.book.filter:
            self.log_panel.show_only(parse(""))
        elif self._zoom:
            self.zoom(self._zoom)
        self.unsay()

    def replay(self) -> None:
        """Play the run again from its events; where none are read yet, do nothing."""
        if self.events:
            self.shell.show_run(ReplayFeed(self.events, records=self.client, run=self.run.run))

    def ask_rollback(self) -> None:
        """Ask, and roll this release back on the second `r`."""
        if self.report is not None:
            self.ask(rollback_question(self.report.state, self.dialog_width(), ended=self.run.run))

    def ask_restore(self) -> None:
        """Ask, and bring the database back from this run's backup."""
        if self.report is not None:
            self.ask(restore_question(self.report.state, self.shell.clock.now()))

    # -- the filter ---------------------------------------------------------------------------------------------------------------

    def open_filter(self) -> None:
        """Type what of the log is shown."""
        self.field.open("filter log:", self.log_panel.book.filter.source)
        self.say("enter keeps it   esc clears it")

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Apply the filter as it is typed."""
        wanted = parse(event.words)
        self.log_panel.show_only(wanted)
        self.say(wanted.problem or "enter keeps it   esc clears it", "warn" if wanted.problem else "plain")

    def _keep_filter(self, words: str) -> None:
        self.log_panel.show_only(parse(words))
        (self.log_panel if self.log_panel.display else self._report_view).focus()
        self.unsay()
