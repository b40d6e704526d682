"""What a pre-flight starts from: the model, the ports, and what the record says of releases before. Asks hosts only for a way back by name."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from console.core.checks.fleet import in_environment
from console.core.checks.other_bastions import assess_bastions, not_compared
from console.core.checks.shared_record import assess_record, assess_record_away
from console.core.checks.staging import KnownCommit, known_of
from console.core.database_state import revert_command
from console.core.environment.record_queries import usual_seconds
from console.core.host_selection import chosen_hosts
from console.core.kinds.kind_table import KINDS
from console.core.rollback_targets import NO_RELEASE, Targets, targets_before, targets_named
from console.engine.catch_up.leftover_locks import without_leftovers
from console.engine.context import QueryContext
from console.engine.preflight.database_review import is_kept
from console.engine.preflight.findings import look_at
from console.engine.preflight.preflight_input import PreflightInput
from console.engine.server.access import person_of
from console.engine.server.user_directory import UserDirectory
from console.errors import ConsoleError, NoGo, Problem, RecordAway
from console.model.bastions import SshSeen
from console.model.checks import Check
from console.model.database_facts import Backup
from console.model.environment_record import EnvironmentRecord, Unclear
from console.model.events import BackupTaken
from console.model.host import Host
from console.model.release_facts import Revision
from console.model.request import Request, RunKind
from console.model.state import RunState
from console.ports.journal import Journal

PAGES = (3, 30, 300)
"""Ended runs that are read at once for a rollback: most ask for the last one alone."""


async def input_of(fleet: QueryContext, request: Request, run: str) -> PreflightInput:
    """Return what is known before anything is asked; a record that cannot be read holds no run up."""
    environment, outside = fleet.environment, fleet.outside
    record = await _record(fleet)
    return PreflightInput(
        environment, request, outside.scout, outside.repository, outside.checks, fleet.clock.now(), fleet.zone, run, usual_seconds(record),
        verifications=partial(_verifications, fleet.journal, environment.app), database=outside.database, backup=record.backup,
        without_leftovers=partial(without_leftovers, fleet.journal),
        attempts=record.attempts.by_commit if request.kind == "deploy" else {}, balancers=outside.balancers,
        drained={name: frozenset(host.drained) for name, host in record.hosts.items() if host.drained}, weights=record.weights,
        ceding=fleet.ceding if request.kind == "deploy" else _nobody, record=await _proof(fleet.journal, request.kind),
        bastions=partial(_bastions, fleet.journal, environment.app, environment.name),
    )  # fmt: skip


async def _proof(journal: Journal, kind: RunKind) -> Check | None:
    """What the database of a shared record proves of who acts; that it does not answer, where it does not."""
    if journal.outage is not None:
        return assess_record_away(journal.outage.reason, blocks=not KINDS[kind].is_return)
    try:
        me = person_of(os.getuid(), await UserDirectory().look(os.getuid(), None))
        return assess_record(await journal.machines.login(), me.name)
    except ConsoleError:
        return None


async def _bastions(journal: Journal, app: str, environment: str, seen: Mapping[str, SshSeen]) -> Check | None:
    """How other machines reach these hosts; None where the record is this machine's alone, or is away, which is said elsewhere."""
    try:
        return assess_bastions(environment, seen, await journal.machines.reached_elsewhere(app, environment, seen))
    except (RecordAway, TimeoutError):
        return None
    except ConsoleError as fault:
        return not_compared(fault)


def _nobody() -> None:
    return None


async def input_for(fleet: QueryContext, request: Request, run: str) -> PreflightInput:
    """Return what a run's pre-flight starts from: for a rollback where each host goes back to, for a catch-up what the environment is.

    Raises NoGo where that is not known.
    """
    inputs = await input_of(fleet, request, run)
    if request.kind == "restore":
        backup = await _backup_of(fleet.journal, request.ref)
        return replace(inputs, backup=backup, kept=await is_kept(inputs.environment, backup, inputs.database))
    if request.kind == "catch-up":
        live = (await fleet.journal.environment(fleet.environment.app, fleet.environment.name)).live
        if isinstance(live, Unclear):
            raise NoGo(f"{request.hosts} cannot be brought up to date: {live.words}", f"deploy {fleet.environment.name}")
        return replace(inputs, catches_up=live)
    if request.kind != "rollback":
        return inputs
    return replace(inputs, targets=await _targets(fleet, inputs), undoes=None if request.ref else await _migrated(fleet))


async def reverts(fleet: QueryContext, request: Request) -> bool:
    """Whether a run of that kind would take a migration back."""
    if request.kind != "rollback" or request.ref or not fleet.environment.database:
        return False
    undone = await _migrated(fleet)
    return undone is not None and revert_command(fleet.environment, undone) is not None


async def _migrated(fleet: QueryContext) -> RunState | None:
    """The run whose migration is still there. Raises ConsoleError: where that is not known, nothing is taken back without it."""
    return (await fleet.journal.environment(fleet.environment.app, fleet.environment.name)).migrated


async def _record(fleet: QueryContext) -> EnvironmentRecord:
    try:
        return await fleet.journal.environment(fleet.environment.app, fleet.environment.name)
    except ConsoleError:
        return EnvironmentRecord()


async def _verifications(journal: Journal, app: str, required: str, revision: Revision) -> KnownCommit:
    return known_of(await journal.environments(app), required, revision)


async def _backup_of(journal: Journal, run: str) -> Backup | None:
    """The backup that a run took; a record that cannot be read knows of none."""
    try:
        taken = [event.backup for event in await journal.of_type(run, BackupTaken) if isinstance(event, BackupTaken)]
    except ConsoleError:
        return None
    return taken[-1] if taken else None


async def _targets(fleet: QueryContext, inputs: PreflightInput) -> Targets:
    hosts = chosen_hosts(inputs.environment, inputs.request)
    if inputs.request.ref:
        facts = tuple(fact for fact in await look_at(inputs, hosts) if not fact.problem)
        found = targets_named(facts, inputs.request.ref)
    else:
        found = await _targets_before(fleet, hosts)
    if isinstance(found, Problem):
        raise NoGo(found.message, in_environment(found.hint, fleet.environment.name))
    if fleet.journal.outage is None or inputs.request.ref:
        return found
    record = await fleet.journal.environment(fleet.environment.app, fleet.environment.name)
    return found._replace(believed={name: host.release for name, host in record.hosts.items() if host.release})


async def _targets_before(fleet: QueryContext, hosts: Iterable[Host]) -> Targets | Problem:
    """Where those hosts go by the record, of which no more is read than it takes to know."""
    names, states = tuple(host.name for host in hosts), list[RunState]()
    before, found = 0, NO_RELEASE
    for limit in PAGES:
        page = await fleet.journal.past(fleet.environment.app, fleet.environment.name, limit, before)
        states += [one.state for one in page]
        found = targets_before(states, names)
        if found is not NO_RELEASE or len(page) < limit:
            break
        before = page[-1].number
    return found
