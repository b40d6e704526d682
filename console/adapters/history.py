"""A line of the history for each run, kept from its events. Pure; knows no storage."""

from dataclasses import replace

from console.model.events import AnyEvent, PlanMade, RevisionResolved, RunEnded, RunOpened
from console.ports import RunSummary
from console.text import SafeText


def summary_after(run: str, before: RunSummary | None, events: tuple[AnyEvent, ...]) -> RunSummary | None:
    """Return the run's line after those events; None as long as it was not opened."""
    summary = before
    for event in events:
        summary = _after(run, summary, event)
    return summary


def _after(run: str, summary: RunSummary | None, event: AnyEvent) -> RunSummary | None:
    if isinstance(event, RunOpened):
        return RunSummary(run, event.app, event.environment, event.kind, SafeText(""), "", "", event.by.name, event.at, None, None)
    if summary is None:
        return None
    match event:
        case RevisionResolved():
            return replace(summary, version=event.revision.version, commit=event.revision.commit)
        case PlanMade():
            return replace(summary, strategy=event.plan.strategy)
        case RunEnded():
            return replace(summary, ended=event.at, outcome=event.outcome, exit=event.exit)
        case _:
            return summary


def found_run(text: str, candidates: list[RunSummary]) -> list[RunSummary]:
    """Return the run of exactly that id, else all candidates. An empty text means none."""
    exact = [each for each in candidates if each.run == text]
    return exact or (candidates if text else [])
