"""What an engine tells a console between runs: what runs where, what could be released, what a release would do, what a host has, its numbers.

Reads only. Knows the ports; nothing of sockets or of runs that go on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

from console.core.checks.direction import attempt_of
from console.core.environment.record_queries import drained_hosts, failed_run, healthy_hosts, owed_now
from console.core.metrics.kept_numbers import DAY, HOUR, MINUTE
from console.core.metrics.metric_list import metrics_of
from console.engine.context import QueryContext
from console.engine.maintenance.change import read_maintenance
from console.engine.metrics.history import History
from console.engine.metrics.metrics_sampler import MetricKeeper
from console.engine.preflight.dry_run import answer_preview
from console.engine.queries.inspect import look_at
from console.engine.queries.traffic_drift import drifted, readmitted
from console.engine.queries.version_badges import answer_ci, answer_verified
from console.engine.server.broadcast import Broadcast
from console.errors import UsageFault
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord
from console.model.fleet_snapshot import Candidate, FleetSnapshot, Holder, SnapshotHost, SnapshotRelease
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.number_history import NumbersSeen
from console.model.request import Person
from console.model.values import changed
from console.ports.feed import Heard
from console.safe_text import SafeText

CANDIDATES = 200
"""Tags, and commits, that are offered for a release."""


async def answer_board(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> FleetSnapshot:
    """Say what runs where, read from the hosts now."""
    environment = fleet.environment
    facts = await look_at(fleet, environment.hosts)
    found = next((holder for fact in facts if (holder := fact.lock or fact.closed)), None)
    held = Holder(found.by, found.since, found.reason, found.run) if found else None
    record, _ = await fleet.known()
    (maintained, _), again = await asyncio.gather(read_maintenance(fleet, facts), readmitted(fleet, record))
    return FleetSnapshot(
        environment=environment.name, app=environment.app, protected=environment.protected, run=await fleet.open_run(), held=held,
        hosts=snapshot_hosts(record, environment, drifted(facts, again), again),
        maintenance=maintained.state, maintained=maintained,
        owed=owed_now(record, fleet.unpaid), failed=failed_run(record), at=_now(fleet),
        record_away=fleet.journal.outage.reason if fleet.journal.outage else SafeText(""),
    )  # fmt: skip


def _now(fleet: QueryContext) -> str:
    return fleet.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")


def snapshot_hosts(
    record: EnvironmentRecord, environment: Environment, facts: Sequence[HostFacts], again: Collection[str] = (),
) -> tuple[SnapshotHost, ...]:  # fmt: skip
    """Return the hosts by what they said of themselves now, and by what runs have left in the record. `again`: hosts that get requests though a run took
    them out."""
    healthy = healthy_hosts(record, environment, facts)
    drained = drained_hosts(record).difference(again)
    return tuple(
        changed(_board_host(host, fact, healthy[host.name]), drained=host.name in drained) for host, fact in zip(environment.hosts, facts, strict=True)
    )  # fmt: skip


def _board_host(host: Host, fact: HostFacts, healthy: bool | None) -> SnapshotHost:
    if fact.problem:
        return SnapshotHost(host.name, reachable=False, problem=fact.problem, tags=tuple(host.tags))
    live = fact.release(fact.current)
    if live is None:
        return SnapshotHost(host.name, release=fact.current, drift=fact.current_broken or fact.drift, tags=tuple(host.tags))
    return SnapshotHost(host.name, release=live.id, version=live.version, commit=live.commit, drift=fact.drift, healthy=healthy, tags=tuple(host.tags))


async def answer_versions(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> tuple[Candidate, ...]:
    """Say what could be released, newest first, after a fetch, and what failed here. `live`: commits with the number of hosts that have them."""
    live = {str(commit): int(hosts) for commit, hosts in dict(argument.get("live", {})).items()}
    found = await fleet.outside.repository.candidates(live, CANDIDATES)
    bad = (await fleet.journal.environment(fleet.environment.app, fleet.environment.name)).attempts.by_commit
    return tuple(changed(one, fared=SafeText(attempt.words)) if (attempt := attempt_of(one.commit, bad)) else one for one in found)


async def answer_releases(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> tuple[SnapshotRelease, ...]:
    """Say which releases a host has on its disk, newest first."""
    name = str(argument.get("host", ""))
    host = next((host for host in fleet.environment.hosts if host.name == name), None)
    if host is None:
        raise UsageFault(f"{fleet.environment.name} has no host {name}", "deploy status")
    (fact,) = await look_at(fleet, (host,))
    if fact.problem:
        raise UsageFault(f"{name} is not reached: {fact.problem}", str(fact.hint))
    found = (SnapshotRelease(one.id, one.version, one.commit, one.id == fact.current, one.healthy, one.whole) for one in fact.releases)
    return tuple(found)[::-1]


async def answer_channels(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> tuple[SafeText, ...]:
    """Say by which channels people are told of a release, without their secrets."""
    announce = fleet.environment.announce
    if announce is None:
        return ()
    found = await fleet.outside.announcer.channels()
    missing = len(announce.to) - len(found)
    return (*found, *([SafeText(f"{missing} more, whose {'secret is' if missing == 1 else 'secrets are'} not known here")] if missing else []))


async def answer_numbers(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> NumbersSeen:
    """Say how every metric went for some time. `span`: seconds; `host`: of that one alone; `new`: by host, since when it has been on the new release."""
    keeper, now = fleet.metrics, fleet.clock.mono()
    if keeper is None:
        return NumbersSeen(now=now)
    span = min(DAY, max(MINUTE, float(argument.get("span", HOUR))))
    new = {str(host): float(at) for host, at in dict(argument.get("new", {})).items()}
    infos = metrics_of(fleet.environment)
    history = History(keeper.numbers, now, span, new, str(argument.get("host", "")))
    curves = tuple([await history.curve(info) for info in infos])
    problems = {info.name: problem for info in infos if (problem := history.problem(info.name))}
    return NumbersSeen(infos, tuple(curve for curve in curves if curve.at), problems, now)


ANSWERS: dict[str, Callable[[QueryContext, Mapping[str, Any], Person], Coroutine[Any, Any, object]]] = {
    "board": answer_board,
    "channels": answer_channels,
    "verified": answer_verified,
    "ci": answer_ci,
    "versions": answer_versions,
    "preview": answer_preview,
    "releases": answer_releases,
    "numbers": answer_numbers,
}


async def follow_numbers(keeper: MetricKeeper) -> AsyncIterator[Heard]:
    """The numbers of a fleet at rest, as they come, for as long as they are read."""
    broadcast = Broadcast()
    with keeper.heard(broadcast.tell):
        async for item in broadcast.follow():
            yield item
