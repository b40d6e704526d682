"""Whether a release goes forward: how its commit stands to what is live, and how it fared here before. Pure.

Going back is the rollback's, which knows what each host had; a deploy of an older commit is held up until a reason is given.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from console.core.kinds.rollback_targets import targets_named
from console.errors import Problem
from console.model.checks import Check
from console.model.host_facts import HostFacts
from console.model.release import Relation, Revision
from console.text import SafeText

TITLE = SafeText("Goes forward")
NAMED = 3


class EarlierAttempt(NamedTuple):
    """How the last release of a commit ended here, where that was no success."""

    run: str
    words: str
    """What became of it: `failed`, `was rolled back`."""
    ended: str


def bad_attempts(runs: Iterable[tuple[str, str, str, str, str]]) -> dict[str, EarlierAttempt]:
    """Return, by commit, the last releases that went wrong or were taken back. `runs`: (run, kind, commit, outcome, ended), the newest first."""
    known: dict[str, EarlierAttempt | None] = {}
    undone: tuple[str, str] | None = None
    for run, kind, commit, outcome, ended in runs:
        if kind == "rollback" and outcome == "rolled-back":
            undone = run, ended
        if kind != "deploy" or outcome not in ("succeeded", "rolled-back", "failed"):
            continue
        if outcome == "succeeded":
            found = EarlierAttempt(undone[0], "was rolled back", undone[1]) if undone else None
        else:
            found = EarlierAttempt(run, "failed" if outcome == "failed" else "failed and was rolled back", ended)
        known.setdefault(commit, found)
        undone = None
    return {commit: found for commit, found in known.items() if found}


def attempt_of(commit: str, attempts: Mapping[str, EarlierAttempt]) -> EarlierAttempt | None:
    """Return how a commit fared; the record may have the first digits of its name alone."""
    return next((found for known, found in attempts.items() if known and commit.startswith(known)), None)


def assess_direction(revision: Revision, facts: tuple[HostFacts, ...], relations: Mapping[str, Relation], attempts: Mapping[str, EarlierAttempt]) -> Check:
    """Judge a release against what is live on those hosts, each of which has to answer. `relations`: of the commit to each that is live."""
    reached = tuple(fact for fact in facts if not fact.problem)
    live = Counter((release.commit, str(release.version or release.id)) for fact in reached if (release := fact.release(fact.current)))
    name = str(revision.version)
    stands = [(relations.get(commit, "unknown"), f"{version}, live on {_hosts(number)}") for (commit, version), number in live.most_common()]
    older = [words for stand, words in stands if stand == "older"]
    if older:
        return Check("direction", TITLE, "failed", detail=SafeText(f"{name} is older than {_some(older)}"), remedy=_remedy(reached, name))
    silent = [fact.host for fact in facts if fact.problem]
    if silent:
        unknown = SafeText(f"what is live on {_some(silent)} is not known")
        return Check("direction", TITLE, "error", blocking=False, detail=unknown)  # that they are not reached blocks by itself
    said = [words for stand, what in stands if (words := _warning(name, stand, what))]
    attempt = attempt_of(revision.commit, attempts)
    if attempt:
        said.append(f"{name} {attempt.words} here (run {attempt.run}, {attempt.ended[:16].replace('T', ' ')} UTC)")
    if said:
        return Check("direction", TITLE, "warning", blocking=False, detail=SafeText("; ".join(said)))
    newer = [words for _, words in stands]
    return Check("direction", TITLE, "passed", detail=SafeText(f"newer than {_some(newer)}" if newer else "nothing is live yet"))


def _warning(name: str, stand: Relation, what: str) -> str:
    return {
        "same": f"{what.partition(',')[0]} is live already on{what.rpartition(' on')[2]}",
        "diverged": f"{name} and {what}, have diverged: neither holds the other",
        "unknown": f"whether {name} is newer than {what}, is not known: that commit is not in the repository, or its history is cut off",
    }.get(stand, "")


def _remedy(reached: tuple[HostFacts, ...], name: str) -> SafeText:
    """What goes back: the rollback where hosts have that release still, else the override."""
    override = "--override direction=REASON"
    if isinstance(targets_named(reached, name), Problem):
        return SafeText(f"{name} is not on disk on every host: deploy rollback ENV --to RELEASE, with one that is; or {override}")
    return SafeText(f"deploy rollback ENV --to {name}, or {override}")


def _some(words: list[str]) -> str:
    return "; ".join(words[:NAMED]) + (f"; and {len(words) - NAMED} more" if len(words) > NAMED else "")


def _hosts(number: int) -> str:
    return "1 host" if number == 1 else f"{number} hosts"
