"""A run of any kind and strategy as chance draws it, from its opening: checks, a decision, endings of every sort, people's commands, engines that die. By a seed."""

from collections.abc import Callable
from random import Random
from typing import Literal, get_args

from console.core.plan.planner import plan_catch_up, plan_release, plan_restart
from console.core.plan.return_plan import plan_way_back
from console.core.plan.shift_plan import plan_shift_back
from console.core.run.accept import accept
from console.core.run.breaches import is_judged
from console.core.run.canary_verdict import analysis_that_runs
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.ready_steps import running_steps
from console.core.run.superseding import makes_way
from console.core.traffic.shares import loads_of
from console.model import commands as cmd
from console.model import events as ev
from console.model.checks import Check
from console.model.commands import AnyCommand, Refusal
from console.model.configured_checks import CheckSpec, CriticalPath
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Review
from console.model.host_commands import Command, Hook
from console.model.http_step import HttpStep
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan, ReturnTarget, Step
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request, RunKind
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.model.strategy import Canary
from console.model.thresholds import BothSides, Breached, Crossed, Threshold, Unmeasured, Within
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.balanced import LB, NAME
from tests.core.machines import Machine, MachinesRun
from tests.core.simulation import ADA, NEW, OLD, Simulation, an_environment, opening, plan_of

