"""What each kind of step does to the outside: one function for each kind.

Knows the ports and the texts that run on a host; never whether a step may run, or what its end means for the run.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from console.core import scripts
from console.core.lanes import gates_of
from console.core.shell import filled
from console.model.events import GateJudged, StepFinished, StepStatus
from console.model.fleet import Command, Environment, Host, Variable
from console.model.plan import Step
from console.model.release import Package
from console.model.secret import Secret
from console.model.state import RunState
from console.ports import Gates, Output, RemoteStep, Shipper, StepResult, Steps, Workshop
from console.text import Lines, SafeText

TAIL = 20
MONITOR_ROUND = 1.0


@dataclass
class Tools:
    """The ports that steps use, and what they say aloud."""

    steps: Steps
    shipper: Shipper
    workshop: Workshop
    gates: Gates
    tell: Callable[[Output], None]
    judged: Callable[[GateJudged], None]
    now: Callable[[], str]
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    package: Package | None = None
    at_once: int = 32
    """Releases on their way to hosts at the same time."""

    def __post_init__(self) -> None:
        self.shipping = asyncio.Semaphore(self.at_once)
        self.packing = asyncio.Lock()


@dataclass
class Task:
    """One attempt at a step, with what it needs to know."""

    environment: Environment
    state: RunState
    step: Step
    attempt: int
    tools: Tools
    lines: Lines = field(default_factory=Lines)
    tail: list[SafeText] = field(default_factory=list)

    @property
    def host(self) -> Host:
        """The step's host."""
        found = self.environment.host(self.step.host)
        if found is None:
            raise LookupError(self.step.host)
        return found

    @property
    def path(self) -> str:
        """The application's folder there."""
        return self.environment.path_on(self.host)

    @property
    def epoch(self) -> str:
        """The lock's folder that the step is fenced by."""
        return epoch_of(self.state)

    def hear(self, data: bytes) -> None:
        """Take output: to whoever listens, and the last lines for the record."""
        self._say(self.lines.feed(data))

    def _say(self, lines: list[SafeText]) -> None:
        for line in lines:
            self.tools.tell(Output(self.tools.now(), self.step.host, self.step.name, line))
        self.tail = [*self.tail, *lines][-TAIL:]

    def finished(self, result: StepResult, seconds: float) -> StepFinished:
        """The event that the attempt ended with."""
        self._say(self.lines.end())
        tail = () if result.status == "done" else tuple(self.tail)
        return StepFinished(
            step=self.step.name, host=self.step.host, attempt=self.attempt, status=result.status, code=result.code, seconds=round(seconds, 3),
            detail=result.detail, hint=result.hint, tail=tail,
        )  # fmt: skip


def epoch_of(state: RunState) -> str:
    """The lock's folder name: the run, and how often it was taken up."""
    return f"{state.run}.{state.epoch}"


async def perform(task: Task) -> StepFinished:
    """Carry the attempt out to its end."""
    began = time.monotonic()
    result = await _KINDS[task.step.kind](task)
    return task.finished(result, time.monotonic() - began)


def remote(task: Task, script: str, command: Command | None = None) -> RemoteStep:
    """The attempt as a durable step for its host."""
    cancel = filled(command.cancel, values_of(task)) if command and command.cancel else ""
    return RemoteStep(
        path=task.path, run=task.state.run, epoch=task.epoch, name=task.step.name, attempt=task.attempt, script=script,
        timeout=task.step.timeout, cancel=cancel, idempotent=task.step.idempotent,
    )  # fmt: skip


def values_of(task: Task) -> dict[str, str]:
    """What the placeholders stand for on that host."""
    state, host = task.state, task.host
    release = state.release
    live = state.hosts.get(host.name)
    goes_back = task.step.phase == "rollback" and live is not None
    return {
        "host": host.name,
        "address": host.address or host.name,
        "server": host.server or host.name,
        "version": str(live.before_version) if goes_back and live else str(release.version if release else live.version if live else ""),
        "commit": release.commit if release else "",
        "release": task.step.release,
        "previous": live.before if live else "",
        "shared": f"{task.path}/shared",
        "run": state.run,
        "env": task.environment.name,
    }


def variables_of(environment: Environment, secrets: Mapping[str, Secret]) -> dict[str, str]:
    """The variables of commands, secrets in the clear: for a standard input, and nothing else."""

    def text(name: str, value: Variable) -> str:
        return value if isinstance(value, str) else secrets[name].reveal()

    return {name: text(name, value) for name, value in environment.variables.items()}


async def _build(task: Task) -> StepResult:
    state = task.state
    if state.revision is None or state.release is None:
        return StepResult("failed", detail=SafeText("no commit was resolved"))
    return await task.tools.workshop.build(task.environment, state.revision, state.release, task.hear)


