"""The request of the release that is prepared, and the pre-flight's answer to it.

Asks the environment for a pre-flight each time the choice rests or a field changes; an older question's answer is not waited for. It judges nothing.
"""

import asyncio
from collections.abc import Callable

from console.core.run.evolve import fold
from console.errors import ConsoleError, Problem, in_one_line
from console.model.fleet_snapshot import Candidate, FleetSnapshot
from console.model.host import Host
from console.model.request import Request
from console.model.values import changed
from console.ports.environment_client import EnvironmentClient
from console.safe_text import SafeLines
from console.tui.begun import begun
from console.tui.screen_shell import Say
from console.views.release_fields import SeenOfForm
from console.views.release_preparation import PreviewAnswer, answers_between, prefilled

REST = 0.4
"""Seconds that a choice stays before the hosts are asked about it."""


class PreviewQuery:
    """The request of one release. `listed`: told of the versions that were read; `answered`: called when there is something new to show."""

    def __init__(self, client: EnvironmentClient, say: Say, listed: Callable[[tuple[Candidate, ...]], None], answered: Callable[[], None]) -> None:
        self._client, self._say, self._listed, self._answered = client, say, listed, answered
        self.board: FleetSnapshot | None = None
        self.request = Request()
        self.answer = PreviewAnswer()
        self._said: frozenset[str] = frozenset()
        """Answers of the impact that a person has given."""
        self._asking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Wait no more for the checks and the plan of what is chosen."""
        for task in (self._asking, self._reading):
            if task is not None:
                task.cancel()

    def read(self) -> None:
        """Read the hosts and the versions."""
        if self._reading is None or self._reading.done():
            self._reading = begun(self._read(), self._say)

    async def _read(self) -> None:
        try:
            self.board = await self._client.board()
            candidates = await self._client.candidates(self.board)
        except ConsoleError as fault:
            self.answer = PreviewAnswer(problem=Problem(fault.message, fault.hint), asking=False)
            self._say(f"not read: {in_one_line(fault)}", "bad")
            return
        self._listed(candidates)

    @property
    def seen(self) -> SeenOfForm:
        """What a field's value is judged by."""
        hosts = tuple(Host(host.host, tags=host.tags) for host in self.board.hosts) if self.board else ()
        state = self.answer.state
        return SeenOfForm(hosts, state.checks, tuple(host.name for host in state.hosts.values() if host.condition == "unreachable"))

    def ask(self, ref: str, notes: SafeLines, *, now: bool = False) -> None:
        """Ask about that version, once the choice of it rests; empty: about none."""
        if self._asking is not None:
            self._asking.cancel()
        self.request = changed(self.request, ref=ref, impact=changed(self.request.impact, notes=notes))
        self.answer = PreviewAnswer(self.answer.state, asking=bool(ref))
        self._asking = begun(self._ask(self.request, 0.0 if now else REST), self._say) if ref else None
        self._answered()

    async def _ask(self, request: Request, rest: float) -> None:
        await asyncio.sleep(rest)
        try:
            self.answer = PreviewAnswer(fold(await self._client.preview(request)), asking=False)
            self.request = prefilled(self.request, self.answer.state, self._said)
        except ConsoleError as fault:
            self.answer = PreviewAnswer(problem=Problem(fault.message, fault.hint), asking=False)
        self._answered()

    def fill_in(self, request: Request) -> None:
        """Take what was said in the form, and ask again where that may change what is found."""
        if request == self.request:
            return
        before, self.request = self.request, request
        self._said |= answers_between(before.impact, request.impact)
        if changed(before, impact=changed(before.impact, notes=request.impact.notes)) == request:
            self._answered()
        else:
            self.ask(request.ref, request.impact.notes)
