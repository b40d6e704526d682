"""Each strategy's plan with all that a file may add to it: hooks, critical paths, hosts that were out before. What stands where, in which wave, in which words.

A line: the step, its wave, the release that it works with (new, old, none), its title; then what it waits for.
"""

from collections.abc import Callable
from typing import get_args

import pytest

from console.core.plan.planner import plan_release
from console.core.plan.return_plan import plan_way_back
from console.core.plan.shift_plan import plan_shift_back
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host_commands import Command, Hook, HookPlace
from console.model.http_step import HttpStep
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan, Step, StepKind
from console.model.strategy import Canary
from console.model.values import changed
from tests.core.balanced import NAME, balanced
from tests.core.simulation import NEW, OLD

LOGIN = CriticalPath("Login", "http", steps=(HttpStep("GET", "http://{address}/"),))
SEED = Hook(at="before host", command=Command("seed"), once=True)


def fleet(hosts: int, strategy: str, **fields: object) -> Environment:
    """Hosts of two colors, with a hook at each place and one that runs once."""
    bare = balanced(hosts)
    colored = tuple(changed(host, color="blue" if number <= hosts // 2 else "green") for number, host in enumerate(bare.hosts, 1))
    hooks = (*(Hook(at=at, command=Command("x")) for at in get_args(HookPlace)), SEED)
    return changed(bare, strategy=strategy, hosts=colored, **{"hooks": hooks, **fields})


def released(environment: Environment, hosts: slice = slice(None), **options: object) -> Plan:
    return plan_release(environment, environment.hosts[hosts], NEW, **{"first": frozenset(), **options})  # type: ignore[arg-type]


def line(step: Step) -> str:
    """A step as a line."""
    release = {NEW: "new", OLD: "old", "": "none"}[step.release]
    title = str(step.title).replace(NEW, "new").replace(OLD, "old").replace(NAME, "lb")
    return f"{step.name} #{step.wave} {release}: {title} <- {', '.join(step.needs) or '-'}"


def shown(plan: Plan) -> list[str]:
    """What the strategy makes of it: without what comes before the first wave, and the close; of a canary, what is its own."""
    own = ("wave", "weigh", "analysis", "critical") if plan.strategy == "canary" else get_args(StepKind)
    return [line(step) for step in plan.steps if not step.name.startswith(("prepare/", "release/", "close")) and step.kind in own]


def shares(*parts: float) -> tuple[NumberOfHosts, ...]:
    return tuple(NumberOfHosts(share=part) for part in parts)


STOPS = {"stop": Command("stop"), "start": Command("start")}
LOADS = {NAME: {f"web{number:02}": 1 for number in range(1, 6)}}
SIDES = fleet(4, "bluegreen", critical=(LOGIN,))
BY_WEIGHT = Canary(by="weight", steps=shares(0.05, 0.1, 0.2, 0.45, 0.5), analysis=300.0)
WEIGHED = fleet(
    5,
    "canary",
    hooks=(),
    commands={"restart": Command("restart")},
    critical=(LOGIN,),
    canary=BY_WEIGHT,
    rolling=changed(balanced(1).rolling, batch=shares(0.4)),
)
BY_HOSTS = fleet(
    4, "canary", hooks=(), critical=(LOGIN,), canary=Canary(steps=shares(0.5, 1.0), analysis=300.0), rolling=changed(balanced(1).rolling, batch=shares(0.25))
)
PLANS: list[tuple[str, Callable[[], Plan], str]] = [
    ("blue/green, with one host that was out, and one that served", lambda: released(SIDES, slice(2, None), out={"web03": frozenset({NAME})}, aside=frozenset({"web04"})), """
        aside/web04/drain #1 new: drain web04 at lb <- prepare/web03/hook-1, prepare/web04/hook-1
        wave-1 #1 none: wave 1 of 1: web03, web04 <- prepare/web03/hook-1, prepare/web04/hook-1, aside/web04/drain
        wave-1/web03/hook-2 #1 new: before host on web03: x <- wave-1, prepare/web03/hook-1
        wave-1/web03/hook-8 #1 new: before host on web03: seed <- wave-1/web03/hook-2
        wave-1/web03/drain #1 new: web03 is out of lb already <- wave-1/web03/hook-8
        wave-1/web03/hook-3 #1 new: before switch on web03: x <- wave-1/web03/drain
        wave-1/web03/switch #1 new: switch web03 to new <- wave-1/web03/hook-3
        wave-1/web03/hook-4 #1 new: after switch on web03: x <- wave-1/web03/switch
        wave-1/web03/restart #1 new: restart on web03 <- wave-1/web03/hook-4
        wave-1/web03/gate #1 new: health of web03: web <- wave-1/web03/restart
        wave-1/web03/hook-5 #1 new: after host on web03: x <- wave-1/web03/gate
        wave-1/web04/hook-2 #1 new: before host on web04: x <- wave-1, aside/web04/drain
        wave-1/web04/drain #1 new: drain web04 at lb <- wave-1/web04/hook-2
        wave-1/web04/hook-3 #1 new: before switch on web04: x <- wave-1/web04/drain
        wave-1/web04/switch #1 new: switch web04 to new <- wave-1/web04/hook-3
        wave-1/web04/hook-4 #1 new: after switch on web04: x <- wave-1/web04/switch
        wave-1/web04/restart #1 new: restart on web04 <- wave-1/web04/hook-4
        wave-1/web04/gate #1 new: health of web04: web <- wave-1/web04/restart
        wave-1/web04/hook-5 #1 new: after host on web04: x <- wave-1/web04/gate
        wave-1/critical-1 #1 new: critical path Login <- wave-1, wave-1/web03/hook-5, wave-1/web04/hook-5
        shift #0 none: every host of green is verified <- wave-1/critical-1
        shift/web03/admit #1 new: web03 stays out of lb, as it was before <- shift, wave-1/web03/hook-5
        shift/web04/admit #1 new: return web04 to lb <- shift, wave-1/web04/hook-5
        shifted #0 none: the traffic is at green <- shift/web03/admit, shift/web04/admit
        shift/web01/drain #1 none: drain web01 at lb <- shifted
        shift/web02/drain #1 none: drain web02 at lb <- shifted
        verify/critical-1 #0 new: critical path Login <- shifted, shift/web01/drain, shift/web02/drain
    """),
    ("its way back", lambda: plan_shift_back(SIDES, ("web01",), ("web03",)), """
        back/web01/admit #1 none: return web01 to lb <- -
        back/shifted #0 none: the traffic is back <- back/web01/admit
        back/web03/drain #1 none: drain web03 at lb <- back/shifted
    """),
    ("blue/green, to a host that had no release", lambda: released(fleet(2, "bluegreen", hooks=(), commands=STOPS), slice(1, None), first=frozenset({"web02"})), """
        wave-1 #1 none: wave 1 of 1: web02 <- prepare/web02/ship
        wave-1/web02/drain #1 new: drain web02 at lb <- wave-1, prepare/web02/ship
        wave-1/web02/switch #1 new: switch web02 to new <- wave-1/web02/drain
        wave-1/web02/restart #1 new: restart on web02 <- wave-1/web02/switch
        wave-1/web02/gate #1 new: health of web02: web <- wave-1/web02/restart
        shift #0 none: every host of green is verified <- wave-1, wave-1/web02/gate
        shift/web02/admit #1 new: return web02 to lb <- shift, wave-1/web02/gate
        shifted #0 none: the traffic is at green <- shift/web02/admit
        shift/web01/drain #1 none: drain web01 at lb <- shifted
    """),
    ("blue/green, with stops", lambda: released(fleet(2, "bluegreen", hooks=(), commands=STOPS), slice(1, None), out={"web02": frozenset({NAME})}, aside=frozenset({"web02"})), """
        aside/web02/drain #1 new: web02 is out of lb already <- prepare/web02/ship
        wave-1 #1 none: wave 1 of 1: web02 <- prepare/web02/ship, aside/web02/drain
        wave-1/web02/drain #1 new: web02 is out of lb already <- wave-1, aside/web02/drain
        wave-1/web02/stop #1 new: stop on web02 <- wave-1/web02/drain
        wave-1/web02/switch #1 new: switch web02 to new <- wave-1/web02/stop
        wave-1/web02/restart #1 new: restart on web02 <- wave-1/web02/switch
        wave-1/web02/gate #1 new: health of web02: web <- wave-1/web02/restart
        shift #0 none: every host of green is verified <- wave-1, wave-1/web02/gate
        shift/web02/admit #1 new: web02 stays out of lb, as it was before <- shift, wave-1/web02/gate
        shifted #0 none: the traffic is at green <- shift/web02/admit
        shift/web01/drain #1 none: drain web01 at lb <- shifted
    """),
    ("rolling, with one host that was out", lambda: released(fleet(2, "rolling", hooks=()), out={"web02": frozenset({NAME})}), """
        wave-1 #1 none: wave 1 of 2: web01 <- prepare/web01/install, prepare/web02/install
        wave-1/web01/drain #1 new: drain web01 at lb <- wave-1, prepare/web01/install
        wave-1/web01/switch #1 new: switch web01 to new <- wave-1/web01/drain
        wave-1/web01/restart #1 new: restart on web01 <- wave-1/web01/switch
        wave-1/web01/gate #1 new: health of web01: web <- wave-1/web01/restart
        wave-1/web01/admit #1 new: return web01 to lb <- wave-1/web01/gate
        wave-2 #2 none: wave 2 of 2: web02 <- wave-1, wave-1/web01/admit
        wave-2/web02/drain #2 new: web02 is out of lb already <- wave-2, prepare/web02/install
        wave-2/web02/switch #2 new: switch web02 to new <- wave-2/web02/drain
        wave-2/web02/restart #2 new: restart on web02 <- wave-2/web02/switch
        wave-2/web02/gate #2 new: health of web02: web <- wave-2/web02/restart
        wave-2/web02/admit #2 new: web02 stays out of lb, as it was before <- wave-2/web02/gate
    """),
    ("recreate, with one host that was out", lambda: released(fleet(2, "recreate", commands=STOPS), out={"web02": frozenset({NAME})}), """
        wave-1 #1 none: wave 1 of 1: web01, web02; no maintenance page is configured <- prepare/web01/hook-1, prepare/web02/hook-1
        wave-1/web01/hook-2 #1 new: before host on web01: x <- wave-1, prepare/web01/hook-1
        wave-1/web01/hook-8 #1 new: before host on web01: seed <- wave-1/web01/hook-2
        wave-1/web01/stop #1 new: stop on web01 <- wave-1/web01/hook-8
        wave-1/web02/hook-2 #1 new: before host on web02: x <- wave-1, prepare/web02/hook-1
        wave-1/web02/stop #1 new: stop on web02 <- wave-1/web02/hook-2
        recreate/stage-1 #0 none: every host is stopped <- wave-1/web01/stop, wave-1/web02/stop
        wave-1/web01/hook-3 #1 new: before switch on web01: x <- recreate/stage-1, wave-1/web01/stop
        wave-1/web01/switch #1 new: switch web01 to new <- wave-1/web01/hook-3
        wave-1/web01/hook-4 #1 new: after switch on web01: x <- wave-1/web01/switch
        wave-1/web02/hook-3 #1 new: before switch on web02: x <- recreate/stage-1, wave-1/web02/stop
        wave-1/web02/switch #1 new: switch web02 to new <- wave-1/web02/hook-3
        wave-1/web02/hook-4 #1 new: after switch on web02: x <- wave-1/web02/switch
        recreate/stage-2 #0 none: every host is switched <- wave-1/web01/hook-4, wave-1/web02/hook-4
        wave-1/web01/restart #1 new: restart on web01 <- recreate/stage-2, wave-1/web01/hook-4
        wave-1/web01/gate #1 new: health of web01: web <- wave-1/web01/restart
        wave-1/web01/admit #1 new: see that web01 is in lb <- wave-1/web01/gate
        wave-1/web01/hook-5 #1 new: after host on web01: x <- wave-1/web01/admit
        wave-1/web02/restart #1 new: restart on web02 <- recreate/stage-2, wave-1/web02/hook-4
        wave-1/web02/gate #1 new: health of web02: web <- wave-1/web02/restart
        wave-1/web02/admit #1 new: web02 stays out of lb, as it was before <- wave-1/web02/gate
        wave-1/web02/hook-5 #1 new: after host on web02: x <- wave-1/web02/admit
    """),
    ("its way back", lambda: plan_way_back(fleet(3, "recreate", commands=STOPS), {"web01": OLD, "web02": "", "web03": OLD}, out={"web01": frozenset({NAME})}, together=True), """
        back/web01/stop #1 old: stop on web01 <- -
        back/web02/stop #1 none: stop on web02 <- -
        back/web03/stop #1 old: stop on web03 <- -
        back/stage-1 #0 none: every host is stopped <- back/web01/stop, back/web02/stop, back/web03/stop
        back/web01/switch #1 old: switch web01 to old <- back/stage-1, back/web01/stop
        back/web02/remove #1 none: remove current on web02 <- back/stage-1, back/web02/stop
        back/web03/switch #1 old: switch web03 to old <- back/stage-1, back/web03/stop
        back/stage-2 #0 none: every host is switched <- back/web01/switch, back/web02/remove, back/web03/switch
        back/web01/restart #1 old: restart on web01 <- back/stage-2, back/web01/switch
        back/web01/gate #1 old: health of web01: web <- back/web01/restart
        back/web01/admit #1 old: web01 stays out of lb, as it was before <- back/web01/gate
        back/web01/hook-7 #1 old: after rollback on web01: x <- back/web01/admit
        back/web03/restart #1 old: restart on web03 <- back/stage-2, back/web03/switch
        back/web03/gate #1 old: health of web03: web <- back/web03/restart
        back/web03/admit #1 old: see that web03 is in lb <- back/web03/gate
        back/web03/hook-7 #1 old: after rollback on web03: x <- back/web03/admit
    """),
    ("recreate, without a command that stops", lambda: released(fleet(1, "recreate", hooks=(), commands={"start": Command("start"), "restart": Command("restart")})), """
        wave-1 #1 none: wave 1 of 1: web01; no command stop on web01: the old version goes on until the restart; no maintenance page is configured <- prepare/web01/ship
        recreate/stage-1 #0 none: every host is stopped <- -
        wave-1/web01/switch #1 new: switch web01 to new <- recreate/stage-1, wave-1, prepare/web01/ship
        recreate/stage-2 #0 none: every host is switched <- wave-1/web01/switch
        wave-1/web01/restart #1 new: restart on web01 <- recreate/stage-2, wave-1/web01/switch
        wave-1/web01/gate #1 new: health of web01: web <- wave-1/web01/restart
        wave-1/web01/admit #1 new: see that web01 is in lb <- wave-1/web01/gate
    """),
    ("a canary by weight", lambda: released(WEIGHED, loads=LOADS), """
        wave-1 #1 none: wave 1 of 3: web01 <- prepare/web01/ship, prepare/web02/ship, prepare/web03/ship, prepare/web04/ship, prepare/web05/ship
        wave-1/web01/weigh #1 new: weigh web01: 5 % of the traffic for new hosts <- wave-1/web01/gate
        wave-1/critical-1 #1 new: critical path Login <- wave-1, wave-1/web01/admit
        step-1/weigh #1 none: 5 % of the traffic to new hosts (lb) <- wave-1/critical-1
        step-1/analysis #1 none: judge 1 new of 5 hosts against the old ones, 5m at most <- step-1/weigh
        step-2/weigh #1 none: 10 % of the traffic to new hosts (lb) <- step-1/analysis
        step-2/analysis #1 none: judge 1 new of 5 hosts against the old ones, 5m at most <- step-2/weigh
        step-3/weigh #1 none: 20 % of the traffic to new hosts (lb) <- step-2/analysis
        step-3/analysis #1 none: judge 1 new of 5 hosts against the old ones, 5m at most <- step-3/weigh
        wave-2 #2 none: wave 2 of 3: web02, web03 <- wave-1/critical-1, step-1/weigh, step-1/analysis, step-2/weigh, step-2/analysis, step-3/weigh, step-3/analysis
        wave-2/web02/weigh #2 new: weigh web02: 45 % of the traffic for new hosts <- wave-2/web02/gate
        wave-2/web03/weigh #2 new: weigh web03: 45 % of the traffic for new hosts <- wave-2/web03/gate
        wave-2/critical-1 #2 new: critical path Login <- wave-2, wave-2/web02/admit, wave-2/web03/admit
        step-4/weigh #2 none: 45 % of the traffic to new hosts (lb) <- wave-2/critical-1
        step-4/analysis #2 none: judge 3 new of 5 hosts against the old ones, 5m at most <- step-4/weigh
        step-5/weigh #2 none: 50 % of the traffic to new hosts (lb) <- step-4/analysis
        step-5/analysis #2 none: judge 3 new of 5 hosts against the old ones, 5m at most <- step-5/weigh
        weights/back #2 none: every server has its own weight again (lb) <- step-5/analysis
        wave-3 #3 none: wave 3 of 3: web04, web05 <- wave-2/critical-1, step-4/weigh, step-4/analysis, step-5/weigh, step-5/analysis, weights/back
        verify/critical-1 #0 new: critical path Login <- wave-3, wave-3/web04/admit, wave-3/web05/admit
    """),
    ("a canary by hosts", lambda: released(BY_HOSTS), """
        wave-1 #1 none: wave 1 of 4: web01 <- prepare/web01/install, prepare/web02/install, prepare/web03/install, prepare/web04/install
        wave-1/critical-1 #1 new: critical path Login <- wave-1, wave-1/web01/admit
        wave-2 #2 none: wave 2 of 4: web02 <- wave-1/critical-1
        wave-2/critical-1 #2 new: critical path Login <- wave-2, wave-2/web02/admit
        wave-2/analysis #2 none: judge 2 new of 4 hosts against the old ones, 5m at most <- wave-2/critical-1
        wave-3 #3 none: wave 3 of 4: web03 <- wave-2/critical-1, wave-2/analysis
        wave-4 #4 none: wave 4 of 4: web04 <- wave-3, wave-3/web03/admit
        verify/critical-1 #0 new: critical path Login <- wave-4, wave-4/web04/admit
    """),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "lines"), [pytest.param(*row[1:], id=row[0]) for row in PLANS])
def test_a_strategy_lays_these_steps_out(plan: Callable[[], Plan], lines: str):
    assert shown(plan()) == [one.strip() for one in lines.strip().splitlines()]
