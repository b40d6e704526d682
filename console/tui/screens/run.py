"""The run screen: one frozen state in one reactive, cut into slices for its widgets, and the handlers of its keys.

It decides nothing: a key becomes a command to the feed, and what came of it is read from the events that follow.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from console.model.commands import Abort, AnyCommand, Continue, Decide, Note, Pause, Retry, RollBack, Skip
from console.model.state import RunState
from console.text import SafeText
from console.tui import keys
from console.tui.screens.decide import go_dialog
from console.tui.screens.dialog import Dialog, TypingDialog, Words
from console.tui.screens.rollback import abort_dialog, rollback_dialog, skip_dialog
from console.tui.widgets.checklist import Checklist, Checks, PlanPanel
from console.tui.widgets.fleet import Fleet
from console.tui.widgets.lines import LineView
from console.tui.widgets.log import Log
from console.tui.widgets.spark import Metrics
from console.views.headline import headline, waited_host
from console.views.logs import LogLine
from console.views.spans import Line, Span, Tone, line
from console.views.timeline import host_lines

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

_PANELS = {1: ("checklist", "checks"), 2: ("fleet", "checks"), 3: ("metrics", "plan"), 4: ("log", "log")}


class RunScreen(Screen[None]):
    """One run, watched and steered."""

    app: "ConsoleApp"
    AUTO_FOCUS = "#fleet"
    state: reactive[RunState] = reactive(RunState, layout=False, repaint=False)
    second: reactive[int] = reactive(0, layout=False, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._pinned = ""
        self._zoom = 0
        self._message: Line = ()

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        yield LineView(id="headline")
        yield Checklist(id="checkline")
        with Horizontal(id="top"):
            yield Checklist(id="checklist", classes="panel")
            yield Checks(id="checks", classes="panel")
            yield Fleet(id="fleet")
            yield PlanPanel(id="plan", classes="panel")
            yield Metrics(id="metrics", classes="panel")
        yield Log(self.app.zone, id="log")
        yield LineView(id="message")
        yield LineView(id="footer")

    def on_mount(self) -> None:
        """Start with what is known."""
        self.query_one("#fleet").add_class("panel")
        self.query_one("#log").add_class("panel")
        self.add_class("before")
        self.lay_out()
        self.show_slices()

    def on_resize(self, _: Resize) -> None:
        """Arrange for the new size."""
        self.lay_out()

    def lay_out(self) -> None:
        """Choose the arrangement for the size: wide, narrow, tiny."""
        width, height = self.app.size
        tiny = height < 14 or width < 50
        self.set_class(tiny, "tiny")
        self.set_class(width < 110 and not tiny, "narrow")
        top = 9 if height < 28 else 12 if height < 44 else 16
        self.query_one("#top").styles.height = "1fr" if self._zoom in (1, 2, 3) else top
        self.set_class(self._zoom > 0, "zoomed")
        for number in _PANELS:
            self.set_class(self._zoom == number, f"zoom-{number}")
        self.call_after_refresh(self.show_slices)

    @property
    def host(self) -> str:
        """The host that a host's key acts on: the chosen one, else the one that is waited for."""
        return self._pinned if self._pinned in self.state.hosts else waited_host(self.state)

    @property
    def situation(self) -> keys.Situation:
        """What is on the screen now."""
        return keys.Situation(self.state, self.host, self._zoom, self.app.read_only, self.app.on_next is not None, self.app.on_back is not None)

    def watch_state(self) -> None:
        """Show a new state."""
        if self.is_mounted:
            self.show_slices()

    def watch_second(self) -> None:
        """Show that time went on."""
        if self.is_mounted:
            self.show_slices()

    def show_slices(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        state, now = self.state, self.app.clock.mono()
        before = state.phase in ("preflight", "deciding") or (state.phase == "ended" and not state.epoch and not state.changed)
        self.set_class(before, "before")
        self.set_class(not before, "during")
        self.set_class(state.protected, "protected")
        presence = self.app.follower.presence
        self.query_one("#headline", LineView).draw(
            lambda width, _: headline(state, now, width, present=presence.names, round_trip=presence.round_trip, host=self.host)
        )
        self.query_one("#checkline", Checklist).show_run(state, now)
        if before:
            self.query_one(Checks).show_run(state)
            self.query_one(PlanPanel).show_run(state)
        else:
            self.query_one(Fleet).show_fleet(state, now, self.host)
            self._show_numbers(state, now)
        self.query_one("#checklist", Checklist).show_run(state, now)
        self.show_edges()

    def _show_numbers(self, state: RunState, now: float) -> None:
        host = self._pinned if self._pinned in state.hosts else ""
        self.query_one(Metrics).show_numbers(self.app.follower.numbers.series(host), state, now, host)

    def show_edges(self) -> None:
        """Show the message and the footer."""
        run = self.state.run
        rest = line(Span(f" run {run}   comes back with: deploy attach {run}", "dim")) if run and self.state.phase != "ended" else line(" ")
        self.query_one("#message", LineView).draw(lambda _w, _h: (self._message or rest,))
        self.query_one("#footer", LineView).draw(lambda width, _h: (keys.footer_line(self.situation, width),))

    def take_lines(self, lines: tuple[LogLine, ...]) -> None:
        """Put new lines into the log."""
        self.query_one(Log).add(lines)

    def start_over(self) -> None:
        """Forget the run that was shown: another one follows."""
        self._pinned, self._zoom, self._message = "", 0, ()
        self.query_one(Log).clear()
        self.state = RunState()
        self.lay_out()

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line."""
        self._message = line(Span(f" {words}", tone))
        self.show_edges()

    def say_twin(self, words: str) -> None:
        """Say what a key did as the command line that does the same."""
        self._message = line(Span(" same as: ", "dim"), Span(words, "strong"))
        self.show_edges()

    def on_fleet_chosen(self, event: Fleet.Chosen) -> None:
        """Another host was chosen."""
        self._pinned = event.host
        self.show_slices()

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry."""
        now = self.situation
        action = keys.for_key(key, now)
        if action is None:
            return False
        if action.soon:
            self.say(f"{keys.key_name(key)}: {action.title}: not yet, it comes with a later version", "warn")
        elif not action.when(now):
            self.say(action.why_not, "warn")
            return bool(action.why_not)
        else:
            self._handlers()[action.id]()
        return True

    def _handlers(self) -> dict[str, Callable[[], None]]:
        panels = {f"panel-{number}": lambda number=number: self.zoom(number) for number in _PANELS}
        return panels | {
            "go": self.ask_go, "roll-back": self.ask_rollback, "abort": self.ask_abort, "skip": self.ask_skip,
            "pause": lambda: self.send(Pause(), "deploy pause"),
            "continue": lambda: self.send(Continue(), "deploy continue"),
            "retry": lambda: self.send(Retry(host=self.host), f"deploy retry {self.host}"),
            "note": self.ask_note, "host": self.open_host, "unzoom": self.unzoom, "help": self.open_help,
            "follow": lambda: self.query_one(Log).follow(),
            "next": self.app.open_next, "leave": self.app.leave,
        }  # fmt: skip

    def send(self, command: AnyCommand, twin: str) -> None:
        """Submit a command and say its twin."""
        self.say_twin(twin)
        self.app.submit(command)

    def zoom(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._zoom = 0 if self._zoom == number else number
        self.lay_out()
        wanted = self.query_one(f"#{_PANELS[number][0]}")
        if self._zoom and wanted.can_focus:
            wanted.focus()

    def unzoom(self) -> None:
        """Go back to all panels; else let go of the chosen host."""
        if self._zoom:
            self._zoom = 0
            self.lay_out()
        else:
            self._pinned, self._message = "", ()
            self.show_slices()

    def ask_go(self) -> None:
        """Ask for the last time; then GO."""
        state = self.state

        def answered(typed: str | None) -> None:
            if typed and state.plan:
                self.send(Decide(go=True, digest=state.plan.digest, typed=typed if state.protected else ""), f"deploy {state.environment} --yes")

        self.app.push_screen(go_dialog(state), answered)

    def ask_rollback(self) -> None:
        """Ask, and roll back on the second `r`."""

        def answered(how: str | None) -> None:
            if how in ("at-once", "halves"):
                twin = f"deploy rollback {self.state.environment}" + (" --halves" if how == "halves" else "")
                if self.state.phase == "ended":
                    self.say_twin(twin)
                    self.app.open_back(how)
                else:
                    self.send(RollBack(how="halves" if how == "halves" else "at-once"), twin)

        self.app.push_screen(rollback_dialog(self.state, self._dialog_width()), answered)

    def ask_abort(self) -> None:
        """Ask how the run is to end."""

        def answered(how: str | None) -> None:
            if how:
                self.send(Abort(leave=how == "leave"), "deploy abort" + (" --leave" if how == "leave" else ""))

        self.app.push_screen(abort_dialog(self.state, self._dialog_width()), answered)

    def ask_skip(self) -> None:
        """Ask about the host that was meant when the key was pressed."""
        host = self.host

        def answered(how: str | None) -> None:
            if how:
                self.send(Skip(host=host), f"deploy skip {host}")

        self.app.push_screen(skip_dialog(self.state, host), answered)

    def ask_note(self) -> None:
        """Ask for a remark."""

        def answered(words: str | None) -> None:
            if words:
                self.send(Note(text=SafeText(words)), "deploy note TEXT")

        self.app.push_screen(TypingDialog("A note for the record", (line("Everyone who reads this run's history will see it."),)), answered)

    def open_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Words("Keys", keys.help_lines()))

    def open_host(self) -> None:
        """Show the chosen host's steps."""
        host = self.state.hosts[self.host]
        self.app.push_screen(Words(host.name, host_lines(self.state, host, self.app.clock.mono(), self._dialog_width(100))))

    def _dialog_width(self, most: int = 84) -> int:
        return max(20, min(int(self.app.size.width * 0.92), most) - 6)

    def typing(self) -> bool:
        """Return whether a text field has the focus."""
        return isinstance(self.focused, Input)


def is_dialog(screen: object) -> bool:
    """Return whether that screen is a dialog of ours."""
    return isinstance(screen, Dialog)
