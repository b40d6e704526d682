"""What a release would bring: commits, authors and migrations between each commit that is live on the fleet and a REF. Reads only."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from console.engine.context import QueryContext
from console.engine.queries.inspect import look_at
from console.errors import NoGo
from console.model.request import Person


async def answer_pending(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Say what lies between what is live and `ref`, for each commit that is live, most hosts first. Raises NoGo where no host answers."""
    environment = fleet.environment
    facts = await look_at(fleet, environment.hosts)
    away = [fact.host for fact in facts if fact.problem]
    if len(away) == len(facts):
        raise NoGo(f"no host of {environment.name} is reached: {facts[0].host}: {facts[0].problem}", str(facts[0].hint) or f"deploy check {environment.name}")
    revision = await fleet.outside.repository.resolve(str(argument.get("ref", "")))
    live = Counter((release.commit, str(release.version)) for fact in facts if (release := fact.release(fact.current)))
    rows = []
    for (commit, version), hosts in live.most_common():
        between = await fleet.outside.repository.between(commit, revision.commit, environment.migrations)
        rows.append(
            {
                "version": version or commit[:7], "commit": commit, "hosts": hosts, "known": between.known, "backwards": between.backwards,
                "commits": list(between.changes), "authors": sorted({str(change.by) for change in between.changes}),
                "migrations": list(between.migrations),
            }
        )  # fmt: skip
    return {
        "environment": environment.name, "version": revision.version, "commit": revision.commit, "live": rows, "unreachable": away,
        "without_release": [fact.host for fact in facts if not fact.problem and not fact.current],
        "migrations_configured": bool(environment.migrations),
    }  # fmt: skip
