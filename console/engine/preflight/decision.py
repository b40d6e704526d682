"""A run's pre-flight and its decision: what was found is written down, GO is on what is true now. What is looked at is `findings`'."""

import asyncio
from dataclasses import replace

from console.core.checks.announcement import assess_delivery
from console.core.checks.configured import asks_again, still_waiting
from console.core.checks.fleet import blocking_reasons, overridden
from console.core.checks.team import assess_team, is_same, needed_operators
from console.core.host_selection import chosen_hosts
from console.core.kinds.kind_table import asked_again, looked_at_with
from console.core.run.accept import accept
from console.core.run.second_look import changes_since
from console.engine.pacing import HoldLimit
from console.engine.preflight.configured_checks import verdict
from console.engine.preflight.dry_run import check_exit
from console.engine.preflight.findings import prepare, prepare_again, subject_of
from console.engine.preflight.preflight_input import PreflightInput
from console.engine.run.runner import Runner
from console.engine.run.send_announcements import Announcer
from console.errors import Locked
from console.exit_codes import Exit
from console.model.checks import Check
from console.model.commands import Accepted, Decide, Refusal
from console.model.configured_checks import CheckSpec
from console.model.events import CheckReported, Decided, OperatorJoined
from console.model.request import Person
from console.ports.clock import Clock
from console.safe_text import SafeText

FRESH = 60.0
"""Seconds that a look at the fleet is good for."""
AGAIN = 5.0
"""Seconds until a check that waits is asked again for the first time."""
TURN = 1.0
"""Seconds between two looks at what waits."""


