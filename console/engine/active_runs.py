"""The runs that an engine carries: which one is open, and what makes way for whom. Knows no request, no model and no client."""

import asyncio
from collections.abc import Callable

from console.core.run.superseding import ceding, makes_way
from console.engine.active_run import ActiveRun
from console.engine.context import ENGINE
from console.errors import Locked
from console.model.commands import Abort
from console.model.host_facts import Ceding
from console.model.request import Person, RunKind

KEPT = 5
"""Runs that have ended whose events stay in memory, for those who follow them to their last word."""
PARTING = 30.0
"""Seconds that a run of the engine's own has to make way, and one that has ended to let go of its hosts before the engine ends."""


class ActiveRuns:
    """Runs by their id, from their opening until they have let go of their hosts.

    One at most is open; but beside a release in its monitoring window there may be a newer one, which has no GO yet.
    """

    def __init__(self) -> None:
        self._runs: dict[str, ActiveRun] = {}

    @property
    def open_id(self) -> str:
        """The run that goes on; of two the older one, which holds the hosts. Empty: none."""
        return next((run for run, one in self._runs.items() if one.is_open), "")

    @property
    def newer_id(self) -> str:
        """Of two that go on the newer one; empty: there are no two."""
        runs = self.open
        return runs[-1].runner.state.run if len(runs) > 1 else ""

    @property
    def open(self) -> tuple[ActiveRun, ...]:
        """The runs that go on, the oldest first."""
        return tuple(one for one in self._runs.values() if one.is_open)

    @property
    def ceding(self) -> Ceding | None:
        """The run that makes way for a release; None: there is none."""
        return next((found for one in self.open if (found := ceding(one.runner.state))), None)

    @property
    def is_busy(self) -> bool:
        """Whether a run is open that makes way for none."""
        return any(not makes_way(one.runner.state) for one in self.open)

    @property
    def seq(self) -> int:
        """The last event of the open run; 0: none is open."""
        one = self.get(self.open_id)
        return one.broadcast.seq if one else 0

    @property
    def holding(self) -> frozenset[str]:
        """The runs that hold hosts, or still let go of them by themselves."""
        return frozenset(run for run, one in self._runs.items() if one.is_open or one.is_parting)

    @property
    def is_parting(self) -> bool:
        """Whether a run has ended, and what follows its end goes on: it lets go of its hosts, people are told, its ticket is closed."""
        return any(one.is_parting or one.is_closing for one in self._runs.values())

    def get(self, run: str) -> ActiveRun | None:
        """The run of that id, if it is carried here."""
        return self._runs.get(run)

    def begin(self, run: str, one: ActiveRun, person: Person, ended: Callable[[], None]) -> None:
        """Carry a run from now on. `ended` is called at its end."""
        self._forget_old()
        self._runs[run] = one
        one.begin(person, lambda: self._let_go(run, one), ended)

    def _forget_old(self) -> None:
        """Let go of runs that ended long ago, all but the last few: who asks for an older one reads the record."""
        over = [run for run, one in self._runs.items() if not (one.is_open or one.is_parting or one.is_closing)]
        for run in over[:-KEPT]:
            del self._runs[run]

    def _let_go(self, run: str, one: ActiveRun) -> None:
        """Carry it no more; who has taken the run up meanwhile does."""
        if self._runs.get(run) is one:
            del self._runs[run]

    async def make_way(self, kind: RunKind, *, has_begun: bool = False) -> ActiveRun | None:
        """End a catch-up that is open: whoever wants a run does not wait for it, and its hosts stay owed. Raises Locked while another run is open.

        A release that has not begun to change hosts is opened beside one in its monitoring window, which is returned.
        """
        one = self.get(self.open_id)
        if one is not None and one.task is not None and one.runner.state.kind == "catch-up":
            await one.runner.submit(Abort(leave=True), ENGINE)
            await asyncio.wait((one.task,), timeout=PARTING)
        still = self.open
        if len(still) == 1 and kind == "deploy" and not has_begun and makes_way(still[0].runner.state):
            return still[0]
        if still:
            run = still[-1].runner.state.run
            raise Locked(f"run {run} goes on", f"deploy attach {run}")
        return None

    async def parted(self) -> None:
        """Wait until runs that have ended have let go of their hosts, and all that follows their end is done."""
        parting = [asyncio.ensure_future(one.closed_out()) for one in self._runs.values() if one.is_parting or one.is_closing]
        if parting:
            _, late = await asyncio.wait(parting, timeout=PARTING)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def stop(self) -> None:
        """Stop carrying every run; what was to be written is written."""
        await asyncio.gather(*(one.stop() for one in self._runs.values()))
