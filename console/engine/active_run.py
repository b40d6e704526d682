"""A run that an engine carries: what goes on beside its steps from the pre-flight to the end, and who hears it.

Knows its runner and the ports. Nothing of other runs, and nothing of who may ask for one.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from console.engine.catch_up.leftover_locks import is_known_over
from console.engine.context import Keep, QueryContext
from console.engine.maintenance.release_page import switch_for_run
from console.engine.metrics.metrics_sampler import AFTER_RUN, NoMeasurements
from console.engine.preflight.decision import Preflight
from console.engine.preflight.input_from_record import input_for
from console.engine.run.before_and_after import KeptBeside
from console.engine.run.executor import FleetExecutor
from console.engine.run.link_watch import LinkEvents
from console.engine.run.lock_hand_over import HandOver
from console.engine.run.log_watch import LogWatch
from console.engine.run.person_caller import PersonCaller
from console.engine.run.record_watch import RecordWatch
from console.engine.run.runner import Runner
from console.engine.run.send_announcements import Announcer
from console.engine.run.shared_run import RunSharing
from console.engine.run.threshold_watch import ThresholdWatch
from console.engine.run.ticket_closer import close_ticket
from console.engine.server.broadcast import Broadcast
from console.errors import ConsoleError, Locked
from console.model.carrier import Carrier
from console.model.events import AnyEvent
from console.model.request import Person
from console.ports.feed import Output, Sample

log = logging.getLogger(__name__)

TURN = 0.2
"""Seconds after which a no-go is seen while the pre-flight looks."""


class ActiveRun:
    """A run that goes on or has just ended."""

    def __init__(self, fleet: QueryContext, run: str, keep: Keep, events: tuple[AnyEvent, ...] = (), sharing: RunSharing | None = None) -> None:
        environment, outside = fleet.environment, fleet.outside
        self._fleet = fleet
        self._run = run
        self._keep = keep
        self._sharing = sharing
        self.broadcast = Broadcast(events)
        executor = FleetExecutor(environment, outside, fleet.clock, fleet.secrets, self._tell, partial(is_known_over, fleet.journal), fleet.metrics)
        self.runner = Runner(environment, fleet.journal, fleet.clock, executor, lambda written: self.broadcast.publish(*written))
        executor.record = self.runner.record
        executor.shows_page(partial(switch_for_run, fleet))
        executor.write = self.runner.write
        executor.live = lambda: self.runner.state
        self._executor = executor
        self.preflight: Preflight | None = None
        self.task: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._record_watch = RecordWatch(fleet.journal, lambda: self.runner.state, self.runner.record)
        self._announcer = Announcer(environment.announce, outside.announcer, self.runner) if environment.announce else None

    @property
    def is_open(self) -> bool:
        """Whether it goes on. One that has ended may still be letting go of its hosts: that is in nobody's way."""
        return self.runner.state.phase != "ended"

    @property
    def is_parting(self) -> bool:
        """Whether it has ended and still lets go of its hosts."""
        return not self.is_open and self.task is not None and not self.task.done()

    @property
    def is_closing(self) -> bool:
        """Whether it has ended, and people are still told of it, or its ticket is being closed."""
        return self._closing is not None and not self._closing.done()

    async def closed_out(self) -> None:
        """Wait until it has let go of its hosts, and all that follows its end is done."""
        await asyncio.wait([self.task]) if self.task else None
        await asyncio.wait([self._closing]) if self._closing else None

    def follows(self, older: "ActiveRun") -> None:
        """Have a run in its monitoring window end, and hand its locks over, once this one has its GO."""
        runner, giving = older.runner, older._executor

        def promised(hand_over: HandOver) -> None:
            giving.locks.gives_to = hand_over

        self._executor.locks.takes_from = HandOver(
            lambda: runner.state, runner.write, self._fleet.clock, promised, lambda: older.task is not None and not older.task.done()
        )  # fmt: skip

    def begin(self, person: Person, interrupted: Callable[[], object], over: Callable[[], object]) -> None:
        """Go on from where it is. `interrupted`: told when this engine can carry it no further, though it has not ended; `over`: when it carries it no more."""
        self.broadcast.expect_more()
        self.task = asyncio.create_task(self._hold(person, interrupted, over))

    def _tell(self, item: Output | Sample) -> None:
        self._keep(self._run, item)
        self.broadcast.tell(item)

    async def _hold(self, person: Person, interrupted: Callable[[], object], over: Callable[[], object]) -> None:
        """Carry it while this engine has its lease."""
        if self._sharing:
            self._sharing.begin(self._run, self.broadcast, partial(self._taken, interrupted))
        self._record_watch.start()
        try:
            await self._carry(person, interrupted, over)
        finally:
            if self._closing is None:
                await self._end_sharing()

    async def _end_sharing(self) -> None:
        self._record_watch.stop()
        if self._sharing:
            await self._sharing.end()

    async def _carry(self, person: Person, interrupted: Callable[[], object], over: Callable[[], object]) -> None:
        runner, outside = self.runner, self._fleet.outside
        taking_part = {name for name, host in runner.state.hosts.items() if host.condition != "left-out"}
        hosts = tuple(host for host in self._fleet.environment.hosts if host.name in taking_part)
        beside = KeptBeside(self._fleet.metrics, self._fleet.clock, self._run, self._keep)
        numbers = ExitStack()
        caller = self._caller()
        try:
            await beside.keep_before()
            if self._fleet.metrics is not None:
                numbers.enter_context(self._fleet.metrics.heard(self._tell, linger=AFTER_RUN))
            if runner.state.phase == "preflight" and runner.state.go is None:
                await self._looked_at(person)
            self._judge_metrics()
            runner.accompany(LinkEvents(hosts, outside.is_linked, runner, self._fleet.clock).watch())
            self._read_logs()
            await runner.run()
        except Exception as fault:
            error = fault if isinstance(fault, ConsoleError) else ConsoleError(f"the console failed: {type(fault).__name__}: {fault}")
            if runner.state.phase == "ended":
                log.exception("letting go of the hosts of run %s", self._run)
            elif runner.state.go:
                self._leave(error, interrupted)
            else:
                await self._fail(error, interrupted)
            if error is not fault:
                raise
        finally:
            numbers.close()
            beside.go_on()
            if caller:
                caller.stop()
            over()
            if self._announcer or caller or runner.state.ticket == "open":
                self._closing = asyncio.create_task(self._close_out(over, caller))
            else:
                self.broadcast.rest()

    def _judge_metrics(self) -> None:
        """Have the thresholds judged, to the run's end."""
        fleet, runner = self._fleet, self.runner
        if fleet.environment.thresholds:
            measurements = fleet.metrics or NoMeasurements()
            runner.accompany(ThresholdWatch(fleet.environment, measurements, fleet.clock, lambda: runner.state, runner.record).watch())

    def _read_logs(self) -> None:
        """Read the application's log beside the run, where the file says how and the run brings a release."""
        fleet, runner = self._fleet, self.runner
        logs = LogWatch(fleet.environment, fleet.outside.listening, fleet.clock, fleet.secrets, lambda: runner.state, runner.record, self._tell)
        if logs.is_wanted:
            runner.accompany(logs.run())

    async def _close_out(self, over: Callable[[], object], caller: PersonCaller | None) -> None:
        """Do what follows the run's end beside everything else: people are told, and called for what it leaves open, its ticket is closed.

        Then no more is to be heard of it.
        """
        try:
            telling = [*([self._announcer.after()] if self._announcer else []), *([caller.end()] if caller else [])]
            for fault in await asyncio.gather(*telling, self._close_ticket(over), return_exceptions=True):
                if isinstance(fault, Exception):
                    log.error("closing run %s out", self._run, exc_info=fault)
        finally:
            self.broadcast.rest()
            await self._end_sharing()

    async def _close_ticket(self, over: Callable[[], object]) -> None:
        closed = await close_ticket(self._fleet, self.runner.state)
        if closed is not None:
            await self.runner.write(closed)
            over()

    async def stop(self) -> None:
        """Stop carrying it; what was to be written is written."""
        tasks = [task for task in (self.task, self._closing) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self.runner.settled(), return_exceptions=True)

    def _taken(self, interrupted: Callable[[], object], other: Carrier) -> None:
        """Let go of a run that another engine has taken up, believing this one dead: its lock on each host is that one's by now."""
        self._leave(Locked(f"run {self._run} was taken up by {other}", f"deploy attach {self._run}"), interrupted)
        if self.task is not None:
            self.task.cancel()

    async def _fail(self, error: ConsoleError, interrupted: Callable[[], object]) -> None:
        """End a run before its GO by that error; where even that cannot be written, it stays as the journal knows it."""
        try:
            await self.runner.fail(error)
        except Exception:
            log.exception("ending run %s", self._run)
            self._leave(error, interrupted)

    def _leave(self, error: ConsoleError, interrupted: Callable[[], object]) -> None:
        """Make nothing up: the run stays as the journal knows it, interrupted, to be taken up when what failed is mended."""
        interrupted()
        self.broadcast.interrupt(error)

    def _caller(self) -> PersonCaller | None:
        """Whoever calls a person when the run waits for one, where the environment says whom."""
        notify = self._fleet.environment.notify
        if notify is None:
            return None
        caller = PersonCaller(self._fleet.outside.notifier, notify.after, self._fleet.clock, lambda: self.runner.state, self.runner.record)
        caller.start()
        return caller

    async def _looked_at(self, person: Person) -> None:
        """Look and decide; where somebody says no-go meanwhile, nothing that is still looked at is waited for."""
        looking = asyncio.ensure_future(self._look_and_decide(person))
        try:
            while not looking.done() and self.runner.state.go is not False:
                await asyncio.wait((looking,), timeout=TURN)
            if looking.done():
                looking.result()
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look_and_decide(self, person: Person) -> None:
        runner = self.runner
        inputs = await input_for(self._fleet, runner.state.request, runner.state.run)
        self.preflight = Preflight(inputs, runner, self._fleet.clock, self._announcer)
        if await self.preflight.look():
            await self.preflight.decide(person)
            if runner.environment.checks or any(check.status == "waiting" for check in runner.state.checks):
                runner.accompany(self.preflight.wait_for_checks(person))
