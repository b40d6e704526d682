"""Reads the application's log on hosts while a release goes on, and records which kinds of lines only hosts with the new release print.

Owns how much is judged in a turn, and when it is told. What is a kind, and which are new, is `core/logs/`'s; how a host is read is `log_reader`'s.
A fault in here ends the watch and never the run.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from console.core.logs.new_kinds import SHOWN, NewKinds, Side, ToldLine, hosts_read
from console.core.logs.records import Records
from console.engine.run.log_reader import HostLog
from console.engine.run.step_attempt import variables_of
from console.model.configured_environment import Environment
from console.model.events import Event, LogKindsSeen
from console.model.log_kinds import LOG_STEP, LogKind
from console.model.secret import Secret
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Output
from console.ports.hosts import Attended
from console.safe_text import SafeText

log = logging.getLogger(__name__)

TURN = 0.5
"""Seconds between two looks at what came."""
LINES = 1000
"""Lines that are judged in a turn, over all hosts: a few hundredths of the engine's time."""
AT_ONCE = 100
"""Lines after which the engine's loop has its turn."""
PASSED_ON = 20
"""Lines of new kinds that viewers are told in a turn."""
OF_A_KIND = 50
"""Lines of one kind that viewers are told in a run."""
TRACE = 12
"""Lines of a stack trace that are told with it."""
SPACING = 2.0
"""Seconds between two events at least."""
EVENTS = 200
"""Events of a run at most."""
PROBLEMS = 3
"""Hosts whose log is not read that are named."""


class _Heard:
    """One host's records, as they become whole."""

    def __init__(self, reader: HostLog) -> None:
        self.reader = reader
        self.records = Records()
        self.side: Side = "old"
        self.is_pending = False


class LogWatch:
    """Reads hosts' logs during one run, and tells which kinds of lines only hosts with the new release print."""

    def __init__(
        self, environment: Environment, attended: Attended, clock: Clock, secrets: Mapping[str, Secret], live: Callable[[], RunState],
        record: Callable[[Event], object], tell: Callable[[Output], object],
    ) -> None:  # fmt: skip
        self._environment, self._attended, self._clock, self._secrets = environment, attended, clock, secrets
        self._live, self._record, self._tell = live, record, tell
        self._heard: list[_Heard] = []
        self._kinds = NewKinds(host_name for host in environment.hosts for host_name in (host.name, host.address))
        self._passed: dict[str, int] = {}
        self._known: dict[str, LogKind] = {}
        """Kinds as they were told last, by key."""
        self._ever: set[str] = set()
        self._problems: tuple[SafeText, ...] = ()
        self._events = 0
        self._told_at = float("-inf")

    @property
    def is_wanted(self) -> bool:
        """Whether there is a log to read, in a run that brings a release."""
        return self._live().kind == "deploy" and any(self._environment.command(host, "logs_follow") for host in self._environment.hosts)

    async def run(self) -> None:
        """Read from the moment on that the run's steps begin, until it ends or goes back."""
        try:
            await self._run()
        except Exception:
            log.exception("reading the application's log in run %s", self._live().run)

    async def _run(self) -> None:
        while self._live().phase in ("preflight", "deciding", "locking"):
            await self._clock.sleep(TURN)
        if self._live().phase != "running":
            return
        self._begin()
        tasks = [asyncio.create_task(heard.reader.read(), name=f"log {heard.reader.name}") for heard in self._heard]
        try:
            while self._live().phase == "running" and tasks:
                await self._clock.sleep(TURN)
                await self._turn()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._live().phase != "ended":
            self._say(self._kinds.told(), is_last=True)

    def _begin(self) -> None:
        state, environment = self._live(), self._environment
        self._kinds.remember(state.log_kinds)
        self._known = {kind.key: kind for kind in state.log_kinds}
        self._ever = set(self._known)
        others = (name for name, host in state.hosts.items() if host.condition != "left-out")
        chosen = frozenset(hosts_read(state.plan.waves if state.plan else (), others))
        variables = variables_of(environment, self._secrets)
        self._heard = [
            _Heard(HostLog(environment, host, self._attended, self._clock, variables, self._live))
            for host in environment.hosts
            if host.name in chosen and host.name in state.hosts and environment.command(host, "logs_follow")
        ]

    async def _turn(self) -> None:
        busy = [heard for heard in self._heard if heard.reader.waiting or heard.is_pending]
        room = PASSED_ON
        for heard in busy:
            for _ in range(max(1, LINES // len(busy) // AT_ONCE)):
                told = self._judge(heard, min(AT_ONCE, LINES // len(busy) or 1))
                room -= self._pass_on(heard.reader.name, told, room)
                await asyncio.sleep(0)
                if not heard.reader.waiting:
                    break
        self._kinds.watched += TURN * sum(heard.reader.is_read and heard.reader.side == "old" for heard in self._heard)
        self._say(self._kinds.told(), is_last=False)

    def _judge(self, heard: _Heard, most: int) -> list[ToldLine]:
        """Judge some lines of a host. A record that no line of this turn has ended is whole."""
        name, waiting, told = heard.reader.name, heard.reader.waiting, list[ToldLine]()
        if not waiting:
            heard.is_pending = False
            return self._kinds.take(name, heard.side, heard.records.end())
        for _ in range(min(most, len(waiting))):
            side, line = waiting.popleft()
            if side != heard.side:
                told += self._kinds.take(name, heard.side, heard.records.end())
                heard.side = side
            told += self._kinds.take(name, side, heard.records.feed(line))
        heard.is_pending = True
        return told

    def _pass_on(self, host: str, told: list[ToldLine], room: int) -> int:
        """Tell viewers lines of new kinds, as far as there is room; how many."""
        now, said = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"), 0
        for one in told:
            count = self._passed.get(one.key, 0)
            lines = (one.record.head, *one.record.frames[:TRACE])
            if count >= OF_A_KIND or said + len(lines) > max(room, 0):
                continue
            self._passed[one.key] = count + 1
            said += len(lines)
            for line in lines:
                self._tell(Output(now, host, LOG_STEP, line))
        return said

    def _say(self, told: tuple[LogKind, ...], *, is_last: bool) -> None:
        """Record what is told now, where it differs enough from what was told before."""
        if self._events >= EVENTS or (not is_last and self._clock.mono() - self._told_at < SPACING):
            return
        shown, problems = told[:SHOWN], self._problems_now()
        fresh = tuple(kind.key for kind in told if kind.key not in self._ever)
        now = {kind.key: kind for kind in told}
        gone = self._known.keys() - now.keys()
        grown = any(kind.count >= 2 * self._known[kind.key].count for kind in shown if kind.key in self._known)
        changed = is_last and any(kind != self._known.get(kind.key) for kind in shown)
        if not (fresh or gone or grown or changed or problems != self._problems):
            return
        self._known, self._problems, self._told_at = now, problems, self._clock.mono()
        self._ever.update(fresh)
        self._events += 1
        self._record(LogKindsSeen(kinds=shown, total=len(told), fresh=fresh[:SHOWN], read=self._kinds.judged, compared=self._kinds.baseline, problems=problems))

    def _problems_now(self) -> tuple[SafeText, ...]:
        found = [heard.reader for heard in self._heard if heard.reader.problem]
        named = tuple(SafeText(f"{reader.name}: its log is not read: {reader.problem}") for reader in found[:PROBLEMS])
        return (*named, SafeText(f"and {len(found) - PROBLEMS} more")) if len(found) > PROBLEMS else named
