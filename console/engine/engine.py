"""One application in one environment: its model and its runs. Implements `service.EngineService`.

Wires its parts together: `loaded_model` has the model and what is opened by it, `model_change` takes another one, `run_opening` opens runs and takes them up,
`active_run` and `run.runner` carry one on, `command_intake` says who takes a command, `followed_runs` what is heard of a run, `runs_not_carried` writes to
those that nobody carries, `handed_in` hears of the shared record, `other_machines` meets other engines, `queries`
answers what is asked beside runs, and `server` says who may ask.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import tzinfo
from typing import Any

from console.core.secrets.needed import Purpose, needs_of
from console.engine.active_runs import ActiveRuns
from console.engine.catch_up.debt_watch import EVERY, DebtWatch
from console.engine.command_intake import CommandIntake
from console.engine.context import Keep, QueryContext
from console.engine.followed_runs import FollowedRuns
from console.engine.handed_in import HandedInRuns
from console.engine.keyring import Keyring, ReadFile, unread
from console.engine.loaded_model import ChooseJournal, LoadedModel, OpenOutside, stays
from console.engine.maintenance.end_watch import MaintenanceEnd
from console.engine.metrics.metrics_sampler import MetricKeeper
from console.engine.model_change import KeptModel, ModelChange, not_kept
from console.engine.other_machines import OtherMachines
from console.engine.queries import for_commands, for_screens
from console.engine.queries.feeds import Feeds
from console.engine.roll_back_next import RollBackNext
from console.engine.run.onlookers import Onlookers
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.run_opening import RunOpening
from console.engine.runs_not_carried import IdleRuns
from console.engine.server.refusal_record import Refusals
from console.engine.server.user_directory import UserDirectory
from console.engine.tasks import Unbroken
from console.errors import ConsoleError, Locked, UsageFault
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Access, Environment
from console.model.events import CommandRefused
from console.model.fleet_snapshot import CiMark
from console.model.onlooker import Onlooker
from console.model.request import Person, Request
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Heard
from console.ports.journal import Journal
from console.safe_text import SafeText

BACK = 5
"""Runs, the newest, of which the first that nobody else carries tells what was refused while none goes on here."""


class Engine:
    """One application in one environment, from the first console to the last."""

    def __init__(
        self, journal: Journal, clock: Clock, open_outside: OpenOutside, zone_of: Callable[[str], tzinfo | None],
        keep: Keep = lambda run, item, ago=0.0: None, look_again: float = EVERY, read_file: ReadFile = unread, choose_journal: ChooseJournal = stays,
        carrier: Carrier = Carrier(), kept: KeptModel = not_kept,  # noqa: B008 (frozen)
    ) -> None:  # fmt: skip
        self._journal = journal
        self._clock = clock
        self.users = UserDirectory()
        """Those of this machine."""
        self._model = LoadedModel(open_outside, zone_of, choose_journal, Keyring(read_file), self.users)
        self._work = Unbroken()
        self._runs = ActiveRuns()
        self._onlookers = Onlookers(carrier.host)
        self._elsewhere = RunsElsewhere(journal, carrier, self._onlookers, clock.mono)
        self._idle = IdleRuns(journal, clock, self._model, self._runs, self._elsewhere, self._fleet, self._work, self._record_changed)
        self._metrics = MetricKeeper(clock)
        self._catch_up = DebtWatch(
            journal, clock, self._model.known, self._may_open, self.open_run, self._model.keyring, self._idle.write, self._model.may_carry,
            self._idle.close_ticket, lambda: self._runs.holding, look_again, self._elsewhere.is_ours,
        )  # fmt: skip
        self._maintenance = MaintenanceEnd(lambda: self._fleet() if self._model.known() else None, self._model.may_end_maintenance)
        self._others = OtherMachines(journal, carrier, self._onlookers, self._runs, lambda: self.access, self.users, self.submit, self.refused)
        self._next_back = RollBackNext(self._runs, self._work, self.open_run)
        self._opening = RunOpening(journal, clock, self._model, self._runs, self._others, self._catch_up, keep, self._fleet, self._next_back.hold)
        self._refusals = Refusals()
        self._feeds = Feeds(keep)
        self._ci_kept: dict[tuple[str, str], tuple[float, CiMark]] = {}
        self._switching = asyncio.Lock()
        self._model_change = ModelChange(
            journal, self._model, self._runs, self._feeds, self._opening.lock, self._switching, self._metrics, self._catch_up, self._maintenance, kept
        )
        self._followed = FollowedRuns(self._runs, self._elsewhere, self._feeds, self._metrics)
        self._commands = CommandIntake(
            journal, self._model, self._runs, self._elsewhere, self._idle, lambda run, person: self.resume(run, person, goes_back=True), self._next_back
        )
        journal.watch(HandedInRuns(carrier, self._work, self._record_changed, self.submit).hear)

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
        return self._model.digest

    @property
    def busy(self) -> bool:
        """Whether a run is open, so that another model is refused."""
        return bool(self.open_run_id)

    @property
    def owing(self) -> bool:
        """Whether something of a run is still to be done by this engine: a host is owed something, a lock is to be released, a ticket is
        to be closed, users are shown a maintenance page, or what was written down is still to be handed in."""
        return self._runs.is_parting or self._catch_up.has_work or self._maintenance.is_on or self._work.goes_on or self._journal.outage is not None

    @property
    def left(self) -> bool | None:
        """Whether runs have left a host that is owed, or a lock; None: that is not known now."""
        return self._catch_up.left

    def _may_open(self) -> bool:
        """Whether this engine may open a run by itself now."""
        return not self.busy and self._model.may_carry() and self._journal.outage is None

    @property
    def access(self) -> Access | None:
        """Who may connect, by the model."""
        return self._model.access

    async def configure(self, environment: Environment, digest: str, secrets: Mapping[str, str], person: Person) -> tuple[str, ...]:
        """Take a model, unless a run goes on with another."""
        if self._model.is_new(digest):
            await self._work.done(self._model_change.take(environment, digest, secrets))
        else:
            self._model.keyring.take(environment, secrets)
        return tuple(self._model.keyring.values)

    def _fleet(self) -> QueryContext:
        """What a question, and a pre-flight, is about now. Raises UsageFault where there is no model yet."""
        environment, outside = self._model.required()
        return QueryContext(
            environment, outside, self._clock, self._model.zone, self.open_run_id, self._journal, self.submit, self._idle.write,
            self._model.keyring.values, self.digest, self._feeds.waiting, self._feeds.followed, self._ci_kept,
            self._catch_up.unpaid, self._switching, self._idle.writing, self._idle.open_records, self._metrics, self._elsewhere.open_run,
            lambda: self._runs.ceding, self._elsewhere.carrier, self._others.here,
        )  # fmt: skip

    async def open_run(self, request: Request, person: Person) -> str:
        """Begin a run; its pre-flight starts at once."""
        return await self._work.done(self._opening.open_run(request, person))

    async def resume(self, run: str, person: Person, *, goes_back: bool = False) -> None:
        """Take up a run that another engine left. `goes_back`: it is rolled back next."""
        await self._work.done(self._opening.take_up(run, person, goes_back=goes_back))

    def _record_changed(self) -> None:
        self._catch_up.changed()

    def follow(self, run: str, after: int) -> AsyncIterator[Heard]:
        """Everything of a run after that event; of no run: the fleet's numbers, as long as they are read."""
        return self._followed.follow(run, after)

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

    @property
    def record_is_away(self) -> bool:
        """Whether the shared record does not answer."""
        return self._journal.outage is not None

    async def joined(self, run: str, person: Person) -> None:
        """Hear that an operator follows a run."""
        one = self._runs.get(run)
        if one is not None and one.preflight is not None:
            one.preflight.joined(person)

    async def submit(self, run: str, command: AnyCommand, person: Person) -> Accepted | Refusal:
        """Take a command for a run, to its end, also where who gave it goes away meanwhile. One that nobody carries any more is taken up to go back."""
        return await self._work.done(self._commands.submit(run, command, person))

    async def refused(self, person: Person, act: str, fault: ConsoleError, run: str = "") -> None:
        """Write down what somebody tried without the right to, in that run, else in the one that goes on, or in the last one; not each time of many."""
        if not self._refusals.is_new(person, act, self._clock.mono()):
            return
        known = self._model.known()
        if known is None:
            return
        with suppress(ConsoleError):
            run = run or self.open_run_id
            last = () if run else await self._journal.runs(known[0].app, known[0].name, limit=BACK)
            for name in (run,) if run else (one.run for one in last):
                with suppress(Locked):  # another machine carries that one: it stands in the one before
                    await self._idle.write(name, CommandRefused(by=person, command=act, message=SafeText(fault.message)))
                    return

    async def query(self, name: str, argument: Mapping[str, Any], person: Person) -> object:
        """Answer a question by name, with a value that has a JSON form. Raises UsageFault for a name that is not known, and for a secret that is not here."""
        answer = for_commands.ANSWERS.get(name) or for_screens.ANSWERS.get(name)
        if answer is None:
            raise UsageFault(f"an engine of this version does not know {name!r}: stop it, and ask again", "deploy engine stop")
        if purpose := _purpose_of(name, argument):
            self._model.make_ready(needs_of(self._model.required()[0], purpose))
        fleet = self._fleet()
        self._feeds.make_room()
        if name == "maintenance":
            self._maintenance.is_on = True
        return await (self._work.done(answer(fleet, argument, person)) if name in for_commands.CHANGES else answer(fleet, argument, person))

    async def stop(self, person: Person, force: bool) -> None:
        """Let go of everything; a run that has ended lets go of its hosts first. No run begins any more."""
        await self._runs.parted()
        await self._opening.end(force=force)
        await self._catch_up.stop()
        await self._maintenance.stop()
        await self._runs.stop()
        await self._metrics.stop()
        await self._model.close()


def _purpose_of(name: str, argument: Mapping[str, Any]) -> Purpose | None:
    """What a question needs secrets for; None: it needs none."""
    if name == "preview":
        return "check" if argument.get("kind", "deploy") == "deploy" else "restart"
    return name if name in ("check", "exec", "logs", "maintenance") else None  # type: ignore[return-value] # it is one of those
