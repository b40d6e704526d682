"""The base of every whole screen: headline, message line, footer, questions, and keys dispatched by the registry.

Knows nothing of what a screen shows; each one names its place, its situation and its handlers. What only a key leads to is loaded by it, or by
`screen_loader` once the first screen stands.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen

from console.as_typed import as_typed
from console.model.commands import AnyCommand
from console.model.state import RunState
from console.tui import keys
from console.tui.dialogs.open_question import OpenQuestion
from console.tui.key_lines import footer_line
from console.tui.key_refusals import Place, Situation
from console.tui.screen_shell import Shell
from console.tui.screen_sizes import MIDDLE, NARROW, is_tiny
from console.tui.widgets.line_view import LineView
from console.tui.widgets.message_line import MessageLine
from console.views.styled_text import Line, Span, Tone, line

if TYPE_CHECKING:
    from console.ports.environment_client import EnvironmentClient
    from console.tui.dialogs.question import Act, DialogQuestion, NewRun


FOCUS_KEYS = ("tab", "shift+tab")
"""Keys that would give the keys to another widget."""


class KeyField(Protocol):
    """A text field that has the keys while somebody types in it."""

    @property
    def typing(self) -> bool:
        """Whether somebody types in it now, so that keys are text."""

    def hold(self) -> None:
        """Have the keys, whatever took them."""

    def press(self, key: str) -> bool:
        """Act on a key that ends the typing, or means something else meanwhile; False: it is text."""


class Page(Screen[None]):
    """A whole screen: its edges, its keys, and the way back from it."""

    place: Place = "run"
    field: KeyField | None = None
    """Where something can be typed."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.headline = LineView(id="headline")
        self.message, self._footer = MessageLine(), LineView(id="footer")
        self._open_question = OpenQuestion()

    def compose_edges(self) -> ComposeResult:
        """Lay out the two lines at the bottom."""
        yield self.message
        yield self._footer

    @property
    def left_open(self) -> str:
        """The run that goes on when this is left, where the screen knows of one that it does not show itself."""
        return ""

    @property
    def situation(self) -> Situation:
        """What is on the screen now: what a page below shows of the release that can be rolled back, where this one shows none."""
        target = self.shell.rollback_target
        nothing = Situation(RunState(), read_only=self.shell.read_only, can_begin_runs=self.shell.client is not None)
        return (target.situation if target else nothing)._replace(host="", zoomed=0, place=self.place)

    # -- what is shown ------------------------------------------------------------------------------------------------------------

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

    def dialog_width(self, most: int = 84) -> int:
        """Return the cells that a dialog's words have."""
        return max(20, min(int(self.app.size.width * 0.92), most) - 6)

    def tick(self) -> None:
        """Take what came; called up to ten times a second."""

    def rest_line(self) -> Line:
        """Return what stands on the message line when nothing was said."""
        return line(" ")

    def show_edges(self) -> None:
        """Show the message and the footer."""
        if not self.is_mounted:
            return
        self.message.show_over(self.rest_line(), self.app.size.width)
        self._footer.draw(lambda width, _h: (footer_line(self.situation, width),))

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line; an empty one clears it."""
        self._tell(line(Span(f" {words}", tone)) if words else ())

    def say_equivalent(self, words: str) -> None:
        """Say what a key did as the command line that does the same."""
        self._tell(line(Span(" same as: ", "dim"), Span(as_typed(words), "strong")))

    def unsay(self) -> None:
        """Clear the message line."""
        self._tell(())

    def _tell(self, message: Line) -> None:
        self.message.said = message
        self.show_edges()

    # -- keys and questions -------------------------------------------------------------------------------------------------------

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return what each action does here."""
        return {}

    def typing(self) -> bool:
        """Return whether a text field has the keys."""
        return self.field is not None and self.field.typing

    @property
    def is_free(self) -> bool:
        """Whether nothing lies over it and nobody types in it, so that a question may come by itself."""
        return self.app.screen is self and not self.typing()  # what Textual calls current may lie under a dialog

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry, or is text."""
        if self.field is not None and self.field.typing:
            self.field.hold()
            return self.field.press(key) or key in FOCUS_KEYS
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
            self._act(action.id)
        return True

    def do(self, action: str) -> None:
        """Do what that action does here; where it makes no sense any more, say why: it was chosen from a list that may be old by now."""
        now = self.situation
        if action in keys.offered(now):
            self._act(action)
        else:
            self.say(next((keys.refusal(one, now) for one in keys.ACTIONS if one.id == action and now.place in one.places), ""), "warn")

    def _act(self, action: str) -> None:
        from console.tui.shared_actions import SharedActions

        shared = SharedActions(self.shell, lambda: self.situation, self.do, self.say, lambda: self.is_free).handlers(self.app)
        (shared | {"roll-back": self.ask_rollback} | dict(self.handlers()))[action]()

    def ask(self, question: "DialogQuestion") -> None:
        """Ask it, and carry out what the answer does."""

        def answered(answer: str | None) -> None:
            if answer and (act := question.act(answer, self.situation.state)):
                self._carry_out(act)

        self.shell.push(question.dialog, answered)
        self._open_question.asked(question)

    def _carry_out(self, act: "Act") -> None:
        from console.tui.dialogs.question import AskNext, EndedRunBack, NewRun, ToRun

        client = self.shell.client
        match act:
            case ToRun():
                self.send(act.command, act.equivalent)
            case EndedRunBack():
                self.say_equivalent(act.equivalent)
                self.shell.open_back(act.run, act.how, act.reason)
            case AskNext():
                self.ask(act.question)
            case NewRun() if client is not None:
                begin = partial(self._open_run, client, act)
                begin() if act.is_meant else self.shell.when_awake(client.environment, begin)

    def _open_run(self, client: "EnvironmentClient", run: "NewRun") -> None:
        self.shell.open_run(client.open(run.request), run.words, equivalent=run.equivalent)

    def send(self, command: AnyCommand, equivalent: str) -> None:
        """Say something to the run that is shown, and the command line that does the same; a page that shows none says nothing."""

    def ask_rollback(self) -> None:
        """Ask about the release that can be rolled back, on the page that shows it."""
        target = self.shell.rollback_target
        if target is not None:
            target.ask_rollback()

    def leave(self) -> None:
        """Go back to the page below."""
        self.shell.go_back(self)
