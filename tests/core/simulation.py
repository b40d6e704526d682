"""A run without an outside: steps end as a script says, time moves only when nothing else does. For properties of the core."""

from collections.abc import Callable
from dataclasses import dataclass, field

from console.core.kinds.kind_table import KINDS
from console.core.plan.database_plan import plan_restore
from console.core.plan.planner import plan_catch_up, plan_release, plan_restart
from console.core.plan.return_plan import plan_way_back
from console.core.run.decide import decide
from console.core.run.evolve import evolve
from console.core.run.ready_steps import running_steps
from console.model import events as ev
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Backup
from console.model.effects import AskHosts, CancelStep, RecordEvent, StartStep, TakeLocks, TakeOut, WakeAt
from console.model.host import Host
from console.model.host_commands import Command
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan, ReturnTarget, Step
from console.model.request import Person, Request, RunKind
from console.model.state import RunState
from console.model.strategy import Rolling
from console.model.values import changed
from console.safe_text import SafeText

ADA = Person("ada", 1000)
LOST = ("unknown", "unreachable")
OLD, NEW = "20260101T000000Z-aaaaaaa", "20260102T000000Z-bbbbbbb"


def an_environment(hosts: int, batch: int = 1, **rolling: object) -> Environment:
    """A fleet of that size with a restart and a gate."""
    return Environment(
        app="shop",
        name="production",
        path="/srv/shop",
        hosts=tuple(Host(f"web{number:02}") for number in range(1, hosts + 1)),
        commands={"restart": Command("restart"), "install": Command("install")},
        health=(HealthCheck("web", "tcp", port=80),),
        rolling=Rolling(batch=(NumberOfHosts(count=batch),), **rolling),  # type: ignore[arg-type]
    )


def plan_of(environment: Environment, kind: RunKind) -> Plan:
    """What a run of that kind would do to the whole fleet."""
    names = tuple(host.name for host in environment.hosts)
    if kind == "restart":
        return plan_restart(environment, environment.hosts, dict.fromkeys(names, OLD))
    if kind == "catch-up":
        return plan_catch_up(environment, environment.hosts, NEW, frozenset(), frozenset(), "")
    if kind == "rollback":
        return plan_way_back(environment, dict.fromkeys(names, OLD))
    if kind == "restore":
        holding = changed(environment, database=Database("command", restore=Command("restore")))
        return plan_restore(holding, environment.hosts, "r0", Backup("r0", "2026-01-01T00:00:00Z", names[0]))
    return plan_release(environment, environment.hosts, NEW, frozenset())


def opening(environment: Environment, kind: RunKind = "deploy") -> tuple[ev.Event, ...]:
    """The events up to a GO."""
    names = tuple(host.name for host in environment.hosts)
    plan = plan_of(environment, kind)
    rolling = environment.rolling
    return (
        ev.RunOpened(
            run="r1", kind=kind, app="shop", environment="production", protected=False, by=ADA, request=Request(kind=kind, yes=True), config_digest="d",
            hosts=names, on_failure=KINDS[kind].failure_rule(rolling.on_failure), max_failures=rolling.max_failures, pause_after=rolling.pause_after,
        ),
        *(ev.HostSeen(host=name, release=OLD) for name in names),
        ev.PlanMade(plan=plan, way_back=tuple(ReturnTarget(name, OLD) for name in names)),
        ev.Decided(go=True, by=ADA),
        ev.LocksTaken(epoch=1),
    )  # fmt: skip


@dataclass
class Simulation:
    """Runs the core against a script of how steps end."""

    environment: Environment
    ending: Callable[[Step, int], str]
    """How a step's attempt ends: done, failed, unknown, …"""
    events: list[ev.Event] = field(default_factory=list)
    state: RunState = RunState()
    watch: Callable[[RunState], None] = lambda state: None
    says: Callable[[Step], str] | None = None
    """What a step says of its end; None: how it ended."""
    now: float = 0.0
    hour: int = 0
    dead: set[str] = field(default_factory=set)
    """Hosts that give no answer any more."""
    boot: str = "boot"

    @property
    def at(self) -> str:
        """The wall time: the day's hour, and what has gone by since."""
        return f"2026-01-02T{self.hour + int(self.now) // 3600:02}:{int(self.now) // 60 % 60:02}:{int(self.now) % 60:02}Z"

    def record(self, *events: ev.Event) -> None:
        """Fold events as the runner does."""
        for event in events:
            stamped = ev.stamped(event, self.state.seq + 1, self.at, self.now, self.boot)
            self.events.append(stamped)
            self.state = evolve(self.state, stamped)
            self.watch(self.state)

    def turn(self) -> bool:
        """Carry out one answer of decide; whether anything came of it."""
        before = len(self.events)
        for effect in decide(self.environment, self.state, self.now):
            match effect:
                case RecordEvent(event):
                    self.record(event)
                case StartStep(step, attempt):
                    self.record(ev.StepStarted(step=step.name, host=step.about, attempt=attempt))
                case CancelStep(step, _) if step.kind == "gate":
                    self.finish(step)
                case CancelStep(step, attempt):
                    status = "unknown" if step.about in self.dead else "cancelled"
                    self.cancelled(step, status)
                    self.record(ev.StepFinished(step=step.name, host=step.about, attempt=attempt, status=status))  # type: ignore[arg-type]
                case WakeAt(mono):
                    self.now = max(self.now, mono)
                    return True
                case AskHosts(hosts):
                    silent = [name for name in hosts if name in self.dead]
                    self.record(*(ev.HostFailed(host=name, condition="unreachable", reason=SafeText("no answer")) for name in silent))
                    self.record(ev.HostsAnswered(hosts=tuple(name for name in hosts if name not in self.dead)))
                case TakeOut(hosts):
                    self.take_out(hosts)
                case TakeLocks():
                    self.record(ev.LocksTaken(epoch=1))
        return len(self.events) > before

    def take_out(self, hosts: tuple[str, ...]) -> None:
        """Take hosts out of the traffic."""
        balancers = [one.name for one in self.environment.balancers] or ["lb01/shop"]
        self.record(*(ev.TrafficChanged(host=name, balancer=balancer, mark="drained") for name in hosts for balancer in balancers))

    def cancelled(self, step: Step, status: str) -> None:
        """A step is ended where it runs, and that is about to be written down."""

    def finish(self, step: Step) -> None:
        """End a step that runs, as the script says."""
        self.now += 1.0
        attempt = self.state.step_state(step).attempt
        for name in self.dead if step.kind == "monitor" else ():
            self.record(ev.HostFailed(host=name, condition="unreachable", reason=SafeText("within the monitoring window: no answer")))
        is_dead = step.place in self.dead
        status = ("unknown" if step.kind == "gate" else "unreachable") if is_dead else self.ending(step, attempt)
        words = SafeText(self.says(step) if self.says and status != "done" else status)
        self.record(ev.StepFinished(step=step.name, host=step.about, attempt=attempt, status=status, seconds=1.0, detail=words, lost=status in LOST))  # type: ignore[arg-type]

    def run(self, choose: Callable[[tuple[Step, ...]], Step] = lambda steps: steps[0], limit: int = 5000) -> RunState:
        """Go on until nothing more happens by itself."""
        for _ in range(limit):
            if self.turn():
                continue
            running = running_steps(self.state)
            if not running:
                return self.state
            self.finish(choose(running))
        raise AssertionError("the run does not come to rest")
