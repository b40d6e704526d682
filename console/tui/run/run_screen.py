"""The run screen: one frozen state in one reactive, cut into slices for its widgets, and the handlers of its keys.

It decides nothing: a key becomes a command to the feed, and what came of it is read from the events that follow.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.reactive import reactive

from console.model.commands import AnyCommand
from console.model.state import RunState
from console.tui.feed_follower import FeedFollower
from console.tui.key_refusals import Place, Situation, roll_back_refusal
from console.tui.keys import offered
from console.tui.look_back import LookBack
from console.tui.page_with_log import PageWithLog
from console.tui.run.idle_message import attach_line, frozen_line
from console.tui.run.panel_filter import PanelFilter
from console.tui.run.panel_zoom import PanelZoom
from console.tui.run.run_host_source import RunHostSource
from console.tui.run.run_news import RunNews
from console.tui.run.run_panels import RunPanels, RunSnapshot, is_before
from console.tui.run.run_time import LiveTime, RunTime
from console.tui.run.time_cursor import TimeCursor
from console.tui.run.way_out import WayOut
from console.tui.screen_shell import Shell
from console.tui.widgets.checklist_panels import ChecklistPanel
from console.tui.widgets.log_panel import LogPanel
from console.views.blocking_reason import waited_host
from console.views.compact_layout import run_in_words
from console.views.headline import headline
from console.views.host_details import worst_host
from console.views.styled_text import Line
from console.views.times import wall_clock

if TYPE_CHECKING:
    from console.tui.steering_actions import SteeringActions


class Frozen(NamedTuple):
    """What the panels show while they stand still, and since which time of day."""

    state: RunState
    since: str


class RunScreen(PageWithLog):
    """One run, watched and steered.

    `asks`: the action that is asked about by itself, once: `go` or `roll-back`; `time`: the run's own, where that is not now.
    """

    AUTO_FOCUS = "#log"
    place: Place = "run"
    field: PanelFilter
    state: reactive[RunState] = reactive(RunState, layout=False, repaint=False)

    def __init__(self, shell: Shell, follower: FeedFollower, *, asks: str = "", time: RunTime | None = None) -> None:
        super().__init__(shell)
        self.follower = follower
        self.time = time or LiveTime(shell.clock)
        self.pinned = ""
        """The host that was chosen; empty: the one that is waited for is shown."""
        self.set_reactive(RunScreen.state, follower.state)
        self._asks = asks
        self._second = 0
        self._frozen: Frozen | None = None
        self._check_line = ChecklistPanel(id="checkline")
        self.panels = RunPanels(self._check_line, self.choose)
        self.field = PanelFilter(self.panels.fleet, self.log_panel, self.say)
        self.zoom = PanelZoom()
        self.cursor = TimeCursor(self.log_panel, self.panels.metrics, self.time, self.show_slices)
        self.back = LookBack(shell.client if time is None else None, shell.clock, lambda: self.follower.numbers, shell.keep, self.say, self.show_slices)
        self.way_out = WayOut(shell, follower, self.say, lambda: shell.go_back(self))
        self._hosts = RunHostSource(follower, self.log_panel.book)
        self._news = RunNews()

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        self.update_classes(self.shape(), update=False)
        yield self.headline
        yield self._check_line
        yield self.panels
        yield self.log_panel
        yield self.field
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Start with what is known."""
        self.follower.begin()
        self.show_news()
        self.lay_out()
        self.show_slices()
        self.call_after_refresh(self.react)

    def on_unmount(self) -> None:
        """Follow the run no more: the engine goes on with it."""
        self.follower.stop()

    def lay_out(self) -> None:
        """Choose the arrangement for the size: wide, narrow, tiny."""
        super().lay_out()
        self.panels.styles.height = self.zoom.height_of_top(self.app.size.height)
        self.call_after_refresh(self.show_slices)

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen, too, and how far the run is."""
        before = is_before(self._frozen.state if self._frozen else self.state)
        return super().shape() | self.zoom.shape() | {"before": before, "during": not before, "protected": self.state.protected}

    @property
    def host(self) -> str:
        """The host that a host's key acts on: the chosen one, else the one that is waited for."""
        return self.pinned if self.pinned in self.state.hosts else waited_host(self.state) or worst_host(self.state)

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        shell = self.shell
        return Situation(
            self.state, self.host, self.zoom.panel, shell.read_only, self.follower.helm, can_begin_runs=shell.client is not None, place=self.place,
            over_home=shell.has_home,
        )  # fmt: skip

    def link_problem(self, now: float) -> str:
        """Return why nothing more comes though the run goes on; empty: it comes."""
        return self.follower.link_problem(now)

    # -- what came ----------------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take what came; nothing is painted when nothing came."""
        if not self.is_mounted:
            return
        if self.show_news():
            self.react()
        self._ask_by_itself()
        second = int(self.time.now)
        if self.state.phase != "ended" and second != self._second:
            self._second = second
            self.show_slices()

    def show_news(self) -> bool:
        """Take what came, and show it; whether anything did."""
        follower = self.follower
        if not follower.has_news():
            return False
        lines = self.fill_log(follower)
        if self._hosts.hears:
            self._hosts.hears(lines)
        self.state = follower.state
        return True

    def react(self) -> None:
        """Do what is to be done about what came: say news, ask for GO, take an answered question away."""
        if told := self._news.of_helm(self.follower):
            self.say(*told)
        if self.state.run and self.state.phase != "ended":
            self.back.begin(self.state)
        if closed := self._open_question.close_if_answered(self.state):
            self.say(closed, "warn")
        if told := self._news.of_end(self.follower):
            self.say(*told)

    def _ask_by_itself(self) -> None:
        """Ask what was wanted before this was open, where that takes the keys from nobody: for GO once it may be, for the way back as soon as all is known."""
        if not self._asks or not self.is_free or not self.state.run or self.state.seq < self.follower.feed.joined_at:
            return
        now = self.situation
        if self._asks in offered(now):
            question = self._steering().question(self._asks)
            question.dialog.come_unasked()
            self.ask(question)
        elif self._asks == "roll-back":
            self.say(roll_back_refusal(now), "warn")
        else:
            return
        self._asks = ""

    # -- what is shown ------------------------------------------------------------------------------------------------------------

    def watch_state(self) -> None:
        """Give each panel its part of the run's new state."""
        self._hosts.state = self.state
        self.show_slices()

    def show_slices(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        if not self.children:
            return
        self.show_edges()
        if self._frozen is not None:
            return
        was_before = self.has_class("before")
        self.update_classes(self.shape())
        if was_before and not self.has_class("before"):
            self.call_after_refresh(self.panels.focus_fleet, unless=lambda: self.typing() or not self.log_panel.following)
        state, now, follower = self.state, self.time.now, self.follower
        pinned = self.pinned if self.pinned in state.hosts else ""
        self.log_panel.show_kinds(state.log_kinds_total)
        seen = replace(follower.presence, names=follower.present)
        self.panels.show(RunSnapshot(state, now, self.host, pinned, follower.numbers, self.cursor.looked, seen, self.link_problem(now)))

    def head_lines(self, state: RunState, now: float, width: int) -> tuple[Line, Line]:
        """Return the two lines on top of that width: what runs and how far it is, then who is here and what is wrong."""
        follower = self.follower
        return headline(
            state, now, width, present=follower.present, round_trip=follower.presence.round_trip, host=self.host, problem=self.link_problem(now),
            helm=follower.helm, home=self.shell.has_home, offered=offered(self.situation),
        )  # fmt: skip

    def show_edges(self) -> None:
        """Show headline, message and footer; on the smallest screens the headline says what was just said, too."""
        super().show_edges()
        state, now = self.state, self.time.now
        self.headline.draw(lambda *room: self._few_words(state, now, *room) if self.has_class("tiny") else self.head_lines(state, now, room[0]))

    def _few_words(self, state: RunState, now: float, width: int, height: int) -> tuple[Line, ...]:
        follower = self.follower
        return run_in_words(
            state, now, width, height, self.message.said, self.host, follower.helm, self.shell.has_home, offered(self.situation), self.link_problem(now)
        )

    def rest_line(self) -> Line:
        """Say that the panels are frozen, else how the run is come back to."""
        if self._frozen is not None:
            return frozen_line(self._frozen.since, self.log_panel.unseen, self.state.seq - self._frozen.state.seq)
        return attach_line(self.state, self.app.size.width)

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        from console.tui.dialogs.restore_dialog import restore_question
        from console.tui.host.host_actions import HostActions
        from console.tui.log_actions import LogActions

        of_host = HostActions(self.shell, lambda: self.situation, self.ask, self.say, self.say_equivalent)
        of_log = LogActions(self.log_panel, self.shell, self.say)
        of_zoom = self.zoom.handlers(self._zoomed, on_log=lambda: self.focused is self.log_panel)
        return of_zoom | of_log.handlers() | of_host.handlers() | self._steering().handlers() | {
            "restore": lambda: self.ask(restore_question(self.state, self.shell.clock.now())),
            "filter": lambda: self.field.open_for(self.focused), "freeze": self.freeze, "unzoom": self.unzoom, "follow": self.log_panel.follow,
            "host": self.open_host, "span": lambda: self.back.turn(self.state, self.pinned),
            "moment-on": lambda: self.cursor.move(1), "moment-back": lambda: self.cursor.move(-1),
        }  # fmt: skip

    def _steering(self) -> "SteeringActions":
        from console.tui.steering_actions import SteeringActions

        return SteeringActions(lambda: self.state, lambda: self.host, self.dialog_width, self.ask, self.send)

    def _zoomed(self, words: str) -> None:
        """Arrange for another zoom; or say why there is none."""
        if words:
            self.say(words)
            return
        self.lay_out()
        wanted = self.query_one(f"#{self.zoom.focused}") if self.zoom.focused else None
        if wanted is not None and wanted.can_focus:
            wanted.focus()

    def on_log_panel_line_read(self, event: LogPanel.LineRead) -> None:
        """Mark the time of the line that is read in the metrics."""
        self.cursor.read(event.entry)

    def choose(self, host: str) -> None:
        """Choose a host; empty: none."""
        self.pinned = host
        self.back.begin(self.state, host)
        if self._frozen is not None:
            self.panels.fleet.mark(self.host)  # what a key acts on is seen, also where all else stands still
        self.show_slices()

    def open_host(self) -> None:
        """Show the host that is meant on a screen of its own."""
        from console.tui.host.host_screen import HostScreen
        from console.tui.host.host_source import HostSteering

        steering = HostSteering(lambda: self.situation, self.choose, self.send, self.ask_rollback, lambda: self.app.screen is self)
        self.shell.push(HostScreen(self.shell, self._hosts, steering, self.host))

    def freeze(self) -> None:
        """Hold the panels as they are, or let them go on; the header, the questions and every key go on either way."""
        self._frozen = Frozen(self.state, wall_clock(self.shell.clock.now().isoformat(), self.shell.zone)) if self._frozen is None else None
        self.log_panel.freeze(self._frozen is not None)
        self.unsay()
        self.show_slices()

    def send(self, command: AnyCommand, equivalent: str) -> None:
        """Submit a command, and say the command line that does the same."""
        if equivalent:
            self.say_equivalent(equivalent)
        self.shell.submit(self.follower, command)

    def unzoom(self) -> None:
        """Clear a filter; else let go of the moment that is looked at; else go back to all panels; else let go of the chosen host."""
        if self.field.clear_for(self.focused) or self.cursor.release():
            self.unsay()
        elif self.zoom.end():
            self.lay_out()
        else:
            self.unsay()
            self.choose("")

    def ask_rollback(self) -> None:
        """Ask, and roll back on the second `r`."""
        self._steering().ask_about("roll-back")

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO where the helm is here, else detached."""
        self.way_out.leave()