KINDS: tuple[RunKind, ...] = get_args(RunKind)
Strategy = Literal["rolling", "canary", "weights", "recreate", "bluegreen"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
"""`weights`: a canary by weight."""
LIN = Person("lin", 1002)
ASKED = "Support knows"
LOGIN = CriticalPath("Login", "http", steps=(HttpStep("GET", "http://{address}/"),))
BUY = CriticalPath("Buy", "manual", prompt="Buy something.")
_ENDS = (cmd.Abort, cmd.RollBack)
"""Said less often than other commands: not much happens in a run after it."""
BADLY = ("failed", "failed", "unknown", "unreachable", "cancelled")
STOPS = {"stop": Command("stop"), "start": Command("start"), "install": Command("install")}
PAGE = {"maintenance_on": Command("on"), "maintenance_off": Command("off")}


def everything_said(state: RunState) -> tuple[AnyCommand, ...]:
    """Every command that somebody could think of now, about every host."""
    plan = state.plan.digest if state.plan else ""
    fleet: tuple[AnyCommand, ...] = (
        cmd.Decide(go=True, digest=plan, typed=state.environment), cmd.Decide(go=False), cmd.Pause(), cmd.Continue(), cmd.Abort(), cmd.Abort(leave=True),
        cmd.RollBack(), cmd.RollBack(how="halves"), cmd.Acknowledge(check=ASKED), cmd.TakeHelm(), cmd.Note(text=SafeText("seen")), cmd.Promote(), cmd.Extend(),
    )  # fmt: skip
    ticks = tuple(cmd.Acknowledge(check=path) for path in open_ticks(state))
    return (*fleet, *ticks, *(verb(host=name) for name in state.hosts for verb in (cmd.Skip, cmd.Retry)))


class DrawnRun(MachinesRun):
    """A run whose fleet, plan and endings are drawn."""

    def __init__(self, kind: RunKind, chance: Random, strategy: Strategy) -> None:
        super().__init__(_draw_environment(kind, chance, strategy), self._ends, chance=chance)
        names = [host.name for host in self.environment.hosts]
        self.kind, self.bad = kind, chance.choice((0.0, 0.03, 0.1, 0.25))
        self.moves = strategy == "bluegreen" and kind in ("deploy", "rollback")
        self.side = [host.name for host in self.environment.hosts if host.color == "green"] if self.moves else names
        """Hosts that the release goes to, or is taken away from."""
        self.both = self.moves and kind == "deploy" and chance.random() < 0.3
        """Both sides serve before it."""
        fresh = names if chance.random() < 0.1 else chance.sample(self.side, chance.choice((0, 0, 1)))
        self.fresh = frozenset(fresh if kind == "deploy" and not self.both else ())
        gone = names if chance.random() < 0.1 and kind == "deploy" else chance.sample(self.side, chance.choice((0, 0, 1)))
        self.gone = frozenset(gone) - self.fresh
        self.machines = {name: self._machine(name) for name in names}
        self.serves = {name for name in names if self._serves_at_first(name)}
        self.at_first = frozenset(self.serves)
        self.before_it = {name: machine.live for name, machine in self.machines.items()}

    def _machine(self, name: str) -> Machine:
        live = "" if name in self.fresh else NEW if self.kind == "rollback" and name in self.side else OLD
        return Machine(live, live)

    def _serves_at_first(self, name: str) -> bool:
        if self.moves and not self.both:
            return (name in self.side) == (self.kind == "rollback")
        return self.kind != "catch-up"

    def _ends(self, step: Step, attempt: int) -> str:
        if self.chance.random() >= self.bad:
            return "done"
        return "held" if step.kind == "weigh" and step.phase != "rollback" else self.chance.choice(BADLY)

    def planned(self) -> Plan:
        """What the run would do."""
        environment, hosts = self.environment, self.environment.hosts
        if self.kind == "restart":
            return plan_restart(environment, hosts, {name: one.live for name, one in self.machines.items()})
        if self.kind == "catch-up":
            return plan_catch_up(environment, hosts, NEW, frozenset(), frozenset(), "")
        if self.kind == "rollback":
            return self._way_back()
        if self.kind != "deploy":
            return plan_of(environment, self.kind)
        aside = frozenset(self.side) & self.at_first if self.both else frozenset()
        page = environment.strategy == "recreate" and "maintenance_on" in environment.commands
        side = tuple(host for host in hosts if host.name in self.side)
        loads = loads_of(environment, (), {})
        return plan_release(environment, side, NEW, self.fresh, _review(environment), page=page, loads=loads, aside=aside)

    def _way_back(self) -> Plan:
        environment, goes = self.environment, {name: OLD for name in self.machines if name not in self.gone}
        if self.moves:
            serve = [name for name in goes if name not in self.side]
            return plan_shift_back(environment, serve, self.side, gated=True, restarts=self.chance.random() < 0.3)
        how = self.chance.choice(("", "at-once", "halves"))
        return plan_way_back(environment, goes, how, together=environment.strategy == "recreate" and how != "halves")

    def ways(self) -> tuple[ReturnTarget, ...]:
        """Where hosts would go back to."""
        return tuple(
            ReturnTarget(name, "" if name in self.fresh else OLD, possible=name not in self.gone, reason=SafeText("damaged" if name in self.gone else ""))
            for name in self.machines
        )


def _draw_environment(kind: RunKind, chance: Random, strategy: Strategy) -> Environment:
    environment = an_environment(
        chance.randint(2 if strategy == "bluegreen" else 1, 4), chance.randint(1, 3), max_failures=chance.randint(0, 2),
        on_failure=chance.choice(("rollback", "pause", "stop")), pause_after=chance.choice((0, 0, 1, 2)),
    )  # fmt: skip
    half = len(environment.hosts) // 2
    hosts = tuple(changed(host, color="blue" if place < half else "green") for place, host in enumerate(environment.hosts))
    hooks = tuple(Hook(at=at, command=Command("x"), fatal=chance.random() < 0.5) for at in get_args(_HookAt) if chance.random() < 0.1)
    stops = STOPS if chance.random() < 0.4 else {}
    page = PAGE if chance.random() < 0.3 else {}
    return changed(
        environment, hosts=hosts, hooks=hooks, commands={**environment.commands, **stops, **page} if chance.random() < 0.8 else {**STOPS, **page},
        strategy="canary" if strategy == "weights" else strategy,
        canary=Canary(by="weight" if strategy == "weights" else "hosts", steps=(NumberOfHosts(share=0.3), NumberOfHosts(share=0.6))),
        monitor=chance.choice((0.0, 600.0)),
        checks=(CheckSpec(ASKED, "manual"),),
        critical=tuple(path for path in (LOGIN, BUY) if chance.random() < 0.15),
        balancers=(LB,) if strategy in ("weights", "bluegreen") or chance.random() < 0.5 else (),
        database=_draw_database(chance) if kind == "deploy" and chance.random() < 0.2 else environment.database,
    )  # fmt: skip


_HookAt = Literal["before release", "before host", "before switch", "after switch", "after host", "after release", "after rollback"]


def _draw_database(chance: Random) -> Database:
    return Database("command", backup=Command("dump"), migrate=Command("migrate"), revert=Command("down") if chance.random() < 0.5 else None)


def _review(environment: Environment) -> Review:
    database = environment.database
    if database is None or database.migrate is None:
        return Review()
    reversible = database.revert is not None
    return Review(runs=True, where=environment.hosts[0].name, backs_up=True, old_code="breaks" if reversible else "ok", reversible=reversible)


def draw_run(kind: RunKind, seed: int, watch: Callable[[Simulation], None], strategy: Strategy | None = None, *, ends: bool = False) -> DrawnRun:
    """Draw a run, and show it after each of its events. `strategy`: by chance too where it is not named; `ends`: it goes to its end."""
    chance = Random(seed)
    run = DrawnRun(kind, chance, strategy or chance.choice(STRATEGIES))
    run.watch = lambda _: watch(run)
    _open(run, kind, chance)
    for _ in range(chance.randint(0, 200)):
        if run.state.phase == "ended":
            break
        _go_on(run, chance)
    if ends:
        to_its_end(run)
    return run


def to_its_end(run: DrawnRun) -> None:
    """Nobody says anything more but what the run waits for, and hosts answer."""
    run.regain()
    if run.state.unshared:
        run.record(ev.RecordRegained())
    for _ in range(3000):
        if run.state.phase == "ended":
            return
        if not run.turn() and not _finish_one(run, run.chance):
            _answer(run)
    raise AssertionError(f"it stands still: {run.state.phase}, {run.state.pausing}")


def _answer(run: DrawnRun) -> None:
    """What a run waits for that goes on by nothing else."""
    ticks = tuple(cmd.Acknowledge(check=path) for path in open_ticks(run.state))
    for command in (*ticks, cmd.Promote(), cmd.Continue(), cmd.Decide(go=False), cmd.Abort()):
        answer = accept(run.environment, command, run.state, ADA)
        if not isinstance(answer, Refusal):
            run.record(*answer)
            return
    raise AssertionError(f"it waits for nothing that can be said: {run.state.phase}, {run.state.pausing}")


def _open(run: DrawnRun, kind: RunKind, chance: Random) -> None:
    """The record up to where somebody is asked, and most times a GO. Nobody is asked in what goes on beside runs."""
    opened, *seen, made, _, _ = opening(run.environment, kind)
    names = list(run.machines)
    without = tuple((name, "away") for name in run.side if kind == "deploy" and chance.random() < 0.05)
    run.record(changed(opened, protected=chance.random() < 0.5, request=Request(kind=kind, without=without)))
    if kind in ASIDE:
        run.record(*(ev.StepStarted(step=kind, host=name) for name in names), *(ev.StepFinished(step=kind, host=name) for name in names))
        run.record(ev.RunEnded(exit=0, outcome="succeeded"))
        return
    if kind == "deploy":
        run.record(ev.RevisionResolved(revision=Revision("b" * 40, SafeText("v2")), release=Release(NEW, SafeText("v2"), "b" * 40)))
    run.record(*(changed(one, release=run.machines[one.host].live) for one in seen))
    if run.environment.balancers:
        run.record(*(ev.TrafficChanged(host=name, balancer=NAME, mark="drained") for name in names if run.moves and name not in run.at_first))
    if kind == "deploy" and chance.random() < 0.5:
        run.record(ev.CheckReported(check=Check(ASKED, SafeText(ASKED), "waiting", kind="manual")))
    if run.environment.database is not None and kind == "deploy":
        run.record(ev.DatabaseReviewed(review=_review(run.environment)))
    _speak(run, chance, 0.15)
    room = Check("space", SafeText("Room"), chance.choice(("passed", "failed")))
    run.record(ev.CheckReported(check=room), changed(made, plan=run.planned(), way_back=run.ways()))
    _speak(run, chance, 0.15)
    run.record(ev.CheckReported(check=Check("space", SafeText("Room"), "passed")))
    if run.state.go is None and chance.random() < 0.9:
        run.record(ev.CheckAcknowledged(check=ASKED, by=ADA), ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))


