"""What each kind of step does to the outside: one function for each kind.

Knows the ports and the texts that run on a host; never whether a step may run, or what its end means for the run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from console.core.checks.shared_service import asks_own
from console.core.host import prune_releases, release_scripts
from console.core.host.shell import filled
from console.core.plan.lanes import gates_of
from console.core.plan.maintenance_steps import BACK_ON, PAGE_ON
from console.core.plan.written_releases import is_written_into
from console.engine.run import critical_path_steps, database_steps, drain_and_admit, weigh_steps
from console.engine.run.canary_analysis import CanaryAnalysis
from console.engine.run.reachability import why_silent
from console.engine.run.step_attempt import Task, command_script, remote, values_of, values_of_return
from console.engine.run.window_health import Monitoring
from console.model.configured_checks import HealthCheck
from console.model.events import GateJudged, ReleasePacked, StepFinished, StepStatus
from console.model.release_facts import Package
from console.model.state import RunState
from console.ports.feed import Output
from console.ports.hosts import Move
from console.ports.steps import Sharing, StepResult
from console.safe_text import SafeText


async def perform(task: Task) -> StepFinished:
    """Carry the attempt out to its end."""
    clock = task.tools.clock
    began = clock.mono()
    result = await _KINDS[task.step.kind](task)
    return task.finished(result, clock.mono() - began)


async def _build(task: Task) -> StepResult:
    state = task.state
    if state.revision is None or state.release is None:
        return StepResult("failed", detail=SafeText("no commit was resolved"))
    return await task.tools.workshop.build(task.environment, state.revision, state.release, task.hear, anyway=_ships_anyway(state))


def _ships_anyway(state: RunState) -> bool:
    """Whether its content goes as it is: somebody gave a reason, or it is what the environment has already."""
    return state.kind == "catch-up" or any(check == "content" for check, _ in state.request.overrides)


async def _pack(task: Task) -> StepResult:
    state = task.state
    if state.revision is None or state.release is None:
        return StepResult("failed", detail=SafeText("no commit was resolved"))
    packed = await task.tools.workshop.pack(task.environment, state.revision, state.release, anyway=_ships_anyway(state))
    if isinstance(packed, StepResult):
        return packed
    if problem := _unexpected(task, packed):
        return problem
    task.tools.package = packed
    if state.content != packed.content:
        task.tools.record(ReleasePacked(content=packed.content, files=packed.files, size=packed.unpacked))
    return StepResult("done", detail=SafeText(f"{packed.files} files, {packed.unpacked} bytes"))


def _unexpected(task: Task, packed: Package) -> StepResult | None:
    """Refuse what is not what was packed for other hosts of the run, or not what was verified elsewhere, where that spoke for it."""
    if task.state.content not in ("", packed.content):
        words = f"what was packed now is not what other hosts of this run have: its content is {packed.content[:12]}, theirs {task.state.content[:12]}"
        return StepResult("failed", detail=SafeText(words))
    steps = task.state.plan.steps if task.state.plan else ()
    expected = next((step.expects for step in steps if step.kind == "pack"), "")
    if expected in ("", packed.content):
        return None
    requires, revision = task.environment.requires, task.state.revision
    version = revision.version if revision else task.state.request.ref
    seen = f"the release is not what was verified in {requires}: its content is {packed.content[:12]}, expected {expected[:12]}"
    return StepResult("failed", detail=SafeText(f"{seen}; or --override staging=REASON"), hint=SafeText(f"deploy {requires} --version {version}"))


async def _ship(task: Task) -> StepResult:
    async with task.tools.packing:
        packed = await _pack(task) if task.tools.package is None else StepResult("done")
    if task.tools.package is None:
        return packed
    async with task.tools.shipping:
        shipped = await _sent(task, task.tools.package)
    if shipped.status != "done":
        return shipped
    reuse = release_scripts.copy_reused(task.path, task.step.release, task.environment.reuse)
    link = release_scripts.link_shared(task.path, task.step.release, task.environment.shared)
    return await _own(task, f"{reuse}\n{link}", quick=False) if reuse else await _own(task, link, quick=True)


async def _sent(task: Task, package: Package) -> StepResult:
    hear = task.tools.progress.begin(task.host.name)
    rate = task.state.request.limit_rate or task.environment.limit_rate
    try:
        return await task.tools.shipper.ship(
            task.host, task.path, task.epoch, task.step.release, package, deadline=task.step.timeout, sharing=_sharing(task), limit_rate=rate,
            jump_rate=task.environment.ssh.jump_limit_rate, hear=hear,
        )  # fmt: skip
    finally:
        task.tools.progress.end(task.host.name)


def _sharing(task: Task) -> Sharing:
    """How files of an older release may be used there."""
    environment = task.environment
    return Sharing(links=not is_written_into(environment, task.host), apart=(*environment.shared, *environment.writes))


async def _own(task: Task, script: str, *, quick: bool = False, move: Move | None = None, afterwards: str = "") -> StepResult:
    """Carry out a text of the console's own; where it fails, its last words say why."""
    step = replace(remote(task, script), is_quick=quick, move=move, afterwards=afterwards)
    result = await task.tools.steps.perform(task.host, step, task.hear)
    if result.status != "failed" or result.code is None or not task.tail:
        return result
    return replace(result, detail=SafeText(f"{task.tail[-1]} ({result.detail})"))


async def _command(task: Task) -> StepResult:
    command = task.step.command
    if command is None:
        return StepResult("failed", detail=SafeText("the step has no command"))
    return await task.tools.steps.perform(task.host, remote(task, command_script(task, command)), task.hear)


