"""The lines of the history, kept from a run's events. Knows no storage."""

import re
from dataclasses import replace

from console.core.plan.run_versions import rollback_goal, versions_before
from console.exit_codes import Exit
from console.model.events import AbortAsked, AnyEvent, Decided, HostSeen, NoteAdded, PlanMade, RevisionResolved, RollbackBegan, RunEnded, RunOpened
from console.model.run_summary import RunSummary
from console.safe_text import SafeText


def summary_after(run: str, before: RunSummary | None, events: tuple[AnyEvent, ...]) -> RunSummary | None:
    """Return the run's line after those events; None as long as it was not opened."""
    summary = before
    for event in events:
        summary = _after(run, summary, event)
    return summary


def _after(run: str, summary: RunSummary | None, event: AnyEvent) -> RunSummary | None:
    if isinstance(event, RunOpened):
        return _opened(run, event)
    if summary is None:
        return None
    match event:
        case RevisionResolved():
            live = next(iter(event.live), SafeText(""))
            return replace(summary, version=event.revision.version, commit=event.revision.commit, from_version=live)
        case HostSeen() if summary.kind != "deploy" and not summary.from_version:
            return replace(summary, from_version=event.version or SafeText(event.release))
        case PlanMade():
            before = next(iter(versions_before(event.way_back, event.plan, ())), summary.from_version)
            return _with_target(replace(summary, strategy=event.plan.strategy, from_version=before), event)
        case RunEnded():
            asked = "nobody" if event.exit == Exit.ROLLED_BACK and event.unchanged else summary.asked
            summary = replace(summary, ended=event.at, outcome=event.outcome, exit=event.exit, asked=asked)
            return replace(summary, reason=_bare(event.reason)) if event.reason else summary
        case _:
            return _asked(summary, event)


def _opened(run: str, event: RunOpened) -> RunSummary:
    """A person's run, or the engine's own, which has no user's id."""
    reason = SafeText(event.request.reason or (f"hotfix: {event.request.hotfix}" if event.request.hotfix else ""))
    return RunSummary(
        run, event.app, event.environment, event.kind, SafeText(""), "", "", event.by.name, event.at, None, None,
        asked="automatic" if event.by.uid < 0 else "person" if event.kind == "rollback" else "", reason=reason,
    )  # fmt: skip


def _with_target(summary: RunSummary, event: PlanMade) -> RunSummary:
    """A rollback's version is what it goes to; it comes from what is live elsewhere, where the first host has that already."""
    to = rollback_goal(event.way_back, event.plan) if summary.kind == "rollback" else None
    if to is None:
        return summary
    version = to.version or SafeText(to.release)
    others = (way.version or SafeText(way.release) for way in event.way_back if way.release not in ("", to.release))
    before = next(others, summary.from_version) if summary.from_version == version else summary.from_version
    return replace(summary, version=version, commit=to.commit, from_version=before)


def _asked(summary: RunSummary, event: AnyEvent) -> RunSummary:
    """Who or what had its hosts taken back, or ended it, and why."""
    match event:
        case RollbackBegan():
            by_rule = event.by is None and event.cause in ("failure", "threshold")
            return replace(summary, asked="automatic" if by_rule else "person", reason=_bare(event.reason) if event.why is None else event.why)
        case AbortAsked():
            return replace(summary, asked="person", reason=SafeText(f"aborted by {event.by.name}"))
        case Decided(go=False):
            return replace(summary, reason=SafeText("; ".join(event.reasons)))
        case NoteAdded(about="rollback"):
            return replace(summary, reason=event.text)
        case _:
            return summary


def _bare(reason: SafeText) -> SafeText:
    """A reason without who gave it: who began a rollback is told beside it."""
    return SafeText(_GIVEN.sub("", reason))


_GIVEN = re.compile(r"^asked for by [^:;]*(?:[:;] )?")
