"""The base of every dialog: a title, text, its keys, Cancel in focus. A dialog returns a word; it does nothing itself.

A destructive choice is confirmed by its key. Enter is Cancel, unless a text field asks for a name.
"""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Input

from console.tui.screen_sizes import NARROW, is_tiny
from console.tui.widgets.line_view import LineView, ScrolledLines, Wording
from console.views.compact_layout import folded, rows_of
from console.views.styled_text import Line, Span, clipped, line

UNASKED = 0.7
"""Seconds in which a dialog that came by itself takes no answer: a key that was meant for what stood there before is none."""


class Choice(NamedTuple):
    """A key of a dialog, what it says, and the word that it answers with."""

    key: str
    words: str
    answer: str


class Dialog(ModalScreen[str]):
    """Asks, and answers with a choice's word; empty: cancelled."""

    AUTO_FOCUS = ""
    takes_text = False
    """Whether keys are text while it is open."""
    listens = True
    """Whether its keys answer it."""

    def __init__(self, title: str, body: tuple[Line, ...], choices: tuple[Choice, ...] = ()) -> None:
        super().__init__()
        self.title_words = title
        self.body = body
        self.choices = choices

    def compose(self) -> ComposeResult:
        """Lay out title, words, keys."""
        with Vertical(id="dialog"):
            yield LineView(id="dialog-title")
            yield LineView(id="dialog-body")
            yield from self.compose_field()
            yield LineView(id="dialog-keys")

    def compose_field(self) -> ComposeResult:
        """Add a text field, where the dialog has one."""
        yield from ()

    def on_mount(self) -> None:
        """Put the words in. Textual calls this of every class in the line, so that others override `fill`."""
        self.fill()
        if not self.listens:
            self.set_timer(UNASKED, self._listen)

    def come_unasked(self) -> None:
        """Open, when it is pushed, as one that no key has asked for just now."""
        self.listens = False

    def _listen(self) -> None:
        self.listens = True

    def fill(self) -> None:
        """Give title, words and keys their lines."""
        self.query_one("#dialog-title", LineView).draw(lambda width, _h: (clipped(line(Span(self.title_words, "strong")), width),))
        self.query_one("#dialog-body", LineView).draw(lambda width, _h: self._body(width))
        self.query_one("#dialog-keys", LineView).draw(lambda width, _h: rows_of(self.key_words(), width, " " if self.has_class("tiny") else "   "))
        self.fit()

    def on_resize(self, _: Resize) -> None:
        """Fit the dialog into the terminal's new size."""
        self.fit()

    def fit(self) -> None:
        """Make room for the keys first, then for the words; where there is hardly any, frame and margins go."""
        width, height = self.app.size
        self.set_class(is_tiny(width, height), "tiny")
        self.set_class(width < NARROW, "covers")  # so little of the page would be seen around it that it is not worth a key's time to paint it
        tiny = self.has_class("tiny")
        room = width if tiny else min(int(width * 0.92), 84) - 6
        keys = len(rows_of(self.key_words(), room, " " if tiny else "   "))
        for keys_view in self.query("#dialog-keys"):
            keys_view.styles.height = keys if tiny else keys + 1
        for body in self.query("#dialog-body"):
            rows = len(self._body(room))
            body.styles.height = min(rows, max(0, height - keys - 2)) if tiny else min(max(1, rows), max(1, height - keys - 5 - len(self.query(Input))))

    def _body(self, width: int) -> tuple[Line, ...]:
        return tuple(row for one in self.body for row in folded(one, width))

    def key_words(self) -> tuple[Line, ...]:
        """Return the dialog's keys and what each says."""
        cancel = line(Span(" Cancel ", "selected"), Span(" esc", "dim"))
        return (cancel, *(line(Span(choice.key, "accent"), f" {choice.words}") for choice in self.choices))

    def press(self, key: str) -> bool:
        """Act on a key; every key ends here while the dialog is open."""
        found = next((choice for choice in self.choices if choice.key == key), None)
        if not self.listens and (found or key == "enter"):
            return True
        if found:
            self.dismiss(found.answer)
        elif key in ("escape", "enter", "q", "ctrl+c", "ctrl+q"):
            self.dismiss("")
        return found is not None or key != "r"


