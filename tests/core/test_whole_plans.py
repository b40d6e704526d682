"""Whole plans, as a person would write them down: for each kind of run and each strategy every step, what it waits for, and what it is allowed.

A line: the step; where it runs (`console` for this machine or nowhere); seconds; `changes` what is in service; `again` without harm; `may fail`; then what it waits for.
"""

from collections.abc import Callable

import pytest

from console.core.plan.database_plan import plan_restore
from console.core.plan.planner import plan_catch_up, plan_release, plan_restart
from console.core.plan.return_plan import plan_way_back
from console.core.plan.shift_plan import plan_shift_back
from console.model.balancer import Balancer
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Build, Database, Environment
from console.model.database_facts import Backup, Review
from console.model.host import Host
from console.model.host_commands import Command, Hook
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Plan, Step
from console.model.strategy import Canary
from console.model.values import changed
from tests.core.balanced import balanced
from tests.core.simulation import NEW, OLD, an_environment

NOBODY: frozenset[str] = frozenset()
TWO, BALANCED = an_environment(2), balanced(2)
STOPS = {"stop": Command("stop", timeout=20.0), "start": Command("start", timeout=25.0)}
PAGE = {"maintenance_on": Command("on", timeout=15.0), "maintenance_off": Command("off", timeout=15.0)}
DATABASE = Database("command", host=Host("db01"), backup=Command("backup", timeout=300.0), migrate=Command("migrate", timeout=200.0), revert=Command("revert", timeout=100.0), restore=Command("restore", timeout=400.0))  # fmt: skip
MIGRATES = Review(runs=True, where="web01", backs_up=True, old_code="ok", reversible=True)
SIDES = changed(balanced(4), strategy="bluegreen", hosts=tuple(changed(host, color="blue" if number < 2 else "green") for number, host in enumerate(an_environment(4).hosts)))  # fmt: skip
HAPROXY = Balancer("haproxy", backend="shop")
TO_OLD = {"web01": OLD, "web02": OLD}
BACKUP = Backup("r0", "2026-01-01T00:00:00Z", "db01")


def released(environment: Environment, **options: object) -> Plan:
    return plan_release(environment, environment.hosts, NEW, **{"first": NOBODY, **options})  # type: ignore[arg-type]


def line(step: Step) -> str:
    """A step as a line."""
    is_point = step.kind in ("mark", "wave")
    notes = [f"{step.timeout:g} s"] if not is_point else [f"pause {step.pause:g} s"] if step.pause else []
    notes += ["changes"] * step.changes + ["again"] * (step.idempotent and not is_point) + ["may fail"] * (not step.fatal)
    at = "" if is_point else f" at {step.place or 'console'}"
    return f"{step.name}{at}: {', '.join(notes) or '-'} <- {', '.join(step.needs) or '-'}"


