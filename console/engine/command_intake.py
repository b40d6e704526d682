"""Who takes a command for a run: whoever carries it here, its pre-flight for a GO, or what is done about runs that this engine does not carry.

A roll back of a run that nobody carries takes it up. What a command means is the run's; who may give it, the server's.
"""

from collections.abc import Awaitable, Callable

from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.leftover_locks import is_over
from console.engine.loaded_model import LoadedModel
from console.engine.roll_back_next import RollBackNext
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.runs_not_carried import IdleRuns
from console.model.commands import Abort, Accepted, AnyCommand, Decide, Refusal, RollBack
from console.model.events import RunOpened
from console.model.request import Person
from console.model.state import BackNext
from console.ports.journal import Journal


class CommandIntake:
    """The commands of one engine. `take_back`: takes a run up that another engine left, to go back."""

    def __init__(
        self, journal: Journal, model: LoadedModel, runs: ActiveRuns, elsewhere: RunsElsewhere, idle: IdleRuns,
        take_back: Callable[[str, Person], Awaitable[None]], next_back: RollBackNext,
    ) -> None:  # fmt: skip
        self._journal = journal
        self._model = model
        self._runs = runs
        self._elsewhere = elsewhere
        self._idle = idle
        self._take_back = take_back
        self._next_back = next_back

    async def submit(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Have the command taken or refused by whoever it is for."""
        if isinstance(command, RollBack) and self._runs.get(run) is None and await self._is_left(run):
            await self._take_back(run, person)
        one = self._runs.get(run)
        if one is None:
            return await self._idle.submit(run, command, person)
        if one.preflight is not None and isinstance(command, Decide) and command.go:
            return await one.preflight.go(command, person)
        answer = await one.runner.submit(command, person)
        if isinstance(command, Abort) and command.then_back and isinstance(answer, Accepted):
            self._next_back.hold(run, BackNext(person, command.then_back, command.why))
        return answer

    async def _is_left(self, run: str) -> bool:
        """Whether a run has not ended, and is carried by no engine, and may be by this one."""
        if run in self._idle.open_records or not self._model.may_carry():
            return False
        if not await self._journal.of_type(run, RunOpened) or await is_over(self._journal, run):
            return False
        return await self._elsewhere.carrier(run) is None
