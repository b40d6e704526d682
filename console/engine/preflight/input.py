"""What a pre-flight starts from: the model, the ports, and what the record says of releases before. Asks hosts only for a way back by name."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from console.core.checks.database import migrated_last, revert_step
from console.core.environment.live_release import Unclear
from console.core.host_selection import chosen_hosts
from console.core.kinds.rollback_targets import Targets, targets_before, targets_named
from console.engine.catch_up.catch_up import environment_now
from console.engine.catch_up.leftover_locks import without_leftovers
from console.engine.preflight.database import is_kept
from console.engine.preflight.findings import PreflightInput, look_at
from console.engine.preflight.run_history import attempts, backup_of, last_backup, usual_seconds, verifications
from console.engine.queries.context import QueryContext
from console.engine.queries.ended_runs import state_of
from console.errors import NoGo, Problem
from console.model.request import Request
from console.model.state import RunState


def survey_of(fleet: QueryContext, request: Request, run: str) -> PreflightInput:
    """Return what is known before anything is asked."""
    environment, outside = fleet.environment, fleet.outside
    place = environment.app, environment.name
    return PreflightInput(
        environment, request, outside.scout, outside.repository, outside.checks, fleet.clock.now(), fleet.zone, run, usual_seconds(fleet.journal, *place),
        verifications=verifications(fleet.journal, environment.app), database=outside.database, backup=last_backup(fleet.journal, *place),
        without_leftovers=partial(without_leftovers, fleet.journal),
        attempts=attempts(fleet.journal, *place) if request.kind == "deploy" else {},
    )  # fmt: skip


async def survey_for(fleet: QueryContext, request: Request, run: str) -> PreflightInput:
    """Return what a run's pre-flight starts from: for a rollback where each host goes back to, for a catch-up what the environment is.

    Raises NoGo where that is not known.
    """
    survey = survey_of(fleet, request, run)
    if request.kind == "restore":
        backup = backup_of(fleet.journal, request.ref)
        return replace(survey, backup=backup, kept=await is_kept(survey.environment, backup, survey.database))
    if request.kind == "catch-up":
        live = environment_now(fleet.journal, fleet.environment.app, fleet.environment.name)
        if isinstance(live, Unclear):
            raise NoGo(f"{request.hosts} cannot be brought up to date: {live.words}", f"deploy {fleet.environment.name}")
        return replace(survey, catches_up=live)
    if request.kind != "rollback":
        return survey
    return replace(survey, targets=await _targets(fleet, survey), undoes=None if request.ref else migrated_last(_ended(fleet, run)))


def reverts(fleet: QueryContext, request: Request) -> bool:
    """Whether a run of that kind would take a migration back."""
    undone = migrated_last(_ended(fleet, "")) if request.kind == "rollback" and not request.ref and fleet.environment.database else None
    return undone is not None and bool(revert_step(fleet.environment, undone))


async def _targets(fleet: QueryContext, survey: PreflightInput) -> Targets:
    hosts = chosen_hosts(survey.environment, survey.request)
    if survey.request.ref:
        facts = tuple(fact for fact in await look_at(survey, hosts) if not fact.problem)
        found = targets_named(facts, survey.request.ref)
    else:
        found = targets_before(_ended(fleet, survey.run), tuple(host.name for host in hosts))
    if isinstance(found, Problem):
        raise NoGo(found.message, found.hint)
    return found


def _ended(fleet: QueryContext, but: str) -> Iterator[RunState]:
    """The environment's ended runs, newest first."""
    runs = fleet.journal.runs(fleet.environment.app, fleet.environment.name)
    return (state_of(fleet.journal, one.run) for one in runs if one.outcome and one.run != but)
