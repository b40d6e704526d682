"""The list of all runs of an environment, newest first: read page by page, searched by words; enter opens a run."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import tzinfo

from textual.app import ComposeResult

from console.errors import ConsoleError, in_one_line
from console.model.run_summary import RunSummary
from console.ports.environment_client import EnvironmentClient
from console.tui.begun import begun
from console.tui.history.compare_screen import CompareScreen
from console.tui.page import Page
from console.tui.screen_shell import Shell
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.picker import Picker
from console.tui.widgets.run_list import RunList
from console.views.history_words import why_words
from console.views.home_summary import run_row
from console.views.past_runs import runs_lines
from console.views.styled_text import Line, Span, line

PAGE = 50
"""Runs that are read at once."""
MOST = 1000
"""Runs that are read again, at most, to see what became of them."""
EVERY = 10.0
"""Seconds between two looks at the runs that are listed."""
EXPECTS = "words, !not: rolled, failed, v1.4, ada, 11-24"


class RunsScreen(Page):
    """Every run of the environment, newest first, read page by page as one scrolls."""

    AUTO_FOCUS = "#all-runs"
    place = "runs"
    field: FilterLine

    def __init__(self, shell: Shell, client: EnvironmentClient) -> None:
        super().__init__(shell)
        self.client = client
        self.runs: tuple[RunSummary, ...] = ()
        self.words = ""
        self.marked: RunSummary | None = None
        """The run that another one is to be compared with."""
        self._more = True
        self._read_yet = self._fails = False
        self._read_at = 0.0
        self._list = RunList("reading the record …", id="all-runs")
        self.field = FilterLine(self._found)
        self._reading: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the headline, the list, the filter's line and the key lines."""
        yield self.headline
        yield self._list
        yield self.field
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Begin to read the first page of the history."""
        self.set_class(self.client.protected, "protected")
        self.show()
        self.read()

    def on_unmount(self) -> None:
        """End a read that nobody sees the end of."""
        if self._reading is not None:
            self._reading.cancel()

    def on_screen_resume(self) -> None:
        """See what became of the runs meanwhile."""
        if self._read_yet:
            self.read()

    def tick(self) -> None:
        """Look again from time to time."""
        now = self.shell.clock.mono()
        if self.is_current and self._read_yet and now - self._read_at > EVERY and (self._reading is None or self._reading.done()):
            self.read()

    def read(self) -> None:
        """Read what is listed again, from the newest on."""
        self._begin(self._read(None, max(PAGE, min(MOST, len(self.runs)))))

    def _read_on(self) -> None:
        if self._more and self.runs and (self._reading is None or self._reading.done()):
            self._begin(self._read(self.runs[-1], PAGE))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = begun(work, self.say)

    async def _read(self, after: RunSummary | None, limit: int) -> None:
        self._read_at = self.shell.clock.mono()
        try:
            page = await self.client.history(limit, after, self.words)
        except ConsoleError as fault:
            self._fails = True
            self.say(f"not read: {in_one_line(fault)}", "bad")
            return
        if self._fails:
            self._fails = False
            self.unsay()
        self.runs = (*self.runs, *page) if after is not None else page
        self._more, self._read_yet = len(page) == limit, True
        self.show()

    def show(self) -> None:
        """Show the runs that are read so far; one that waits to be compared is marked."""
        if not self.is_mounted:
            return
        client, zone = self.client, self.shell.zone
        picker = self._list
        self.headline.draw(
            lambda width, _: runs_lines(
                client.app,
                client.environment,
                self.words,
                len(self.runs),
                width,
                protected=client.protected,
                more=self._more,
                read=self._read_yet,
                marked=self.marked.run if self.marked else "",
            )
        )
        picker.say_empty(f"no run matches: {self.words}" if self.words else "no run yet" if self._read_yet else "reading the record …")
        picker.show_runs(self.runs, lambda run, width: self._row(run, width, zone))
        self.show_edges()

    def _row(self, run: RunSummary, width: int, zone: tzinfo | None) -> Line:
        """A run; once one is marked, all stand behind a column for the mark."""
        if self.marked is None:
            return run_row(run, width, zone)
        is_it = run.run == self.marked.run
        return (Span("= " if is_it else "  ", "selected" if is_it else "plain"), *run_row(run, width - 2, zone))

    def on_picker_row_chosen(self, event: Picker.RowChosen) -> None:
        """Say why that run; read on before the end of the list is reached."""
        self.show_edges()
        if event.index >= len(self.runs) - PAGE // 2:
            self._read_on()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        return {"open": self.open_chosen, "filter": self.open_filter, "unzoom": self.clear, "refresh": self.read, "compare": self.compare}

    def rest_line(self) -> Line:
        """Say how the typing ends, or why the chosen run was asked for, or ended so."""
        if self.typing():
            return line(Span(" enter keeps it   esc lists all", "dim"))
        chosen = self._list.chosen
        return line(Span(f" {why_words(chosen)}", "dim")) if chosen else line(" ")

    def open_chosen(self) -> None:
        """Open the record of the chosen run; with no run in the list, do nothing."""
        if self._list.chosen:
            self.shell.open_record(self._list.chosen)

    def compare(self) -> None:
        """Mark the chosen run, or let go of it; show it beside the marked one."""
        chosen = self._list.chosen
        if chosen is None:
            return
        if self.marked is None:
            self.marked = chosen
        elif chosen.run == self.marked.run:
            self.marked = None
        else:
            self.shell.push(CompareScreen(self.shell, self.client, self.marked, chosen))
            return
        self.show()

    # -- words --------------------------------------------------------------------------------------------------------------------

    def open_filter(self) -> None:
        """Open the line that words are typed into, with those that hold now."""
        self.field.open("find runs:", self.words, EXPECTS)
        self.unsay()

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Find while it is typed."""
        self._find(event.words)

    def _found(self, words: str) -> None:
        """List the runs that the typed words find from now on."""
        self._find(words)
        self._list.focus()
        self.unsay()

    def _find(self, words: str) -> None:
        if words.split() != self.words.split():
            self.words = " ".join(words.split())
            self._list.choose(0)
            self._begin(self._read(None, PAGE))

    def clear(self) -> None:
        """Let go of the marked run; else list every run again."""
        if self.marked is not None:
            self.marked = None
            self.show()
        else:
            self._find("")
        self.unsay()
