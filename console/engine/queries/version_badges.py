"""What stands beside a version that could be released: whether it was verified where it has to be first, and what CI says of its commit.

By the record and by the checks that a pre-flight asks too; it judges nothing itself. What CI said is kept for a while: a fleet's list is looked at often.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from console.core.checks.configured import assess_configured, judges_commit, most_telling
from console.core.checks.staging import Made, age_of, contents_of, verified_run
from console.engine.context import QueryContext
from console.engine.preflight.configured_checks import stamp
from console.model.checks import Check
from console.model.configured_checks import CheckSpec
from console.model.fleet_snapshot import CiMark, Verified
from console.model.release_facts import Revision
from console.model.request import Person
from console.model.values import changed
from console.safe_text import SafeText

ANSWER_WITHIN = 8.0
"""Seconds that a check has to say something of a version in a list."""
AGAIN = {"passed": 300.0, "failed": 120.0, "waiting": 15.0, "error": 60.0, "unasked": 3600.0, "none": 3600.0}
"""Seconds for which an answer is kept."""
KEPT = 1000


async def answer_verified(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> Verified:
    """Say which commits were verified in the required environment. `trees`: commits, with what each one holds."""
    environment, now = fleet.environment, fleet.clock.now()
    if not environment.requires:
        return Verified()
    trees = {str(commit): str(tree) for commit, tree in dict(argument.get("trees", {})).items()}
    records = await fleet.journal.environments(environment.app)
    contents = contents_of(records)
    runs = [one for record in records if record.environment == environment.requires for one in reversed(record.released.values())]
    at: dict[str, str] = {}
    late: list[str] = []
    for commit, tree in trees.items():
        made = Made(Revision(commit, SafeText(""), tree=tree), environment.build is not None, contents.get(commit, frozenset()))
        run = verified_run(made, runs)
        if run is not None:
            at[commit] = run.ended_at
            late += [commit] if age_of(run, now).total_seconds() > environment.requires_within else []
    return Verified(environment.requires, at, tuple(late))


async def answer_ci(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> CiMark:
    """Say what the checks that judge a commit find of that one, as `ref`."""
    commit, ref = str(argument.get("commit", "")), str(argument.get("ref", ""))
    specs = tuple(spec for spec in fleet.environment.checks if judges_commit(spec))
    if not specs:
        return CiMark(commit)
    key, now = (fleet.digest, commit), fleet.clock.mono()
    until, mark = fleet.ci_kept.get(key, (0.0, CiMark(commit)))
    if now >= until:
        mark = await _asked(fleet, specs, commit, ref)
        while len(fleet.ci_kept) >= KEPT:
            del fleet.ci_kept[next(iter(fleet.ci_kept))]
        fleet.ci_kept[key] = (fleet.clock.mono() + mark.again, mark)
        return mark
    return changed(mark, again=until - now)


async def _asked(fleet: QueryContext, specs: tuple[CheckSpec, ...], commit: str, ref: str) -> CiMark:
    asked = [spec for spec in specs if not _is_dear(spec)]
    told = most_telling(await asyncio.gather(*(_check(fleet, spec, commit, ref) for spec in asked)))
    if told is None:
        return CiMark(commit, "unasked", SafeText("without a token it is asked of the chosen version alone"), AGAIN["unasked"])
    return CiMark(commit, told.status, SafeText(f"{told.title}: {told.detail}"), AGAIN[told.status])  # type: ignore[arg-type]


async def _check(fleet: QueryContext, spec: CheckSpec, commit: str, ref: str) -> Check:
    values = {"commit": commit, "version": ref, "env": fleet.environment.name, "release": "", "run": ""}
    found = await fleet.outside.checks.ask(fleet.environment, changed(spec, timeout=min(spec.timeout, ANSWER_WITHIN)), (), values)
    return assess_configured(spec, found, stamp(fleet.clock.now()))


def _is_dear(spec: CheckSpec) -> bool:
    """Whether a list of versions would use up what may be asked in an hour, and then the pre-flight could not ask: GitHub without a token."""
    if spec.kind != "github" or spec.token or not isinstance(spec.url, str):
        return False
    return (urlsplit(spec.url).hostname or "github.com") in ("github.com", "api.github.com")
