"""A run's pre-flight and its decision: what was found is written down, GO is on what is true now. What is looked at is `prepare`'s."""

import asyncio
from dataclasses import replace

from console.core.accept import accept
from console.core.announcement import assess_delivery
from console.core.preflight import blocking_reasons, overridden
from console.core.second_look import changes_since
from console.engine import questions
from console.engine.announcing import Announcer
from console.engine.prepare import Survey, prepare, prepare_again
from console.engine.runner import Runner
from console.errors import Exit, Locked
from console.model.commands import Accepted, Decide, Refusal
from console.model.events import CheckReported, Decided
from console.model.request import Person
from console.ports import Clock
from console.text import SafeText

FRESH = 60.0
"""Seconds that a look at the fleet is good for."""


class Preflight:
    """One run's, from the first look to the decision."""

    def __init__(self, survey: Survey, runner: Runner, clock: Clock, announcer: Announcer | None = None) -> None:
        self._survey = survey
        self._runner = runner
        self._clock = clock
        self._announcer = announcer
        self._looked = clock.mono()
        self._going = asyncio.Lock()

    async def look(self) -> bool:
        """Write down what is found, as it is found; False where somebody decided meanwhile. Raises ConsoleError for what ends it at once."""
        self._looked = self._clock.mono()
        async for event in prepare(self._survey):
            if self._runner.state.go is not None:
                return False
            self._runner.record(event)
        if self._runner.state.request.yes:
            await self._changed_since()
        return self._runner.state.go is None

    async def decide(self, person: Person) -> None:
        """Say no-go where a check blocks, GO where it was asked for beforehand; else it waits for a person. Raises Locked."""
        state = self._runner.state
        blocking = [check for check in state.checks if check.blocks]
        if state.go is not None:
            return
        if questions.check_exit(blocking, planned=state.plan is not None) is Exit.LOCKED:
            raise Locked(f"{blocking[0].title}: {blocking[0].detail}", str(blocking[0].remedy))
        if blocking or state.plan is None:
            reasons = blocking_reasons(state.checks) or (SafeText("no host was reached"),)
            self._runner.record(Decided(go=False, by=person, reasons=reasons, overrides=state.request.overrides))
        elif state.request.yes and (problems := await self._untold()):
            self._runner.record(Decided(go=False, by=person, reasons=problems, overrides=state.request.overrides))
        elif state.request.yes:
            hotfix = SafeText(state.request.hotfix)
            self._runner.record(Decided(go=True, by=person, digest=state.plan.digest, overrides=state.request.overrides, hotfix=hotfix))

    async def go(self, command: Decide, person: Person) -> Accepted | Refusal:
        """Take a GO. One that stands on an old look is looked into again, and refused with what has changed; what blocks now ends the run."""
        runner = self._runner
        async with self._going:
            if isinstance(accept(runner.environment, command, runner.state, person), Refusal):
                return runner.submit(command, person)
            changes = await self._changed_since()
            if not changes:
                if problems := await self._untold():
                    return Refusal(SafeText(f"GO is refused, not everybody was told: {'; '.join(problems)}"), SafeText("mend the channel, and say GO again"))
                return runner.submit(command, person)
        try:
            await self.decide(person)
        except Locked as fault:
            runner.fail(fault)
        state = runner.state
        hint = f"deploy check {state.environment}" if state.phase == "ended" or state.go is False else "look at it, and say GO again"
        return Refusal(SafeText(f"GO is refused, the fleet is not as it was shown: {'; '.join(changes)}"), SafeText(hint))

    async def _untold(self) -> tuple[SafeText, ...]:
        """Tell people of the release, and return what GO has to heed of that, which is then a check that blocks."""
        problems = await self._announcer.before() if self._announcer else ()
        if (self._announcer and self._runner.state.announced) or problems:
            check = overridden((assess_delivery(problems),), self._runner.state.request.overrides)[0]
            self._runner.record(CheckReported(check=check))
            return problems if check.blocks else ()
        return ()

    async def _changed_since(self) -> tuple[SafeText, ...]:
        """Look again where the last look is too old, and write down what is found if anything has changed; what that is."""
        runner = self._runner
        if runner.state.phase != "deciding" or self._clock.mono() - self._looked <= FRESH:
            return ()
        looked = self._clock.mono()
        found = await prepare_again(replace(self._survey, now=self._clock.now()), runner.state.revision)
        if runner.state.phase != "deciding" or runner.state.go is not None:
            return ()
        self._looked = looked
        changes = changes_since(runner.state, found)
        if changes:
            runner.record(*found)
        return changes
