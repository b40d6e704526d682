"""A roll back that was asked for while hosts are restarted: it begins by itself once the restart has ended, whoever asked for it is there or not.

The restart's record says that it follows, so that an engine which takes the restart up begins it too.
"""

import asyncio
from collections.abc import Awaitable, Callable

from console.engine.active_run import ActiveRun
from console.engine.active_runs import ActiveRuns
from console.engine.context import ENGINE
from console.engine.tasks import Unbroken
from console.errors import ConsoleError, in_one_line
from console.model.events import NoteAdded
from console.model.request import Person, Request
from console.model.state import BackNext
from console.safe_text import SafeText


class RollBackNext:
    """Begins it. `open_run`: opens a run for that person; `work`: what is done to its end also where nobody waits for it."""

    def __init__(self, runs: ActiveRuns, work: Unbroken, open_run: Callable[[Request, Person], Awaitable[str]]) -> None:
        self._runs, self._work, self._open_run = runs, work, open_run

    def hold(self, run: str, back: BackNext) -> None:
        """Begin it behind that run, which is carried here."""
        one = self._runs.get(run)
        if one is not None and one.task is not None:
            self._work.begin(self._follow(one, one.task, back))

    async def _follow(self, one: ActiveRun, task: "asyncio.Task[None]", back: BackNext) -> None:
        await asyncio.wait([task])
        if one.runner.state.phase != "ended":
            return  # this engine carries it no further: whoever takes it up begins the roll back
        try:
            await self._open_run(Request(kind="rollback", halves=back.how == "halves", at_once=back.how == "at-once", yes=True, reason=str(back.why)), back.by)
        except ConsoleError as fault:
            if not any(other.runner.state.kind == "rollback" for other in self._runs.open):
                await one.runner.write(NoteAdded(by=ENGINE, text=SafeText(f"the roll back that was to follow did not begin: {in_one_line(fault)}")))
