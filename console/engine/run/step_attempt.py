"""One attempt at a step, and what it works with: the ports, the host, the placeholders, the durable step that it becomes. Knows no kind of step."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from console.core.host.release_scripts import folder_on, user_command
from console.core.host.shell import filled
from console.engine.metrics.metrics_sampler import NoMeasurements
from console.engine.run.shared_balancer import SharedBalancer
from console.engine.run.shipping_progress import ShippingProgress
from console.model.application_metrics import Series, Unreadable
from console.model.configured_environment import Environment
from console.model.events import Event, MaintenanceChanged, StepFinished
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import MaintenanceVerb
from console.model.measurements import Measurements
from console.model.plan import Step
from console.model.release_facts import Package
from console.model.secret import Secret, Variable
from console.model.state import RunState
from console.model.values import changed
from console.ports.balancer_port import Counts
from console.ports.clock import Clock
from console.ports.database_view import DatabaseView
from console.ports.feed import Output
from console.ports.gates import CriticalPaths, Gates
from console.ports.metric_source import Scraper
from console.ports.release_source import Workshop
from console.ports.steps import DurableStepPort, RemoteStep, Shipper, StepResult
from console.safe_text import Lines, SafeText

TAIL = 20
Maintain = Callable[[MaintenanceVerb, RunState, Callable[[str, SafeText], None]], Awaitable[tuple[StepResult, MaintenanceChanged | None]]]


async def never_over(run: str) -> bool:
    """Say that no other run has ended, as far as is known."""
    return False


class NoScraper:
    """Stands where no metrics are read."""

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        """Say that there is nothing to read."""
        return Unreadable(SafeText(f"nothing reads {url}"))


@dataclass
class Tools:
    """The ports that steps use, and what they say aloud."""

    steps: DurableStepPort
    shipper: Shipper
    workshop: Workshop
    gates: Gates
    tell: Callable[[Output], None]
    record: Callable[[Event], None]
    now: Callable[[], str]
    live: Callable[[], RunState]
    """The run as it is now; a task's own state is as it was when the task began."""
    clock: Clock
    database: DatabaseView
    write: Callable[[Event], Awaitable[object]]
    """Records an event, and returns once it is on the disk."""
    balancers: tuple[SharedBalancer, ...] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    maintain: Maintain | None = None
    """Switches maintenance mode for the run; None: nothing can."""
    package: Package | None = None
    counters: tuple[Counts, ...] = ()
    scraper: Scraper = field(default_factory=NoScraper)
    measurements: Measurements = field(default_factory=NoMeasurements)
    """What was measured lately, of everything that the file names."""
    critical: CriticalPaths | None = None
    """Tries critical paths; None: nothing can."""
    is_over: Callable[[str], Awaitable[bool]] = never_over
    """Whether a run that holds something has ended."""
    at_once: int = 128
    """Releases on their way to hosts at the same time."""

    def __post_init__(self) -> None:
        self.shipping = asyncio.Semaphore(self.at_once)
        self.packing = asyncio.Lock()
        self.progress = ShippingProgress(self.clock, self.record)


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

    @cached_property
    def host(self) -> Host:
        """The host that the step runs on."""
        name = self.step.place
        found = self.environment.host(name)
        if found is None:
            raise LookupError(name)
        return found

    @cached_property
    def path(self) -> str:
        """The application's folder on the step's host; it may differ from host to host."""
        return self.environment.path_on(self.host)

    @property
    def epoch(self) -> str:
        """The lock's folder that the step is fenced by."""
        return epoch_of(self.state)

    def hear(self, data: bytes) -> None:
        """Take output: to whoever listens, and the last lines for the record."""
        self._say(self.lines.feed(data))

    def say(self, words: SafeText) -> None:
        """Say something of the console's own about the step, among its output."""
        self._say([words])

    def _say(self, lines: list[SafeText]) -> None:
        for line in lines:
            self.tools.tell(Output(self.tools.now(), self.step.about, self.step.name, line))
        self.tail = [*self.tail, *lines][-TAIL:]

    def finished(self, result: StepResult, seconds: float) -> StepFinished:
        """The event that the attempt ended with."""
        self._say(self.lines.end())
        tail = () if result.status == "done" else tuple(self.tail)
        return StepFinished(
            step=self.step.name, host=self.step.about, attempt=self.attempt, status=result.status, code=result.code, seconds=round(seconds, 3),
            detail=result.detail, hint=result.hint, tail=tail, lost=result.status in ("unknown", "unreachable") or not result.began,
        )  # fmt: skip


