"""The marks beside versions: where each was verified, and what CI says of it.

Marks come as they come: no list waits for them, and only what is on the screen is asked about.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from console.errors import ConsoleError
from console.model.fleet_snapshot import Candidate, CiMark, Verified
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient
from console.tui.begun import begun
from console.tui.screen_shell import Say
from console.views.version_list import Marks

AT_ONCE = 4
"""Versions about which CI is asked at the same time."""
ASK_AGAIN = 60.0
"""Seconds after which CI is asked again about a version for which it did not answer."""


class VersionMarks:
    """Asks the environment for them. `came`: called when there is something new to show; `say`: tells a person of a mistake of the screen's own."""

    def __init__(self, client: EnvironmentClient, clock: Clock, came: Callable[[], None], say: Say) -> None:
        self._client, self._clock, self._came, self._say = client, clock, came, say
        self._verified = Verified()
        self._ci: dict[str, CiMark] = {}
        self._again: dict[str, float] = {}
        """When CI may say something else of a commit, on the boot-time clock."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._reading: asyncio.Task[None] | None = None

    def begin(self, candidates: tuple[Candidate, ...]) -> None:
        """Read, beside everything else, which of them were verified; what CI says may have changed, too."""
        self.stop()
        self._again.clear()
        self._reading = begun(self._read_verified(candidates), self._say)

    def stop(self) -> None:
        """Wait no more for what is known of the versions that are in view."""
        for task in (self._reading, *self._asking.values()):
            if task is not None:
                task.cancel()
        self._asking.clear()

    async def _read_verified(self, candidates: tuple[Candidate, ...]) -> None:
        try:
            self._verified = await self._client.verified(candidates)
        except ConsoleError:
            return
        self._came()

    def of(self, listed: tuple[Candidate, ...]) -> Marks:
        """Return what is known of those that are listed."""
        has_ci = any(mark.status != "none" for mark in self._ci.values())
        return Marks(self._verified, self._ci, has_ci, self._now, max((len(one.ref) for one in listed), default=6))

    @property
    def _now(self) -> str:
        now: datetime = self._clock.now()
        return now.isoformat(timespec="seconds").replace("+00:00", "Z")

    def learn(self, state: RunState) -> None:
        """Take what a pre-flight's own checks said of its commit, where CI was not asked about it."""
        commit = state.revision.commit if state.revision else ""
        mark = self._ci.get(commit)
        said = next((check for check in state.checks if check.kind in ("github", "gitlab")), None)
        if mark and mark.status == "unasked" and said and said.status in ("passed", "failed", "waiting", "error"):
            self._ci[commit] = CiMark(commit, said.status, said.detail)

    def look(self, seen: tuple[Candidate, ...]) -> None:
        """Ask CI about what is on the screen and not known, a few at a time; where no check judges a commit, the first answer says so."""
        if any(mark.status == "none" for mark in self._ci.values()):
            return
        now = self._clock.mono()
        for one in seen:
            if len(self._asking) >= (AT_ONCE if self._ci else 1):
                return
            if one.commit not in self._asking and now >= self._again.get(one.commit, float("-inf")):
                self._asking[one.commit] = begun(self._ask(one), self._say)

    async def _ask(self, one: Candidate) -> None:
        again = ASK_AGAIN
        try:
            mark = await self._client.ci(one)
            self._ci[one.commit], again = mark, mark.again
        except ConsoleError:
            pass
        self._again[one.commit] = self._clock.mono() + again
        self._asking.pop(one.commit, None)
        self._came()
