"""The pre-flight of a run: looks at everything at once, and says what was found, what would be done, and whether it may be.

The same for `check`, which shows it and changes nothing, and for a run, which writes it down. Verdicts are `core`'s.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from console.core.checks.database import completed_review
from console.core.checks.fleet import assess_fleet, overridden
from console.core.checks.staging import Made
from console.core.host_selection import chosen_hosts
from console.core.kinds.kind_table import KINDS
from console.core.kinds.preflight_events import events_of, plan_of
from console.core.kinds.preflight_result import PreflightResult
from console.core.kinds.release import release_of_commit
from console.engine.pacing import on_each
from console.engine.preflight.commit_checks import Relations, content_check, reading, relations_of, sized
from console.engine.preflight.configured_checks import AskedRelease, unanswered, verdict
from console.engine.preflight.database_review import DatabaseInspection, review
from console.engine.preflight.kept_versions import with_kept_versions
from console.engine.preflight.preflight_input import PreflightInput
from console.errors import ConsoleError
from console.model.checks import Check
from console.model.configured_checks import CheckSpec
from console.model.database_facts import Review
from console.model.environment_record import Released
from console.model.events import ChangesListed, CheckReported, Event
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.release_facts import Release, Revision
from console.model.traffic import BalancerProblem, BalancerSeen
from console.model.values import changed

LOOK_DEADLINE = 30.0
BALANCER_DEADLINE = 15.0
HURRIED_DEADLINE = 5.0
"""Seconds that a balancer has to say how its servers are; the second before a rollback, which waits for none."""
CHANGES = 200
"""Commits that a run's record lists."""
SLOW = 0.5
"""Seconds after which it is said which checks have not answered yet."""


def _makes_release(inputs: PreflightInput) -> bool:
    return KINDS[inputs.request.kind].makes_release


async def _at_balancers(inputs: PreflightInput) -> tuple[BalancerSeen | BalancerProblem, ...]:
    """Ask every balancer how its servers are."""
    deadline = HURRIED_DEADLINE if KINDS[inputs.request.kind].is_return else BALANCER_DEADLINE
    return tuple(await asyncio.gather(*(balancer.look(deadline=deadline) for balancer in inputs.balancers)))


async def look_at(inputs: PreflightInput, hosts: tuple[Host, ...]) -> tuple[HostFacts, ...]:
    """Look at all hosts at once."""

    async def look(host: Host) -> HostFacts:
        return await inputs.scout.examine(inputs.environment, host, deadline=LOOK_DEADLINE, target=_goes_to(inputs, host))

    facts = await inputs.without_leftovers(tuple(await on_each(hosts, look)))
    return await with_kept_versions(inputs.environment, inputs.checks, hosts, facts, {host.name: _goes_to(inputs, host) for host in hosts})


def _goes_to(inputs: PreflightInput, host: Host) -> str:
    """The release on a host's disk that the run would make live again; empty: none is known."""
    return inputs.catches_up.release.id if inputs.catches_up else inputs.targets.goes_to.get(host.name, "")


