"""The lines of the history as rows: read, searched, and found by what a person types. Knows no events and no database.

Imports nothing that is slow: whoever only lists or joins runs waits for it.
"""

from collections.abc import Mapping
from typing import Any

from console.model.run_summary import RunSummary
from console.safe_text import SafeText

SEARCHED = ("run", "kind", "version", "from_version", "commit", "strategy", "by", "started", "reason")
"""What of a run's line is searched, and its outcome."""
OPEN = "open goes on"
"""The outcome of a run that has none yet, for a search."""


def summary_from(row: Mapping[str, Any]) -> RunSummary:
    """Return the line that a row of the journal holds."""
    texts = {name: SafeText(row[name]) for name in ("version", "from_version", "reason")}
    return RunSummary(**{**row, **texts, "number": row["number"] or 0})


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
