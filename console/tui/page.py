"""What all whole screens share: the message line, the footer, and keys by the registry.

Knows nothing of what a screen shows; each one names its place, its situation and its handlers.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen

from console.model.state import RunState
from console.tui import keys
from console.tui.dialogs.dialog import TextDialog
from console.tui.dialogs.palette import Palette
from console.tui.dialogs.theme_choice import ThemeChoice
from console.tui.key_lines import footer_line, help_lines
from console.tui.screen_sizes import MIDDLE, NARROW, is_tiny
from console.tui.situation import Place, Situation
from console.tui.widgets.line_view import LineView
from console.typed import as_typed
from console.views.compact_layout import folded, wrapped
from console.views.styled_text import Line, Span, Tone, clipped, line, width

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

MOST_ROWS = 4
"""Rows that what was said may take."""


class Page(Screen[None]):
    """A whole screen."""

    app: "ConsoleApp"
    place: Place = "run"

    def __init__(self) -> None:
        super().__init__()
        self._message: Line = ()

    def compose_edges(self) -> ComposeResult:
        """Lay out the two lines at the bottom."""
        yield LineView(id="message")
        yield LineView(id="footer")

    @property
    def left_open(self) -> str:
        """The run that goes on when this is left, where the screen knows of one that it does not show itself."""
        return ""

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return Situation(RunState(), read_only=self.app.read_only, has_station=self.app.station is not None, place=self.place)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return what each action does here."""
        return {}

    def on_resize(self, _: Resize) -> None:
        """Arrange for the new size."""
        self.lay_out()

    def lay_out(self) -> None:
        """Choose the arrangement for the size."""
        self.update_classes(self.shape())

    def shape(self) -> dict[str, bool]:
        """Say which arrangement it is: the style sheet knows what each of these words means."""
        width, height = self.app.size
        tiny = is_tiny(width, height)
        return {"tiny": tiny, "narrow": width < NARROW and not tiny, "middle": NARROW <= width < MIDDLE and not tiny}

    def tick(self) -> None:
        """Take what came; called up to ten times a second."""

    def rest_line(self) -> Line:
        """Return what stands on the message line when nothing was said."""
        return line(" ")

    def show_edges(self) -> None:
        """Show the message and the footer."""
        if not self.is_mounted:
            return
        rows = self._message_rows()
        message = self.query_one("#message", LineView)
        message.styles.height = len(rows)
        message.draw(lambda _w, _h: rows)
        self.query_one("#footer", LineView).draw(lambda width, _h: (footer_line(self.situation, width),))

    def _message_rows(self) -> tuple[Line, ...]:
        """What was said, in as many rows as its words need; else what stands there at rest, in one."""
        cells = max(1, self.app.size.width - 2)
        if self._message and width(self._message) <= cells:
            return (self._message,)
        rows = tuple(line(" ", *row) for row in wrapped(self._message, cells))
        return rows[:MOST_ROWS] or (clipped(self.rest_line(), cells + 2),)

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line."""
        self._message = line(Span(f" {words}", tone))
        self.show_edges()

    def say_twin(self, words: str) -> None:
        """Say what a key did as the command line that does the same."""
        self._message = line(Span(" same as: ", "dim"), Span(as_typed(words), "strong"))
        self.show_edges()

    def unsay(self) -> None:
        """Clear the message line."""
        self._message = ()
        self.show_edges()

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry."""
        now = self.situation
        action = keys.for_key(key, now)
        if action is None:
            return False
        if action.soon:
            self.say(f"{keys.key_name(key)}: {action.title}: not yet, it comes with a later version", "warn")
        elif not action.when(now):
            words = keys.refusal(action, now)
            self.say(words, "warn")
            return bool(words)
        else:
            self.do(action.id)
        return True

    def do(self, action: str) -> None:
        """Do what that action does here."""
        (self._shared() | dict(self.handlers()))[action]()

    def _shared(self) -> dict[str, Callable[[], object]]:
        return {"help": self.open_help, "leave": self.app.leave, "deploy": self.app.open_prepare, "palette": self.open_palette, "theme": self.choose_theme}

    def open_palette(self) -> None:
        """Offer what can be done here by its words."""

        def chosen(action: str | None) -> None:
            if action:
                self.do(action)

        self.app.push_screen(Palette(self.situation), chosen)

    def choose_theme(self) -> None:
        """Offer the themes, each worn while the choice stands on it."""

        def chosen(name: str | None) -> None:
            if name:
                self.say(f"theme {name}, until this screen is left; {as_typed(f'deploy --theme {name}')} opens with it")

        self.app.push_screen(ThemeChoice(self.app.theme_names, self.app.theme), chosen)

    def typing(self) -> bool:
        """Return whether a text field has the keys."""
        return False

    def ask_rollback(self) -> None:
        """Ask for the way back, where there is one."""

    def open_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(TextDialog("Keys", lambda width: tuple(row for one in help_lines(self.place) for row in folded(one, width))))

    def dialog_width(self, most: int = 84) -> int:
        """Return the cells that a dialog's words have."""
        return max(20, min(int(self.app.size.width * 0.92), most) - 6)
