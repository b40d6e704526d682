"""Whether a release goes forward: how its commit stands to what is live, and how it fared here before. Pure.

Going back is the rollback's, which knows what each host had; a deploy of an older commit is held up until a reason is given.
"""

from collections import Counter
from collections.abc import Mapping

from console.core.rollback_targets import targets_named
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts
from console.errors import Problem
from console.model.checks import Check
from console.model.environment_record import TAKEN_BACK, Attempts, EarlierAttempt
from console.model.host_facts import HostFacts
from console.model.release_facts import Relation, Revision
from console.model.state import RunState
from console.safe_text import SafeText

TITLE = SafeText("Goes forward")
NAMED = 3
COMMITS = 200
"""Commits of which it is kept how they fared."""


def attempts_after(before: Attempts, state: RunState) -> Attempts:
    """Return how commits fared here once that run has ended."""
    commit = state.revision.commit if state.revision else ""
    if state.kind == "rollback" and state.outcome == "rolled-back" and before.live:
        taken_back = EarlierAttempt(state.run, TAKEN_BACK, state.ended_at)
        return Attempts({**before.by_commit, before.live: taken_back})
    if state.kind != "deploy" or state.outcome not in ("succeeded", "rolled-back", "failed"):
        return before
    words = {"failed": "failed", "rolled-back": TAKEN_BACK if _is_wish(state) else "failed and was rolled back"}.get(state.outcome)
    known = {name: found for name, found in before.by_commit.items() if name != commit}
    recent = dict(list(known.items())[1 - COMMITS :])
    return Attempts({**recent, commit: EarlierAttempt(state.run, words, state.ended_at) if words else None}, "" if words else commit)


def _is_wish(state: RunState) -> bool:
    """Whether a person took the release back, and no host of it had failed."""
    return state.back_cause in ("key", "abort") and not any(host.failed_once for host in state.hosts.values())


def attempt_of(commit: str, attempts: Mapping[str, EarlierAttempt | None]) -> EarlierAttempt | None:
    """Return how a commit fared; the record may have the first digits of its name alone."""
    return next((found for known, found in attempts.items() if found and known and commit.startswith(known)), None)


def assess_direction(
    revision: Revision, facts: tuple[HostFacts, ...], relations: Mapping[str, Relation], attempts: Mapping[str, EarlierAttempt | None],
) -> Check:  # fmt: skip
    """Judge a release against what is live on those hosts, each of which has to answer. `relations`: of the commit to each that is live."""
    reached = tuple(fact for fact in facts if not fact.problem)
    live = Counter((release.commit, str(release.version or release.id)) for fact in reached if (release := fact.release(fact.current)))
    name = str(revision.version)
    stands = [(relations.get(commit, "unknown"), f"{version}, live on {counted_hosts(number)}") for (commit, version), number in live.most_common()]
    older = [words for stand, words in stands if stand == "older"]
    if older:
        detail = SafeText(f"{name} is older than {shortened(older, NAMED, '; ')}; or --override direction=REASON")
        return Check("direction", TITLE, "failed", detail=detail, remedy=_remedy(reached, name))
    silent = [fact.host for fact in facts if fact.problem]
    if silent:
        unknown = SafeText(f"what is live on {shortened(silent, NAMED, '; ')} is not known")
        return Check("direction", TITLE, "error", blocking=False, detail=unknown)  # that they are not reached blocks by itself
    said = [words for stand, what in stands if (words := _warning(name, stand, what))]
    attempt = attempt_of(revision.commit, attempts)
    if attempt:
        said.append(f"{name} {attempt.words} here (run {attempt.run}, {attempt.ended[:16].replace('T', ' ')} UTC)")
    if said:
        return Check("direction", TITLE, "warning", blocking=False, detail=SafeText("; ".join(said)))
    newer = [words for _, words in stands]
    return Check("direction", TITLE, "passed", detail=SafeText(f"newer than {shortened(newer, NAMED, '; ')}" if newer else "nothing is live yet"))


def _warning(name: str, stand: Relation, what: str) -> str:
    return {
        "same": f"{what.partition(',')[0]} is live already on{what.rpartition(' on')[2]}",
        "diverged": f"{name} and {what}, have diverged: neither holds the other",
        "unknown": f"whether {name} is newer than {what}, is not known: that commit is not in the repository, or its history is cut off",
    }.get(stand, "")


def _remedy(reached: tuple[HostFacts, ...], name: str) -> SafeText:
    """What goes back: the rollback to that release where hosts have it still, else to one that they have."""
    return SafeText(f"deploy rollback ENV --to {'RELEASE' if isinstance(targets_named(reached, name), Problem) else name}")
