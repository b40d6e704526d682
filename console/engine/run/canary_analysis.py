"""The step that judges new hosts against old ones: it counts, block after block, until the core says that it is over.

The health of new hosts is watched beside it.
What the counts mean and when it is over is `core/`'s. An engine that takes the run up goes on with the blocks of the record.
"""

import asyncio
import math

from console.core.analysis.judged_metrics import criteria_of, judged_metrics
from console.core.analysis.sequential import begun, reading_of, taken
from console.core.run.canary_verdict import AnalysisCourse, block_seconds, sides_of, standing_of
from console.engine.run.request_counts import CountedRequests, RequestCounts
from console.engine.run.step_attempt import Task
from console.engine.run.window_health import Monitoring
from console.model.analysis import Block, Sequence
from console.model.events import AnalysisSeen, Paused
from console.model.state import AnalysisState
from console.model.values import changed
from console.ports.steps import StepResult

SLICE = 0.25
"""Seconds after which a promotion is seen."""


class CanaryAnalysis:
    """One attempt at the step that holds new hosts against old ones. Its counts are events, so that another engine goes on with them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._tools = task.tools
        self._clock = task.tools.clock
        self._sequences: dict[str, Sequence] = {}
        known = self._known()
        self._counts = RequestCounts(task, {one.metric: one.bound for one in known.readings if one.bound is not None})
        self._seconds = block_seconds(task.environment, is_scraped=self._counts.is_scraped)
        self._beside: asyncio.Task[None] | None = None
        self._began = task.tools.live().step_state(task.step).started or task.tools.clock.mono()

    async def run(self) -> StepResult:
        """Judge until the core says that it is over."""
        self._beside = asyncio.create_task(self._watch_health())
        try:
            await self._remember()
            return await self._judge()
        finally:
            self._beside.cancel()
            await asyncio.gather(self._beside, return_exceptions=True)

    def _known(self) -> AnalysisState:
        return self._tools.live().analyses.get(self._task.step.name, AnalysisState())

    async def _remember(self) -> None:
        """Take every block of the record, in its order."""
        for metric in judged_metrics(self._task.environment):
            self._sequences[metric] = begun(criteria_of(self._task.environment, metric))
            for block in self._known().blocks.get(metric, ()):
                self._take(metric, block)
                await asyncio.sleep(0)

    def _take(self, metric: str, block: Block) -> None:
        self._sequences[metric] = taken(self._sequences[metric], block)

    async def _judge(self) -> StepResult:
        await self._counts.look(*sides_of(self._tools.live()))
        while True:
            await self._wait()
            if ended := self._ended(self._standing()):
                return ended
            self._say(await self._counts.look(*sides_of(self._tools.live())))
            if ended := self._ended(self._standing()):
                return ended

    async def _wait(self) -> None:
        until = self._clock.mono() + self._seconds
        while (left := until - self._clock.mono()) > 0 and not self._known().promoted:
            if self._beside is not None and self._beside.done():
                self._beside.result()  # nothing is judged while nobody watches whether hosts are well
            await self._clock.sleep(min(SLICE, left))

    def _standing(self) -> AnalysisCourse:
        return standing_of(self._task.environment, self._tools.live(), self._task.step, self._began, self._clock.mono())

    def _say(self, seen: CountedRequests) -> None:
        for metric, blocks in seen.blocks.items():
            for block in blocks:
                self._take(metric, block)
        readings = tuple(
            changed(reading_of(sequence, criteria_of(self._task.environment, metric), metric), bound=self._counts.bounds.get(metric))
            for metric, sequence in self._sequences.items()
        )
        self._tools.record(AnalysisSeen(step=self._task.step.name, blocks=seen.blocks, readings=readings, problems=seen.problems))

    def _ended(self, standing: AnalysisCourse) -> StepResult | None:
        match standing.course:
            case "passed" | "proceed":
                return StepResult("done", detail=standing.words)
            case "worse" | "rollback":
                return StepResult("failed", detail=standing.words)
            case "pause" if self._tools.live().pausing is None:
                self._tools.record(Paused(reason=standing.words, cause="inconclusive"))
        return None

    async def _watch_health(self) -> None:
        """A new host that is not well fails by itself, whatever was counted."""
        while True:
            await Monitoring(self._task, math.inf, "while new hosts were judged").run()
            await self._clock.sleep(SLICE)
