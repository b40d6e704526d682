"""How far back the metrics of a page are shown, and the reading of what the engine knows of that time. Knows the environment's client and no widget."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from console.errors import ConsoleError, in_one_line
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient
from console.tui.metrics_history import MetricsHistory
from console.tui.screen_shell import Say
from console.views.metrics_panel_lines import window_words

SPANS = (600.0, 3600.0, 6 * 3600.0, 86400.0)
"""Seconds that are shown, in turn."""
HOUR, DAY = SPANS[1], SPANS[3]


def new_since(state: RunState) -> Mapping[str, float]:
    """Return since when each new host of a run has been on the new release (boot-time clock)."""
    found: dict[str, float] = {}
    for host in state.hosts.values():
        if host.condition == "new":
            switched = [ran.started for name, ran in host.steps.items() if ran.started and name in state.index and state.index[name].kind == "switch"]
            found |= {host.name: min(switched)} if switched else {}
    return found


class LookBack:
    """Of one page. `numbers`: what it shows; `shown`: called when there is something else to show."""

    def __init__(
        self, client: EnvironmentClient | None, clock: Clock, numbers: Callable[[], MetricsHistory], keep: Callable[[Coroutine[Any, Any, None]], None],
        say: Say, shown: Callable[[], None],
    ) -> None:  # fmt: skip
        self._client, self._clock, self._numbers, self._keep, self._say, self._shown = client, clock, numbers, keep, say, shown
        self._asked: dict[str, float] = {}

    def begin(self, state: RunState, host: str = "") -> None:
        """Read the last hour, once, or as much as is shown: of the fleet, or of the host that is shown in its place."""
        self._ask(host, max(HOUR, self._numbers().span), state)

    def anew(self, state: RunState, host: str = "") -> None:
        """Read it again: the numbers that are shown have begun anew."""
        self._asked.clear()
        self.begin(state)
        if host:
            self.begin(state, host)

    def turn(self, state: RunState, host: str = "") -> None:
        """Show the next longer span of time, after the longest the shortest, and read what of it is not here."""
        numbers = self._numbers()
        numbers.span = SPANS[(SPANS.index(numbers.span) + 1) % len(SPANS)]
        self.begin(state, host)
        self._say(f"metrics: {window_words(numbers.span)}")
        self._shown()

    def _ask(self, host: str, span: float, state: RunState) -> None:
        wanted = span if span <= HOUR else DAY
        if self._client is not None and self._asked.get(host, 0.0) < wanted:
            self._asked = {name: asked for name, asked in self._asked.items() if not name} | {host: wanted}
            self._keep(self._read(self._client, host, wanted, new_since(state)))

    async def _read(self, client: EnvironmentClient, host: str, span: float, new: Mapping[str, float]) -> None:
        try:
            seen = await client.numbers_before(span, host, new)
        except ConsoleError as fault:
            self._say(f"numbers of the time before were not read: {in_one_line(fault)}", "warn")
            return
        self._numbers().take_before(seen, self._clock.mono(), host)
        self._shown()
