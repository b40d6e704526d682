"""What a release that is prepared would find: the request as it stands, and the answer to it.

Asks the station for a pre-flight each time the choice rests or a field changes; an older question's answer is not waited for. It judges nothing.
"""

import asyncio
from typing import TYPE_CHECKING

from console.core.run.evolve import fold
from console.errors import ConsoleError, Problem, in_one_line
from console.model.fleet import Host
from console.model.fleet_snapshot import FleetSnapshot
from console.model.request import Request
from console.model.values import changed
from console.views.release_fields import Seen
from console.views.release_preparation import PreviewAnswer, answers_between, prefilled

if TYPE_CHECKING:
    from console.tui.prepare.prepare_screen import PrepareScreen

REST = 0.4
"""Seconds that a choice stays before the hosts are asked about it."""


class PreviewQuery:
    """That of one screen."""

    def __init__(self, screen: "PrepareScreen") -> None:
        self._screen = screen
        self.board: FleetSnapshot | None = None
        self.request = Request()
        self.answer = PreviewAnswer()
        self._said: frozenset[str] = frozenset()
        """Answers of the impact that a person has given."""
        self._asking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Ask no more."""
        for task in (self._asking, self._reading):
            if task is not None:
                task.cancel()

    def read(self) -> None:
        """Read the hosts and the versions, and ask about the chosen one again."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        screen = self._screen
        before = screen.chosen
        try:
            self.board = await screen.station.board()
            await screen.versions.read(self.board)
        except ConsoleError as fault:
            self.answer = PreviewAnswer(problem=Problem(fault.message, fault.hint), asking=False)
            screen.say(f"not read: {in_one_line(fault)}", "bad")
            return
        screen.list_versions(str(before.ref) if before else "")
        self.ask(now=True)

    @property
    def seen(self) -> Seen:
        """What a field's value is judged by."""
        hosts = tuple(Host(host.host, tags=host.tags) for host in self.board.hosts) if self.board else ()
        state = self.answer.state
        return Seen(hosts, state.checks, tuple(host.name for host in state.hosts.values() if host.condition == "unreachable"))

    def ask(self, *, now: bool = False) -> None:
        """Ask about what is chosen now, once it rests."""
        if self._asking is not None:
            self._asking.cancel()
        chosen = self._screen.chosen
        ref = str(chosen.ref) if chosen else ""
        self.request = changed(self.request, ref=ref, impact=changed(self.request.impact, notes=self._screen.announcing.notes_for(ref)))
        self.answer = PreviewAnswer(self.answer.state, asking=chosen is not None)
        self._asking = asyncio.create_task(self._ask(self.request, 0.0 if now else REST)) if chosen else None
        self._screen.show()

    async def _ask(self, request: Request, rest: float) -> None:
        await asyncio.sleep(rest)
        try:
            self.answer = PreviewAnswer(fold(await self._screen.station.preview(request)), asking=False)
            self.request = prefilled(self.request, self.answer.state, self._said)
            self._screen.versions.learn(self.answer.state)
        except ConsoleError as fault:
            self.answer = PreviewAnswer(problem=Problem(fault.message, fault.hint), asking=False)
        self._screen.show()

    def fill_in(self, request: Request) -> None:
        """Take what was said in the form, and ask again where that may change what is found."""
        before, self.request = self.request, request
        self._said |= answers_between(before.impact, request.impact)
        if changed(before, impact=changed(before.impact, notes=request.impact.notes)) == request:
            self._screen.show()
        else:
            self.ask()
