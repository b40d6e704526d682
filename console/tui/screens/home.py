"""Home: an environment while nothing runs. What is live where, the fleet's numbers, the last runs, and the way to each of them.

Asks the station again and again while it is seen, and nothing while it is not. It decides nothing.
"""

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.core.evolve import fold
from console.errors import ConsoleError, in_one_line
from console.model.board import Board
from console.model.commands import AnyCommand
from console.model.state import RunState
from console.ports.feed import Presence, Sample
from console.ports.journal import RunSummary
from console.ports.station import Station
from console.tui import keys
from console.tui.numbers import Numbers
from console.tui.screens import one_host
from console.tui.screens.choose import Choose
from console.tui.screens.host import HostScreen
from console.tui.screens.page import Page
from console.tui.screens.rollback import rollback_dialog
from console.tui.widgets.fleet import Fleet
from console.tui.widgets.lines import LineView
from console.tui.widgets.picker import Picker
from console.tui.widgets.spark import Metrics
from console.views.home import home_lines, resting_state, run_row
from console.views.logs import LogLine
from console.views.spans import Line, Span, line

EVERY = 10.0
"""Seconds between two looks at the hosts."""
RUNS = 50
"""Runs that are listed."""

OF_ONE_HOST = ("restart", "back-one", "shell")