def _go_on(run: DrawnRun, chance: Random) -> None:
    """One turn: somebody says something, an engine dies and another takes the run up, hosts fall or do not answer, or what runs goes on."""
    _speak(run, chance, 0.08)
    if run.state.phase in ("running", "rolling-back") and chance.random() < 0.06:
        _disturb(run, chance)
    if run.state.switched and chance.random() < 0.1:
        _measure(run, chance)
    if not run.turn():
        _finish_one(run, chance)


def _finish_one(run: DrawnRun, chance: Random) -> bool:
    """End a step that runs; whether there is one that ends by itself: a path that a person tries waits for the tick."""
    running = [step for step in running_steps(run.state) if step.kind != "manual" or step.name in run.state.ticks]
    if not running:
        if (waiting := open_ticks(run.state)) and run.state.pausing is None:
            run.record(ev.Paused(reason=SafeText(f"critical path {next(iter(waiting))}"), cause="manual"))
        return False
    step = chance.choice(running)
    if step.kind == "analysis" and step.name == analysis_that_runs(run.state) and run.state.pausing is None and chance.random() < 0.2:
        run.record(ev.Paused(reason=SafeText("too little was counted"), cause="inconclusive"))
    run.finish(step)
    return True


def _disturb(run: DrawnRun, chance: Random) -> None:
    """Something from outside."""
    arrived = [name for name, host in run.state.hosts.items() if host.condition in ("new", "back") and host.touched]
    what = chance.random()
    if what < 0.35:
        if chance.random() < 0.3:
            run.boot += "'"
        run.record(ev.TakenUp(epoch=run.state.epoch + 1, by=ADA))
    elif what < 0.5 and arrived:
        run.fall(chance.choice(arrived), chance.choice(("failed", "unreachable", "unknown")))
    elif what < 0.65:
        run.lose(chance.sample(list(run.machines), chance.randint(1, len(run.machines))))
    elif what < 0.85:
        run.regain()
    elif what < 0.93:
        run.record(ev.RecordRegained() if run.state.unshared else ev.RecordLost(reason=SafeText("away"), kept_in=SafeText("here")))
    elif makes_way(run.state):
        run.record(ev.Superseded(by_run="r2", by=LIN, hosts=tuple(run.machines)))


def _measure(run: Simulation, chance: Random) -> None:
    """A threshold's verdict becomes another one."""
    threshold = Threshold("error_rate", above=0.01, then=chance.choice(("rollback", "propose", "warn")))
    kind, verdict = chance.choice(
        (
            (ev.ThresholdCrossed, Crossed(due=run.now + 10.0)), (ev.ThresholdBreached, Breached()), (ev.ThresholdBreached, BothSides()),
            (ev.ThresholdRecovered, Within()), (ev.ThresholdRecovered, Within()), (ev.ThresholdJudged, Unmeasured()),
        )
    )  # fmt: skip
    if is_judged(run.state):
        run.record(kind(threshold=threshold, verdict=verdict))


def _speak(run: Simulation, chance: Random, often: float) -> None:
    if chance.random() > often:
        return
    by = chance.choice((ADA, LIN))
    said = everything_said(run.state)
    answers = ((command, accept(run.environment, command, run.state, by)) for command in said)
    taken = [(command, answer) for command, answer in answers if not isinstance(answer, Refusal)]
    if taken:
        run.record(*chance.choices([answer for _, answer in taken], [1 if isinstance(command, _ENDS) else 4 for command, _ in taken])[0])
