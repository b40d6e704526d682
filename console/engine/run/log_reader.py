"""The application's log of one host, as it is read while a run goes on: what was logged before, and what comes.

Owns when the host's commands `logs` and `logs_follow` are started, and how much of what they print is taken. What lines mean is `core/logs/`'s.
It uses a channel that is left over, as numbers do, and holds up no step.
"""

import asyncio
import secrets as randomness
from collections import deque
from collections.abc import Callable, Mapping

from console.core.host.release_scripts import user_command
from console.core.host.shell import deploy_variables, filled
from console.core.logs.new_kinds import Side, side_of
from console.engine.run.step_attempt import values_for
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.state import HostState, RunState
from console.ports.clock import Clock
from console.ports.hosts import Attended, Ran
from console.safe_text import Lines, SafeText, safe_end

SHIFT = 3600.0
"""Seconds that `logs_follow` runs before it is started anew."""
HISTORY = 20.0
"""Seconds that `logs` may take."""
BYTES = 256 * 1024
"""Bytes of a host's log that are taken in a second; what is beyond is skipped."""
MOST_BYTES = 16 * BYTES
"""Bytes in a second, over `FLOOD` seconds, from which on a host's log is not read any more: it costs the link and this machine too much."""
FLOOD = 10.0
LOOK = 1.0
"""Seconds between two looks at which release is live on the host."""
WAITING = 4000
"""Lines that wait to be judged; what comes beyond is skipped."""
AGAIN = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before another try, the more so the more often nothing was printed."""
TRIES = 3
"""Tries without a line after which it is said that the log is not read."""
REMEMBERED = 50
"""Last lines that are known again when `logs_follow` prints the end of the log anew."""
FINAL = ("login", "unknown-key", "changed-key")
_CHANGING = ("stop", "switch", "restart", "hook", "install", "fetch")


class HostLog:
    """What is read on one host."""

    def __init__(
        self, environment: Environment, host: Host, attended: Attended, clock: Clock, variables: Mapping[str, str], live: Callable[[], RunState]
    ) -> None:  # fmt: skip
        self.name = host.name
        self._environment, self._host, self._attended, self._clock, self._variables, self._live = environment, host, attended, clock, variables, live
        self.waiting: deque[tuple[Side, SafeText]] = deque()
        """Lines to be judged, each with whose it was when it came."""
        self.skipped = 0
        """Lines and pieces of them that were not taken."""
        self.problem = SafeText("")
        """Why the log is not read; empty: it is, or it is not known yet."""
        self.is_read = False
        """Whether its command runs now."""
        self._mark = b""
        self._lines = Lines()
        self._taken = self._came = 0
        self._second = self._since = 0.0
        self._last: deque[int] = deque(maxlen=REMEMBERED)
        self._known: set[int] = set()
        self._fresh = 0
        self._flooded = asyncio.Event()

    async def read(self) -> None:
        """Read until it is cancelled, or reading makes no sense any more."""
        await self._read_history()
        failed = 0
        while True:
            ran = await self._follow()
            if self._flooded.is_set():
                self.problem = SafeText(f"it brings more than {MOST_BYTES >> 20} MiB in a second: it is read no more")
                return
            failed = 0 if self._fresh or ran is None else failed + 1
            if ran is not None and (failed >= TRIES or ran.problem is not None):
                self.problem = _why(ran)
            if ran is not None and ran.problem is not None and ran.problem.kind in FINAL:
                return
            await self._clock.sleep(AGAIN[min(failed, len(AGAIN) - 1)])

    async def _read_history(self) -> None:
        """Take what the host has logged before, which makes a baseline at once: with an old release, and where the file says how."""
        command = self._environment.command(self._host, "logs")
        if command is not None and self.side == "old":
            self._begin()
            await self._run(command, HISTORY)
            self._last.extend(hash(line) for _, line in self.waiting)

    async def _follow(self) -> Ran | None:
        """Follow until the command ends, or its release's folder is no longer the live one. None: it was ended here."""
        command = self._environment.command(self._host, "logs_follow") or Command("exit 127")
        self._begin()
        running = asyncio.ensure_future(self._run(command, SHIFT))
        began, flooded = self._state.release, asyncio.ensure_future(self._flooded.wait())
        try:
            while not running.done() and not flooded.done() and not self._moved(began):
                await asyncio.wait((running, flooded), timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            return running.result() if running.done() else None
        finally:
            self.is_read = False
            for one in (running, flooded):
                one.cancel()
            await asyncio.gather(running, flooded, return_exceptions=True)

    def _begin(self) -> None:
        self._mark, self._lines, self._fresh = f"log-{randomness.token_hex(12)}".encode(), Lines(), 0
        self._known = set(self._last)
        self._taken = self._came = 0
        self._second = self._since = self._clock.mono()

    @property
    def _state(self) -> HostState:
        return self._live().hosts[self.name]

    @property
    def side(self) -> Side | None:
        """Whose lines the host prints now."""
        return side_of(self._state)

    def _moved(self, began: str) -> bool:
        """Whether another release is live than when it began, and nothing is being changed: what was opened then may be closed or gone."""
        state, host = self._live(), self._state
        step = state.index.get(host.step)
        return host.release != began and not (step and step.kind in _CHANGING)

    async def _run(self, command: Command, seconds: float) -> Ran:
        host = self._state
        values = {
            **values_for(self._host), "version": str(host.version), "commit": "", "release": host.release, "previous": host.before,
            "shared": f"{self._environment.path_on(self._host)}/shared", "run": self._live().run, "env": self._environment.name,
        }  # fmt: skip
        body = user_command(
            f"{self._environment.path_on(self._host)}/current", {**deploy_variables(values), **self._variables}, Command(filled(command.run, values))
        )  # fmt: skip
        return await self._attended.run(self._host, f"echo {self._mark.decode()}\n{body}", command.run_as, self._hear, deadline=seconds)

    def _hear(self, data: bytes) -> None:
        if not self.is_read:
            found = data.find(self._mark + b"\n")
            if found < 0:
                return
            data, self.is_read, self.problem = data[found + len(self._mark) + 1 :], True, SafeText("")
        self._measure(len(data))
        if self._taken + len(data) > BYTES:
            self.skipped += data.count(b"\n")
            data = b"\n"
        self._taken += len(data)
        for line in self._lines.feed(data):
            self._take(line)

    def _measure(self, size: int) -> None:
        now = self._clock.mono()
        self._came += size
        if now - self._second >= 1:
            self._second, self._taken = now, 0
        if now - self._since >= FLOOD:
            if self._came > MOST_BYTES * (now - self._since):
                self._flooded.set()
            self._since, self._came = now, 0

    def _take(self, line: SafeText) -> None:
        side, known = self.side, hash(line)
        self._fresh += 1
        again = known in self._known and self._fresh <= REMEMBERED
        self._last.append(known)
        if side is None or again or not line.strip():
            return
        if len(self.waiting) >= WAITING:
            self.skipped += 1
            return
        self.waiting.append((side, line))


def _why(ran: Ran) -> SafeText:
    if ran.problem is not None and ran.problem.kind == "late":
        return SafeText("")
    if ran.problem is not None:
        return ran.problem.message
    said = safe_end(ran.err, 200)
    return SafeText(f"its command ended with exit code {ran.status}" + (f": {said}" if said else ""))
