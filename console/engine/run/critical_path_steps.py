"""The steps of critical paths: one is tried for every host that has the release, or waits until a person has tried it and ticked it off.

Which hosts those are, and what the tries come to, is `core/run/critical_path_verdict.py`'s.
"""

import asyncio
from typing import Final

from console.core.run.critical_path_verdict import AGAIN, TRIES, ended, is_per_host, path_of, tick_words, tried_hosts
from console.engine.run.step_attempt import Task, values_on
from console.model.configured_checks import CriticalPath
from console.model.events import CriticalJudged, Paused
from console.model.host import Host
from console.model.state import CriticalTry
from console.ports.gates import CriticalPaths, PathSeen
from console.ports.steps import StepResult
from console.safe_text import SafeText

AT_ONCE: Final = 16
"""Hosts that a path is tried for at the same time."""
SLICE: Final = 0.25
"""Seconds after which a tick is seen."""


async def try_path(task: Task) -> StepResult:
    """Try the path for each host that has the release, or once for all."""
    path, walks = path_of(task.environment, task.step), task.tools.critical
    if path is None or walks is None:
        return StepResult("unknown", detail=SafeText(f"nothing here can try the critical path {task.step.path}"))
    hosts = tried_hosts(task.environment, task.tools.live(), path, task.step.release)
    per_host, room = is_per_host(path), asyncio.Semaphore(AT_ONCE)

    async def tried(host: Host) -> CriticalTry:
        async with room:
            return await _tried(task, path, walks, host, host.name if per_host else "")

    tries = await asyncio.gather(*(tried(host) for host in (hosts if per_host else hosts[:1])))
    end = ended(path, task.step, tries)
    return StepResult(end.status, detail=end.words)


async def _tried(task: Task, path: CriticalPath, walks: CriticalPaths, host: Host, named: str) -> CriticalTry:
    """Try it for one host, again where it could not be measured, and have that on record."""
    clock = task.tools.clock
    began, tries = clock.mono(), 1
    seen: PathSeen = await walks.walk(task.environment, path, host, values_on(task, host))
    while seen.verdict == "error" and tries < TRIES:
        await clock.sleep(AGAIN)
        tries += 1
        seen = await walks.walk(task.environment, path, host, values_on(task, host))
    seconds = round(clock.mono() - began, 3)
    where = SafeText(seen.where)
    task.tools.record(
        CriticalJudged(
            step=task.step.name, path=path.name, host=named, verdict=seen.verdict, where=where, seen=seen.seen, seconds=seconds, tries=tries,
            blocking=path.blocking,
        )
    )  # fmt: skip
    return CriticalTry(path.name, named, seen.verdict, where, seen.seen, seconds)


async def wait_for_tick(task: Task) -> StepResult:
    """Pause the run until a person has ticked the path off. An engine that takes the run up waits on."""
    step, words = task.step, SafeText(tick_words(path_of(task.environment, task.step), task.step.path))
    while True:
        state = task.tools.live()
        if by := state.ticks.get(step.name):
            return StepResult("done", detail=SafeText(f"ticked off by {by.name}"))
        if step.path in state.request.acks:
            return StepResult("done", detail=SafeText(f"ticked off beforehand by {state.by.name} (--ack)"))
        if state.pausing is None and state.phase == "running" and not (state.aborting or state.superseded_by):
            task.tools.record(Paused(reason=words, cause="manual"))
        await task.tools.clock.sleep(SLICE)
