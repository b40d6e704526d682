"""Plans: which steps a run takes, in which order. Pure; what is shown is what runs.

Releases are brought to all hosts first; then waves change what is in service; then old releases are pruned. A `wave` step is a mark between the
waves: pauses are taken there.
"""

from console.core.checks.database import database_steps
from console.core.plan.lanes import Lane, chained
from console.core.plan.return_plan import return_steps
from console.model.database import Review
from console.model.fleet import Amount, Environment, Host
from console.model.plan import Plan, Step, Steps
from console.model.values import sealed
from console.text import SafeText

NOT_REVIEWED = Review()


def waves_of(batch: tuple[Amount, ...], hosts: tuple[Host, ...]) -> tuple[tuple[Host, ...], ...]:
    """Cut the fleet into waves; the last size repeats."""
    waves: list[tuple[Host, ...]] = []
    rest = hosts
    while rest:
        amount = batch[min(len(waves), len(batch) - 1)]
        size = max(1, amount.of(len(hosts)))
        waves.append(rest[:size])
        rest = rest[size:]
    return tuple(waves)


def plan_release(
    environment: Environment, hosts: tuple[Host, ...], release: str, first: frozenset[str], review: Review = NOT_REVIEWED, *, unbacked: bool = False,
    expects: str = "",
) -> Plan:  # fmt: skip
    """A rolling release to those hosts. `first`: hosts that never had one; `review`: what is done to the database; `unbacked`: without a backup too;
    `expects`: the digest that the packed release must have."""
    waves = waves_of(environment.rolling.batch, hosts)
    steps = [*_prepare_console(environment, expects)]
    prepared: dict[str, str] = {}
    packed = (steps[-1].name,)
    for host in hosts:
        lane = _prepare_host(environment, host, release, packed, leads=host is hosts[0])
        steps.extend(lane)
        prepared[host.name] = lane[-1].name
    database = database_steps(environment, review, release, tuple(prepared.values()), unbacked=unbacked)
    steps.extend(database)
    steps.extend(_waves(environment, waves, release, first, prepared, tuple(step.name for step in database)))
    steps.extend(_close(environment, hosts, release, _ends(steps, waves)))
    return sealed(Plan("rolling", tuple(tuple(host.name for host in wave) for wave in waves), Steps(steps)))


def plan_restart(environment: Environment, hosts: tuple[Host, ...], live: dict[str, str]) -> Plan:
    """Restart the application host by host, each behind its gate."""
    waves = waves_of(environment.rolling.batch, hosts)
    steps: list[Step] = []
    needs: tuple[str, ...] = ()
    for number, wave in enumerate(waves, start=1):
        mark = _mark(environment, number, len(waves), wave, needs)
        chains = [_restart_lane(environment, host, live.get(host.name, ""), number, (mark.name,)) for host in wave]
        steps.extend([mark, *(step for chain in chains for step in chain)])
        needs = (mark.name, *(chain[-1].name for chain in chains if chain))
    return sealed(Plan("restart", tuple(tuple(host.name for host in wave) for wave in waves), Steps(steps)))


def plan_catch_up(environment: Environment, hosts: tuple[Host, ...], release: str, on_disk: frozenset[str], first: frozenset[str], expects: str) -> Plan:
    """Owed hosts to what the environment is. It is shipped to those that have not got it on their disks, and must come to `expects` (empty: anything)."""
    lacking = tuple(host for host in hosts if host.name not in on_disk)
    steps = [*_prepare_console(environment, expects)] if lacking else []
    prepared: dict[str, str] = {}
    for host in lacking:
        lane = _prepare_host(environment, host, release, ("release/pack",), leads=False)
        steps.extend(lane)
        prepared[host.name] = lane[-1].name
    steps.extend(_waves(environment, (hosts,), release, first, prepared))
    steps.extend(_prunes(environment, hosts, release, _ends(steps, (hosts,))))
    return sealed(Plan("catch-up", (tuple(host.name for host in hosts),), Steps(steps)))


def plan_way_back(environment: Environment, targets: dict[str, str], how: str = "", first: tuple[Step, ...] = ()) -> Plan:
    """A rollback as a run of its own: each host to its target, all at once or in halves. Empty target: stop and remove. `first`: what has to be done before."""
    hosts = tuple(host for host in environment.hosts if host.name in targets)
    half = (len(hosts) + 1) // 2
    waves = tuple(wave for wave in (hosts[:half], hosts[half:]) if wave) if how == "halves" else (hosts,)
    steps: list[Step] = list(first)
    needs = tuple(step.name for step in first)
    for number, wave in enumerate(waves, start=1):
        chains = [return_steps(environment, host, targets[host.name], needs, number) for host in wave]
        steps.extend(step for chain in chains for step in chain)
        needs = tuple(chain[-1].name for chain in chains)
    return sealed(Plan(f"rollback {how or 'at-once'}", tuple(tuple(host.name for host in wave) for wave in waves), Steps(steps)))


