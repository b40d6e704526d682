"""The health of the monitoring window: every host that has the release is asked again and again until the window's end, and once more after it.

Judges the hosts that are new now. When the window is over (`core/run/monitoring_window.py`), and what a host that fell means for the run, is `core`'s.
Each host has a loop of its own, so that one that hangs keeps nobody waiting. Metrics are judged beside it, all through the run
(`engine/run/threshold_watch.py`).
"""

import asyncio
from typing import NamedTuple

from console.core.plan.lanes import gates_of
from console.core.run.monitoring_window import is_over, takes_late, window_left
from console.core.run.pauses import is_paused_for
from console.engine.run.reachability import PATIENCE, why_silent
from console.engine.run.step_attempt import Task, values_for
from console.model.configured_checks import HealthCheck
from console.model.events import HostFailed
from console.model.host import Host
from console.model.state import FallenCondition
from console.ports.gates import GateResult
from console.ports.steps import StepResult
from console.safe_text import SafeText

ROUND = 1.0
"""Seconds between two rounds of a host; its checks' own interval where that is longer."""
SIGN = 5.0
"""Seconds after which a host is asked whether it answers at all, beside its checks."""
PER_SECOND = 50
"""Hosts that are asked within a second: a fleet of a thousand has a round of 20 s, so that the engine still hears a key."""
AT_ONCE = 64
"""Hosts whose checks are asked at the same time."""


class Fell(NamedTuple):
    """A host that is not well any more, or cannot be asked."""

    condition: FallenCondition
    words: str


class Monitoring:
    """One attempt at the step that watches the fleet."""

    def __init__(self, task: Task, ends: float | None = None, words: str = "within the monitoring window") -> None:
        """`ends`: on the boot-time clock; None: with the run's window. `words`: when a host fell."""
        self._task = task
        self._tools = task.tools
        self._clock = task.tools.clock
        self._asking = asyncio.Semaphore(AT_ONCE)
        self._places = {host.name: place for place, host in enumerate(task.environment.hosts)}
        self._ends = ends
        self._words = words

    async def run(self) -> StepResult:
        """Watch until each host that is new has given its last word after the window's end."""
        watching: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                new = self._new_hosts()
                for name in watching.keys() - new.keys():
                    watching.pop(name).cancel()
                for name, host in new.items():
                    if name not in watching:
                        watching[name] = asyncio.create_task(self._watch(host))
                for one in (one for one in watching.values() if one.done()):
                    one.result()
                if all(one.done() for one in watching.values()) and not self._waits_for_host():
                    return StepResult("done")
                await self._clock.sleep(ROUND)
        finally:
            for one in watching.values():
                one.cancel()
            await asyncio.gather(*watching.values(), return_exceptions=True)

    def _new_hosts(self) -> dict[str, Host]:
        state = self._tools.live()
        return {host.name: host for host in self._task.environment.hosts if (known := state.hosts.get(host.name)) and known.condition == "new"}

    async def _watch(self, host: Host) -> None:
        checks = gates_of(self._task.environment, host)
        share = len(self._task.environment.hosts) / PER_SECOND
        pause, sign = max(ROUND, share, min((check.interval for check in checks), default=SIGN)), max(SIGN, share)
        await self._clock.sleep(min(self._places[host.name] / PER_SECOND, self._left()))
        signed = self._clock.mono()
        while True:
            now = self._clock.mono()
            is_last, asks = self._is_over(), now - signed >= sign
            fell = await self._fell(host, checks, asks=asks or is_last)
            signed = now if asks else signed
            if fell and not (fell.condition != "failed" and self._waits_for_network()):
                self._say(host, fell)
                return
            if is_last and not fell:
                return
            left = self._left()
            await self._clock.sleep(pause if is_last or not left else min(pause, left))

    def _left(self) -> float:
        """Seconds until the end is reached, as it is now: people move it."""
        now = self._clock.mono()
        return max(0.0, self._ends - now) if self._ends is not None else window_left(self._tools.live(), self._task.step, now)

    def _is_over(self) -> bool:
        return self._left() <= 0.0 if self._ends is not None else is_over(self._tools.live(), self._task.step, self._clock.mono())

    def _waits_for_host(self) -> bool:
        """Whether a host is tried again in the run's window: it is watched too, once it has the release."""
        return self._ends is None and takes_late(self._tools.live())

    def _waits_for_network(self) -> bool:
        """Whether the run is paused because hosts were lost together: a person says first whether that is theirs."""
        return is_paused_for(self._tools.live(), "network")

    def _say(self, host: Host, fell: Fell) -> None:
        if host.name in self._new_hosts():
            self._tools.record(HostFailed(host=host.name, condition=fell.condition, reason=SafeText(f"{self._words}: {fell.words}")))

    async def _fell(self, host: Host, checks: tuple[HealthCheck, ...], *, asks: bool) -> Fell | None:
        """What is not well now, and stays so through a gate's own patience."""
        environment, values, gates = self._task.environment, values_for(host), self._tools.gates
        async with self._asking:
            seen = await asyncio.gather(*(gates.once(environment, host, check, values) for check in checks))
        doubted = [check for check, found in zip(checks, seen, strict=True) if found.verdict != "passed"]
        found = await asyncio.gather(*(gates.watch(environment, host, check, values) for check in doubted))
        judged = [(check, again) for check, again in zip(doubted, found, strict=True) if again.verdict != "passed"]
        silent = await self._silent(host, checks) if asks or any(again.verdict == "error" for _, again in judged) else ""
        return _judged(judged, silent)

    async def _silent(self, host: Host, checks: tuple[HealthCheck, ...]) -> str:
        """Why the host does not answer, and has not for as long as it may; empty: it does."""
        patience = max((check.deadline for check in checks), default=PATIENCE)
        return str(await why_silent(self._tools.gates, self._clock, host, patience) or "")


def _judged(judged: list[tuple[HealthCheck, GateResult]], silent: str) -> Fell | None:
    wrong = next((f"{check.name}: {found.seen}" for check, found in judged if found.verdict == "failed"), "")
    if wrong and not silent:
        return Fell("failed", wrong)
    if silent:
        return Fell("unreachable", silent)
    unmeasured = next((f"{check.name}: {found.seen}" for check, found in judged), "")
    return Fell("unknown", unmeasured) if unmeasured else None
