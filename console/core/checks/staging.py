"""Whether what is released was verified in another environment, by the record of runs there: that commit, or the same build. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from console.model.checks import Check
from console.model.release import Revision
from console.model.state import RunState
from console.text import SafeText

TITLE = SafeText("Staging verified")


class Made(NamedTuple):
    """What is released, as it is known before it is packed."""

    revision: Revision
    is_built: bool = False
    contents: frozenset[str] = frozenset()
    """Digests of what earlier runs packed of that commit."""


def is_verified(run: RunState) -> bool:
    """Whether a run left its release live and healthy on every host of its environment: a part of the fleet, or hosts behind, do not count."""
    return run.kind == "deploy" and run.outcome == "succeeded" and run.exit == 0 and not run.request.hosts and not run.request.without


def is_same(run: RunState, made: Made) -> bool:
    """Whether that run released the same: the commit, a build with the same digest, or, where nothing is built, a commit that holds the same."""
    if run.revision is None:
        return False
    if run.revision.commit == made.revision.commit:
        return True
    is_same_tree = bool(made.revision.tree) and run.revision.tree == made.revision.tree
    return run.content in made.contents or (is_same_tree and not made.is_built and not _was_built(run))


def _was_built(run: RunState) -> bool:
    return run.plan is not None and any(step.kind == "build" for step in run.plan.steps)


def verified_run(made: Made, runs: Iterable[RunState]) -> RunState | None:
    """The newest run that verified it; of its own commit, if there is one."""
    same = [run for run in runs if is_verified(run) and is_same(run, made)]
    return next((run for run in same if run.revision and run.revision.commit == made.revision.commit), same[0] if same else None)


def expected_content(made: Made, runs: Iterable[RunState]) -> str:
    """The digest that the release must come to, where another commit's run speaks for it; empty: its own does, or none is known."""
    verified = verified_run(made, runs)
    return "" if verified is None or verified.revision is None or verified.revision.commit == made.revision.commit else verified.content


def age_of(verified: RunState, now: datetime) -> timedelta:
    """How long ago that run ended."""
    return now - datetime.fromisoformat(verified.ended_at.replace("Z", "+00:00"))


def assess_staging(required: str, within: float, made: Made, runs: tuple[RunState, ...], now: datetime) -> Check:
    """Judge the runs of the required environment, newest first. `within`: seconds that a verification is good for."""
    revision = made.revision
    verified = verified_run(made, runs)
    remedy = SafeText(f"deploy {required} --version {revision.version}, or --override staging=REASON")
    if verified is None:
        same = [run for run in runs if is_same(run, made)]
        tried = f"; last there: {same[0].outcome or 'not ended'} (run {same[0].run})" if same else ""
        return _failed(f"{revision.version} {revision.commit[:7]} was not verified in {required}{tried}", remedy)
    age, other = age_of(verified, now), _other(verified, revision)
    if age > timedelta(seconds=within):
        return _failed(f"verified in {required}{other} {_age(age)} ago, allowed are {_age(timedelta(seconds=within))}", remedy)
    return Check("staging", TITLE, "passed", detail=SafeText(f"verified in {required}{other} {_age(age)} ago"))


def _other(verified: RunState, revision: Revision) -> str:
    was = verified.revision
    if was is None or was.commit == revision.commit:
        return ""
    return f" as {was.version} {was.commit[:7]}, which ships the same{f' (content {verified.content[:7]})' if verified.content else ''},"


def _failed(detail: str, remedy: SafeText) -> Check:
    return Check("staging", TITLE, "failed", detail=SafeText(detail), remedy=remedy)


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
