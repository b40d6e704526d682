"""Opens runs, and takes up those that another engine left: one at a time, and never while another model is taken. What a run does is `active_run`'s."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from console.core.database_state import revert_command
from console.core.host_selection import chosen_hosts, meant_hosts
from console.core.kinds.kind_table import KINDS
from console.core.secrets.needed import left_to_do, needs_of
from console.engine.active_run import ActiveRun
from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.debt_watch import DebtWatch
from console.engine.context import ENGINE, Keep, QueryContext
from console.engine.loaded_model import LoadedModel
from console.engine.other_machines import OtherMachines
from console.engine.preflight.configured_checks import ticks
from console.engine.preflight.input_from_record import reverts
from console.engine.run.record_watch import refuse_unrecorded
from console.engine.run.run_lease import RunLease
from console.engine.run.run_names import new_run
from console.engine.run.run_record import read_run
from console.errors import Locked, UsageFault
from console.model.configured_environment import Environment
from console.model.events import CheckAcknowledged, Decided, MaintenanceChanged, NoteAdded, RunOpened
from console.model.request import Person, Request
from console.model.state import BackNext, RunState
from console.ports.clock import Clock
from console.ports.journal import Journal
from console.safe_text import SafeText


@asynccontextmanager
async def _given_back_unless_begun(lease: RunLease) -> AsyncIterator[None]:
    """Give a lease back where the run is not begun after all: another machine could not take it up before it runs out."""
    try:
        yield
    except BaseException:
        await lease.end()
        raise


class RunOpening:
    """Opens the runs of one engine. `next_back`: has a roll back begin behind a run that is taken up.

    `lock` is held meanwhile, and by whoever takes another model: a run keeps the model that it was opened with.
    """

    def __init__(
        self, journal: Journal, clock: Clock, model: LoadedModel, runs: ActiveRuns, others: OtherMachines, catch_up: DebtWatch, keep: Keep,
        fleet: Callable[[], QueryContext], next_back: Callable[[str, BackNext], None],
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._model = model
        self._runs = runs
        self._others = others
        self._catch_up = catch_up
        self._keep = keep
        self._fleet = fleet
        self._next_back = next_back
        self.lock = asyncio.Lock()
        self.is_over = False
        """Whether the engine lets go of everything: it would carry no run on that begins now."""

    async def open_run(self, request: Request, person: Person) -> str:
        """Begin a run, and return its id; its pre-flight starts at once. Raises ConsoleError where it may not begin."""
        async with self.lock:
            self._refuse_late()
            environment, _ = self._model.required()
            refuse_unrecorded(self._journal.outage, request.kind)
            chosen_hosts(environment, request)
            acknowledged = ticks(environment, request, person, self._clock.now())
            lacks = self._model.make_ready(needs_of(environment, request.kind, reverts=await reverts(self._fleet(), request)))
            older = await self._runs.make_way(request.kind)
            run = await new_run(self._journal, self._clock, environment.name)
            lease = await self._leased(run, goes_back=KINDS[request.kind].is_return)
            async with _given_back_unless_begun(lease):
                refuse_unrecorded(self._journal.outage, request.kind)
                one = ActiveRun(self._fleet(), run, self._keep, sharing=self._others.sharing(lease))
                if older is not None:
                    one.follows(older)
                ticked = (CheckAcknowledged(check=check, by=person) for check in acknowledged)
                words = (NoteAdded(by=ENGINE, text=words) for words in lacks)
                kept = (await self._journal.environment(environment.app, environment.name)).maintenance
                shown = (MaintenanceChanged(by=Person(str(kept.by)), now=kept),) if kept else ()
                await one.runner.write(self._opened(environment, run, request, person), *shown, *ticked, *words)
                self._runs.begin(run, one, person, self._catch_up.changed)
        return run

    async def end(self, *, force: bool) -> None:
        """Begin nothing any more. Raises Locked while a run goes on, one that is just being opened too; not where `force` is said."""
        if not force:
            async with self.lock:
                if self._runs.open_id:
                    raise Locked(f"run {self._runs.open_id} goes on", f"deploy abort {self._runs.open_id}")
        self.is_over = True

    def _refuse_late(self) -> None:
        if self.is_over:
            raise Locked("this engine is being stopped, and begins nothing any more", "type the command again")

    def _opened(self, environment: Environment, run: str, request: Request, person: Person) -> RunOpened:
        rolling = environment.rolling
        return RunOpened(
            run=run, kind=request.kind, app=environment.app, environment=environment.name, protected=environment.protected, by=person,
            request=request, config_digest=self._model.digest, hosts=tuple(host.name for host in meant_hosts(environment, request)), path=environment.path,
            on_failure=KINDS[request.kind].failure_rule(rolling.on_failure), max_failures=rolling.max_failures,
            pause_after=rolling.pause_after,
        )  # fmt: skip

    async def take_up(self, run: str, person: Person, *, goes_back: bool) -> None:
        """Take up a run that another engine left; one that goes on here stays as it is. `goes_back`: it is rolled back next."""
        async with self.lock:
            self._refuse_late()
            if run in self._fleet().open_records:
                raise Locked(f"run {run} goes on, and is not one that is taken up", f"deploy report {run}")
            known = self._runs.get(run)
            if known is None or known.runner.state.phase == "ended":
                await self._take_up(run, person, goes_back=goes_back)

    async def _take_up(self, run: str, person: Person, *, goes_back: bool) -> None:
        _, state = await read_run(self._journal, run)
        if not state.run:
            raise UsageFault(f"run {run} is not in the journal", "deploy history")
        if state.phase == "ended":
            await self._catch_up.release_left()
            return
        lacks = self._ready_again(state, goes_back=goes_back)
        older = await self._runs.make_way(state.kind, has_begun=state.phase in ("running", "rolling-back"))
        lease = await self._leased(run, goes_back=goes_back)
        async with _given_back_unless_begun(lease):
            events, state = await read_run(self._journal, run)  # what whoever had it wrote until then
            one = ActiveRun(self._fleet(), run, self._keep, events, self._others.sharing(lease))
            if older is not None:
                one.follows(older)
            await one.runner.take_up(state, person)
            if state.go is None:
                await one.runner.write(Decided(go=False, by=person, interrupted=True, reasons=(SafeText("its engine ended before the decision"),)))
            await one.runner.write(*(NoteAdded(by=ENGINE, text=words) for words in lacks))
            self._runs.begin(run, one, person, self._catch_up.changed)
            if state.back_next is not None:
                self._next_back(run, state.back_next)

    async def _leased(self, run: str, *, goes_back: bool) -> RunLease:
        """Take the lease of a run that this engine is to carry. Raises Locked where another engine carries it."""
        if goes_back:
            self._journal.hurry(run)
        lease = RunLease(self._journal, run, self._others.here)
        await lease.take()
        return lease

    def _ready_again(self, state: RunState, *, goes_back: bool) -> tuple[SafeText, ...]:
        """Have the secrets for what is left of a run; none for one that ends now."""
        environment, _ = self._model.required()
        planned = state.plan is not None and any(step.kind == "revert" for step in state.plan.steps)
        takes_back = planned or (state.kind == "deploy" and revert_command(environment, state) is not None)
        purpose = left_to_do(state, goes_back=goes_back)
        return self._model.make_ready(needs_of(environment, purpose, resumes=True, reverts=takes_back))
