"""Whether what is released was verified in another environment, by the record of runs there: that commit, or the same build. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from console.model.checks import Check
from console.model.environment_record import EarlierAttempt, EnvironmentRecord, Released
from console.model.release_facts import Revision
from console.model.state import RunState
from console.safe_text import SafeText

TITLE = SafeText("Staging verified")


class Made(NamedTuple):
    """What is released, as it is known before it is packed."""

    revision: Revision
    is_built: bool = False
    contents: frozenset[str] = frozenset()
    """Digests of what earlier runs packed of that commit."""


class KnownCommit(NamedTuple):
    """What the record says of a commit."""

    runs: tuple[Released, ...] = ()
    """Runs in the required environment that may have released the same, newest first."""
    contents: frozenset[str] = frozenset()
    """Digests of what was packed of it, in whichever environment."""
    fared: EarlierAttempt | None = None
    """How it fared in the required environment since it was verified there, where that was no success."""


def known_of(records: Iterable[EnvironmentRecord], required: str, revision: Revision) -> KnownCommit:
    """Return what the records of an application's environments say of a commit: who released the same in the required one, and what was packed of it."""
    known = tuple(records)
    contents = contents_of(known).get(revision.commit, frozenset())
    here = (one for record in known if record.environment == required for one in reversed(record.released.values()))
    fared = next((record.attempts.by_commit.get(revision.commit) for record in known if record.environment == required), None)
    return KnownCommit(tuple(one for one in here if one.revision and _may_be_same(one, one.revision, revision, contents)), contents, fared)


def _may_be_same(one: Released, its: Revision, revision: Revision, contents: frozenset[str]) -> bool:
    if its.commit == revision.commit:
        return True
    return bool(one.outcome) and (one.content in contents or (bool(revision.tree) and its.tree == revision.tree))


def contents_of(records: Iterable[EnvironmentRecord]) -> dict[str, frozenset[str]]:
    """Return what was packed of each commit, in whichever environment."""
    found: dict[str, frozenset[str]] = {}
    for one in (one for record in records for one in record.released.values() if one.content and one.revision):
        commit = one.revision.commit if one.revision else ""
        found[commit] = found.get(commit, frozenset()) | {one.content}
    return found


def released_of(state: RunState, number: int) -> Released:
    """What a release run says of what it released. `number`: its place in the record."""
    verified = state.kind == "deploy" and state.outcome == "succeeded" and state.exit == 0 and not state.request.hosts and not state.request.without
    is_built = state.plan is not None and any(step.kind == "build" for step in state.plan.steps)
    return Released(
        state.run, number, state.revision, state.release, state.content, is_built=is_built, outcome=state.outcome, ended_at=state.ended_at, verified=verified
    )


def is_same(run: Released, made: Made) -> bool:
    """Whether that run released the same: the commit, a build with the same digest, or, where nothing is built, a commit that holds the same."""
    if run.revision is None:
        return False
    if run.revision.commit == made.revision.commit:
        return True
    is_same_tree = bool(made.revision.tree) and run.revision.tree == made.revision.tree
    return run.content in made.contents or (is_same_tree and not made.is_built and not run.is_built)


def verified_run(made: Made, runs: Iterable[Released]) -> Released | None:
    """The newest run that verified it; of its own commit, if there is one."""
    same = [run for run in runs if run.verified and is_same(run, made)]
    return next((run for run in same if run.revision and run.revision.commit == made.revision.commit), same[0] if same else None)


def expected_content(made: Made, runs: Iterable[Released]) -> str:
    """The digest that the release must come to, where another commit's run speaks for it; empty: its own does, or none is known."""
    verified = verified_run(made, runs)
    return "" if verified is None or verified.revision is None or verified.revision.commit == made.revision.commit else verified.content


def age_of(verified: Released, now: datetime) -> timedelta:
    """How long ago that run ended."""
    return now - datetime.fromisoformat(verified.ended_at)


def assess_staging(
    required: str, within: float, made: Made, runs: tuple[Released, ...], now: datetime, fared: EarlierAttempt | None = None,
) -> Check:  # fmt: skip
    """Judge the runs of the required environment, newest first. `within`: seconds that a verification is good for; `fared`: what became of the commit there
    since, where that was no success: somebody should know why."""
    revision = made.revision
    verified = verified_run(made, runs)
    remedy = SafeText(f"deploy {required} --version {revision.version}")
    if verified is None:
        same = [run for run in runs if is_same(run, made)]
        tried = f"; last there: {same[0].outcome or 'not ended'} (run {same[0].run})" if same else ""
        return _failed(f"{revision.version} {revision.commit[:7]} was not verified in {required}{tried}", remedy)
    age, other = age_of(verified, now), _other(verified, revision)
    if age > timedelta(seconds=within):
        return _failed(f"verified in {required}{other} {_age(age)} ago, allowed are {_age(timedelta(seconds=within))}", remedy)
    words = f"verified in {required}{other} {_age(age)} ago"
    if fared is not None:
        since = SafeText(f"{words}, and {fared.words} there since (run {fared.run})")
        return Check("staging", TITLE, "warning", blocking=False, detail=since, remedy=SafeText(f"deploy report {fared.run}"))
    return Check("staging", TITLE, "passed", detail=SafeText(words))


def _other(verified: Released, revision: Revision) -> str:
    was = verified.revision
    if was is None or was.commit == revision.commit:
        return ""
    return f" as {was.version} {was.commit[:7]}, which ships the same{f' (content {verified.content[:7]})' if verified.content else ''},"


def _failed(detail: str, remedy: SafeText) -> Check:
    detail += "; or --override staging=REASON"
    return Check("staging", TITLE, "failed", detail=SafeText(detail), remedy=remedy)


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
