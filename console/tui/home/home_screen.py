"""The home screen: an environment while nothing runs. Shows what is live where, the fleet's metrics and the last runs, and opens each of them.

It looks while it is seen (`tui/home/resting_environment.py`), and not while it is not. It decides nothing.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.as_typed import as_typed
from console.errors import ConsoleError
from console.model.commands import AnyCommand
from console.ports.environment_client import EnvironmentClient
from console.tui import keys
from console.tui.dialogs.choice_list import ChoiceList
from console.tui.dialogs.run_questions import rollback_question
from console.tui.home.resting_environment import RestingEnvironment
from console.tui.host.host_actions import HostActions
from console.tui.host.host_screen import HostScreen
from console.tui.host.host_source import HostSteering
from console.tui.key_refusals import Situation
from console.tui.look_back import LookBack
from console.tui.page import Page
from console.tui.screen_shell import Shell
from console.tui.widgets.fleet_panel import FleetPanel
from console.tui.widgets.metrics_panel import MetricsPanel
from console.tui.widgets.run_list import RunList
from console.views.home_summary import home_lines, run_row
from console.views.styled_text import Line, Span, line

OF_ONE_HOST = ("restart", "back-one", "shell")


class HomeScreen(Page):
    """An environment at rest."""

    AUTO_FOCUS = "#runs"
    place = "home"

    def __init__(self, shell: Shell, client: EnvironmentClient) -> None:
        super().__init__(shell)
        self.client = client
        self.rest = RestingEnvironment(client, shell.clock, self.say)
        self._fleet, self._metrics = FleetPanel(id="fleet", classes="panel"), MetricsPanel(id="metrics", classes="panel")
        self._runs = RunList("no run yet: d deploys the first version", id="runs")
        self._host = ""
        self._back = LookBack(client, shell.clock, lambda: self.rest.numbers, shell.keep, self.say, self.changed)
        self._resized = True
        self._second = 0

    def compose(self) -> ComposeResult:
        """Lay out the headline, the fleet beside its metrics, the last runs and the key lines."""
        self.update_classes(self.shape(), update=False)
        yield self.headline
        with Horizontal(id="top"):
            yield self._fleet
            yield self._metrics
        yield self._runs
        yield from self.compose_edges()

    def on_mount(self) -> None:
        """Begin to look at the hosts, and to read the last hour of their numbers."""
        self._fleet.title_words, self._metrics.title_words = "Fleet", "Metrics"
        self._runs.entitle(line("Last runs"))
        self.lay_out()
        self.look()
        self._back.begin(self.rest.fleet)

    def on_screen_suspend(self) -> None:
        """Look no more, unless one host of what is seen here lies above."""
        if not isinstance(self.app.screen, HostScreen | HomeScreen):
            self.rest.look_away()

    def on_screen_resume(self) -> None:
        """Look at the hosts again: what was seen is as old as the page that was above."""
        self.look()

    def on_unmount(self) -> None:
        """Ask the engine for the hosts no more."""
        self.rest.look_away()

    def look(self) -> None:
        """Look again and again, until told to look away."""
        if self.is_mounted and self.rest.look():
            self._back.anew(self.rest.fleet, self._host)

    @property
    def left_open(self) -> str:
        """The run that is open here."""
        return self.rest.goes_on or self.rest.open_run

    # -- showing ------------------------------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Choose the arrangement for the size."""
        super().lay_out()
        height = self.app.size.height
        self.query_one("#top").styles.height = max(4, (height - 4) // 2)
        self._resized = True

    def tick(self) -> None:
        """Show what came, and once a second that time went on."""
        second = int(self.shell.clock.mono())
        if self.rest.frozen or not self.is_mounted or (second == self._second and not self.rest.changed and not self._resized):
            return
        self._second, self.rest.changed, self._resized = second, False, False
        self.show()

    def show(self) -> None:
        """Give every widget its part; each repaints only what differs."""
        rest, now = self.rest, self.shell.clock.mono()
        self.set_class(self.client.protected, "protected")
        self.headline.draw(
            lambda width, _: home_lines(rest.board, rest.open_run, width, behind=rest.behind, zone=self.shell.zone, problem=rest.link_problem(now))
        )
        self._fleet.show_fleet(rest.fleet, now, self._host, lambda host: rest.numbers.load_of(host, now))
        self._metrics.show_numbers(rest.numbers.series(self._host, now), rest.fleet, now, self._host, span=rest.numbers.span)
        self._runs.show_runs(rest.runs, lambda run, width: run_row(run, width, self.shell.zone))
        self.show_edges()

    def changed(self) -> None:
        """Something else is to be shown."""
        self.rest.changed = True

    @property
    def situation(self) -> Situation:
        """What is on the screen now."""
        return Situation(
            self.rest.last,
            self._host,
            0,
            self.shell.read_only,
            can_begin_runs=True,
            place="home",
            busy=bool(self.rest.goes_on),
            knows_last=self.rest.knows_last,
        )

    def rest_line(self) -> Line:
        """Say that the view stands still, else what to type where the hosts are not read, what the chosen host has wrong, why there are no numbers."""
        if self.rest.frozen:
            return line(Span(" the view is frozen: space goes on", "warn"))
        if self.rest.hint:
            return line(Span(" next: ", "dim"), Span(as_typed(self.rest.hint), "accent"))
        host = self.rest.fleet.hosts.get(self._host)
        if host and host.detail:
            return line(Span(f" {host.name}: {host.detail}", "warn"))
        return line(Span(f" no numbers: {self.rest.no_numbers}", "warn")) if self.rest.no_numbers else line(" ")

    # -- keys ---------------------------------------------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what each action does here."""
        return {
            "open": self.open_chosen, "runs": self.shell.open_runs, "environment": self.ask_environment, "roll-back": self.ask_rollback,
            "span": lambda: self._back.turn(self.rest.fleet, self._host), "refresh": self.rest.refresh, "freeze": self.freeze, "unzoom": self.let_go,
        } | HostActions(self.shell, lambda: self.situation, self.ask, self.say, self.say_equivalent).handlers()  # fmt: skip

    def press(self, key: str) -> bool:
        """Act on a key; one that needs a host, while none is chosen, goes to the fleet to choose one."""
        action = keys.for_key(key, self.situation)
        if action is not None and action.id in OF_ONE_HOST and not self._host and not self.shell.read_only:
            self._fleet.focus()
        return super().press(key)

    def on_fleet_panel_host_chosen(self, event: FleetPanel.HostChosen) -> None:
        """Another host was chosen."""
        self.choose(event.host)

    def choose(self, host: str) -> None:
        """Choose a host, whose numbers the metrics show in the place of the fleet's."""
        if not self._host:
            self.unsay()
        self._host = host
        self._back.begin(self.rest.fleet, host)
        self.show()

    def send(self, command: AnyCommand, equivalent: str) -> None:
        """There is no run here to speak to."""
        self.say(f"join the run first: {as_typed(equivalent)}", "warn")

    def let_go(self) -> None:
        """Let go of the chosen host."""
        self._host = ""
        self.unsay()
        self.show()

    def freeze(self) -> None:
        """Show nothing newer until the key is pressed again, so that what is on the screen can be read or copied."""
        self.rest.frozen = not self.rest.frozen
        self.unsay()
        self.rest.refresh()

    def open_chosen(self) -> None:
        """Open the chosen host or run; a run that goes on is joined, also one that is not in the list yet."""
        chosen, goes_on = self._runs.chosen, self.rest.goes_on
        if self._host in self.rest.fleet.hosts and self._fleet.has_focus:
            steering = HostSteering(lambda: self.situation, self.choose, self.send, self.ask_rollback, lambda: self.app.screen is self)
            self.shell.push(HostScreen(self.shell, self.rest, steering, self._host))
        elif chosen is not None:
            self.shell.open_record(chosen)
        elif goes_on:
            self.shell.open_run(self.client.attach(goes_on), "joining the run")

    def ask_environment(self) -> None:
        """Ask for another environment, and go there."""

        def chosen(name: str | None) -> None:
            if name and name != self.client.environment:
                self.shell.go_to(name)

        try:
            names = self.client.environments
        except ConsoleError as fault:
            self.say(fault.message, "bad")
            return
        self.shell.push(ChoiceList("Environment", names, self.client.environment), chosen)

    def ask_rollback(self) -> None:
        """Ask, and roll the last release back on the second `r`: the run that goes on, where one does, on its own page."""
        if self.rest.goes_on:
            self.shell.open_run(self.client.attach(self.rest.goes_on), "joining the run that goes on, to roll it back", asks="roll-back")
            return
        self.ask(rollback_question(self.rest.last, self.dialog_width(), ended=self.rest.last.run))
