"""The screen of one host: its steps with their times, its fault, log, metrics and releases. It follows the run or environment that it was opened from.

Opened from a run it shows that run live; from home, what was read of the host and the last run that changed the fleet. It decides nothing.
"""

from collections.abc import Callable

from textual.app import ComposeResult

from console.model.commands import AnyCommand
from console.model.state import RunState
from console.tui.host.host_actions import HostActions
from console.tui.host.host_lookup import HostLookup
from console.tui.host.host_panels import PANELS, HostPanels, HostSnapshot, head_rows
from console.tui.host.host_source import HostSource, HostSteering
from console.tui.key_refusals import Situation
from console.tui.log_actions import LogActions
from console.tui.look_back import LookBack
from console.tui.page_with_log import PageWithLog
from console.tui.screen_shell import Shell
from console.tui.steering_actions import SteeringActions
from console.views.host_details import host_steps, neighbour
from console.views.log_lines import LogLine, plain_line


class HostScreen(PageWithLog):
    """One host, watched and steered."""

    AUTO_FOCUS = "#steps"
    place = "host"

    def __init__(self, shell: Shell, source: HostSource, below: HostSteering, host: str) -> None:
        super().__init__(shell)
        self.host = host
        self._source, self._below = source, below
        self._panels = HostPanels(self.log_panel)
        self._lookup = HostLookup(shell.client, self.log_panel, self.say, self.show)
        self._back = LookBack(shell.client, shell.clock, lambda: source.numbers, shell.keep, self.say, self.show)
        self._second = -1
        self._state = RunState()

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        yield self.headline
        yield self._panels
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Start with what is known."""
        self._source.hears = self._hear
        self._source.look()
        self.turn_to(self.host)

    def on_unmount(self) -> None:
        """Hear no more of the run, and end the reads about the host."""
        self._source.hears = None
        self._lookup.stop()

    def on_screen_suspend(self) -> None:
        """Another screen is seen: whoever looks for this one may rest, unless it is seen itself."""
        if not self._below.is_seen():
            self._source.look_away()

    def on_screen_resume(self) -> None:
        """Look at the host again: what was seen is as old as the page that was above."""
        if self._source.look():
            self._back.anew(self._source.fleet, self.host)

    def lay_out(self) -> None:
        """Choose the arrangement for the size, and for what is known."""
        super().lay_out()
        self._fit()
        self.call_after_refresh(self._laid_out)

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen, too, and whether there are steps."""
        return super().shape() | {"resting": not self._has_steps} | self._panels.shape()

    def _fit(self) -> None:
        self.set_class(self._panels.fit(self.run, self.host, *self.app.size), "faulty")

    def _laid_out(self) -> None:
        self.show()
        if self.focused is None:
            self._panels.steps.focus()

    @property
    def run(self) -> RunState:
        """The run whose steps are shown; an empty one where the host has no part in it."""
        state = self._source.last
        return state if self.host in state.hosts else RunState()

    @property
    def _has_steps(self) -> bool:
        return bool(host_steps(self.run, self.host))

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return self._below.situation()._replace(host=self.host, zoomed=self._panels.zoomed, place="host")

    # -- which host ---------------------------------------------------------------------------------------------------------------

    def turn_to(self, host: str) -> None:
        """Show another host on the same page, with its numbers, log and steps."""
        self.host = host
        self._below.choose(host)
        self._back.begin(self._source.fleet, host)
        self.unsay()
        self._panels.begin()
        self.log_panel.whose = host
        self.log_panel.clear()
        self.readback.read_from(self.shell.records, self._source.last.run, host)
        known = self._source.lines_of(host)
        self.log_panel.add(known or ())
        self._lookup.begin(host, self.run, self._source.last.run if known is None else "")
        self.lay_out()

    def step_to(self, by: int) -> None:
        """Show the host so many places further."""
        host = neighbour(tuple(self._source.fleet.hosts), self.host, by)
        if host:
            self.turn_to(host)

    def _hear(self, lines: tuple[LogLine, ...]) -> None:
        """Take the log lines that came for this host."""
        if self.is_mounted:
            self.log_panel.add(entry for entry in lines if entry.where == self.host)

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Show what came, and once a second that time went on."""
        second, state = int(self.shell.clock.mono()), self._source.last
        if not self.is_mounted or (second == self._second and state is self._state):
            return
        self._second, self._state = second, state
        self._lookup.follow(self.run)
        if closed := self._open_question.close_if_answered(state):
            self.say(closed, "warn")
        self.lay_out() if self._has_steps == self.has_class("resting") else self.show()

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.is_mounted:
            return
        fleet, run, now = self._source.fleet, self.run, self.shell.clock.mono()
        self.set_class(fleet.protected, "protected")
        problem = self._source.link_problem(now)
        self.headline.draw(lambda width, height: head_rows(fleet, run, self.host, now, (width, height), problem))
        self._fit()
        self.log_panel.show_kinds(run.log_kinds_total)
        self._panels.show(HostSnapshot(self.host, fleet, run, self._source.numbers, self._lookup, now))
        self.show_edges()

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def press(self, key: str) -> bool:
        """Act on a key; in the log the arrows are the log's."""
        return False if key in ("left", "right") and self.focused is self.log_panel else super().press(key)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.zoom(number) for number in PANELS}
        of_host = HostActions(self.shell, lambda: self.situation, self.ask, self.say, self.say_equivalent)
        of_log = LogActions(self.log_panel, self.shell, self.say)
        steering = SteeringActions(lambda: self._source.last, lambda: self.host, self.dialog_width, self.ask, self.send)
        return panels | of_host.handlers() | of_log.reading_handlers() | steering.handlers() | {
            "span": lambda: self._back.turn(self._source.fleet, self.host),
            "next-host": lambda: self.step_to(1), "host-before": lambda: self.step_to(-1), "roll-back": self.ask_rollback,
            "unzoom": self.unzoom, "follow": self.log_panel.follow, "copy": self.copy, "refresh": self._lookup.again,
        }  # fmt: skip

    def ask_rollback(self) -> None:
        """Ask, and roll every host back."""
        self._below.ask_rollback()

    def send(self, command: AnyCommand, equivalent: str) -> None:
        """Say something to the run, and here the command line that says the same."""
        self._below.send(command, equivalent)
        if equivalent:
            self.say_equivalent(equivalent)

    def zoom(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._panels.turn(number)
        self.lay_out()
        self._panels.focus_zoomed()

    def unzoom(self) -> None:
        """Go back to all panels; from there, to where the host was opened."""
        if self._panels.zoomed:
            self.zoom(self._panels.zoomed)
        else:
            self.leave()

    def copy(self) -> None:
        """Copy what was run in the chosen step; in the log, its current line."""
        log = self.log_panel
        if self.focused is log and log.current is not None:
            words, told = plain_line(log.current, log.zone), "the line"
        else:
            command = self._panels.chosen_command(self.run, self.host)
            if command is None:
                self.say("this step is part of the console: it has no command in hosts.toml", "warn")
                return
            words, told = command.run, f"{command.run!r}"
        self.shell.copy(words)
        self.say(f"copied {told} to the clipboard, if the terminal allows it")
