"""The lines of the history: kept from a run's events, searched, and found by what a person types. Knows no storage."""

from dataclasses import replace

from console.model.events import AnyEvent, PlanMade, RevisionResolved, RunEnded, RunOpened
from console.ports.journal import RunSummary
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


SEARCHED = ("run", "kind", "version", "commit", "strategy", "by", "started")
"""What of a run's line is searched, and its outcome."""
OPEN = "open goes on"
"""The outcome of a run that has none yet, for a search."""


def sought(words: str) -> tuple[tuple[bool, str], ...]:
    """Return each word of a search in small letters, and whether a run is to hold it or (`!word`) not to."""
    parts = [(not word.startswith("!"), word.lstrip("!").lower()) for word in words.split()]
    return tuple((wanted, word) for wanted, word in parts if word)


def holds(run: RunSummary, words: str) -> bool:
    """Return whether a run is among those that a search for these words finds."""
    held = " ".join([run.outcome or OPEN, *(str(getattr(run, name)) for name in SEARCHED)]).lower()
    return all((word in held) is wanted for wanted, word in sought(words))


def found_run(text: str, candidates: list[RunSummary]) -> list[RunSummary]:
    """Return the run of exactly that id, else all candidates. An empty text means none."""
    exact = [each for each in candidates if each.run == text]
    return exact or (candidates if text else [])
