"""One host on a screen of its own: its steps with their times, what went wrong, its log, its numbers, its releases. It follows what it was opened from.

Opened from a run it shows that run live; from home, what was read of the host and the last run that changed the fleet. It decides nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.model.commands import AnyCommand, Continue, Pause, Retry
from console.model.state import HostState, RunState
from console.tui.dialogs import run_questions
from console.tui.host import host_questions
from console.tui.host.host_lookup import HostLookup
from console.tui.metrics_history import MetricsHistory
from console.tui.page_with_log import PageWithLog
from console.tui.situation import Situation
from console.tui.widgets.line_view import LineView
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.tui.widgets.picker import Picker
from console.views.host_details import current_step, fault_lines, host_head, host_steps, neighbour, release_rows, step_rows, way_back_of
from console.views.log_lines import LogLine, plain_line
from console.views.styled_text import Line, line

_PANELS = {1: "steps", 2: "releases", 3: "metrics", 4: "log"}


class Below(Protocol):
    """The screen that a host was opened from."""

    hears: Callable[[tuple[LogLine, ...]], None]

    @property
    def fleet(self) -> RunState:
        """The hosts as they are."""

    @property
    def state(self) -> RunState:
        """The run whose steps are shown."""

    @property
    def numbers(self) -> MetricsHistory:
        """Samples."""

    @property
    def situation(self) -> Situation:
        """What is on that screen."""

    def choose(self, host: str) -> None:
        """Choose a host."""

    def send(self, command: AnyCommand, twin: str) -> None:
        """Say something to the run."""

    def ask_rollback(self) -> None:
        """Ask, and roll every host back."""

    def lines_of(self, host: str) -> tuple[LogLine, ...] | None:
        """What its log holds of a host; None where it has no log."""

    def look(self) -> None:
        """Go on to look: a screen above shows what is seen."""

    def look_away(self) -> None:
        """Look no more."""


class HostScreen(PageWithLog):
    """One host, watched and steered."""

    AUTO_FOCUS = "#steps"
    place = "host"

    def __init__(self, below: Below, host: str) -> None:
        super().__init__()
        self.below = below
        self.host = host
        self._zoom = 0
        self.reading = HostLookup(self)
        self._at = -1
        self._second = -1
        self._state = RunState()

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        yield LineView(id="headline")
        with Vertical(id="host-body"):
            with Horizontal(id="host-top"):
                with Vertical(id="host-left"):
                    yield LineView(id="fault", classes="panel")
                    yield Picker("no steps on this host", id="steps", classes="panel")
                with Vertical(id="host-right"):
                    yield LineView(id="releases", classes="panel")
                    yield MetricsPanel(id="metrics", classes="panel")
            yield LogPanel(self.app.zone, id="log", classes="panel")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Start with what is known."""
        self.query_one("#fault", LineView).entitle(line("What went wrong"))
        self.query_one("#releases", LineView).entitle(line("2 Releases"))
        self.open_way_back()
        self.below.hears = self.hear
        self.below.look()
        self.turn_to(self.host)

    def on_unmount(self) -> None:
        """Let go."""
        self.below.hears = lambda _: None
        self.reading.stop()

    def on_screen_suspend(self) -> None:
        """Another screen is seen: whoever looks for this one may rest, unless it is seen itself."""
        seen: object = self.app.screen
        if seen is not self.below:
            self.below.look_away()

    def on_screen_resume(self) -> None:
        """Look again."""
        self.below.look()

    def lay_out(self) -> None:
        """Choose the arrangement for the size, and for what is known."""
        super().lay_out()
        height = self.app.size.height
        self.query_one("#log").styles.height = "1fr" if self._zoom == 4 else max(6, (height - 4) // 3)
        self._fit_fault()
        self.call_after_refresh(self._laid_out)

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen, too, and whether there are steps."""
        zooms = {f"zoom-{number}": self._zoom == number for number in _PANELS}
        return super().shape() | {"resting": not self._has_steps, "zoomed": self._zoom > 0} | zooms

    def _laid_out(self) -> None:
        self.show()
        if self.focused is None:
            self.query_one("#steps").focus()

    def _fit_fault(self) -> None:
        width, height = self.app.size
        box = self.query_one("#fault", LineView)
        room = (box.content_size.width or width - 4, 100 if self._zoom == 1 else max(4, (height - 4) * 3 // 10))
        count = len(fault_lines(self.run, self.host, *room))
        self.set_class(count > 0, "faulty")
        box.styles.height = count + 2

    @property
    def run(self) -> RunState:
        """The run whose steps are shown; an empty one where the host has no part in it."""
        state = self.below.state
        return state if self.host in state.hosts else RunState()

    @property
    def _has_steps(self) -> bool:
        return bool(host_steps(self.run, self.host))

    @property
    def state(self) -> RunState:
        """The run, for the questions that are asked."""
        return self.below.state

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return replace(self.below.situation, host=self.host, zoomed=self._zoom, place="host")

    # -- which host ---------------------------------------------------------------------------------------------------------------

    def turn_to(self, host: str) -> None:
        """Show that host."""
        self.host = host
        self.below.choose(host)
        self.unsay()
        self._at = -1
        log = self.query_one(LogPanel)
        log.whose = host
        log.clear()
        self.way_back.read_from(self.app.records, self.below.state.run, host)
        known = self.below.lines_of(host)
        log.add(known or ())
        self.reading.begin(has_log=known is not None)
        self.lay_out()

    def step_to(self, by: int) -> None:
        """Show the host so many places further."""
        host = neighbour(tuple(self.below.fleet.hosts), self.host, by)
        if host:
            self.turn_to(host)

    def hear(self, lines: tuple[LogLine, ...]) -> None:
        """Take the log lines that came for this host."""
        if self.is_mounted and self.query("#log"):
            self.query_one(LogPanel).add(entry for entry in lines if entry.where == self.host)

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Show what came, and once a second that time went on."""
        second, state = int(self.app.clock.mono()), self.below.state
        if not self.is_mounted or not self.query("#log") or (second == self._second and state is self._state):
            return
        self._second, self._state = second, state
        self.reading.follow()
        self.lay_out() if self._has_steps == self.has_class("resting") else self.show()

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.is_mounted or not self.query("#log"):
            return
        fleet, run, now = self.below.fleet, self.run, self.app.clock.mono()
        names = tuple(fleet.hosts)
        known = fleet.hosts.get(self.host, HostState(self.host))
        number = (names.index(self.host) + 1 if self.host in names else 0, len(names))
        self.set_class(fleet.protected, "protected")
        self.query_one("#headline", LineView).draw(lambda width, height: self._head(fleet, known, number, now, (width, height)))
        self._fit_fault()
        self.query_one("#fault", LineView).draw(lambda width, height: fault_lines(run, self.host, width, height))
        self._show_steps(run, now)
        drift = str(known.detail) if not fleet.run else ""
        reading = self.reading
        told = (line(reading.no_releases),) if reading.no_releases else None
        self.query_one("#releases", LineView).draw(lambda width, _: told or release_rows(reading.releases, way_back_of(run, self.host), drift, width))
        self.query_one(MetricsPanel).show_numbers(self.below.numbers.series(self.host), fleet, now, self.host)
        self.show_edges()

    def _head(self, fleet: RunState, known: HostState, number: tuple[int, int], now: float, room: tuple[int, int]) -> tuple[Line, ...]:
        head = host_head(fleet, known, number, now, room[0])
        return (*head, *fault_lines(self.run, self.host, room[0], room[1] - 2)) if room[1] > 2 else head

    def _show_steps(self, run: RunState, now: float) -> None:
        steps = self.query_one(Picker)
        steps.entitle(line("1 Steps", "" if self.below.fleet.run or not run.run else f"  of the last run, {run.run}"))
        steps.draw(lambda width: step_rows(run, self.host, now, width))
        at = current_step(run, self.host)
        if at != self._at:
            self._at = at
            steps.choose(at)

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def press(self, key: str) -> bool:
        """Act on a key; in the log the arrows are the log's."""
        return False if key in ("left", "right") and self.focused is self.query_one(LogPanel) else super().press(key)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.zoom(number) for number in _PANELS}
        return panels | host_questions.handlers(self) | {
            "next-host": lambda: self.step_to(1), "host-before": lambda: self.step_to(-1), "roll-back": self.below.ask_rollback,
            "skip": lambda: run_questions.ask_skip(self), "abort": lambda: run_questions.ask_abort(self),
            "retry": lambda: self.send(Retry(expects=self.state.seq, host=self.host), f"deploy retry {self.host}"),
            "pause": lambda: self.send(Pause(), "deploy pause"), "continue": lambda: self.send(Continue(expects=self.state.seq), "deploy continue"),
            "unzoom": self.unzoom, "follow": lambda: self.query_one(LogPanel).follow(), "copy": self.copy, "refresh": self.read_again,
        }  # fmt: skip

    def send(self, command: AnyCommand, twin: str) -> None:
        """Say something to the run, and its twin here."""
        self.below.send(command, twin)
        self.say_twin(twin)

    def zoom(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._zoom = 0 if self._zoom == number else number
        self.lay_out()
        wanted = self.query_one(f"#{_PANELS[number]}")
        if self._zoom and wanted.can_focus:
            wanted.focus()

    def unzoom(self) -> None:
        """Go back to all panels; from there, to where the host was opened."""
        if self._zoom:
            self._zoom = 0
            self.lay_out()
        else:
            self.app.go_back(self)

    def read_again(self) -> None:
        """Read the host's releases again."""
        self.reading.again()
        self.show()

    def copy(self) -> None:
        """Copy what was run in the chosen step; in the log, its current line."""
        log = self.query_one(LogPanel)
        if self.focused is log and log.current is not None:
            self._copy(plain_line(log.current, log.zone), "the line")
            return
        steps = host_steps(self.run, self.host)
        at = self.query_one(Picker).index
        command = steps[at][0].command if at < len(steps) else None
        if command is None:
            self.say("this step is the console's own: it has no command of hosts.toml", "warn")
        else:
            self._copy(command.run, f"{command.run!r}")

    def _copy(self, words: str, told: str) -> None:
        self.app.copy_to_clipboard(words)
        self.say(f"sent {told} to the terminal's clipboard, which gives no answer")