def values_for(host: Host) -> dict[str, str]:
    """What a health check's placeholders stand for on that host, whatever runs there."""
    return {"host": host.name, "address": host.address or host.name, "server": host.server or host.name}


def values_outside_run(environment: Environment, host: Host, fact: HostFacts) -> dict[str, str]:
    """What the placeholders stand for outside a run."""
    live = fact.release(fact.current)
    return {
        "host": host.name, "address": host.address or host.name, "server": host.server or host.name, "version": str(live.version) if live else "",
        "commit": live.commit if live else "", "release": fact.current, "previous": "", "shared": f"{environment.path_on(host)}/shared", "run": "",
        "env": environment.name,
    }  # fmt: skip


def epoch_of(state: RunState) -> str:
    """The lock's folder name: the run, and how often it was taken up."""
    return f"{state.run}.{state.epoch}"


def remote(task: Task, script: str) -> RemoteStep:
    """The attempt as a durable step for its host. Its command is cancelled as it says itself: in the same folder, as the same user, with its variables."""
    command = task.step.command
    cancel = command_script(task, changed(command, run=command.cancel)) if command and command.cancel else ""
    return RemoteStep(
        path=task.path, run=task.state.run, epoch=task.epoch, name=task.step.name, attempt=task.attempt, script=script,
        timeout=task.step.timeout, cancel=cancel, idempotent=task.step.idempotent,
        output=task.environment.output, goes_back=task.step.phase == "rollback",
    )  # fmt: skip


def command_script(task: Task, command: Command) -> str:
    """A command of the file as the step's host runs it: in the folder of the step's release, with DEPLOY_* and the application's variables."""
    values = values_of(task)
    folder = folder_on(task.path, task.step.release)
    return user_command(folder, command_variables(task, values), changed(command, run=filled(command.run, values)))


def command_variables(task: Task, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a command of the file: DEPLOY_* by those values, and the application's own."""
    return {**{f"DEPLOY_{name.upper()}": value for name, value in values.items()}, **variables_of(task.environment, task.tools.secrets)}


def values_of(task: Task) -> dict[str, str]:
    """What the placeholders stand for on that host: those of the release that the step works with."""
    return values_on(task, task.host)


def values_on(task: Task, host: Host) -> dict[str, str]:
    """What fills a command's placeholders when the step is carried out at another host than the one it is about."""
    return _values(task, host, task.step.release, goes_back=task.step.phase == "rollback")


def values_of_return(task: Task) -> dict[str, str]:
    """The same for whoever takes the host back from there by hand."""
    known = task.state.hosts.get(task.host.name)
    return values_of(task) if task.step.phase == "rollback" else _values(task, task.host, known.before if known else "", goes_back=True)


def _values(task: Task, host: Host, target: str, *, goes_back: bool) -> dict[str, str]:
    state = task.state
    live = state.hosts.get(host.name)
    version, commit = _named_back(state, host.name) if goes_back and live else _named_forward(state, host.name)
    return {
        **values_for(host),
        "version": version,
        "commit": commit,
        "release": target,
        "previous": live.before if live else "",
        "shared": f"{task.environment.path_on(host)}/shared",
        "run": state.run,
        "env": task.environment.name,
    }


def _named_forward(state: RunState, host: str) -> tuple[str, str]:
    """Version and commit that the run brings; for a restart, those that are live."""
    release, live = state.release, state.hosts.get(host)
    if release is not None:
        return str(release.version), release.commit
    way = state.way(host)
    return str(live.version if live else ""), way.commit if way else ""


def _named_back(state: RunState, host: str) -> tuple[str, str]:
    """Version and commit that a host goes back to: what it had before the run, or where a rollback of its own takes it."""
    way = state.way(host)
    return (str(way.version), way.commit) if way is not None and way.release else (str(state.hosts[host].before_version), "")


def variables_of(environment: Environment, secrets: Mapping[str, Secret]) -> dict[str, str]:
    """The variables of commands, secrets in the clear: for a standard input, and nothing else."""

    def text(name: str, value: Variable) -> str:
        return value if isinstance(value, str) else secrets[name].reveal()

    return {name: text(name, value) for name, value in environment.variables.items()}
