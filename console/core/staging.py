"""Whether a commit was verified in another environment, by the record of runs there. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from console.model.checks import Check
from console.model.release import Revision
from console.model.state import RunState
from console.text import SafeText

TITLE = SafeText("Staging verified")


def is_verified(run: RunState) -> bool:
    """Whether a run left its commit live and healthy on every host of its environment: a part of the fleet, or hosts behind, do not count."""
    return run.kind == "deploy" and run.outcome == "succeeded" and run.exit == 0 and not run.request.hosts and not run.request.without


def assess_staging(required: str, within: float, revision: Revision, runs: Iterable[RunState], now: datetime) -> Check:
    """Judge the runs of the required environment, newest first. `within`: seconds that a verification is good for."""
    same = [run for run in runs if run.revision is not None and run.revision.commit == revision.commit]
    verified = next((run for run in same if is_verified(run)), None)
    remedy = SafeText(f"deploy {required} --version {revision.version}, or --override staging=REASON")
    if verified is None:
        tried = f"; last there: {same[0].outcome or 'not ended'} (run {same[0].run})" if same else ""
        return _failed(f"{revision.version} {revision.commit[:7]} was not verified in {required}{tried}", remedy)
    age = now - datetime.fromisoformat(verified.ended_at.replace("Z", "+00:00"))
    if age > timedelta(seconds=within):
        return _failed(f"verified in {required} {_age(age)} ago, allowed are {_age(timedelta(seconds=within))}", remedy)
    return Check("staging", TITLE, "passed", detail=SafeText(f"verified in {required} {_age(age)} ago"))


def _failed(detail: str, remedy: SafeText) -> Check:
    return Check("staging", TITLE, "failed", detail=SafeText(detail), remedy=remedy)


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
