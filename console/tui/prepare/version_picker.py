"""The versions of a release that is prepared: which are listed, which one is chosen, and the marks beside those that are seen.

Marks come as they come: the list never waits for them, and only what is on the screen is asked about. It knows nothing of the form or the checks.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.model.fleet_snapshot import Candidate, CiMark, FleetSnapshot, Verified
from console.model.state import RunState
from console.tui.widgets.picker import Picker
from console.views.filter import Filter, count_words
from console.views.styled_text import line
from console.views.version_list import Marks, candidate_row, first_choice, kept

if TYPE_CHECKING:
    from console.tui.prepare.prepare_screen import PrepareScreen

AT_ONCE = 4
"""Versions about which CI is asked at the same time."""


class VersionPicker:
    """Those of one screen."""

    def __init__(self, screen: "PrepareScreen") -> None:
        self._screen = screen
        self.candidates: tuple[Candidate, ...] = ()
        self._shown: tuple[Candidate, ...] = ()
        self._verified = Verified()
        self._ci: dict[str, CiMark] = {}
        self._again: dict[str, float] = {}
        """When CI may say something else of a commit, on the boot-time clock."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._reading: asyncio.Task[None] | None = None

    @property
    def picker(self) -> Picker:
        """The list."""
        return self._screen.query_one("#versions", Picker)

    @property
    def chosen(self) -> Candidate | None:
        """The version that is chosen."""
        return self._shown[self.picker.index] if self.picker.index < len(self._shown) else None

    async def read(self, board: FleetSnapshot) -> None:
        """Read what there is to choose from; then, beside everything else, which of it was verified. Raises ConsoleError."""
        self.candidates = await self._screen.station.candidates(board)
        self.picker.say_empty("no version there: git tag, git push --tags")
        self.stop()
        self._again.clear()
        self._reading = asyncio.create_task(self._read_verified(self.candidates))

    def stop(self) -> None:
        """Ask no more."""
        for task in (self._reading, *self._asking.values()):
            if task is not None:
                task.cancel()
        self._asking.clear()

    async def _read_verified(self, candidates: tuple[Candidate, ...]) -> None:
        try:
            self._verified = await self._screen.station.verified(candidates)
        except ConsoleError:
            return
        self.draw()

    def keep(self, wanted: Filter, ref: str) -> None:
        """List the versions that the filter keeps, with that one chosen; where it is not among them, the one that is offered."""
        self._shown = kept(self.candidates, wanted)
        self.draw(wanted)
        self.picker.choose(first_choice(self._shown, ref or self._screen.station.suggested))

    @property
    def marks(self) -> Marks:
        """What is known of them."""
        has_ci = any(mark.status != "none" for mark in self._ci.values())
        return Marks(self._verified, self._ci, has_ci, self._now, max((len(one.ref) for one in self._shown), default=6))

    @property
    def _now(self) -> str:
        now: datetime = self._screen.app.clock.now()
        return now.isoformat(timespec="seconds").replace("+00:00", "Z")

    def draw(self, wanted: Filter | None = None) -> None:
        """Show the list."""
        source = (wanted or self._screen.filling.filter).source
        chosen, zone, marks, shown = self.chosen, self._screen.app.zone, self.marks, self._shown
        self.picker.draw(lambda width: tuple(candidate_row(one, one is chosen, width, zone, marks) for one in shown))
        count = count_words(len(shown), len(self.candidates), source) if source else f"{len(shown):,}"
        self.picker.entitle(line("1 Versions  ", count, f"  {marks.columns}" if marks.columns and not source else ""))

    def learn(self, state: RunState) -> None:
        """Take what a pre-flight's own checks said of its commit, where the list does not ask."""
        commit = state.revision.commit if state.revision else ""
        mark = self._ci.get(commit)
        said = next((check for check in state.checks if check.kind in ("github", "gitlab")), None)
        if mark and mark.status == "unasked" and said and said.status in ("passed", "failed", "waiting", "error"):
            self._ci[commit] = CiMark(commit, said.status, said.detail)

    def look(self) -> None:
        """Ask CI about what is on the screen and not known, a few at a time; where no check judges a commit, the first answer says so."""
        if any(mark.status == "none" for mark in self._ci.values()):
            return
        now = self._screen.app.clock.mono()
        for one in self._seen():
            if len(self._asking) >= (AT_ONCE if self._ci else 1):
                return
            if one.commit not in self._asking and now >= self._again.get(one.commit, float("-inf")):
                self._asking[one.commit] = asyncio.create_task(self._ask(one))

    def _seen(self) -> tuple[Candidate, ...]:
        picker = self.picker
        top = round(picker.scroll_offset.y)
        rows = self._shown[top : top + picker.content_size.height]
        return (*(one for one in rows if one is self.chosen), *(one for one in rows if one is not self.chosen))

    async def _ask(self, one: Candidate) -> None:
        again = 60.0
        try:
            mark = await self._screen.station.ci(one)
            self._ci[one.commit], again = mark, mark.again
        except ConsoleError:
            pass
        self._again[one.commit] = self._screen.app.clock.mono() + again
        self._asking.pop(one.commit, None)
        self.learn(self._screen.answer.state)
        self.draw()