PLANS: list[tuple[str, Callable[[], Plan], str]] = [
    (
        "a release, host by host",
        lambda: released(TWO),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/install, prepare/web02/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-2: - <- wave-1, wave-1/web01/gate
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            close: - <- wave-2, wave-2/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a release behind a balancer",
        lambda: released(BALANCED),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/install, prepare/web02/install
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/drain
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/gate
            wave-2: - <- wave-1, wave-1/web01/admit
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2/web02/drain
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
            close: - <- wave-2, wave-2/web02/admit
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a first release, to a host that never had one",
        lambda: released(changed(TWO, commands={**STOPS, "restart": Command("restart")}), first=frozenset({"web02"})),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web02/ship at web02: 900 s, again <- release/pack
            wave-1: - <- prepare/web01/ship, prepare/web02/ship
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1, prepare/web01/ship
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-2: - <- wave-1, wave-1/web01/gate
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2, prepare/web02/ship
            wave-2/web02/restart at web02: 25 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            close: - <- wave-2, wave-2/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a release of hosts that stop and start, all at once",
        lambda: released(changed(an_environment(2, batch=2), commands=STOPS)),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web02/ship at web02: 900 s, again <- release/pack
            wave-1: - <- prepare/web01/ship, prepare/web02/ship
            wave-1/web01/stop at web01: 20 s, changes <- wave-1, prepare/web01/ship
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/stop
            wave-1/web01/restart at web01: 25 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web02/stop at web02: 20 s, changes <- wave-1, prepare/web02/ship
            wave-1/web02/switch at web02: 30 s, changes, again <- wave-1/web02/stop
            wave-1/web02/restart at web02: 25 s, changes <- wave-1/web02/switch
            wave-1/web02/gate at web02: 180 s, again <- wave-1/web02/restart
            close: - <- wave-1, wave-1/web01/gate, wave-1/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a release with a build, a fetch, hooks, a window and critical paths",
        lambda: released(
            changed(
                TWO,
                build=Build("make", timeout=60.0),
                monitor=600.0,
                commands={"fetch": Command("fetch", timeout=30.0), "restart": Command("restart")},
                hooks=tuple(
                    Hook(at, Command(at, timeout=9.0), once=once, fatal=not once)
                    for at, once in (("before host", False), ("after host", False), ("after release", True))
                ),
                critical=(CriticalPath("Login", "http"), CriticalPath("Buy", "manual", at=("end",), blocking=False)),
            )
        ),
        """
            release/build at console: 60 s, again <- -
            release/pack at console: 900 s, again <- release/build
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/fetch at web01: 30 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/fetch at web02: 30 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/fetch, prepare/web02/fetch
            wave-1/web01/hook-1 at web01: 9 s, changes <- wave-1, prepare/web01/fetch
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/hook-1
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/hook-2 at web01: 9 s, changes <- wave-1/web01/gate
            wave-1/critical-1 at console: 120 s, again <- wave-1, wave-1/web01/hook-2
            wave-2: - <- wave-1/critical-1
            wave-2/web02/hook-1 at web02: 9 s, changes <- wave-2, prepare/web02/fetch
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2/web02/hook-1
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/hook-2 at web02: 9 s, changes <- wave-2/web02/gate
            verify/critical-1 at console: 120 s, again <- wave-2, wave-2/web02/hook-2
            verify/critical-2 at console: 120 s, again, may fail <- wave-2, wave-2/web02/hook-2
            verify/monitor at console: 660 s, again <- wave-2, wave-2/web02/hook-2
            close: - <- verify/monitor, verify/critical-1, verify/critical-2
            close/web01/hook-3 at web01: 9 s, may fail <- close
            close/web01/prune at web01: 120 s, again, may fail <- close/web01/hook-3
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a release with a backup and a migration",
        lambda: released(changed(TWO, database=DATABASE), review=MIGRATES),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            database/backup at web01: 300 s <- prepare/web01/install, prepare/web02/install
            database/migrate at web01: 200 s <- database/backup
            wave-1: - <- prepare/web01/install, prepare/web02/install, database/backup, database/migrate
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-2: - <- wave-1, wave-1/web01/gate
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            close: - <- wave-2, wave-2/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a release with a pause between waves, after one that left weights changed",
        lambda: released(changed(BALANCED, rolling=changed(BALANCED.rolling, pause=45.0)), weights=True),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/install, prepare/web02/install
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/drain
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/gate
            wave-2: pause 45 s <- wave-1, wave-1/web01/admit
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2/web02/drain
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
            verify/weights at console: 60 s, again, may fail <- wave-2, wave-2/web02/admit
            close: - <- wave-2, wave-2/web02/admit, verify/weights
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a recreate, behind its page",
        lambda: released(changed(TWO, strategy="recreate", commands={**STOPS, **PAGE}), page=True),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web02/ship at web02: 900 s, again <- release/pack
            maintenance/on at console: 195 s, changes, again <- prepare/web01/ship, prepare/web02/ship
            wave-1: - <- prepare/web01/ship, prepare/web02/ship, maintenance/on
            wave-1/web01/stop at web01: 20 s, changes <- wave-1, prepare/web01/ship
            wave-1/web02/stop at web02: 20 s, changes <- wave-1, prepare/web02/ship
            recreate/stage-1: - <- wave-1/web01/stop, wave-1/web02/stop
            wave-1/web01/switch at web01: 30 s, changes, again <- recreate/stage-1, wave-1/web01/stop
            wave-1/web02/switch at web02: 30 s, changes, again <- recreate/stage-1, wave-1/web02/stop
            recreate/stage-2: - <- wave-1/web01/switch, wave-1/web02/switch
            wave-1/web01/restart at web01: 25 s, changes <- recreate/stage-2, wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web02/restart at web02: 25 s, changes <- recreate/stage-2, wave-1/web02/switch
            wave-1/web02/gate at web02: 180 s, again <- wave-1/web02/restart
            maintenance/off at console: 195 s, again, may fail <- wave-1, wave-1/web01/gate, wave-1/web02/gate
            close: - <- wave-1, wave-1/web01/gate, wave-1/web02/gate, maintenance/off
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a canary, host by host",
        lambda: released(
            changed(
                an_environment(3, batch=3),
                strategy="canary",
                balancers=BALANCED.balancers,
                canary=Canary(steps=(NumberOfHosts(count=1), NumberOfHosts(share=1.0)), analysis=300.0),
            )
        ),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            prepare/web03/ship at web03: 900 s, again <- release/pack
            prepare/web03/install at web03: 120 s <- prepare/web03/ship
            wave-1: - <- prepare/web01/install, prepare/web02/install, prepare/web03/install
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/drain
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/gate
            wave-1/analysis at console: 300 s, again <- wave-1, wave-1/web01/admit
            wave-2: - <- wave-1/analysis
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2/web02/drain
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
            wave-2/web03/drain at console: 90 s, changes, again <- wave-2, prepare/web03/install
            wave-2/web03/switch at web03: 30 s, changes, again <- wave-2/web03/drain
            wave-2/web03/restart at web03: 120 s, changes <- wave-2/web03/switch
            wave-2/web03/gate at web03: 180 s, again <- wave-2/web03/restart
            wave-2/web03/admit at console: 120 s, changes, again <- wave-2/web03/gate
            close: - <- wave-2, wave-2/web02/admit, wave-2/web03/admit
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
            close/web03/prune at web03: 120 s, again, may fail <- close
        """,
    ),
    (
        "a blue/green release",
        lambda: plan_release(SIDES, SIDES.hosts[2:], NEW, NOBODY),
        """
            release/pack at console: 900 s, again <- -
            prepare/web03/ship at web03: 900 s, again <- release/pack
            prepare/web03/install at web03: 120 s <- prepare/web03/ship
            prepare/web04/ship at web04: 900 s, again <- release/pack
            prepare/web04/install at web04: 120 s <- prepare/web04/ship
            wave-1: - <- prepare/web03/install, prepare/web04/install
            wave-1/web03/drain at console: 90 s, changes, again <- wave-1, prepare/web03/install
            wave-1/web03/switch at web03: 30 s, changes, again <- wave-1/web03/drain
            wave-1/web03/restart at web03: 120 s, changes <- wave-1/web03/switch
            wave-1/web03/gate at web03: 180 s, again <- wave-1/web03/restart
            wave-1/web04/drain at console: 90 s, changes, again <- wave-1, prepare/web04/install
            wave-1/web04/switch at web04: 30 s, changes, again <- wave-1/web04/drain
            wave-1/web04/restart at web04: 120 s, changes <- wave-1/web04/switch
            wave-1/web04/gate at web04: 180 s, again <- wave-1/web04/restart
            shift: - <- wave-1, wave-1/web03/gate, wave-1/web04/gate
            shift/web03/admit at console: 120 s, changes, again <- shift, wave-1/web03/gate
            shift/web04/admit at console: 120 s, changes, again <- shift, wave-1/web04/gate
            shifted: - <- shift/web03/admit, shift/web04/admit
            shift/web01/drain at console: 90 s, again <- shifted
            shift/web02/drain at console: 90 s, again <- shifted
            close: - <- shifted, shift/web01/drain, shift/web02/drain
            close/web03/prune at web03: 120 s, again, may fail <- close
            close/web04/prune at web04: 120 s, again, may fail <- close
        """,
    ),
    (
        "a first blue/green release, of a side that served",
        lambda: plan_release(SIDES, SIDES.hosts[2:], NEW, NOBODY, aside=frozenset({"web03", "web04"})),
        """
            release/pack at console: 900 s, again <- -
            prepare/web03/ship at web03: 900 s, again <- release/pack
            prepare/web03/install at web03: 120 s <- prepare/web03/ship
            prepare/web04/ship at web04: 900 s, again <- release/pack
            prepare/web04/install at web04: 120 s <- prepare/web04/ship
            aside/web03/drain at console: 90 s, changes, again <- prepare/web03/install, prepare/web04/install
            aside/web04/drain at console: 90 s, changes, again <- prepare/web03/install, prepare/web04/install
            wave-1: - <- prepare/web03/install, prepare/web04/install, aside/web03/drain, aside/web04/drain
            wave-1/web03/drain at console: 90 s, changes, again <- wave-1, aside/web03/drain
            wave-1/web03/switch at web03: 30 s, changes, again <- wave-1/web03/drain
            wave-1/web03/restart at web03: 120 s, changes <- wave-1/web03/switch
            wave-1/web03/gate at web03: 180 s, again <- wave-1/web03/restart
            wave-1/web04/drain at console: 90 s, changes, again <- wave-1, aside/web04/drain
            wave-1/web04/switch at web04: 30 s, changes, again <- wave-1/web04/drain
            wave-1/web04/restart at web04: 120 s, changes <- wave-1/web04/switch
            wave-1/web04/gate at web04: 180 s, again <- wave-1/web04/restart
            shift: - <- wave-1, wave-1/web03/gate, wave-1/web04/gate
            shift/web03/admit at console: 120 s, changes, again <- shift, wave-1/web03/gate
            shift/web04/admit at console: 120 s, changes, again <- shift, wave-1/web04/gate
            shifted: - <- shift/web03/admit, shift/web04/admit
            shift/web01/drain at console: 90 s, again <- shifted
            shift/web02/drain at console: 90 s, again <- shifted
            close: - <- shifted, shift/web01/drain, shift/web02/drain
            close/web03/prune at web03: 120 s, again, may fail <- close
            close/web04/prune at web04: 120 s, again, may fail <- close
        """,
    ),
    (
        "a restart behind a balancer",
        lambda: plan_restart(BALANCED, BALANCED.hosts, TO_OLD),
        """
            wave-1: - <- -
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/drain
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/gate
            wave-2: - <- wave-1, wave-1/web01/admit
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/drain
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
        """,
    ),
    (
        "a restart beside a host that somebody took out",
        lambda: plan_restart(BALANCED, BALANCED.hosts, TO_OLD, {"web02": frozenset({BALANCED.balancers[0].name})}),
        """
            wave-1: - <- -
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/drain
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/gate
            wave-2: - <- wave-1, wave-1/web01/admit
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/drain
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
        """,
    ),
    (
        "a catch-up, of a host that has the release and one that lacks it",
        lambda: plan_catch_up(TWO, TWO.hosts, NEW, frozenset({"web01"}), NOBODY, "d1"),
        """
            release/pack at console: 900 s, again <- -
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            wave-1: - <- prepare/web02/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web02/switch at web02: 30 s, changes, again <- wave-1, prepare/web02/install
            wave-1/web02/restart at web02: 120 s, changes <- wave-1/web02/switch
            wave-1/web02/gate at web02: 180 s, again <- wave-1/web02/restart
            close: - <- wave-1, wave-1/web01/gate, wave-1/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a rollback of all at once",
        lambda: plan_way_back(TWO, TO_OLD),
        """
            back/web01/switch at web01: 30 s, changes, again <- -
            back/web01/restart at web01: 120 s, changes <- back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web02/switch at web02: 30 s, changes, again <- -
            back/web02/restart at web02: 120 s, changes <- back/web02/switch
            back/web02/gate at web02: 180 s, again <- back/web02/restart
        """,
    ),
    (
        "a rollback in halves",
        lambda: plan_way_back(an_environment(3), {**TO_OLD, "web03": OLD}, "halves"),
        """
            back/web01/switch at web01: 30 s, changes, again <- -
            back/web01/restart at web01: 120 s, changes <- back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web02/switch at web02: 30 s, changes, again <- -
            back/web02/restart at web02: 120 s, changes <- back/web02/switch
            back/web02/gate at web02: 180 s, again <- back/web02/restart
            back/part-2: - <- back/web01/gate, back/web02/gate
            back/web03/switch at web03: 30 s, changes, again <- back/part-2
            back/web03/restart at web03: 120 s, changes <- back/web03/switch
            back/web03/gate at web03: 180 s, again <- back/web03/restart
        """,
    ),
    (
        "a rollback behind a balancer, in halves",
        lambda: plan_way_back(BALANCED, TO_OLD, "halves"),
        """
            back/web01/drain at console: 90 s, changes, again, may fail <- -
            back/web01/switch at web01: 30 s, changes, again <- back/web01/drain
            back/web01/restart at web01: 120 s, changes <- back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web01/admit at console: 120 s, changes, again <- back/web01/gate
            back/part-2: - <- back/web01/admit
            back/web02/drain at console: 90 s, changes, again, may fail <- back/part-2
            back/web02/switch at web02: 30 s, changes, again <- back/web02/drain
            back/web02/restart at web02: 120 s, changes <- back/web02/switch
            back/web02/gate at web02: 180 s, again <- back/web02/restart
            back/web02/admit at console: 120 s, changes, again <- back/web02/gate
        """,
    ),
    (
        "the way back of a blue/green release",
        lambda: plan_shift_back(SIDES, ("web01", "web02"), ("web03", "web04"), gated=True),
        """
            back/web01/gate at web01: 180 s, again <- -
            back/web01/admit at console: 120 s, changes, again <- back/web01/gate
            back/web02/gate at web02: 180 s, again <- -
            back/web02/admit at console: 120 s, changes, again <- back/web02/gate
            back/shifted: - <- back/web01/admit, back/web02/admit
            back/web03/drain at console: 90 s, changes, again <- back/shifted
            back/web04/drain at console: 90 s, changes, again <- back/shifted
        """,
    ),
    (
        "a restore",
        lambda: plan_restore(changed(TWO, database=DATABASE), TWO.hosts, "r0", BACKUP),
        """
            database/restore at web01: 400 s, changes <- -
        """,
    ),
    (
        "a canary by weight",
        lambda: released(
            changed(
                BALANCED,
                strategy="canary",
                balancers=(HAPROXY,),
                canary=Canary(by="weight", steps=(NumberOfHosts(share=0.1), NumberOfHosts(share=1.0)), analysis=300.0),
            ),
            loads={HAPROXY.name: {"web01": 1, "web02": 1}},
        ),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/install at web01: 120 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/install at web02: 120 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/install, prepare/web02/install
            wave-1/web01/drain at console: 90 s, changes, again <- wave-1, prepare/web01/install
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1/web01/drain
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-1/web01/weigh at console: 60 s, changes, again <- wave-1/web01/gate
            wave-1/web01/admit at console: 120 s, changes, again <- wave-1/web01/weigh
            step-1/weigh at console: 60 s, changes, again <- wave-1, wave-1/web01/admit
            step-1/analysis at console: 300 s, again <- step-1/weigh
            weights/back at console: 60 s, changes, again <- step-1/analysis
            wave-2: - <- step-1/weigh, step-1/analysis, weights/back
            wave-2/web02/drain at console: 90 s, changes, again <- wave-2, prepare/web02/install
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2/web02/drain
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            wave-2/web02/admit at console: 120 s, changes, again <- wave-2/web02/gate
            close: - <- wave-2, wave-2/web02/admit
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
    (
        "a rollback of hosts that stop and start, all in step and behind the page",
        lambda: plan_way_back(changed(TWO, strategy="recreate", commands={**STOPS, **PAGE}), TO_OLD, together=True, page=True),
        """
            back/web01/stop at web01: 20 s, changes, may fail <- -
            back/web02/stop at web02: 20 s, changes, may fail <- -
            back/stage-1: - <- back/web01/stop, back/web02/stop
            back/web01/switch at web01: 30 s, changes, again <- back/stage-1, back/web01/stop
            back/web02/switch at web02: 30 s, changes, again <- back/stage-1, back/web02/stop
            back/stage-2: - <- back/web01/switch, back/web02/switch
            back/web01/restart at web01: 25 s, changes <- back/stage-2, back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web02/restart at web02: 25 s, changes <- back/stage-2, back/web02/switch
            back/web02/gate at web02: 180 s, again <- back/web02/restart
            back/maintenance-off at console: 195 s, again, may fail <- back/web01/gate, back/web02/gate
        """,
    ),
    (
        "a rollback after a release that left weights changed",
        lambda: plan_way_back(BALANCED, TO_OLD, weights=True),
        """
            back/web01/drain at console: 90 s, changes, again, may fail <- -
            back/web01/switch at web01: 30 s, changes, again <- back/web01/drain
            back/web01/restart at web01: 120 s, changes <- back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web01/admit at console: 120 s, changes, again <- back/web01/gate
            back/web02/drain at console: 90 s, changes, again, may fail <- -
            back/web02/switch at web02: 30 s, changes, again <- back/web02/drain
            back/web02/restart at web02: 120 s, changes <- back/web02/switch
            back/web02/gate at web02: 180 s, again <- back/web02/restart
            back/web02/admit at console: 120 s, changes, again <- back/web02/gate
            back/weights at console: 60 s, again, may fail <- back/web01/admit, back/web02/admit
        """,
    ),
    (
        "a rollback of a first release: it is stopped and removed",
        lambda: plan_way_back(changed(TWO, commands=STOPS), {"web01": OLD, "web02": ""}),
        """
            back/web01/switch at web01: 30 s, changes, again <- -
            back/web01/restart at web01: 25 s, changes <- back/web01/switch
            back/web01/gate at web01: 180 s, again <- back/web01/restart
            back/web02/stop at web02: 20 s, changes <- -
            back/web02/remove at web02: 30 s, changes, again <- back/web02/stop
        """,
    ),
    (
        "a release without files",
        lambda: released(changed(TWO, ship="none", commands={"has": Command("has", timeout=30.0), "restart": Command("restart")})),
        """
            release/pack at console: 900 s, again <- -
            prepare/web01/ship at web01: 900 s, again <- release/pack
            prepare/web01/has at web01: 30 s <- prepare/web01/ship
            prepare/web02/ship at web02: 900 s, again <- release/pack
            prepare/web02/has at web02: 30 s <- prepare/web02/ship
            wave-1: - <- prepare/web01/has, prepare/web02/has
            wave-1/web01/switch at web01: 30 s, changes, again <- wave-1, prepare/web01/has
            wave-1/web01/restart at web01: 120 s, changes <- wave-1/web01/switch
            wave-1/web01/gate at web01: 180 s, again <- wave-1/web01/restart
            wave-2: - <- wave-1, wave-1/web01/gate
            wave-2/web02/switch at web02: 30 s, changes, again <- wave-2, prepare/web02/has
            wave-2/web02/restart at web02: 120 s, changes <- wave-2/web02/switch
            wave-2/web02/gate at web02: 180 s, again <- wave-2/web02/restart
            close: - <- wave-2, wave-2/web02/gate
            close/web01/prune at web01: 120 s, again, may fail <- close
            close/web02/prune at web02: 120 s, again, may fail <- close
        """,
    ),
]


@pytest.mark.parametrize(("plan", "lines"), [pytest.param(*row[1:], id=row[0]) for row in PLANS])
def test_a_plan_is_these_steps(plan: Callable[[], Plan], lines: str):
    assert [line(step) for step in plan().steps] == [one.strip() for one in lines.strip().splitlines()]


@pytest.mark.parametrize("plan", [pytest.param(row[1], id=row[0]) for row in PLANS])
def test_a_step_waits_only_for_steps_of_its_plan_that_stand_before_it(plan: Callable[[], Plan]):
    known: set[str] = set()
    for step in plan().steps:
        assert set(step.needs) <= known | {"wave-0"}
        assert step.name not in known
        known.add(step.name)