async def _switch(task: Task) -> StepResult:
    host, back = task.state.hosts[task.step.about], task.step.phase == "rollback"
    restart = task.environment.command(task.host, "restart")
    words = filled(restart.run, values_of_return(task)) if restart else ""
    at = task.tools.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    script = release_scripts.switch(task.path, task.epoch, task.step.release, host.release, words, back=back, at=at)
    if not back:
        return await _own(task, script, quick=True)
    guide = release_scripts.leave_guide(task.path, task.state.run, words)
    return await _own(task, script, quick=True, move=_move_back(task, host.release), afterwards=guide)


def _move_back(task: Task, live: str) -> Move | None:
    """The one rename that takes this run's own switch back; None where there was no release before, or none is live."""
    if not task.step.release or not live:
        return None
    before, now = (release_scripts.folder_on(task.path, release) for release in (task.step.release, live))
    return Move(release_scripts.link_back(task.path, task.epoch), f"{task.path}/current", leads_to=before, replaces=now)


async def _remove(task: Task) -> StepResult:
    return await _own(task, release_scripts.remove_current(task.path, task.epoch, task.state.hosts[task.step.about].release), quick=True)


async def _prune(task: Task) -> StepResult:
    before = task.state.hosts[task.step.about].before
    protect = tuple(release for release in (task.step.release, before) if release)
    script = "\n".join(
        [
            release_scripts.mark_healthy(task.path, task.state.run, task.step.release),
            prune_releases.prune(task.path, task.environment.keep, protect, task.state.run, task.environment.shared),
        ]
    )
    result = await task.tools.steps.perform(task.host, remote(task, script), task.hear)
    if result.status != "unreachable" or await why_silent(task.tools.gates, task.tools.clock, task.host):
        return result
    return await task.tools.steps.perform(task.host, remote(task, script), task.hear)


async def _gate(task: Task) -> StepResult:
    """Watch the host's checks. On a way back those of what hosts share are asked once, and told: recovery waits for nothing that it does not need."""
    checks = gates_of(task.environment, task.host)
    shared = [check for check in checks if task.step.phase == "rollback" and not asks_own(check, task.host)]
    own = [number for number, check in enumerate(checks) if check not in shared]
    results, _ = await asyncio.gather(asyncio.gather(*(_judge(task, number) for number in own)), asyncio.gather(*(_tell(task, check) for check in shared)))
    worst = next((result for result in results if result.status == "failed"), None)
    return worst or next((result for result in results if result.status != "done"), StepResult("done"))


async def _judge(task: Task, number: int) -> StepResult:
    check = gates_of(task.environment, task.host)[number]
    found = await task.tools.gates.watch(task.environment, task.host, check, values_of(task))
    passing = min(found.seconds, (found.passes - 1) * check.interval) if found.verdict == "passed" else 0.0
    task.tools.record(
        GateJudged(
            step=task.step.name, host=task.step.about, verdict=found.verdict, check=check.name, passes=found.passes, needed=found.needed,
            seconds=round(found.seconds, 3), passing=round(passing, 3), seen=found.seen,
        )
    )  # fmt: skip
    if found.verdict == "passed":
        return StepResult("done")
    status: StepStatus = "unknown" if found.verdict == "error" else "failed"
    expected = f"{found.passes} of {found.needed} passes in {found.seconds:.0f} s"
    return StepResult(status, detail=SafeText(f"{check.name}: {found.seen}; {expected}"))


async def _tell(task: Task, check: HealthCheck) -> None:
    """Ask once how something that hosts share is, for the record."""
    found = await task.tools.gates.once(task.environment, task.host, check, values_of(task))
    judged = GateJudged(
        step=task.step.name, host=task.step.about, verdict=found.verdict, check=check.name, passes=found.passes, needed=found.needed,
        seconds=round(found.seconds, 3), seen=found.seen, blocking=False,
    )  # fmt: skip
    task.tools.record(judged)


async def _analysis(task: Task) -> StepResult:
    return await CanaryAnalysis(task).run()


async def _maintain(task: Task) -> StepResult:
    """Have users shown the maintenance page, or take it away; what is so now is on record with it."""
    if task.tools.maintain is None:
        return StepResult("failed", detail=SafeText("this engine cannot switch maintenance mode"))

    def hear(host: str, line: SafeText) -> None:
        task.tools.tell(Output(task.tools.now(), host, task.step.name, line))

    result, change = await task.tools.maintain("on" if task.step.name in (PAGE_ON, BACK_ON) else "off", task.tools.live(), hear)
    if change is not None:
        task.tools.record(change)
    return result


async def _monitor(task: Task) -> StepResult:
    return await Monitoring(task).run()


_KINDS: dict[str, Callable[[Task], Awaitable[StepResult]]] = {
    "build": _build,
    "pack": _pack,
    "ship": _ship,
    "fetch": _command,
    "install": _command,
    "hook": _command,
    "stop": _command,
    "restart": _command,
    "switch": _switch,
    "remove": _remove,
    "prune": _prune,
    "gate": _gate,
    "monitor": _monitor,
    "analysis": _analysis,
    "critical": critical_path_steps.try_path,
    "manual": critical_path_steps.wait_for_tick,
    "maintain": _maintain,
    "backup": database_steps.back_up,
    "migrate": database_steps.migrate,
    "revert": database_steps.migrate,
    "restore": database_steps.restore,
    "drain": drain_and_admit.drain,
    "admit": drain_and_admit.admit,
    "weigh": weigh_steps.weigh,
}
