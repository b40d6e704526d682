"""One application in one environment: its model and its runs. Implements `service.EngineService`.

Owns which run is open and when another model is refused. `active_run` and `run.runner` carry a run on,
`run.perform` does its steps, `queries` answers what is asked beside runs, and `server` says who may ask.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import tzinfo
from typing import Any, TypeVar

from console.core.database_state import revert_command
from console.core.host_selection import chosen_hosts, meant_hosts
from console.core.kinds.kinds import KINDS
from console.core.secrets.needed import Purpose, left_to_do, needs_of
from console.engine.active_run import ActiveRun
from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.debt_watch import EVERY, DebtWatch
from console.engine.catch_up.leftover_locks import is_over
from console.engine.context import ENGINE, Keep, QueryContext
from console.engine.keyring import Keyring, ReadFile, unread
from console.engine.maintenance.end_watch import MaintenanceEnd
from console.engine.metrics.keeper import MetricKeeper
from console.engine.preflight.configured_checks import ticks
from console.engine.preflight.input import reverts
from console.engine.queries import for_commands, for_screens
from console.engine.queries.feeds import Feeds
from console.engine.run.elsewhere import RunsElsewhere
from console.engine.run.onlookers import Onlookers
from console.engine.run.record_watch import apart_words, refuse_unrecorded
from console.engine.run.run_lease import RunLease
from console.engine.run.run_names import new_run
from console.engine.run.run_record import RunRecord, read_run
from console.engine.run.sharing import RunSharing
from console.engine.run.ticket_closer import close_ticket
from console.engine.server.access import may_carry_runs
from console.engine.server.elsewhere_access import joins_as, standing_of
from console.engine.server.refusals import Refusals
from console.errors import ConsoleError, Locked, UsageFault
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Decide, Forgive, Note, Refusal
from console.model.events import CheckAcknowledged, CommandRefused, Decided, Event, MaintenanceChanged, NoteAdded, RunOpened
from console.model.fleet import Access, Environment
from console.model.fleet_snapshot import CiMark
from console.model.onlooker import Onlooker
from console.model.request import Person, Request
from console.model.secret import Secret
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Heard
from console.ports.journal import HandedIn, Journal, Outage, SentCommand, SetApart
from console.ports.outside import Outside
from console.text import SafeText

T = TypeVar("T")

log = logging.getLogger(__name__)

ChooseJournal = Callable[[Environment, Mapping[str, Secret]], Coroutine[Any, Any, None]]
"""Has the journal be the one that the model names. Raises ConsoleError where it cannot be used."""


async def stays(environment: Environment, secrets: Mapping[str, Secret]) -> None:
    """Leave the journal as it is."""


class Engine:
    """One application in one environment, from the first console to the last."""

    def __init__(
        self, journal: Journal, clock: Clock, open_outside: Callable[[Environment, Mapping[str, Secret]], Outside],
        zone_of: Callable[[str], tzinfo | None], keep: Keep = lambda run, item, ago=0.0: None,
        look_again: float = EVERY, read_file: ReadFile = unread, choose_journal: ChooseJournal = stays, carrier: Carrier = Carrier(),  # noqa: B008 (frozen)
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self._open_outside = open_outside
        self._choose_journal = choose_journal
        self._carrier = carrier
        self._onlookers = Onlookers(carrier.host)
        self._elsewhere = RunsElsewhere(journal, carrier, self._onlookers, clock.mono)
        journal.watch(self._hear_of_record)
        self._zone_of = zone_of
        self._keep = keep
        self._environment: Environment | None = None
        self._digest = ""
        self._keyring = Keyring(read_file)
        self._outside: Outside | None = None
        self._runs = ActiveRuns()
        self._metrics = MetricKeeper(clock)
        self._catch_up = DebtWatch(
            journal, clock, self._known, self._may_open, self.open_run, self._keyring, self._note, self._may_carry, self._close_left_ticket, look_again,
            self._elsewhere.is_ours,
        )  # fmt: skip
        self._refusals = Refusals()
        self._feeds = Feeds(keep)
        self._ci_kept: dict[tuple[str, str], tuple[float, CiMark]] = {}
        self._opening = asyncio.Lock()
        """Held while a run is opened or taken up, and while another model is taken: a run keeps the model that it was opened with."""
        self._writing_idle = asyncio.Lock()
        self._switching = asyncio.Lock()
        self._maintenance = MaintenanceEnd(self._fleet_if_any, self._may_end_maintenance)
        self._acting: set[asyncio.Task[Any]] = set()
        self._resting: set[asyncio.Task[None]] = set()
        """Connections of models before this one, which runs still watch by."""

    @property
    def open_run_id(self) -> str:
        """The run that goes on; empty: none."""
        return self._runs.open_id

    @property
    def newer_run_id(self) -> str:
        """The release that was opened beside it, in its monitoring window; empty: none."""
        return self._runs.newer_id

    @property
    def seq(self) -> int:
        """The number of the open run's last event."""
        return self._runs.seq

    @property
    def digest(self) -> str:
        """The digest of the model; empty: there is none yet."""
        return self._digest

    @property
    def busy(self) -> bool:
        """Whether a run is open, so that another model is refused."""
        return bool(self.open_run_id)

    @property
    def owing(self) -> bool:
        """Whether something of a run is still to be done by this engine: a host is owed something, a lock is to be released, a ticket is
        to be closed, users are shown a maintenance page, or what was written down is still to be handed in."""
        return self._runs.is_parting or self._catch_up.has_work or self._maintenance.is_on or bool(self._acting) or self._journal.outage is not None

    def _known(self) -> tuple[Environment, Outside] | None:
        return None if self._environment is None or self._outside is None else (self._environment, self._outside)

    def _may_open(self) -> bool:
        """Whether this engine may open a run by itself now."""
        return not self.busy and self._may_carry() and self._journal.outage is None

    def _may_carry(self) -> bool:
        return may_carry_runs(os.getuid(), self.access)

    @property
    def access(self) -> Access | None:
        """Who may connect, by the model."""
        return self._environment.access if self._environment else None

    async def configure(self, environment: Environment, digest: str, secrets: Mapping[str, str], person: Person) -> tuple[str, ...]:
        """Take a model, unless a run goes on with another."""
        if self._is_new(digest):
            await self._to_its_end(self._take(environment, digest, secrets))
        else:
            self._keyring.take(environment, secrets)
        return tuple(self._keyring.values)

    def _is_new(self, digest: str) -> bool:
        return digest != self._digest or self._outside is None

    async def _take(self, environment: Environment, digest: str, secrets: Mapping[str, str]) -> None:
        async with self._opening:
            await self._refuse_other_model(environment, digest)
            self._keyring.take(environment, secrets)
            if self._is_new(digest):
                await self._choose_journal(environment, self._keyring.values)
                await self._open(environment, digest)

    async def _refuse_other_model(self, environment: Environment, digest: str) -> None:
        if digest != self._digest and (self._runs.is_busy or self._would_lead_astray(environment)):
            raise Locked(f"run {self.open_run_id} goes on with another hosts.toml than {environment.file}", f"deploy attach {self.open_run_id}")
        if digest != self._digest and any([await self._journal.of_type(name, RunOpened) for name in tuple(self._feeds.followed)]):
            raise Locked("a command of exec is still running, with another hosts.toml", "wait for its end, or press ctrl+c there")

    def _would_lead_astray(self, environment: Environment) -> bool:
        """Whether a run that is open would be written down elsewhere, or hand over locks that are not looked for there."""
        before = self._environment
        return bool(self._runs.open) and before is not None and (before.journal, before.path) != (environment.journal, environment.path)

    async def _open(self, environment: Environment, digest: str) -> None:
        """Work with another model from now on."""
        await self._metrics.stop()
        await self._catch_up.stop()
        await self._maintenance.stop()
        if self._outside is not None:
            await self._let_rest(self._outside)
        self._environment, self._digest = environment, digest
        self._outside = self._open_outside(environment, self._keyring.values)
        self._catch_up.changed()
        self._catch_up.start()
        self._maintenance.start()
        await self._metrics.use(environment, self._outside.sources)

    async def _let_rest(self, outside: Outside) -> None:
        """Close the connections of the model before; behind the end of a run in its monitoring window, which still watches by them."""
        if still := self._runs.open:
            task = asyncio.create_task(_closed_behind(still, outside))
            self._resting.add(task)
            task.add_done_callback(self._resting.discard)
        else:
            await outside.close()

    def _model(self) -> tuple[Environment, Outside]:
        if self._environment is None or self._outside is None:
            raise UsageFault("this engine has no hosts.toml yet", "call it with -c FILE, or in the folder of the file")
        return self._environment, self._outside

    def _fleet(self) -> QueryContext:
        """What a question, and a pre-flight, is about now."""
        environment, outside = self._model()
        return QueryContext(
            environment, outside, self._clock, self._zone_of(environment.timezone), self.open_run_id, self._journal, self.submit, self._note,
            self._keyring.values, self._digest, self._feeds.waiting, self._feeds.followed, self._ci_kept,
            self._catch_up.unpaid, self._switching, self._writing_idle, self._metrics, self._elsewhere.open_run,
            lambda: self._runs.ceding,
        )  # fmt: skip

    def _fleet_if_any(self) -> QueryContext | None:
        return self._fleet() if self._known() else None

    def _may_end_maintenance(self) -> bool:
        return self._environment is not None and self._may_carry() and self._keyring.has(self._environment, needs_of(self._environment, "maintenance"))

    async def open_run(self, request: Request, person: Person) -> str:
        """Begin a run; its pre-flight starts at once."""
        return await self._to_its_end(self._open_run(request, person))

    async def _open_run(self, request: Request, person: Person) -> str:
        async with self._opening:
            environment, _ = self._model()
            refuse_unrecorded(self._journal.outage, request.kind)
            chosen_hosts(environment, request)
            acknowledged = ticks(environment, request, person, self._clock.now())
            lacks = self._keyring.make_ready(environment, needs_of(environment, request.kind, reverts=await reverts(self._fleet(), request)))
            older = await self._runs.make_way(request.kind)
            run = await new_run(self._journal, self._clock, environment.name)
            lease = await self._leased(run, goes_back=KINDS[request.kind].is_return)
            refuse_unrecorded(self._journal.outage, request.kind)
            one = ActiveRun(self._fleet(), run, self._keep, sharing=self._sharing(lease))
            if older is not None:
                one.follows(older)
            ticked = (CheckAcknowledged(check=check, by=person) for check in acknowledged)
            words = (NoteAdded(by=ENGINE, text=words) for words in lacks)
            kept = (await self._journal.environment(environment.app, environment.name)).maintenance
            shown = (MaintenanceChanged(by=Person(str(kept.by)), now=kept),) if kept else ()
            await one.runner.write(self._opened(environment, run, request, person), *shown, *ticked, *words)
            self._runs.begin(run, one, person, self._catch_up.changed)
        return run

    def _hear_of_record(self, said: Outage | HandedIn) -> None:
        """Look anew at what is open, once the record has what was written down here; what it can never have is said in the run's record."""
        if isinstance(said, HandedIn):
            self._catch_up.changed()
            if said.apart is not None:
                self._begin(self._tell_apart(said.run, said.apart))

    async def _tell_apart(self, run: str, apart: SetApart) -> None:
        words = apart_words(self._carrier, apart)
        try:
            await self.submit(run, Note(text=words), ENGINE)
        except ConsoleError as fault:
            log.warning("%s (not in the record: %s)", words, fault.message)

    def _opened(self, environment: Environment, run: str, request: Request, person: Person) -> RunOpened:
        rolling = environment.rolling
        return RunOpened(
            run=run, kind=request.kind, app=environment.app, environment=environment.name, protected=environment.protected, by=person,
            request=request, config_digest=self._digest, hosts=tuple(host.name for host in meant_hosts(environment, request)), path=environment.path,
            on_failure=KINDS[request.kind].failure_rule(rolling.on_failure), max_failures=rolling.max_failures,
            pause_after=rolling.pause_after,
        )  # fmt: skip

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what is not to be left half done where the client that asked for it goes away meanwhile."""
        return await asyncio.shield(self._begin(work))

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return task

    async def _note(self, run: str, *events: Event) -> None:
        """Write events into the record of a run that has ended."""
        await self._to_its_end(self._write_note(run, events))

    async def _write_note(self, run: str, events: tuple[Event, ...]) -> None:
        one = self._runs.get(run)
        if one is not None:
            await one.runner.write(*events)
        else:
            async with self._writing_idle:
                if carrier := await self._elsewhere.carrier(run):
                    raise Locked(f"run {run} is carried by {carrier}", f"deploy attach {run}")
                await (await RunRecord.of(self._journal, self._clock, run)).write(*events)
        self._catch_up.changed()

    async def _close_left_ticket(self, run: str) -> None:
        """Close the ticket of a run that another engine left, or that this one could not write down."""
        one = self._runs.get(run)
        if one is not None and (one.is_parting or one.is_closing):
            return
        _, state = await read_run(self._journal, run)
        closed = await close_ticket(self._fleet(), state)
        if closed is not None:
            await self._note(run, closed)

    def follow(self, run: str, after: int) -> AsyncIterator[Heard]:
        """Everything of a run after that event; of no run: the fleet's numbers, as long as they are read."""
        if not run:
            return for_screens.follow_numbers(self._metrics)
        if run in self._feeds.waiting:
            return self._feeds.follow(run)
        one = self._runs.get(run)
        if one is not None:
            return one.broadcast.follow(after)
        return self._elsewhere.follow(run, after)

    def state(self, run: str) -> RunState:
        """The state of a run that this engine carries or has carried."""
        one = self._runs.get(run)
        if one is None:
            raise UsageFault(f"run {run} is not carried by this engine", f"deploy resume {run}")
        return one.runner.state

    def looking_on(self, run: str, person: Person, *, operator: bool) -> AbstractContextManager[None]:
        """Count that person among those who look on at a run, for as long as this lasts."""
        return self._onlookers.looking_on(run, person, operator=operator)

    @property
    def elsewhere(self) -> tuple[Onlooker, ...]:
        """Who looks on, on other machines, at what this engine carries or follows."""
        return self._onlookers.elsewhere

    def _heard_elsewhere(self, run: str, people: tuple[Onlooker, ...]) -> None:
        """Hear who looks on at a run on other machines; an operator there has joined it."""
        self._onlookers.hear(run, people)
        one = self._runs.get(run)
        for person in (joins_as(each, self.access, os.getuid()) for each in people):
            if person is not None and one is not None and one.preflight is not None:
                one.preflight.joined(person)

    async def _submit_from_elsewhere(self, run: str, sent: SentCommand) -> Accepted | Refusal:
        """Judge what somebody said on another machine, as this engine judges: by its own model, and by what proves the name."""
        standing = standing_of(sent.person, sent.login, self.access, os.getuid())
        if not standing.problem:
            return await self.submit(run, sent.command, standing.person)
        await self.refused(standing.person, str(type(sent.command).__struct_config__.tag), UsageFault(standing.problem), run)
        return Refusal(standing.problem, SafeText("deploy attach --read-only"))

    async def joined(self, run: str, person: Person) -> None:
        """Hear that an operator follows a run."""
        one = self._runs.get(run)
        if one is not None and one.preflight is not None:
            one.preflight.joined(person)

    async def submit(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Take a command for a run."""
        one = self._runs.get(run)
        if one is None:
            return await self._to_its_end(self._submit_idle(run, command, person))
        if one.preflight is not None and isinstance(command, Decide) and command.go:
            return await one.preflight.go(command, person)
        return await one.runner.submit(command, person)

    async def _submit_idle(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Hand a command to the engine elsewhere that carries the run; take a note, or a debt that is forgiven, for one that nobody carries."""
        carrier = await self._elsewhere.carrier(run)
        if carrier is not None:
            return await self._elsewhere.submit(run, command, person, carrier)
        async with self._writing_idle:
            record = await RunRecord.of(self._journal, self._clock, run) if isinstance(command, Forgive | Note) else None
            if record is None and await is_over(self._journal, run):
                return Refusal(SafeText(f"run {run} has ended"), SafeText(f"deploy report {run}"), ended=True)
            if record is None or not record.state.run:
                return Refusal(SafeText(f"run {run} is not carried by this engine"), SafeText(f"deploy resume {run}"))
            answer = await record.submit(self._model()[0], command, person)
        self._catch_up.changed()
        return answer

    async def resume(self, run: str, person: Person, *, goes_back: bool = False) -> None:
        """Take up a run that another engine left. `goes_back`: it is rolled back next."""
        await self._to_its_end(self._resumed(run, person, goes_back=goes_back))

    async def _resumed(self, run: str, person: Person, *, goes_back: bool) -> None:
        async with self._opening:
            await self._resume(run, person, goes_back=goes_back)

    async def _resume(self, run: str, person: Person, *, goes_back: bool) -> None:
        self._model()
        known = self._runs.get(run)
        if known is not None and known.runner.state.phase != "ended":
            return
        events, state = await read_run(self._journal, run)
        if not state.run:
            raise UsageFault(f"run {run} is not in the journal", "deploy history")
        if state.phase == "ended":
            await self._catch_up.release_left()
            return
        lacks = self._ready_again(state, goes_back=goes_back)
        older = await self._runs.make_way(state.kind, has_begun=state.phase in ("running", "rolling-back"))
        lease = await self._leased(run, goes_back=goes_back)
        events, state = await read_run(self._journal, run)  # what whoever had it wrote until then
        one = ActiveRun(self._fleet(), run, self._keep, events, self._sharing(lease))
        if older is not None:
            one.follows(older)
        await one.runner.take_up(state, person)
        if state.go is None:
            await one.runner.write(Decided(go=False, by=person, interrupted=True, reasons=(SafeText("its engine ended before the decision"),)))
        await one.runner.write(*(NoteAdded(by=ENGINE, text=words) for words in lacks))
        self._runs.begin(run, one, person, self._catch_up.changed)

    def _sharing(self, lease: RunLease) -> RunSharing:
        """What goes on for machines that share the record with this one."""
        return RunSharing(lease, self._journal, self._carrier, self._submit_from_elsewhere, self._onlookers.here, self._heard_elsewhere)

    async def _leased(self, run: str, *, goes_back: bool) -> RunLease:
        """Take the lease of a run that this engine is to carry. Raises Locked where another engine carries it."""
        if goes_back:
            self._journal.hurry(run)
        lease = RunLease(self._journal, run, self._carrier)
        await lease.take()
        return lease

    def _ready_again(self, state: RunState, *, goes_back: bool) -> tuple[SafeText, ...]:
        """Have the secrets for what is left of a run; none for one that ends now."""
        environment, _ = self._model()
        planned = state.plan is not None and any(step.kind == "revert" for step in state.plan.steps)
        takes_back = planned or (state.kind == "deploy" and revert_command(environment, state) is not None)
        purpose = left_to_do(state, goes_back=goes_back)
        return self._keyring.make_ready(environment, needs_of(environment, purpose, resumes=True, reverts=takes_back))

    async def refused(self, person: Person, act: str, fault: ConsoleError, run: str = "") -> None:
        """Write down what somebody tried without the right to, in that run, else in the one that goes on, or in the last one; not each time of many."""
        if not self._refusals.is_new(person, act, self._clock.mono()):
            return
        with suppress(ConsoleError):
            known = self._known()
            last = await self._journal.runs(known[0].app, known[0].name, limit=1) if known else ()
            run = run or self.open_run_id or next((one.run for one in last), "") if known else ""
            if run:
                await self._note(run, CommandRefused(by=person, command=act, message=SafeText(fault.message)))

    async def query(self, name: str, argument: Mapping[str, Any], person: Person) -> object:
        """Answer a question by name."""
        answer = for_commands.ANSWERS.get(name) or for_screens.ANSWERS.get(name)
        if answer is None:
            raise UsageFault(f"an engine of this version does not know {name!r}: stop it, and ask again", "deploy engine stop")
        if purpose := _purpose_of(name, argument):
            environment, _ = self._model()
            self._keyring.make_ready(environment, needs_of(environment, purpose))
        fleet = self._fleet()
        self._feeds.make_room()
        if name != "maintenance":
            return await answer(fleet, argument, person)
        self._maintenance.is_on = True
        return await self._to_its_end(answer(fleet, argument, person))

    async def stop(self, person: Person, force: bool) -> None:
        """Let go of everything; a run that has ended lets go of its hosts first."""
        await self._runs.parted()
        if self.busy and not force:
            raise Locked(f"run {self.open_run_id} goes on", f"deploy abort {self.open_run_id}")
        await self._catch_up.stop()
        await self._maintenance.stop()
        await self._runs.stop()
        await asyncio.gather(*self._resting, return_exceptions=True)
        await self._metrics.stop()
        if self._outside is not None:
            await self._outside.close()


async def _closed_behind(runs: tuple[ActiveRun, ...], outside: Outside) -> None:
    await asyncio.gather(*(one.closed_out() for one in runs))
    await outside.close()


def _purpose_of(name: str, argument: Mapping[str, Any]) -> Purpose | None:
    """What a question needs secrets for; None: it needs none."""
    if name == "preview":
        return "check" if argument.get("kind", "deploy") == "deploy" else "restart"
    return name if name in ("check", "exec", "logs", "maintenance") else None  # type: ignore[return-value] # it is one of those