async def _pack(task: Task) -> StepResult:
    state = task.state
    if state.revision is None or state.release is None:
        return StepResult("failed", detail=SafeText("no commit was resolved"))
    packed = await task.tools.workshop.pack(task.environment, state.revision, state.release)
    if isinstance(packed, StepResult):
        return packed
    task.tools.package = packed
    return StepResult("done", detail=SafeText(f"{packed.files} files, {packed.size} bytes"))


async def _ship(task: Task) -> StepResult:
    async with task.tools.packing:
        packed = await _pack(task) if task.tools.package is None else StepResult("done")
    if task.tools.package is None:
        return packed
    async with task.tools.shipping:
        shipped = await task.tools.shipper.ship(
            task.host, task.path, task.epoch, task.step.release, task.tools.package, deadline=task.step.timeout
        )
    if shipped.status != "done":
        return shipped
    link = scripts.link_shared(task.path, task.step.release, task.environment.shared)
    return await task.tools.steps.perform(task.host, remote(task, link), task.hear)


async def _command(task: Task) -> StepResult:
    command = task.step.command
    if command is None:
        return StepResult("failed", detail=SafeText("the step has no command"))
    folder = f"{task.path}/releases/{task.step.release}" if task.step.release else f"{task.path}/current"
    values = values_of(task)
    named = {f"DEPLOY_{name.upper()}": value for name, value in values.items()}
    variables = {**named, **variables_of(task.environment, task.tools.secrets)}
    script = scripts.user_command(folder, variables, Command(filled(command.run, values), command.run_as, command.timeout))
    return await task.tools.steps.perform(task.host, remote(task, script, command), task.hear)


async def _switch(task: Task) -> StepResult:
    host = task.state.hosts[task.host.name]
    restart = task.environment.command(task.host, "restart")
    words = filled(restart.run, values_of(task)) if restart else ""
    script = scripts.switch(task.path, task.epoch, task.step.release, host.release, words)
    return await task.tools.steps.perform(task.host, remote(task, script), task.hear)


async def _remove(task: Task) -> StepResult:
    script = scripts.remove_current(task.path, task.epoch, task.state.hosts[task.host.name].release)
    return await task.tools.steps.perform(task.host, remote(task, script), task.hear)


async def _prune(task: Task) -> StepResult:
    before = task.state.hosts[task.host.name].before
    protect = tuple(release for release in (task.step.release, before) if release)
    script = "\n".join(
        [
            scripts.mark_healthy(task.path, task.state.run, task.step.release),
            scripts.prune(task.path, task.environment.keep, protect, task.state.run),
        ]
    )
    return await task.tools.steps.perform(task.host, remote(task, script), task.hear)


async def _gate(task: Task) -> StepResult:
    checks = gates_of(task.environment, task.host)
    results = await asyncio.gather(*(_judge(task, number) for number in range(len(checks))))
    worst = next((result for result in results if result.status == "failed"), None)
    return worst or next((result for result in results if result.status != "done"), StepResult("done"))


async def _judge(task: Task, number: int) -> StepResult:
    check = gates_of(task.environment, task.host)[number]
    found = await task.tools.gates.watch(task.environment, task.host, check, values_of(task))
    task.tools.judged(
        GateJudged(
            step=task.step.name, host=task.host.name, verdict=found.verdict, check=check.name, passes=found.passes, needed=found.needed,
            seconds=round(found.seconds, 3), seen=found.seen,
        )
    )  # fmt: skip
    if found.verdict == "passed":
        return StepResult("done")
    status: StepStatus = "unknown" if found.verdict == "error" else "failed"
    expected = f"{found.passes} of {found.needed} passes in {found.seconds:.0f} s"
    return StepResult(status, detail=SafeText(f"{check.name}: {found.seen}; {expected}"))


async def _monitor(task: Task) -> StepResult:
    ends = time.monotonic() + task.environment.monitor
    while True:
        bad = await _unhealthy(task)
        if bad:
            return StepResult("failed", detail=SafeText(f"within the monitoring window: {bad}"))
        if time.monotonic() >= ends:
            return StepResult("done")
        await asyncio.sleep(min(MONITOR_ROUND, max(0.0, ends - time.monotonic())))


async def _unhealthy(task: Task) -> str:
    """What is unhealthy now and stays so through a gate's own patience."""
    hosts = [host for host in task.environment.hosts if task.state.hosts.get(host.name) and task.state.hosts[host.name].condition == "new"]
    for host in hosts:
        for check in gates_of(task.environment, host):
            values = {"host": host.name, "address": host.address or host.name, "server": host.server or host.name}
            first = await task.tools.gates.once(task.environment, host, check, values)
            if first.verdict == "failed":
                again = await task.tools.gates.watch(task.environment, host, check, values)
                if again.verdict == "failed":
                    return f"{host.name}: {check.name}: {again.seen}"
    return ""


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
}
