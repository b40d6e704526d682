"""Hands the history of a state folder to a record that machines share: every run with its events, in their order, and what is kept of each environment.

An environment that the shared record knows already by other runs is left: the order of runs is that of the record, and theirs came first.
Knows two records; nothing of databases.
"""

from collections.abc import Iterator
from typing import NamedTuple

from console.adapters.journal.environment_rows import Place
from console.adapters.journal.record_store import Entry, RecordStore
from console.core.run.evolve import fold
from console.model.run_summary import ASIDE, RunSummary
from console.safe_text import SafeText

TOGETHER = 50
"""Runs that are written at once."""
ALL = 2**31 - 1


class HandedOver(NamedTuple):
    """What became of one environment's history."""

    app: str
    environment: str
    runs: int
    """That were written now."""
    left: int = 0
    """That stay in the state folder alone."""
    why: SafeText = SafeText("")
    """Why those do."""

    @property
    def words(self) -> str:
        """One line for who handed it over; where runs stay, it ends with the reason."""
        place = f"{self.environment} of {self.app}"
        if self.left:
            return f"{place}: {self.left} runs stay in this state folder alone: {self.why}"
        return f"{place}: {self.runs} runs of this state folder are in the shared journal now"


def hand_over(source: RecordStore, target: RecordStore) -> Iterator[HandedOver]:
    """Hand over what the target lacks, environment by environment; done again, it goes on where it was. Raises JournalFault."""
    for place in source.places():
        ours, theirs = list(source.runs(*place, limit=ALL)), {run.run for run in target.runs(*place, limit=ALL)}
        missing = [run for run in reversed(ours) if run.run not in theirs]
        if not missing:
            continue
        why = _why_not(ours, theirs)
        if why:
            yield HandedOver(*place, 0, len(missing), SafeText(why))
            continue
        for first in range(0, len(missing), TOGETHER):
            _write(source, target, missing[first : first + TOGETHER])
        _keep(source, target, place)
        yield HandedOver(*place, len(missing))


def _why_not(ours: list[RunSummary], theirs: set[str]) -> str:
    going_on = next((run.run for run in ours if run.outcome is None and run.kind not in ASIDE), "")
    if going_on:
        return f"run {going_on} is open; end it without `journal` in hosts.toml, then: deploy engine migrate"
    if theirs - {run.run for run in ours}:
        return "the shared journal has other runs of that environment already; to see those of here, take `journal` out of hosts.toml, then: deploy history"
    return ""


def _write(source: RecordStore, target: RecordStore, runs: list[RunSummary]) -> None:
    entries = [Entry(run.run, events, fold(events)) for run in runs if (events := source.read(run.run))]
    for fault in target.write(entries):
        if fault is not None:
            raise fault


def _keep(source: RecordStore, target: RecordStore, place: Place) -> None:
    """What no event says of an environment."""
    record = source.environment(*place)
    if record.note is not None:
        target.keep_note(*place, record.note)
    if record.maintenance is not None:
        target.keep_maintenance(*place, record.maintenance)
