"""Two runs side by side, read from the record. It changes nothing."""

import asyncio

from textual.app import ComposeResult

from console.as_typed import as_typed
from console.errors import ConsoleError
from console.model.run_summary import RunSummary
from console.ports.environment_client import EnvironmentClient
from console.tui.begun import begun
from console.tui.page import Page
from console.tui.screen_shell import Shell
from console.tui.widgets.line_view import ScrolledLines
from console.views.run_comparison import ComparedSide, compare_head, compare_lines, side_of
from console.views.styled_text import Line, Span, line

WITHIN = 10.0
"""Seconds that reading may take."""


class CompareScreen(Page):
    """Two runs of one environment side by side."""

    AUTO_FOCUS = "#compared"
    place = "compare"

    def __init__(self, shell: Shell, client: EnvironmentClient, one: RunSummary, other: RunSummary) -> None:
        super().__init__(shell)
        self.client = client
        self._runs = sorted((one, other), key=lambda run: run.number)
        self.sides: tuple[ComparedSide, ComparedSide] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._shown = ScrolledLines((line(Span("reading both records …", "dim")),), id="compared")

    def compose(self) -> ComposeResult:
        """Lay out the headline, the two columns and the key lines."""
        yield self.headline
        yield self._shown
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Begin to read both records, and show each part as soon as it is there."""
        self._shown.add_class("panel")
        self._shown.border_title = "Two runs"
        self.set_class(self.client.protected, "protected")
        self.lay_out()
        self._reader = begun(self._read(), self.say)

    def on_unmount(self) -> None:
        """End a read that nobody sees the end of."""
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                records = [await self.client.record(run.run) for run in self._runs]
                left, right = [await asyncio.to_thread(side_of, events) for events in records]
        except TimeoutError:
            self.say(f"the records were not read within {WITHIN:.0f} s", "bad")
        except ConsoleError as fault:
            self.say(f"not read: {fault.message}" + (f"; {as_typed(fault.hint)}" if fault.hint else ""), "bad")
        else:
            self.sides = (left, right)
            self.show()

    def show(self) -> None:
        """Show both sides once both are read; before that nothing is shown, not half of it."""
        if self.sides is None or not self.is_mounted:
            return
        left, right = self.sides
        zone = self.shell.zone
        self.headline.draw(lambda width, _: compare_head(left, right, width))
        self._shown.give(lambda width: compare_lines(left, right, max(20, width - 1), zone))
        self.show_edges()

    def rest_line(self) -> Line:
        """Say how each is had as text."""
        return line(Span(f" each alone: {as_typed(f'deploy report {self._runs[0].run}')}", "dim"))
