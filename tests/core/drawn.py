"""A run of any kind as chance draws it, from its opening: checks, a decision, endings of every sort, people's commands, engines that die. By a seed."""

from collections.abc import Callable
from random import Random
from typing import get_args

from console.core.run.accept import accept
from console.core.run.breaches import is_judged
from console.core.run.ready_steps import running_steps
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.checks import Check
from console.model.commands import AnyCommand, Refusal
from console.model.configured_checks import CheckSpec
from console.model.plan import ReturnTarget
from console.model.request import Person, Request, RunKind
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.model.thresholds import BothSides, Breached, Crossed, Threshold, Unmeasured, Within
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import ADA, OLD, Simulation, an_environment, opening

KINDS: tuple[RunKind, ...] = get_args(RunKind)
LIN = Person("lin", 1002)
ASKED = "Support knows"
ENDINGS = ("done",) * 12 + ("failed", "unknown", "unreachable", "cancelled")
HELD = (*ENDINGS, "held", "held")


def everything_said(state: RunState) -> tuple[AnyCommand, ...]:
    """Every command that somebody could think of now, about every host."""
    plan = state.plan.digest if state.plan else ""
    fleet: tuple[AnyCommand, ...] = (
        cmd.Decide(go=True, digest=plan, typed=state.environment), cmd.Decide(go=False), cmd.Pause(), cmd.Continue(), cmd.Abort(), cmd.Abort(leave=True),
        cmd.RollBack(), cmd.RollBack(how="halves"), cmd.Acknowledge(check=ASKED), cmd.TakeHelm(), cmd.Note(text=SafeText("seen")), cmd.Promote(), cmd.Extend(),
    )  # fmt: skip
    return (*fleet, *(verb(host=name) for name in state.hosts for verb in (cmd.Skip, cmd.Retry)))


def draw_run(kind: RunKind, seed: int, watch: Callable[[Simulation], None]) -> Simulation:
    """Draw a run, and show it after each of its events."""
    chance = Random(seed)
    environment = an_environment(
        chance.randint(1, 4), chance.randint(1, 3), max_failures=chance.randint(0, 2), on_failure=chance.choice(("rollback", "pause", "stop")),
        pause_after=chance.choice((0, 0, 1, 2)),
    )  # fmt: skip
    environment = changed(
        environment,
        monitor=chance.choice((0.0, 600.0)),
        checks=(CheckSpec(ASKED, "manual"),),
        balancers=(Balancer("command"),) if chance.random() < 0.5 else (),
    )
    run = Simulation(environment, lambda step, attempt: chance.choice(HELD if step.kind in ("drain", "admit") and step.phase == "release" else ENDINGS))
    run.watch = lambda _: watch(run)
    _open(run, kind, chance)
    for _ in range(chance.randint(0, 200)):
        if run.state.phase == "ended":
            break
        _go_on(run, chance)
    return run


def _open(run: Simulation, kind: RunKind, chance: Random) -> None:
    """The record up to where somebody is asked, and most times a GO. Nobody is asked in what goes on beside runs."""
    opened, *seen, plan, _, _ = opening(run.environment, kind)
    names = [host.name for host in run.environment.hosts]
    fresh = set(chance.sample(names, chance.choice((0, 0, 1))))
    gone = set(names if chance.random() < 0.1 else chance.sample(names, chance.choice((0, 0, 1))))
    without = tuple((name, "away") for name in names if chance.random() < 0.05)
    run.record(changed(opened, protected=chance.random() < 0.5, request=Request(kind=kind, without=without)))
    if kind in ASIDE:
        run.record(*(ev.StepStarted(step=kind, host=name) for name in names), *(ev.StepFinished(step=kind, host=name) for name in names))
        run.record(ev.RunEnded(exit=0, outcome="succeeded"))
        return
    run.record(*(changed(one, release="" if one.host in fresh else OLD) for one in seen))
    if kind == "deploy" and chance.random() < 0.5:
        run.record(ev.CheckReported(check=Check(ASKED, SafeText(ASKED), "waiting", kind="manual")))
    _speak(run, chance, 0.3)
    ways = tuple(ReturnTarget(name, "" if name in fresh else OLD, possible=name not in gone, reason=SafeText("damaged")) for name in names)
    run.record(ev.CheckReported(check=Check("space", SafeText("Room"), chance.choice(("passed", "failed")))), changed(plan, way_back=ways))
    _speak(run, chance, 0.3)
    run.record(ev.CheckReported(check=Check("space", SafeText("Room"), "passed")))
    if run.state.go is None and chance.random() < 0.9:
        run.record(ev.CheckAcknowledged(check=ASKED, by=ADA), ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))


def _go_on(run: Simulation, chance: Random) -> None:
    """One turn: somebody says something, an engine dies and another takes the run up, or what runs goes on."""
    _speak(run, chance, 0.08)
    if run.state.phase in ("running", "rolling-back") and chance.random() < 0.02:
        run.record(ev.TakenUp(epoch=run.state.epoch + 1, by=ADA))
    if run.state.switched and chance.random() < 0.1:
        _measure(run, chance)
    if not run.turn() and (running := running_steps(run.state)):
        run.finish(chance.choice(running))


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
    answers = (accept(run.environment, command, run.state, by) for command in everything_said(run.state))
    taken = [answer for answer in answers if not isinstance(answer, Refusal)]
    if taken:
        run.record(*chance.choice(taken))