class HomeScreen(Page):
    """An environment at rest."""

    AUTO_FOCUS = "#runs"
    place = "home"

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.station = station
        self.board: Board | None = None
        self.runs: tuple[RunSummary, ...] = ()
        self.last = RunState()
        """The last run that changed the fleet."""
        self.numbers = Numbers()
        self.hears: Callable[[tuple[LogLine, ...]], None] = lambda _: None
        self._fleet = RunState()
        self._host = ""
        self._frozen = False
        self._news = asyncio.Event()
        self._changed = True
        self._second = 0
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield LineView(id="headline")
        with Horizontal(id="top"):
            yield Fleet(id="fleet", classes="panel")
            yield Metrics(id="metrics", classes="panel")
        yield Picker("no run yet: d deploys the first version", id="runs", classes="panel")
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(Fleet).title_words, self.query_one(Metrics).title_words = "Fleet", "Metrics"
        self.query_one(Picker).entitle(line("Last runs"))
        self.lay_out()
        self.look()

    def on_screen_suspend(self) -> None:
        """Look no more, unless one host of what is seen here lies above."""
        if not isinstance(self.app.screen, HostScreen | HomeScreen):
            self.look_away()

    def look_away(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = ()

    def on_screen_resume(self) -> None:
        """Look again."""
        self.look()

    def on_unmount(self) -> None:
        """Look no more."""
        self.look_away()

    def lay_out(self) -> None:
        """Choose the arrangement for the size."""
        super().lay_out()
        height = self.app.size.height
        self.query_one("#top").styles.height = max(4, (height - 4) // 2)
        self._changed = True

    def look(self) -> None:
        """Look again and again, until told to look away."""
        if self._tasks or not self.is_mounted:
            return
        self._news.set()
        self._tasks = (asyncio.create_task(self._read_again()), asyncio.create_task(self._follow_numbers()))

    async def _read_again(self) -> None:
        while True:
            with_news = asyncio.create_task(self._news.wait())
            await asyncio.wait({with_news}, timeout=EVERY)
            with_news.cancel()
            self._news.clear()
            if not self._frozen:
                await self._read()

    async def _read(self) -> None:
        try:
            self.runs = await self.station.history(RUNS)
            self._changed = True
            self.board = await self.station.board()
            self._fleet = resting_state(self.board)
            await self._read_last()
        except ConsoleError as fault:
            self.say(f"not read: {in_one_line(fault)}", "bad")
        self._changed = True

    async def _read_last(self) -> None:
        run = next((one.run for one in self.runs if one.kind in ("deploy", "rollback") and one.outcome in ("succeeded", "rolled-back", "failed")), "")
        if run and run != self.last.run:
            self.last = fold(await self.station.record(run))

    async def _follow_numbers(self) -> None:
        try:
            async for item in self.station.numbers():
                if isinstance(item, Sample) and not self._frozen:
                    self.numbers.add(item, self.app.clock.mono())
                elif isinstance(item, Presence):
                    self._news.set()
        except ConsoleError as fault:
            self.say(f"no numbers: {fault.message}", "warn")

    def tick(self) -> None:
        """Show what came, and once a second that time went on."""
        second = int(self.app.clock.mono())
        if self._frozen or not self.is_mounted or not self.query("#footer") or (second == self._second and not self._changed):
            return
        self._second, self._changed = second, False
        self.show()

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        board, now = self.board, self.app.clock.mono()
        self.set_class(self.station.protected, "protected")
        self.query_one("#headline", LineView).draw(lambda width, _: home_lines(board, self._open_run(), width))
        self.query_one(Fleet).show_fleet(self._fleet, now, self._host, lambda host: self.numbers.load_of(host, now))
        self.query_one(Metrics).show_numbers(self.numbers.series(self._host), self._fleet, now, self._host)
        self.query_one(Picker).draw(lambda width: tuple(run_row(run, width, self.app.zone) for run in self.runs))
        self.show_edges()

    def _open_run(self) -> str:
        return next((run.run for run in self.runs if run.outcome is None), "")

    @property
    def situation(self) -> keys.Situation:
        """What is on the screen now."""
        return keys.Situation(self.last, self._host, 0, self.app.read_only, has_station=True, place="home", busy=self.busy)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        return {
            "open": self.open_chosen, "runs": self.app.open_runs, "environment": self.ask_environment, "roll-back": self.ask_rollback,
            "refresh": self._news.set, "freeze": self.freeze,
            "unzoom": self.let_go,
        } | one_host.handlers(self)  # fmt: skip

    def rest_line(self) -> Line:
        """Say what the chosen host has wrong, and that the view stands still."""
        if self._frozen:
            return line(Span(" the view is frozen: space goes on", "warn"))
        host = self._fleet.hosts.get(self._host)
        return line(Span(f" {host.name}: {host.detail}", "warn")) if host and host.detail else line(" ")

    def on_fleet_chosen(self, event: Fleet.Chosen) -> None:
        """Another host was chosen."""
        self.choose(event.host)

    def choose(self, host: str) -> None:
        """Choose a host."""
        if not self._host:
            self.unsay()
        self._host = host
        self.show()

    def press(self, key: str) -> bool:
        """Act on a key; one that needs a host, while none is chosen, goes to the fleet to choose one."""
        action = keys.for_key(key, self.situation)
        if action is not None and action.id in OF_ONE_HOST and not self._host and not self.app.read_only:
            self.query_one(Fleet).focus()
        return super().press(key)

    @property
    def fleet(self) -> RunState:
        """The hosts as they were read last."""
        return self._fleet

    @property
    def state(self) -> RunState:
        """The last run that changed the fleet."""
        return self.last

    @property
    def busy(self) -> bool:
        """Whether a run goes on."""
        return self.board is not None and bool(self.board.run)

    def lines_of(self, host: str) -> None:
        """There is no log here."""

    def send(self, command: AnyCommand, twin: str) -> None:
        """There is no run here to speak to."""
        self.say(f"join the run first: {twin}", "warn")

    def let_go(self) -> None:
        """Let go of the chosen host."""
        self._host = ""
        self.unsay()
        self.show()

    def freeze(self) -> None:
        """Stand still, or go on."""
        self._frozen = not self._frozen
        self.unsay()
        self._news.set()

    def open_chosen(self) -> None:
        """Open the chosen host or run; join the run that goes on."""
        chosen = self.runs[min(self.query_one(Picker).index, len(self.runs) - 1)] if self.runs else None
        if self._host in self._fleet.hosts and self.query_one(Fleet).has_focus:
            self.app.push_screen(HostScreen(self, self._host))
        elif chosen is not None and (chosen.outcome is not None or self.board is None or self.board.run in ("", chosen.run)):
            self.app.open_record(chosen)
        elif self.board is not None and self.board.run:
            self.app.open_run(self.station.attach(self.board.run), "joining the run")

    def ask_environment(self) -> None:
        """Ask for another environment, and go there."""

        def chosen(name: str | None) -> None:
            if name and name != self.station.environment:
                self.app.go_to(name)

        try:
            names = self.station.environments
        except ConsoleError as fault:
            self.say(fault.message, "bad")
            return
        self.app.push_screen(Choose("Environment", names, self.station.environment), chosen)

    def ask_rollback(self) -> None:
        """Ask, and roll the last release back on the second `r`."""

        def answered(how: str | None) -> None:
            if how in ("at-once", "halves"):
                self.say_twin(f"deploy rollback {self.station.environment}" + (" --halves" if how == "halves" else ""))
                self.app.open_back(self.last.run, how)

        self.app.push_screen(rollback_dialog(self.last, self.dialog_width()), answered)
