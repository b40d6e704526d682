"""The run screen: one frozen state in one reactive, cut into slices for its widgets, and the handlers of its keys.

It decides nothing: a key becomes a command to the feed, and what came of it is read from the events that follow.
"""

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive

from console.errors import Exit
from console.model.commands import AnyCommand, Continue, Decide, Pause, Retry, TakeHelm
from console.model.state import RunState
from console.tui import keys
from console.tui.follower import Follower
from console.tui.numbers import Numbers
from console.tui.readback import ReadBack
from console.tui.screens import one_host, questions
from console.tui.screens.host import HostScreen
from console.tui.screens.moment import Moment
from console.tui.screens.page import Page
from console.tui.screens.reading import Reading
from console.tui.screens.restore import ask_restore
from console.tui.widgets.checklist import Checklist, Checks, PlanPanel
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet import Fleet
from console.tui.widgets.lines import LineView
from console.tui.widgets.log import Log
from console.tui.widgets.spark import Metrics
from console.views.headline import headline, run_lines
from console.views.host import worst_host
from console.views.logs import LogLine
from console.views.narrow import run_in_words
from console.views.spans import Line, Span, line
from console.views.times import seconds_in_words
from console.views.waits import waited_host

_PANELS = {1: ("checklist", "checks"), 2: ("fleet", "checks"), 3: ("metrics", "plan"), 4: ("log", "log")}


