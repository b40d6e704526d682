"""The run screen: one frozen state in one reactive, cut into slices for its widgets, and the handlers of its keys.

It decides nothing: a key becomes a command to the feed, and what came of it is read from the events that follow.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive

from console.model.commands import AnyCommand, Continue, Pause, Retry, TakeHelm
from console.model.state import RunState
from console.tui.dialogs import run_questions
from console.tui.dialogs.restore_dialog import ask_restore
from console.tui.feed_follower import FeedFollower
from console.tui.host import host_questions
from console.tui.host.host_screen import HostScreen
from console.tui.keys import offered
from console.tui.metrics_history import MetricsHistory
from console.tui.page_with_log import PageWithLog
from console.tui.run.leave_rules import LeaveRules
from console.tui.run.log_actions import LogActions
from console.tui.run.panel_filter import PanelFilter
from console.tui.run.panel_zoom import PanelZoom
from console.tui.run.run_panels import is_before, show_panels
from console.tui.run.run_reactions import RunReactions
from console.tui.run.time_cursor import TimeCursor
from console.tui.situation import Place, Situation
from console.tui.widgets.checklist_panels import ChecklistPanel, ChecksPanel, PlanPanel
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.line_view import LineView
from console.tui.widgets.log_panel import LogPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.typed import as_typed, typed_here, without_file
from console.views.blocking_reason import waited_host
from console.views.compact_layout import run_in_words
from console.views.headline import headline
from console.views.host_details import worst_host
from console.views.log_lines import LogLine
from console.views.styled_text import Line, Span, line
from console.views.times import seconds_in_words


class RunScreen(PageWithLog):
    """One run, watched and steered. `asks`: GO is asked for by itself, once, when it is open."""

    AUTO_FOCUS = "#log"
    place: Place = "run"
    state: reactive[RunState] = reactive(RunState, layout=False, repaint=False)
    second: reactive[int] = reactive(0, layout=False, repaint=False)

    def __init__(self, follower: FeedFollower, *, asks: bool = False) -> None:
        super().__init__()
        self.follower = follower
        self.pinned = ""
        """The host that was chosen; empty: the one that is waited for is shown."""
        self._frozen: RunState | None = None
        self.hears: Callable[[tuple[LogLine, ...]], None] = lambda _: None
        """Told of the log lines that came, for a screen above this one."""
        self.reading = LogActions(self)
        self.filtering = PanelFilter(self)
        self.zooming = PanelZoom(self)
        self.leaving = LeaveRules(self)
        self.watching = RunReactions(self, asks=asks)
        self.moment = TimeCursor(self)

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        self.update_classes(self.shape(), update=False)
        yield LineView(id="headline")
        yield ChecklistPanel(id="checkline")
        with Horizontal(id="top"):
            yield ChecklistPanel(id="checklist", classes="panel")
            yield ChecksPanel(id="checks", classes="panel")
            yield FleetPanel(id="fleet", classes="panel")
            yield PlanPanel(id="plan", classes="panel")
            yield MetricsPanel(id="metrics", classes="panel")
        yield LogPanel(self.app.zone, id="log", classes="panel")
        yield FilterLine(id="filter")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Start with what is known."""
        self.open_way_back()
        self.lay_out()
        self.show_slices()

    def lay_out(self) -> None:
        """Choose the arrangement for the size: wide, narrow, tiny."""
        super().lay_out()
        self.query_one("#top").styles.height = self.zooming.height_of_top(self.app.size.height)
        self.call_after_refresh(self.show_slices)

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen, too, and how far the run is."""
        before = is_before(self._frozen or self.state)
        return super().shape() | self.zooming.shape() | {"before": before, "during": not before, "protected": self.state.protected}

    @property
    def host(self) -> str:
        """The host that a host's key acts on: the chosen one, else the one that is waited for."""
        return self.pinned if self.pinned in self.state.hosts else waited_host(self.state) or worst_host(self.state)

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return Situation(
            self.state,
            self.host,
            self.zooming.panel,
            self.app.read_only,
            self.helm,
            has_station=self.app.station is not None,
            place=self.place,
            over_home=self.over_home,
        )

    @property
    def over_home(self) -> bool:
        """Whether `q` goes home from here."""
        return self.app.has_home

    @property
    def now(self) -> float:
        """The time of this run, on the boot-time clock."""
        return self.app.clock.mono()

    @property
    def zoomed(self) -> int:
        """The panel that has the whole screen; 0: none."""
        return self.zooming.panel

    @property
    def helm(self) -> str:
        """Who answers the run's questions, when they are there and it is not who sits here."""
        return self.watching.helm

    def tick(self) -> None:
        """Take what came; nothing is painted when nothing came."""
        follower = self.follower
        if not self.is_mounted or not self.query("#log"):
            return
        if follower.changed:
            follower.changed = False
            if follower.begins_anew:
                self.query_one(LogPanel).clear()
                self.query_one(LogPanel).is_cut = True
            lines = follower.take_lines()
            self.query_one(LogPanel).add(lines)
            self.way_back.read_from(self.app.records, follower.state.run)
            self.hears(lines)
            self.state = follower.state
            self.react()
        if self.state.phase != "ended":
            self.second = int(self.now)

    def react(self) -> None:
        """Do what is to be done about what came."""
        self.watching.react()

    def watch_state(self) -> None:
        """Show a new state."""
        if self.is_mounted:
            self.show_slices()

    def watch_second(self) -> None:
        """Show that time went on."""
        if self.is_mounted:
            self.show_slices()

    def show_slices(self) -> None:
        """Give every widget its part; each repaints only what differs. A layout's callback may still come when they are being taken away."""
        if not self.query("#headline"):
            return
        state, now = self.state, self.now
        self.show_edges()
        if self._frozen is None:
            show_panels(self, state, now)

    def head_lines(self, state: RunState, now: float, width: int) -> tuple[Line, Line]:
        """The two lines on top."""
        presence, problem = self.follower.presence, self.watching.link_problem
        return headline(
            state,
            now,
            width,
            present=presence.names,
            round_trip=presence.round_trip,
            host=self.host,
            problem=problem,
            helm=self.helm,
            home=self.over_home,
            offered=offered(self.situation),
        )

    def show_edges(self) -> None:
        """Show headline, message and footer; on the smallest screens the headline says what was just said, too."""
        if not self.query("#headline"):
            return
        super().show_edges()
        state, now = self.state, self.now
        self.query_one("#headline", LineView).draw(
            lambda width, height: (
                run_in_words(state, now, width, height, self._message, self.host, self.helm, self.over_home, offered(self.situation))
                if self.has_class("tiny")
                else self.head_lines(state, now, width)
            )
        )

    def rest_line(self) -> Line:
        """Say that the panels are frozen, else how the run is come back to."""
        if self._frozen is not None and self.reading.frozen_since is not None:
            since = seconds_in_words(self.app.clock.mono() - self.reading.frozen_since)
            lines, events = self.query_one(LogPanel).unseen, self.state.seq - self._frozen.seq
            return line(Span(" FROZEN ", "selected"), f" for {since}; since then {lines:,} lines, {events:,} events", Span("   space goes on", "accent"))
        run = self.state.run
        if not run or self.state.phase == "ended":
            return line(" ")
        whole, bare = as_typed(f"deploy attach {run}"), without_file(typed_here())
        shorter = (as_typed(f"deploy attach {run}", bare), as_typed("deploy attach", bare))
        ways = (f" run {run}   join or come back: {whole}", *(form for way in (whole, *shorter) for form in (f" join or come back: {way}", f" {way}")))
        return line(Span(next((way for way in ways if len(way) <= self.app.size.width), ""), "dim"))

    def freeze(self, on: bool) -> None:
        """Hold the panels as they are; the header, the questions and every key go on."""
        self._frozen = self.state if on else None
        self.unsay()
        self.show_slices()

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Apply the filter as it is typed."""
        self.filtering.typed(event.words)

    def on_log_panel_line_read(self, event: LogPanel.LineRead) -> None:
        """Mark the time of the line that is read in the metrics."""
        self.moment.read(event.entry)

    def mono_at(self, wall: float) -> float:
        """The time of the numbers at that moment (seconds since 1970)."""
        return self.now - (self.app.clock.now().timestamp() - wall)

    def wall_at(self, mono: float) -> float:
        """The moment (seconds since 1970) of that time of the numbers."""
        return self.app.clock.now().timestamp() - (self.now - mono)

    def typing(self) -> bool:
        """Return whether a text field has the keys."""
        return self.filtering.typing

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry, or goes into the text field."""
        return self.filtering.press(key) if self.filtering.typing else super().press(key)

    def on_fleet_panel_host_chosen(self, event: FleetPanel.HostChosen) -> None:
        """Another host was chosen."""
        self.choose(event.host)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        return self.zooming.handlers() | self.reading.handlers() | host_questions.handlers(self) | run_questions.handlers(self) | {
            "restore": lambda: ask_restore(self, self.state), "filter": self.filtering.open_filter,
            "pause": lambda: self.send(Pause(), "deploy pause"), "helm": lambda: self.send(TakeHelm(), ""),
            "continue": lambda: self.send(Continue(expects=self.state.seq), "deploy continue"),
            "retry": lambda: self.send(Retry(expects=self.state.seq, host=self.host), f"deploy retry {self.host}"),
            "host": lambda: self.app.push_screen(HostScreen(self, self.host)), "unzoom": self.unzoom, "follow": lambda: self.query_one(LogPanel).follow(),
            "moment-on": lambda: self.moment.move(1), "moment-back": lambda: self.moment.move(-1),
        }  # fmt: skip

    def send(self, command: AnyCommand, twin: str) -> None:
        """Submit a command and say its twin."""
        if twin:
            self.say_twin(twin)
        self.app.submit(self, command)

    def unzoom(self) -> None:
        """Clear a filter; else let go of the moment that is looked at; else go back to all panels; else let go of the chosen host."""
        if self.filtering.clear_filter() or self.moment.release():
            self.unsay()
        elif not self.zooming.end():
            self.pinned = ""
            self.unsay()
            self.show_slices()

    def ask_rollback(self) -> None:
        """Ask, and roll back on the second `r`."""
        run_questions.ask_rollback(self)

    @property
    def fleet(self) -> RunState:
        """The hosts as they are now."""
        return self.state

    @property
    def numbers(self) -> MetricsHistory:
        """What the machines said of their load."""
        return self.follower.numbers

    def choose(self, host: str) -> None:
        """Choose a host."""
        self.pinned = host
        self.show_slices()

    def look(self) -> None:
        """Nothing to do: a run is followed whatever is seen."""

    def look_away(self) -> None:
        """The same."""

    def lines_of(self, host: str) -> tuple[LogLine, ...]:
        """What the log holds of a host."""
        return tuple(entry for entry in self.query_one(LogPanel).book.held if entry.where == host)

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO where the helm is here, else detached."""
        self.leaving.leave()

    def exit_code(self) -> int:
        """Return the code that leaving now has."""
        return self.leaving.exit_code()