def _prepare_console(environment: Environment, expects: str) -> list[Step]:
    steps: list[Step] = []
    if environment.build:
        steps.append(
            Step(
                "release/build",
                "build",
                "prepare",
                SafeText(f"build: {environment.build.command}"),
                timeout=environment.build.timeout,
                idempotent=True,
            )
        )
    needs = tuple(step.name for step in steps)
    steps.append(Step("release/pack", "pack", "prepare", SafeText("pack the release"), needs=needs, timeout=900.0, idempotent=True, expects=expects))
    return steps


def _prepare_host(environment: Environment, host: Host, release: str, needs: tuple[str, ...], *, leads: bool) -> tuple[Step, ...]:
    lane = Lane(environment, host, "prepare", f"prepare/{host.name}", release, leads=leads)
    steps = (
        lane.step("ship", "ship", f"ship to {host.name}", 900.0, idempotent=True),
        *lane.run("fetch", environment.command(host, "fetch"), changes=False),
        *lane.run("install", environment.command(host, "install"), changes=False),
        *lane.hooks("before release"),
    )
    return chained(steps, needs)


def _waves(
    environment: Environment, waves: tuple[tuple[Host, ...], ...], release: str, first: frozenset[str], prepared: dict[str, str], others: tuple[str, ...] = ()
) -> list[Step]:
    """`prepared`: each host's last step before its wave, which the host itself waits for too: one that is tried again has it still to do."""
    steps: list[Step] = []
    needs = (*prepared.values(), *others)
    for number, wave in enumerate(waves, start=1):
        mark = _mark(environment, number, len(waves), wave, needs)
        steps.append(mark)
        ends: list[str] = []
        for host in wave:
            lane = Lane(environment, host, "release", f"wave-{number}/{host.name}", release, number, leads=host is waves[0][0])
            chain = chained(_release_steps(lane, first=host.name in first), (mark.name, *([prepared[host.name]] if host.name in prepared else ())))
            steps.extend(chain)
            ends.append(chain[-1].name)
        needs = (mark.name, *ends)
    return steps


def _mark(environment: Environment, number: int, total: int, wave: tuple[Host, ...], needs: tuple[str, ...]) -> Step:
    pause = environment.rolling.pause if number > 1 else 0.0
    names = ", ".join(host.name for host in wave[:6]) + (f" and {len(wave) - 6} more" if len(wave) > 6 else "")
    title = SafeText(f"wave {number} of {total}: {names}")
    return Step(f"wave-{number}", "wave", "release", title, wave=number, needs=needs, timeout=0.0, idempotent=True, pause=pause)


def _release_steps(lane: Lane, *, first: bool) -> tuple[Step, ...]:
    return (
        *lane.hooks("before host"),
        *(() if first else lane.stop()),
        *lane.hooks("before switch"),
        lane.switch(),
        *lane.hooks("after switch"),
        *lane.restart(first=first),
        *lane.gate(),
        *lane.hooks("after host"),
    )


def _restart_lane(environment: Environment, host: Host, release: str, wave: int, needs: tuple[str, ...]) -> tuple[Step, ...]:
    lane = Lane(environment, host, "release", f"wave-{wave}/{host.name}", release, wave)
    return chained((*lane.stop(), *lane.restart(first=False), *lane.gate()), needs)


def _ends(steps: list[Step], waves: tuple[tuple[Host, ...], ...]) -> tuple[str, ...]:
    last = {host.name for host in waves[-1]} if waves else set()
    ends = {step.about: step.name for step in steps if step.phase == "release" and step.about in last}
    return tuple(ends.values())


def _close(environment: Environment, hosts: tuple[Host, ...], release: str, needs: tuple[str, ...]) -> list[Step]:
    steps: list[Step] = []
    if environment.monitor:
        title = SafeText(f"watch health for {environment.monitor:g} s")
        steps.append(
            Step(
                "verify/monitor",
                "monitor",
                "verify",
                title,
                needs=needs,
                timeout=environment.monitor + 60.0,
                idempotent=True,
                release=release,
            )
        )
        needs = ("verify/monitor",)
    return [*steps, *_prunes(environment, hosts, release, needs)]


def _prunes(environment: Environment, hosts: tuple[Host, ...], release: str, needs: tuple[str, ...]) -> list[Step]:
    """What a verified release ends with on each host; with it the host's own history calls it healthy."""
    steps: list[Step] = []
    for host in hosts:
        lane = Lane(environment, host, "close", f"close/{host.name}", release, leads=host is hosts[0])
        prune = lane.step("prune", "prune", f"remove old releases on {host.name}", 120.0, idempotent=True, fatal=False)
        steps.extend(chained((*lane.hooks("after release"), prune), needs))
    return steps