class RunScreen(Page):
    """One run, watched and steered. `asks`: GO is asked for by itself, once, when it is open."""

    AUTO_FOCUS = "#log"
    place: keys.Place = "run"
    state: reactive[RunState] = reactive(RunState, layout=False, repaint=False)
    second: reactive[int] = reactive(0, layout=False, repaint=False)

    def __init__(self, follower: Follower, *, asks: bool = False) -> None:
        super().__init__()
        self.follower = follower
        self._asks = asks
        self._told_end = False
        self._helm = ""
        self._leaving = False
        self._pinned = ""
        self._zoom = 0
        self._half = False
        self._frozen: RunState | None = None
        self.hears: Callable[[tuple[LogLine, ...]], None] = lambda _: None
        """Told of the log lines that came, for a screen above this one."""
        self.reading = Reading(self)
        self.moment = Moment(self)

    def compose(self) -> ComposeResult:
        """Lay the screen out; what is shown by which size is the style sheet's."""
        yield LineView(id="headline")
        yield Checklist(id="checkline")
        with Horizontal(id="top"):
            yield Checklist(id="checklist", classes="panel")
            yield Checks(id="checks", classes="panel")
            yield Fleet(id="fleet", classes="panel")
            yield PlanPanel(id="plan", classes="panel")
            yield Metrics(id="metrics", classes="panel")
        yield Log(self.app.zone, id="log", classes="panel")
        yield FilterLine(id="filter")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Start with what is known."""
        self.way_back = ReadBack(self.query_one(Log), self.say, self.app.keep)
        self.lay_out()
        self.show_slices()

    def lay_out(self) -> None:
        """Choose the arrangement for the size: wide, narrow, tiny."""
        super().lay_out()
        height = self.app.size.height
        top = 9 if height < 28 else 12 if height < 34 else 14 if height < 44 else 16
        self.query_one("#top").styles.height = "1fr" if self._zoom in (1, 2, 3) else 5 if self._zoom == 4 else top
        self.call_after_refresh(self.show_slices)

    def shape(self) -> dict[str, bool]:
        """Say which panel has the screen, too, and how far the run is."""
        zoomed = self._zoom in (1, 2, 3) or (self._zoom == 4 and not self._half)
        zooms = {"zoomed": zoomed, "half": self._half} | {f"zoom-{number}": self._zoom == number for number in _PANELS}
        return super().shape() | zooms | {"before": self._is_before, "during": not self._is_before, "protected": self.state.protected}

    @property
    def _is_before(self) -> bool:
        """Whether nothing was changed yet: checks and plan are what there is to see."""
        state = self._frozen or self.state
        return state.phase in ("preflight", "deciding") or (state.phase == "ended" and not state.epoch and not state.changed)

    @property
    def host(self) -> str:
        """The host that a host's key acts on: the chosen one, else the one that is waited for."""
        return self._pinned if self._pinned in self.state.hosts else waited_host(self.state) or worst_host(self.state)

    @property
    def situation(self) -> keys.Situation:
        """What is on the screen now."""
        return keys.Situation(
            self.state, self.host, self._zoom, self.app.read_only, self.helm, has_station=self.app.station is not None, place=self.place
        )

    @property
    def now(self) -> float:
        """The time of this run, on the boot-time clock."""
        return self.app.clock.mono()

    @property
    def zoomed(self) -> int:
        """The panel that has the whole screen; 0: none."""
        return self._zoom

    @property
    def helm(self) -> str:
        """Who answers the run's questions, when they are there and it is not who sits here."""
        presence, driver = self.follower.presence, self.state.driver
        theirs = presence.me and driver.login != presence.me and driver.login in presence.logins
        return str(driver) + (" (another terminal)" if presence.me.split(" ")[0] == driver.name else "") if theirs else ""

    def tick(self) -> None:
        """Take what came; nothing is painted when nothing came."""
        follower = self.follower
        if not self.is_mounted or not self.query("#log"):
            return
        if follower.changed:
            follower.changed = False
            if follower.begins_anew:
                self.query_one(Log).clear()
                self.query_one(Log).is_cut = True
            lines = follower.take_lines()
            self.query_one(Log).add(lines)
            self.way_back.read_from(self.app.records, follower.state.run)
            self.hears(lines)
            self.state = follower.state
            self._react()
        if self.state.phase != "ended":
            self.second = int(self.now)

    def _react(self) -> None:
        if self.helm != self._helm:
            before, self._helm = self._helm, self.helm
            if self.helm and not before and self.state.helm is not None:
                self.say(f"{self.helm} took the helm; h takes it back", "warn")
        if self._asks and self.state.phase == "deciding" and self.is_current and keys.may_go(self.situation):
            self._asks = False
            questions.ask_go(self)
        if self.follower.finished and not self._told_end:
            self._told_end = True
            if self.follower.problem:
                self.say(self.follower.problem, "bad")
            elif self.state.phase != "ended":
                self.say("the engine says nothing more; deploy attach asks again", "bad")

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
            self._show_panels(state, now)

    def head_lines(self, state: RunState, now: float, width: int) -> tuple[Line, Line]:
        """The two lines on top."""
        presence, problem = self.follower.presence, self._link_problem()
        return headline(state, now, width, present=presence.names, round_trip=presence.round_trip, host=self.host, problem=problem, helm=self.helm)

    def show_edges(self) -> None:
        """Show headline, message and footer; on the smallest screens the headline says what was just said, too."""
        if not self.query("#headline"):
            return
        super().show_edges()
        state, now = self.state, self.now
        self.query_one("#headline", LineView).draw(
            lambda width, height: run_in_words(state, now, width, height, self._message, self.host, self.helm)
            if self.has_class("tiny")
            else self.head_lines(state, now, width)
        )

    def _show_panels(self, state: RunState, now: float) -> None:
        was_before, before = self.has_class("before"), self._is_before
        self.update_classes(self.shape())
        if was_before and not before:
            self.call_after_refresh(self._focus_fleet)
        self.query_one("#checkline", Checklist).show_run(state, now)
        if before:
            self.query_one(Checks).show_run(state)
            self.query_one(PlanPanel).show_run(state)
        else:
            self.query_one(Fleet).show_fleet(state, now, self.host, lambda host: self.follower.numbers.load_of(host, now))
            self._show_numbers(state, now)
        presence, problem = self.follower.presence, self._link_problem()
        self.query_one("#checklist", Checklist).show_run(
            state, now, lambda width: run_lines(state, now, width, presence.names, presence.round_trip, problem=problem)
        )

    def _focus_fleet(self) -> None:
        """Give the fleet the arrows once it is there, unless somebody reads or types."""
        if not self.reading.typing and self.query_one(Log).following:
            self.query_one(Fleet).focus()

    def _link_problem(self) -> str:
        if self.follower.broken:
            return "this screen stopped: q, then deploy attach"
        quiet = self.follower.silence(self.app.clock.mono())
        if quiet and self.state.phase != "ended":
            return f"the engine has not answered for {seconds_in_words(quiet)}"
        return "the engine is gone" if self.follower.finished and self.state.phase != "ended" else ""

    def _show_numbers(self, state: RunState, now: float) -> None:
        host = self._pinned if self._pinned in state.hosts else ""
        self.query_one(Metrics).show_numbers(self.follower.numbers.series(host), state, now, host, self.moment.looked)

    def rest_line(self) -> Line:
        """Say that the panels are frozen, else how the run is come back to."""
        if self._frozen is not None and self.reading.frozen_since is not None:
            since = seconds_in_words(self.app.clock.mono() - self.reading.frozen_since)
            lines, events = self.query_one(Log).unseen, self.state.seq - self._frozen.seq
            return line(Span(" FROZEN ", "selected"), f" for {since}; since then {lines:,} lines, {events:,} events", Span("   space goes on", "accent"))
        run, join = self.state.run, self.app.join
        if not run or self.state.phase == "ended":
            return line(" ")
        ways = (f" run {run}   join or come back: {join} {run}", f" join or come back: {join}", f" {join}")
        return line(Span(next((way for way in ways if len(way) <= self.app.size.width), ""), "dim"))

    def freeze(self, on: bool) -> None:
        """Hold the panels as they are; the header, the questions and every key go on."""
        self._frozen = self.state if on else None
        self.unsay()
        self.show_slices()

    def on_filter_line_typed(self, event: FilterLine.Typed) -> None:
        """Apply the filter as it is typed."""
        self.reading.typed(event.words)

    def on_log_wants_earlier(self, event: Log.WantsEarlier) -> None:
        """Read on before the first line that is held."""
        (self.way_back.search_older if event.matching else self.way_back.older)()

    def on_log_moved(self, event: Log.Moved) -> None:
        """Mark the time of the line that is read in the metrics."""
        self.moment.read(event.entry)

    def mono_at(self, wall: float) -> float:
        """The time of the numbers at that moment (seconds since 1970)."""
        return self.now - (self.app.clock.now().timestamp() - wall)

    def wall_at(self, mono: float) -> float:
        """The moment (seconds since 1970) of that time of the numbers."""
        return self.app.clock.now().timestamp() - (self.now - mono)

    def on_log_wants_later(self, _: Log.WantsLater) -> None:
        """Read on where lines are missing."""
        self.way_back.newer()

    def typing(self) -> bool:
        """Return whether a text field has the keys."""
        return self.reading.typing

    def press(self, key: str) -> bool:
        """Act on a key; False when it is not in the registry, or goes into the text field."""
        return self.reading.press(key) if self.reading.typing else super().press(key)

    def on_fleet_chosen(self, event: Fleet.Chosen) -> None:
        """Another host was chosen."""
        self.choose(event.host)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        panels = {f"panel-{number}": lambda number=number: self.zoom(number) for number in _PANELS}
        return panels | self.reading.handlers() | one_host.handlers(self) | {
            "go": lambda: questions.ask_go(self), "roll-back": self.ask_rollback, "abort": lambda: questions.ask_abort(self),
            "skip": lambda: questions.ask_skip(self), "note": lambda: questions.ask_note(self), "acknowledge": lambda: questions.ask_tick(self),
            "restore": lambda: ask_restore(self, self.state),
            "pause": lambda: self.send(Pause(), "deploy pause"),
            "continue": lambda: self.send(Continue(expects=self.state.seq), "deploy continue"),
            "retry": lambda: self.send(Retry(expects=self.state.seq, host=self.host), f"deploy retry {self.host}"),
            "helm": lambda: self.send(TakeHelm(), ""),
            "host": lambda: self.app.push_screen(HostScreen(self, self.host)), "unzoom": self.unzoom, "follow": lambda: self.query_one(Log).follow(),
            "moment-on": lambda: self.moment.move(1), "moment-back": lambda: self.moment.move(-1), "zoom-in": self.zoom_in, "zoom-out": self.zoom_out,
        }  # fmt: skip

    def send(self, command: AnyCommand, twin: str) -> None:
        """Submit a command and say its twin."""
        if twin:
            self.say_twin(twin)
        self.app.submit(self, command)

    def zoom(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._zoom = 0 if self._zoom == number and not self._half else number
        self._half = False
        self._show_zoom()

    def zoom_in(self) -> None:
        """Give the panel with the focus more room, then the whole screen."""
        if self._zoom and not self._half:
            self.say(f"panel {self._zoom} has the whole screen; _ goes back")
            return
        self._half = not self._zoom
        self._zoom = self._zoom or (4 if self.focused is self.query_one(Log) else 2)
        self._show_zoom()

    def zoom_out(self) -> None:
        """Go one step back."""
        if not self._zoom:
            self.say("all panels are shown; + gives the panel with the focus more room")
            return
        self._zoom, self._half = (0, False) if self._half else (self._zoom, True)
        self._show_zoom()

    def _show_zoom(self) -> None:
        number = self._zoom
        self.lay_out()
        if not number:
            return
        wanted = self.query_one(f"#{_PANELS[number][0]}")
        if wanted.can_focus:
            wanted.focus()

    def unzoom(self) -> None:
        """Clear a filter; else let go of the moment that is looked at; else go back to all panels; else let go of the chosen host."""
        if self.reading.clear_filter() or self.moment.release():
            self.unsay()
        elif self._zoom:
            self._zoom, self._half = 0, False
            self.lay_out()
        else:
            self._pinned = ""
            self.unsay()
            self.show_slices()

    def ask_rollback(self) -> None:
        """Ask, and roll back on the second `r`."""
        questions.ask_rollback(self)

    @property
    def fleet(self) -> RunState:
        """The hosts as they are now."""
        return self.state

    @property
    def numbers(self) -> Numbers:
        """What the machines said of their load."""
        return self.follower.numbers

    def choose(self, host: str) -> None:
        """Choose a host."""
        self._pinned = host
        self.show_slices()

    def look(self) -> None:
        """Nothing to do: a run is followed whatever is seen."""

    def look_away(self) -> None:
        """The same."""

    def lines_of(self, host: str) -> tuple[LogLine, ...]:
        """What the log holds of a host."""
        return tuple(entry for entry in self.query_one(Log).book.held if entry.where == host)

    # -- leaving ------------------------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO where the helm is here, else detached."""
        if self._is_undecided() and self.state.run and not self._leaving:
            self._leaving = True
            self.say("leaving: no-go")
            self.app.keep(self._leave_undecided())
        else:
            self.app.go_back(self)

    def _is_undecided(self) -> bool:
        return self._answers() and not self.app.read_only and self.follower.state.phase in ("preflight", "deciding") and not self.follower.finished

    def _answers(self) -> bool:
        """Whether GO is asked of who sits here. Who only joined leaves without deciding for others."""
        return self.app.drives and not self.helm

    async def _leave_undecided(self) -> None:
        plan = self.follower.state.plan
        if await self.app.said(self, Decide(go=False, digest=plan.digest if plan else "")):
            for _ in range(30):
                if self.follower.finished:
                    break
                await asyncio.sleep(0.1)
        self.app.go_back(self)

    def exit_code(self) -> int:
        """Return the code that leaving now has."""
        state = self.follower.state
        if state.phase == "ended" and state.exit is not None:
            return state.exit
        undecided = self._answers() and state.phase in ("preflight", "deciding")
        blocked = any(check.blocks for check in state.checks) or self._leaving
        return int((Exit.NO_GO if blocked else Exit.INTERRUPTED) if undecided else Exit.DETACHED)
