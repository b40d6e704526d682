"""The record of runs for a command, and the run that a person means by a word. Meets no engine."""

from typing import TYPE_CHECKING

from console.cli.configuration import state
from console.cli.invocation import Invocation
from console.cli.which_journal import journal_named, open_record
from console.errors import UsageFault
from console.model.request import ASIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.adapters.journal.record_store import RecordStore
    from console.model.carrier import Carrier
    from console.model.state import RunState
    from console.ports.journal import RunSummary


def journal() -> "RecordStore":
    """Open the record of runs, for a process that does nothing else meanwhile."""
    return open_record()


def carrier_of(run: str) -> "Carrier | None":
    """Return which engine carries a run by the record that machines share; None: none does, or this machine alone has the record."""
    if not journal_named():
        return None
    record = journal()
    try:
        return record.carried().get(run)
    finally:
        record.close()


def recorded(run: str) -> "RunState":
    """Return what the journal says of a run."""
    from console.core.run.evolve import fold

    record = journal()
    try:
        return fold(record.read(run))
    finally:
        record.close()


def run_named(how: Invocation, text: str) -> "RunSummary":
    """Find a run by id, unique prefix, or `last`; left out, the one that is open. Raises UsageFault."""
    found = _meant(text, how.app)
    if len(found) == 1:
        return found[0]
    if not found:
        if text == "last":
            raise UsageFault("no run is known here yet", "deploy status")
        raise UsageFault(f"no run is called {text}" if text else "no run is open", "deploy history")
    fitting = "\n".join(_listed(found[:8]))
    raise UsageFault(f"{len(found)} runs {'begin with ' + text if text else 'are open'}:\n{fitting}", "name one of them")


def open_runs(how: Invocation, environment: str = "") -> list[str]:
    """Return the runs that have no end in the record, newest first."""
    return [run.run for run in _meant("", how.app) if environment in ("", run.environment)]


def _meant(text: str, app: str) -> "list[RunSummary]":
    """Return the runs that a person may mean by that; by nothing: those that are open."""
    from console.adapters.journal.run_search import find_summaries
    from console.adapters.statefolder import journal_path, refuse_network

    if not journal_named():
        folder = state()
        refuse_network(folder)
        found = find_summaries(journal_path(folder), text, app)
        if found is not None:
            return found
    record = journal()
    try:
        if text == "last":
            return list(record.runs(app, limit=1))
        if text:
            return [run for run in record.find_run(text) if app in ("", run.app)]
        return [run for run in record.runs(app, limit=1000) if run.outcome is None and run.kind not in ASIDE]
    finally:
        record.close()


def _listed(runs: "list[RunSummary]") -> "Iterator[str]":
    for run in runs:
        yield f"  {run.run}  {run.kind} {run.version or '-'} by {run.by}"
