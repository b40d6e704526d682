"""Widgets that show lines of the views: each repaints only the rows that changed. They know tones, and nothing of runs."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from console.views.styled_text import Line, Span, Tone, ascii_line, changed_cells, text

_COLORS: Final[dict[Tone, str]] = {"plain": "text", "strong": "text", "selected": "text"}
"""Tones that have the colour of another name in the theme."""
_BOLD: Final = Style(bold=True)
_MANNERS: Final[dict[Tone, Style]] = {
    "strong": _BOLD, "warn": _BOLD, "bad": _BOLD, "unknown": _BOLD, "owed": _BOLD, "frame": Style(bold=True, reverse=True), "selected": Style(reverse=True),
}  # fmt: skip
"""How a tone is told from others without its colour. Told here and not in the style sheet: Textual would match 13 classes for each widget each time."""
Drawing = Callable[[int, int], tuple[Line, ...]]
"""Makes the lines for a width and a height."""


class Toned(Widget):
    """A widget that turns tones into the theme's colours."""

    ascii_only = False
    _title: Line = ()

    @cached_property
    def _tones(self) -> dict[Tone, Style]:
        """The styles that were asked for since the last change of style."""
        return {}

    def tone_style(self, tone: Tone) -> Style:
        """Return the style of a tone on this widget."""
        if tone not in self._tones:
            color = Color.parse(self.app.theme_variables[f"tone-{_COLORS.get(tone, tone)}"])
            style = self.rich_style + Style(color=color.rich_color) + _MANNERS.get(tone, Style())
            self._tones[tone] = style + Style(dim=True) if tone == "dim" and self.app.native_ansi_color else style
        return self._tones[tone]

    def notify_style_update(self) -> None:
        """Forget the styles: the theme changed, or what lies behind."""
        self._tones.clear()
        super().notify_style_update()

    def entitle(self, title: Line) -> None:
        """Set the title in the panel's edge; drawn only where it is another."""
        if title != self._title:
            self._title = title
            self.border_title = Content(text(ascii_line(title) if self.ascii_only else title))

    def strip_of(self, spans: Line, width: int) -> Strip:
        """Return the line as it goes to the terminal, in exactly that width."""
        shown = ascii_line(spans) if self.ascii_only else spans
        plain = self.tone_style("plain")
        return Strip([Segment(span.text, self.tone_style(span.tone)) for span in shown]).adjust_cell_length(width, plain)


class LineView(Toned):
    """A few lines, without a scroll bar. Only the cells that changed are painted again."""

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._drawing: Drawing | None = None
        self._room = Size(0, 0)
        """What the lines were drawn for."""

    def draw(self, drawing: Drawing) -> None:
        """Show what that makes of the room there is, now and after each change of size."""
        self._drawing = drawing
        if self.content_size.width > 0:
            self.show(self._drawn(drawing))

    def _drawn(self, drawing: Drawing) -> tuple[Line, ...]:
        self._room = self.content_size
        return drawing(self._room.width, self._room.height)

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show those lines; what stays as it is sends nothing."""
        before, self._lines = self._lines, lines
        rows = range(min(max(len(before), len(lines)), self.content_size.height))
        width = self.content_size.width
        found = ((row, changed_cells(self._at(before, row), self._at(lines, row))) for row in rows)
        regions = [Region(cells[0], row, min(cells[1], width - cells[0]), 1) for row, cells in found if cells and cells[0] < width]
        if regions:
            self.refresh(*regions)

    @staticmethod
    def _at(lines: tuple[Line, ...], row: int) -> Line:
        return lines[row] if row < len(lines) else ()

    def entitle_below(self, words: str) -> None:
        """Set what stands on the panel's lower edge."""
        shown = text(ascii_line((Span(words),))) if self.ascii_only else words
        if str(self.border_subtitle or "") != shown:
            self.border_subtitle = Content(shown)

    @property
    def shown(self) -> str:
        """The words on it, for tests and for a screen reader."""
        return "\n".join(text(one) for one in self._lines)

    def on_resize(self, _: Resize) -> None:
        """Draw for the new room, where it was not painted in it yet."""
        if self._drawing is not None and self._room != self.content_size:
            self.draw(self._drawing)

    def render_line(self, y: int) -> Strip:
        """Return one row for the compositor. A new room is drawn for as it is first painted, not a moment later."""
        if self._drawing is not None and self._room != self.content_size:
            self._lines = self._drawn(self._drawing)
        return self.strip_of(self._at(self._lines, y), self.content_size.width)


Wording = Callable[[int], tuple[Line, ...]]
"""Makes lines for a width."""


def beside_bar(making: Wording, room: Size) -> tuple[Line, ...]:
    """Return the lines for that room; where they are more than it has rows, a scroll bar takes a cell of them."""
    made = making(max(1, room.width))
    return made if len(made) <= room.height else making(max(1, room.width - 1))


class ScrolledLines(Toned, ScrollView, can_focus=True):
    """More lines than fit: help, a host's steps. Lines that are made for a width are made again for another one."""

    def __init__(self, lines: tuple[Line, ...] | Wording, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._making: Wording | None = None
        self._lines: tuple[Line, ...] = ()
        self._first = lines
        self._room = Size(0, 0)
        """What the lines were made for."""

    def on_mount(self) -> None:
        """Take the room that the lines need."""
        self.give(self._first)

    def give(self, lines: tuple[Line, ...] | Wording) -> None:
        """Show those lines; or what that makes of the width there is, now and after each change of it."""
        self._making = lines if callable(lines) else None
        if not callable(lines):
            self.show(lines)
        elif self.content_size.width > 0:
            self._room = self.content_size
            self.show(beside_bar(lines, self._room))

    def on_resize(self, _: Resize) -> None:
        """Make the lines for the new room, where they were not painted in it yet; they scroll as far as there are any."""
        if self._making is not None and self._room != self.content_size:
            self.give(self._making)
        else:
            self.show(self._lines)

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show those lines; drawn only where they are others."""
        changed, self._lines = lines != self._lines, lines
        self.virtual_size = Size(self.content_size.width, len(lines))
        if changed:
            self.refresh()

    @property
    def shown(self) -> str:
        """The words that stand in it, one row a line, without their colours."""
        return "\n".join(text(one) for one in self._lines)

    def render_line(self, y: int) -> Strip:
        """Return one row for the compositor. A new room is filled as it is first painted, not a moment later."""
        if self._making is not None and self._room != self.content_size:
            self._room = self.content_size
            self._lines = beside_bar(self._making, self._room)
        row = y + self.scroll_offset.y
        return self.strip_of(self._lines[row] if row < len(self._lines) else (), self.content_size.width)