class TypingDialog(Dialog):
    """A dialog with one text field. Enter answers with the text once `accepts` it; an enter within 20 ms of a letter is a paste's."""

    AUTO_FOCUS = "Input"
    takes_text = True
    prompt = ""
    enter_words = "type and press enter"

    def __init__(self, title: str, body: tuple[Line, ...]) -> None:
        super().__init__(title, body)
        self._typed_at = float("-inf")

    def compose_field(self) -> ComposeResult:
        """Add the field that is typed into; its cursor stands still, so that an idle screen sends nothing."""
        field = Input(placeholder=self.prompt, id="field", select_on_focus=False)
        field.cursor_blink = False
        yield field

    def key_words(self) -> tuple[Line, ...]:
        """Return the dialog's keys and what each says."""
        return line(Span("enter", "accent"), f" {self.enter_words}"), line(Span("esc", "accent"), " cancel")

    def accepts(self, text: str) -> bool:
        """Return whether that text answers the question."""
        return bool(text.strip())

    def typed(self, at: float) -> None:
        """Note when a letter, or a paste, came; the field keeps the key itself."""
        self._typed_at = at

    def typed_enter(self, at: float) -> None:
        """Answer, if what stands there is an answer and a person pressed enter (at that time)."""
        text = self.query_one(Input).value
        if at - self._typed_at >= 0.02 and self.accepts(text):
            self.dismiss(self.answer(text))

    def answer(self, text: str) -> str:
        """Return what the dialog answers with."""
        return text

    def press(self, key: str) -> bool:
        """Leave the keys to the field; escape cancels."""
        if key in ("escape", "ctrl+c", "ctrl+q"):
            self.dismiss("")
            return True
        return False


class TextDialog(Dialog):
    """Words to read: help, a host. They scroll. Those that are made for a width fill the room there is, and no more."""

    def __init__(self, title: str, body: tuple[Line, ...] | Wording, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(title, (), choices)
        self._making = body

    def compose(self) -> ComposeResult:
        """Lay out title, words, keys."""
        with Vertical(id="dialog", classes="reading"):
            yield LineView(id="dialog-title")
            yield ScrolledLines(self._making, id="dialog-words")
            yield LineView(id="dialog-keys")

    def fill(self) -> None:
        """Give title, words and keys their lines; the words scroll."""
        self.query_one("#dialog-title", LineView).draw(lambda _w, _h: (line(Span(self.title_words, "strong")),))
        self.query_one("#dialog-keys", LineView).draw(lambda width, _h: rows_of(self.key_words(), width, " " if self.has_class("tiny") else "   "))
        self.query_one(ScrolledLines).focus()
        self.fit()

    @property
    def shown(self) -> str:
        """The words that are read."""
        return self.query_one(ScrolledLines).shown

    def key_words(self) -> tuple[Line, ...]:
        """Return the dialog's keys and what each says."""
        close = line(Span(" Close ", "selected"), Span(" esc", "dim"))
        return (close, *(line(Span(choice.key, "accent"), f" {choice.words}") for choice in self.choices))

    def show(self, body: tuple[Line, ...] | Wording) -> None:
        """Show other words in the open dialog, at the place that was scrolled to."""
        self._making = body
        for view in self.query(ScrolledLines):
            view.give(body)

    def press(self, key: str) -> bool:
        """Close on the usual keys; the others scroll."""
        found = next((choice for choice in self.choices if choice.key == key), None)
        if found or key in ("escape", "enter", "q", "question_mark", "ctrl+c", "ctrl+q"):
            self.dismiss(found.answer if found else "")
            return True
        return False


def is_dialog(screen: object) -> bool:
    """Return whether that screen is a dialog of ours."""
    return isinstance(screen, Dialog)