async def prepare(inputs: PreflightInput) -> AsyncIterator[Event]:
    """Yield what the pre-flight finds, as it is found; the plan is last. Raises ConsoleError for what ends it at once."""
    hosts = chosen_hosts(inputs.environment, inputs.request)
    looking = asyncio.ensure_future(look_at(inputs, hosts))
    balancing = asyncio.ensure_future(_at_balancers(inputs))
    found: PreflightResult | None = None
    asking: dict[asyncio.Task[Check], Check] = {}
    try:
        revision = await _revision(inputs)
        inputs = await _with_verifications(inputs, revision)
        subject = subject_of(inputs, hosts, revision)
        asking = _asking(inputs, subject) if subject else {}
        open_ones: set[asyncio.Future[Any]] = {looking, *asking}
        patience: float | None = SLOW
        while open_ones:
            done, open_ones = await asyncio.wait(open_ones, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if looking in done:
                inputs = replace(inputs, looks=await balancing)
                listed = await _changes(inputs, looking.result(), revision) if revision and _makes_release(inputs) else None
                if listed:
                    yield listed
                known = await _reviewed(inputs, looking.result(), listed, revision)
                relations = await _relations(inputs, looking.result(), revision)
                found = _all(inputs, looking.result(), revision, known, relations)
                for event in (*_of_record(inputs), *await _of_bastions(inputs, looking.result()), *events_of(found)):
                    yield event
            for one in (one for one in asking if one in done):
                yield CheckReported(check=one.result())
            if not done:
                patience = None
                for one in (one for one in asking if one in open_ones):
                    yield CheckReported(check=asking[one])
        room = await _room(inputs, looking.result(), subject)
        planned = await asyncio.to_thread(lambda: tuple(plan_of(found, inputs.usual))) if found else ()
        for event in (*room, *planned):
            yield event
    finally:
        for open_one in (looking, balancing, *asking):
            open_one.cancel()


def _asking(inputs: PreflightInput, subject: AskedRelease) -> dict[asyncio.Task[Check], Check]:
    """What is asked beside the hosts: the commit's content, and the configured checks; each with what stands for it until it answers."""
    asked = {asyncio.create_task(_verdict(subject, spec)): unanswered(subject, spec) for spec in inputs.environment.checks}
    content = {asyncio.create_task(_content(inputs, subject.revision)): reading(subject.revision)} if inputs.environment.ship == "files" else {}
    return {**content, **asked}


async def _verdict(subject: AskedRelease, spec: CheckSpec) -> Check:
    return (await verdict(subject, spec)).check


async def _content(inputs: PreflightInput, revision: Revision) -> Check:
    return await content_check(inputs.repository, inputs.environment, inputs.request, revision)


async def _room(inputs: PreflightInput, facts: tuple[HostFacts, ...], subject: AskedRelease | None) -> tuple[CheckReported, ...]:
    """The room for all that is shipped, once it is known that this is more than the commit itself."""
    ships = subject if inputs.environment.ship == "files" else None
    whole = await sized(inputs.repository, inputs.environment, ships.revision) if ships else None
    if subject is None or whole is None or whole == subject.revision:
        return ()
    fleet = assess_fleet(facts, whole.size, whole.files, inputs.environment.rolling.max_failures)
    return tuple(CheckReported(check=check) for check in overridden(fleet, inputs.request.overrides) if check.id == "space")


def _without_room(found: Iterator[Event], room: tuple[CheckReported, ...]) -> Iterator[Event]:
    """Leave the verdict on the room out that another one takes the place of: looked at again, the two are no change."""
    return (event for event in found if not (room and isinstance(event, CheckReported) and event.check.id == "space"))


async def _relations(inputs: PreflightInput, facts: tuple[HostFacts, ...], revision: Revision | None) -> Relations:
    return await relations_of(inputs.repository, facts, revision) if revision and _makes_release(inputs) else {}


async def _revision(inputs: PreflightInput) -> Revision | None:
    """The commit that a release is made of; a catch-up may do without its repository, where the release is on the hosts' disks."""
    if _makes_release(inputs):
        return await inputs.repository.resolve(inputs.request.ref)
    if inputs.catches_up is None:
        return None
    known = inputs.catches_up.release
    if known.commit:
        with contextlib.suppress(ConsoleError):
            return changed(await inputs.repository.resolve(known.commit), version=known.version)
    return Revision(known.commit, known.version)


async def _with_verifications(inputs: PreflightInput, revision: Revision | None) -> PreflightInput:
    """With what the record says of the release in the environment that has to have had it first. Raises ConsoleError where it cannot be read."""
    requires = inputs.environment.requires
    if revision is None or not requires or inputs.request.kind != "deploy":
        return inputs
    return replace(inputs, known=await inputs.verifications(requires, revision))


async def _changes(inputs: PreflightInput, facts: tuple[HostFacts, ...], revision: Revision) -> ChangesListed:
    """What the release brings, against the commit that most hosts have that users are sent to."""
    in_use = _all(inputs, facts, None, None, {}).in_use
    live = Counter(release.commit for fact in in_use if (release := fact.release(fact.current)) and release.commit)
    commit = live.most_common(1)[0][0] if live else ""
    between = await inputs.repository.between(commit, revision.commit, inputs.environment.migrations)
    if not between.known:
        return ChangesListed(subjects=(), migrations=between.migrations, known=False)
    return ChangesListed(subjects=tuple(change.subject for change in between.changes[:CHANGES]), migrations=between.migrations)


async def _reviewed(inputs: PreflightInput, facts: tuple[HostFacts, ...], listed: ChangesListed | None, revision: Revision | None) -> Review | None:
    """What is known of the database; None where the environment has none, or nothing is released."""
    if inputs.environment.database is None or inputs.database is None or revision is None or not _makes_release(inputs):
        return None
    look = DatabaseInspection(inputs.environment, inputs.repository, inputs.database, inputs.backup)
    known = await review(look, _reached(inputs, facts), listed, revision)
    return _settled(inputs, facts, changed(known, is_first=_is_first(inputs, facts)))


def _is_first(inputs: PreflightInput, facts: tuple[HostFacts, ...]) -> bool:
    """Whether every host of the environment was asked, answered, and has no release."""
    is_all = {fact.host for fact in facts} >= {host.name for host in inputs.environment.hosts}
    return is_all and not any(fact.problem or fact.current or fact.current_broken for fact in facts)


def _settled(inputs: PreflightInput, facts: tuple[HostFacts, ...], known: Review) -> Review:
    return completed_review(inputs.environment, _reached(inputs, facts), known, inputs.request.impact, inputs.now)


def _reached(inputs: PreflightInput, facts: tuple[HostFacts, ...]) -> tuple[Host, ...]:
    """The hosts that were reached and are to change."""
    return _all(inputs, facts, None, None, {}).changing


async def prepare_again(inputs: PreflightInput, revision: Revision | None, known: Review | None = None) -> tuple[Event, ...]:
    """Return what the pre-flight finds now. The commit stays the one that was pinned, whatever its branch or tag has become, and so do its migrations."""
    hosts = chosen_hosts(inputs.environment, inputs.request)
    inputs = await _with_verifications(inputs, revision)
    subject = subject_of(inputs, hosts, revision)
    asked = (verdict(subject, spec) for spec in inputs.environment.checks) if subject else ()
    facts, balancers, *verdicts = await asyncio.gather(look_at(inputs, hosts), _at_balancers(inputs), *asked)
    configured = tuple(CheckReported(check=one.check) for one in verdicts)
    ships = subject if inputs.environment.ship == "files" else None
    content = (CheckReported(check=await _content(inputs, ships.revision)),) if ships else ()
    inputs = replace(inputs, looks=balancers)
    known = _settled(inputs, facts, known) if known else None
    room = await _room(inputs, facts, subject)
    found = _all(inputs, facts, revision, known, await _relations(inputs, facts, revision))
    return (*_without_room(events_of(found), room), *content, *room, *configured, *plan_of(found, inputs.usual))


def subject_of(inputs: PreflightInput, hosts: tuple[Host, ...], revision: Revision | None) -> AskedRelease | None:
    """What configured checks are asked about; a restart and a rollback are held up by none."""
    release = release_of(inputs, revision)
    if revision is None or release is None or not _makes_release(inputs):
        return None
    return AskedRelease(inputs.environment, inputs.request, inputs.checks, hosts, revision, release, inputs.run, inputs.ticked, inputs.now)


def _of_record(inputs: PreflightInput) -> Iterator[Event]:
    if inputs.record is not None:
        yield CheckReported(check=inputs.record)


async def _of_bastions(inputs: PreflightInput, facts: tuple[HostFacts, ...]) -> tuple[CheckReported, ...]:
    """How other machines reach these hosts; asked for a release alone, since nothing that goes back waits for it."""
    seen = {fact.host: fact.ssh for fact in facts if fact.ssh is not None}
    check = await inputs.bastions(seen) if seen and _makes_release(inputs) else None
    return (CheckReported(check=check),) if check else ()


def release_of(inputs: PreflightInput, revision: Revision | None) -> Release | None:
    """The release that a run makes: named by the run's time and the commit."""
    if revision is None:
        return None
    if inputs.catches_up is not None:
        return inputs.catches_up.release
    return release_of_commit(inputs.run, revision)


def _all(inputs: PreflightInput, facts: tuple[HostFacts, ...], revision: Revision | None, known: Review | None, relations: Relations) -> PreflightResult:
    """All that was found, for the kind of the run to judge and to plan by."""
    made, runs = _made(inputs, revision)
    return PreflightResult(
        inputs.environment, inputs.request, inputs.run, inputs.now, inputs.now.astimezone(inputs.zone), facts, revision, release_of(inputs, revision),
        known, relations, made, runs, inputs.attempts, inputs.by, inputs.joined, inputs.targets, inputs.undoes, inputs.catches_up, inputs.backup, inputs.kept,
        drained=inputs.drained, weights=inputs.weights, balancers=inputs.looks, ceding=inputs.ceding(), fared_there=inputs.known.fared,
    )  # fmt: skip


def _made(inputs: PreflightInput, revision: Revision | None) -> tuple[Made | None, tuple[Released, ...]]:
    """What is released, and the runs of the required environment that may speak for it; nothing where none is required."""
    environment = inputs.environment
    if revision is None or not environment.requires or not KINDS[inputs.request.kind].makes_release:
        return None, ()
    return Made(revision, environment.build is not None, inputs.known.contents), inputs.known.runs