class Preflight:
    """One run's, from the first look to the decision."""

    def __init__(self, inputs: PreflightInput, runner: Runner, clock: Clock, announcer: Announcer | None = None) -> None:
        self._survey = inputs
        self._runner = runner
        self._clock = clock
        self._announcer = announcer
        self._looked = clock.mono()
        self._began = clock.mono()
        self._going = asyncio.Lock()

    async def look(self) -> bool:
        """Write down what is found, as it is found; False where somebody decided meanwhile. Raises ConsoleError for what ends it at once."""
        self._looked = self._clock.mono()
        hold = HoldLimit()
        async for event in prepare(self._now()):
            if self._runner.state.go is not None:
                return False
            self._runner.record(event)
            await hold.pause_if_due()
        await self._runner.settled()
        if self._runner.state.request.yes:
            await self._changed_since()
        return self._runner.state.go is None

    def _now(self) -> PreflightInput:
        ticked = {check.id: check for check in self._runner.state.checks if check.by}
        return replace(self._survey, now=self._clock.now(), ticked=ticked, by=self._runner.state.by, joined=self._runner.state.joined)

    def joined(self, person: Person) -> None:
        """Hear that an operator has joined: whoever is new, and not the starter, counts."""
        runner = self._runner
        state = runner.state
        if state.go is not None or state.phase not in ("preflight", "deciding") or any(is_same(person, one) for one in (state.by, *state.joined)):
            return
        runner.record(OperatorJoined(by=person))
        if any(check.id == "team" for check in state.checks):
            check = assess_team(needed_operators(runner.environment.team_required, state.request.impact), state.by, runner.state.joined)
            runner.record(CheckReported(check=overridden((check,), state.request.overrides)[0]))

    @property
    def _waits(self) -> bool:
        """Whether checks that may still come true are waited for."""
        patience = self._runner.state.request.wait_for_person
        return patience is None or self._clock.mono() - self._began < patience

    async def decide(self, person: Person) -> None:
        """Say no-go where a check blocks, GO where it was asked for beforehand; else it waits for a person. Raises Locked."""
        state = self._runner.state
        blocking = [check for check in state.checks if check.blocks]
        if state.go is not None:
            return
        if check_exit(blocking, planned=state.plan is not None) is Exit.LOCKED:
            raise Locked(f"{blocking[0].title}: {blocking[0].detail}", str(blocking[0].remedy))
        if state.plan is not None and blocking and self._waits and all(check.status == "waiting" for check in blocking):
            return
        if blocking or state.plan is None:
            reasons = blocking_reasons(state.checks) or (SafeText("no host was reached"),)
            await self._runner.write(Decided(go=False, by=person, reasons=reasons, overrides=state.request.overrides))
        elif state.request.yes:
            problems = await self._untold()
            if self._runner.state.go is not None:  # somebody decided while people were told
                return
            hotfix, overrides = SafeText(state.request.hotfix), state.request.overrides
            no_go = Decided(go=False, by=person, reasons=problems, overrides=overrides)
            await self._runner.write(no_go if problems else Decided(go=True, by=person, digest=state.plan.digest, overrides=overrides, hotfix=hotfix))

    async def wait_for_checks(self, person: Person) -> None:
        """Ask checks that wait again, until the decision, and write down what has changed; the run ends where they wait for too long."""
        runner, due = self._runner, dict[str, float]()
        known = {spec.name: spec for spec in runner.environment.checks}
        while runner.state.phase == "deciding" and runner.state.go is None:
            now = self._clock.mono()
            waiting = [check for check in runner.state.checks if asks_again(check) and check.id in known]
            for check in waiting:
                due.setdefault(check.id, now + AGAIN)
            wanted = [check for check in waiting if due[check.id] <= now]
            if wanted:
                await self._ask_again(wanted, known, due)
            await self._decide_on_checks(person)
            await self._clock.sleep(TURN)

    async def _decide_on_checks(self, person: Person) -> None:
        """Decide where what waited has come true, has failed, or has waited for too long; else it stays open."""
        async with self._going:
            state = self._runner.state
            if state.phase == "deciding" and state.go is None and (state.request.yes or any(check.blocks for check in state.checks)):
                await self.decide(person)

    async def _ask_again(self, wanted: list[Check], known: dict[str, CheckSpec], due: dict[str, float]) -> None:
        runner, inputs = self._runner, self._now()
        subject = subject_of(inputs, chosen_hosts(inputs.environment, inputs.request), runner.state.revision)
        if subject is None:
            return
        verdicts = await asyncio.gather(*(verdict(subject, known[check.id]) for check in wanted))
        for check, found in zip(wanted, verdicts, strict=True):
            due[check.id] = self._clock.mono() + max(found.again, TURN)
            now_known = next((one for one in runner.state.checks if one.id == check.id), check)
            seen = still_waiting(check, found.check)
            if runner.state.phase == "deciding" and runner.state.go is None and (seen.status, seen.detail) != (now_known.status, now_known.detail):
                runner.record(CheckReported(check=seen))

    async def go(self, command: Decide, person: Person) -> Accepted | Refusal:
        """Take a GO. One that stands on an old look is looked into again, and refused with what has changed; what blocks now ends the run."""
        runner = self._runner
        async with self._going:
            if isinstance(accept(runner.environment, command, runner.state, person), Refusal):
                return await runner.submit(command, person)
            changes = await self._changed_since()
            if not changes:
                is_decided = runner.state.go is not None  # meanwhile, by somebody else: nobody is told of a release then
                if not is_decided and (problems := await self._untold()):
                    words = f"GO is refused, not everybody was told: {'; '.join(problems)}; mend the channel, or --override announcement=REASON"
                    return Refusal(SafeText(words), SafeText(asked_again(runner.state)))
                return await runner.submit(command, person)
        try:
            await self.decide(person)
        except Locked as fault:
            await runner.fail(fault)
        state = runner.state
        hint = looked_at_with(state) if state.phase == "ended" or state.go is False else "look at it, and say GO again"
        return Refusal(SafeText(f"GO is refused, the fleet is not as it was shown: {'; '.join(changes)}"), SafeText(hint))

    async def _untold(self) -> tuple[SafeText, ...]:
        """Tell people of the release, and return what GO has to heed of that, which is then a check that blocks."""
        problems = await self._announcer.before() if self._announcer else ()
        if (self._announcer and self._runner.state.announced) or problems:
            check = overridden((assess_delivery(problems),), self._runner.state.request.overrides)[0]
            await self._runner.write(CheckReported(check=check))
            return problems if check.blocks else ()
        return ()

    async def _changed_since(self) -> tuple[SafeText, ...]:
        """Look again where the last look is too old, and write down what is found if anything has changed; what that is."""
        runner = self._runner
        if runner.state.phase != "deciding" or self._clock.mono() - self._looked <= FRESH:
            return ()
        looked = self._clock.mono()
        found = await prepare_again(self._now(), runner.state.revision, runner.state.review)
        if runner.state.phase != "deciding" or runner.state.go is not None:
            return ()
        self._looked = looked
        changes = changes_since(runner.state, found)
        if changes:
            await runner.write(*found)
        return changes
