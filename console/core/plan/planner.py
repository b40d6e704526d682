"""Plans of runs that bring hosts forward: which steps they take, in which order. Pure; what is shown is what runs.

Releases are brought to all hosts first; then the strategy changes what is in service; then old releases are pruned.
"""

from console.core.plan.critical_steps import at_the_end
from console.core.plan.database_plan import database_steps
from console.core.plan.lanes import Lane, chained
from console.core.plan.maintenance_steps import behind_page, page_off, page_on
from console.core.plan.marks import WINDOW, WINDOW_GRACE, closing_mark, weights_back
from console.core.plan.strategies.order import ChangeOfHosts, Order, Waves
from console.core.plan.strategies.registry import STRATEGIES
from console.core.plan.strategies.rolling import in_waves, wave_by_wave, waves_of
from console.core.traffic.serving import NOBODY_OUT, OutBefore
from console.core.traffic.shares import Loads
from console.model.configured_environment import Environment
from console.model.database_facts import Review
from console.model.host import Host
from console.model.plan import Plan, Step, Steps
from console.model.thresholds import Threshold
from console.model.values import sealed
from console.safe_text import SafeText

NOT_REVIEWED = Review()
NO_LOADS: Loads = {}


def plan_release(
    environment: Environment, hosts: tuple[Host, ...], release: str, first: frozenset[str], review: Review = NOT_REVIEWED, *, unbacked: bool = False,
    expects: str = "", out: OutBefore = NOBODY_OUT, page: bool = False, loads: Loads = NO_LOADS, weights: bool = False,
    aside: frozenset[str] = frozenset(),
) -> Plan:  # fmt: skip
    """A release to those hosts, by the file's strategy. `first`: hosts that never had one; `review`: what is done to the database; `unbacked`: without a
    backup too; `expects`: the digest that the packed release must have; `out`: hosts that somebody else has taken out of the traffic;
    `page`: users are shown the maintenance page meanwhile; `loads`: what hosts carry; `weights`: a run before this one has left some changed;
    `aside`: hosts of the side that a blue/green release goes to that get requests until now."""
    steps = _prepare_console(environment, expects)
    prepared = _prepare_hosts(environment, hosts, release, steps, leads=True)
    database = database_steps(environment, review, release, tuple(prepared.values()), unbacked=unbacked)
    before = behind_page(page_on(environment, tuple(prepared.values())), database) if page else database
    order = Order(environment, hosts, release, first, prepared, tuple(step.name for step in before), out, aside, loads)
    change = STRATEGIES[environment.strategy](order)
    if page:
        off = page_off(environment, change.ends)
        change = change._replace(steps=(*change.steps, off), ends=(*change.ends, off.name))
    if weights and not any(step.kind == "weigh" for step in change.steps):
        change = _weighed_back(environment, change)
    steps += [*before, *change.steps, *_close(environment, hosts, release, change, watches=True)]
    return _sealed(environment.strategy, change.waves, steps, environment.thresholds)


def _weighed_back(environment: Environment, change: ChangeOfHosts) -> ChangeOfHosts:
    back = weights_back(environment, change.ends, "verify")
    return change._replace(steps=(*change.steps, back), ends=(*change.ends, back.name))


def plan_restart(
    environment: Environment, hosts: tuple[Host, ...], live: dict[str, str], out: OutBefore = NOBODY_OUT, *, weights: bool = False
) -> Plan:  # fmt: skip
    """Restart the application wave by wave, each host behind its gate. `weights`: see `plan_release`."""

    def steps_of(host: Host, number: int) -> tuple[Step, ...]:
        lane = Lane(environment, host, "release", f"wave-{number}/{host.name}", live.get(host.name, ""), number, out=out)
        return (*lane.drain(), *lane.stop(), *lane.restart(first=False), *lane.gate(), *lane.admit())

    change = wave_by_wave(environment, waves_of(environment.rolling.batch, hosts), steps_of, {}, ())
    change = _weighed_back(environment, change) if weights else change
    return _sealed("restart", change.waves, list(change.steps))


def plan_catch_up(
    environment: Environment, hosts: tuple[Host, ...], release: str, on_disk: frozenset[str], first: frozenset[str], expects: str, out: OutBefore = NOBODY_OUT
) -> Plan:
    """Owed hosts to what the environment is. It is shipped to those that have not got it on their disks, and must come to `expects` (empty: anything)."""
    lacking = tuple(host for host in hosts if host.name not in on_disk)
    steps = _prepare_console(environment, expects) if lacking else []
    prepared = _prepare_hosts(environment, lacking, release, steps, leads=False)
    change = in_waves(Order(environment, hosts, release, first, prepared, out=out), (hosts,))
    steps += [*change.steps, *_close(environment, hosts, release, change, watches=False)]
    return _sealed("catch-up", change.waves, steps)


def _sealed(strategy: str, waves: Waves, steps: list[Step], thresholds: tuple[Threshold, ...] = ()) -> Plan:
    return sealed(Plan(strategy, tuple(tuple(host.name for host in wave) for wave in waves), Steps(steps), thresholds=thresholds))


def _prepare_console(environment: Environment, expects: str) -> list[Step]:
    steps: list[Step] = []
    if environment.build:
        title = SafeText(f"build: {environment.build.command}")
        steps.append(Step("release/build", "build", "prepare", title, timeout=environment.build.timeout, idempotent=True))
    needs = tuple(step.name for step in steps)
    title = SafeText("pack the release" if environment.ship == "files" else "write down the release: it has no files")
    steps.append(Step("release/pack", "pack", "prepare", title, needs=needs, timeout=900.0, idempotent=True, expects=expects))
    return steps


def _prepare_hosts(environment: Environment, hosts: tuple[Host, ...], release: str, steps: list[Step], *, leads: bool) -> dict[str, str]:
    """Bring the release to those hosts, behind the last of the steps that there are; return each host's last step of that. `leads`: the first one does what
    is done once."""
    prepared: dict[str, str] = {}
    packed = tuple(step.name for step in steps[-1:])
    for host in hosts:
        lane = Lane(environment, host, "prepare", f"prepare/{host.name}", release, leads=leads and host is hosts[0])
        chain = chained(
            (
                lane.step("ship", "ship", f"ship to {host.name}", 900.0, idempotent=True),
                *lane.run("fetch", environment.command(host, "fetch"), changes=False),
                *lane.confirm(),
                *lane.run("install", environment.command(host, "install"), changes=False),
                *lane.hooks("before release"),
            ),
            packed,
        )
        steps.extend(chain)
        prepared[host.name] = chain[-1].name
    return prepared


def _close(environment: Environment, hosts: tuple[Host, ...], release: str, change: ChangeOfHosts, *, watches: bool) -> list[Step]:
    """What a release ends with once every host has changed: critical paths are tried and health is watched, where the file says so (`watches`), and old
    releases are removed. With that each host's own history calls it healthy."""
    shifts = environment.strategy == "bluegreen"
    tried = at_the_end(environment, change.waves, change.ends, release, shifts=shifts) if watches else ()
    steps: list[Step] = list(tried)
    needs = change.ends
    if watches and environment.monitor:
        title = SafeText(f"watch health for {environment.monitor:g} s")
        timeout = environment.monitor + WINDOW_GRACE
        steps.append(Step(WINDOW, "monitor", "verify", title, needs=needs, timeout=timeout, idempotent=True, release=release))
        needs = (WINDOW,)
    mark = closing_mark((*needs, *(step.name for step in tried)))
    steps.append(mark)
    for host in hosts:
        lane = Lane(environment, host, "close", f"close/{host.name}", release, leads=host is hosts[0])
        prune = lane.step("prune", "prune", f"remove old releases on {host.name}", 120.0, idempotent=True, fatal=False)
        steps.extend(chained((*lane.hooks("after release"), prune), (mark.name,)))
    return steps
