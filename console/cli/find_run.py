"""The record of runs for a command, and the run that a person means by a word. Meets no engine."""

import os
from typing import TYPE_CHECKING, TypeVar

from console.cli.configuration import file_meant, state
from console.cli.invocation import Invocation
from console.cli.which_journal import is_silent, journal_named, note_silence, open_record
from console.errors import RecordAway, UsageFault
from console.model.run_summary import ASIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from console.adapters.journal.quick_history import Quick
    from console.adapters.journal.record_store import RecordStore
    from console.model.carrier import Carrier
    from console.model.events import AnyEvent
    from console.model.run_summary import RunSummary
    from console.model.state import RunState


T = TypeVar("T")
ALL = 2**31 - 1
"""More runs than a record has."""


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

    return fold(events_of_run(run))


def events_of_run(run: str) -> "tuple[AnyEvent, ...]":
    """Return every event of a run. Raises JournalFault where its chain does not hold."""
    from console.adapters.journal.quick_events import events_of

    found = _quick(lambda record: events_of(record, run))
    if found is not None:
        return found
    record = journal()
    try:
        return record.read(run)
    finally:
        record.close()


def page_of_runs(app: str, environment: str, limit: int, after: "RunSummary | None", words: str) -> "tuple[RunSummary, ...]":
    """Return runs of an environment, newest first: a page of them after that one, of those whose line holds the words."""
    if after is None and not words:
        return tuple(history_of(app, environment, limit))
    record = journal()
    try:
        return record.runs(app, environment, limit=limit, after=after, words=words)
    finally:
        record.close()


def app_meant(how: Invocation) -> str:
    """Return the application whose runs are meant where none is named: that of the hosts.toml here, where it has one alone; empty: any.

    In a folder of one application nobody means the run of another that shares the state folder.
    """
    from console.config.record_keys import app_of_file

    return how.app or app_of_file(file_meant(how) or os.devnull)


def run_named(how: Invocation, text: str) -> "RunSummary":
    """Find a run by id, unique prefix, or `last`; left out, the one that is open. Raises UsageFault."""
    app = app_meant(how) if text in ("", "last") else how.app
    found = _meant(text, app)
    if len(found) == 1:
        return found[0]
    if not found:
        of = f" of {app}" if app else ""
        others = _meant(text, "") if app and not how.app else []
        if others:
            listed = "\n".join(_listed(others[:8]))
            raise UsageFault(
                f"no run{of} is {'known here yet' if text else 'open'}; of other applications:\n{listed}", f"name one of them, or --app {others[0].app}"
            )
        if text == "last":
            raise UsageFault(f"no run{of} is known here yet", "deploy status")
        raise UsageFault(f"no run is called {text}" if text else f"no run{of} is open", "deploy history")
    fitting = "\n".join(_listed(found[:8]))
    raise UsageFault(f"{len(found)} runs {'begin with ' + text if text else 'are open'}:\n{fitting}", "name one of them")


def open_runs(how: Invocation, environment: str = "") -> list[str]:
    """Return the runs that have no end in the record, newest first."""
    return open_runs_of(app_meant(how), environment)


def open_runs_of(app: str, environment: str) -> list[str]:
    """Return the same of an application in an environment; an empty name is any."""
    return [run.run for run in _meant("", app) if environment in ("", run.environment)]


def history_of(app: str, environment: str, limit: int) -> "list[RunSummary]":
    """Return the newest runs, so many at most."""
    from console.adapters.journal.quick_history import history_lines

    found = _quick(lambda record: history_lines(record, limit, app, environment))
    return _all_runs(app, environment, limit) if found is None else found


def history_text(columns: "Sequence[str]", app: str, environment: str) -> str:
    """Return a JSON list with these columns of all runs, newest first."""
    from console.adapters.journal.quick_history import history_json
    from console.plain.json_text import in_ascii, json_text

    found = _quick(lambda record: history_json(record, columns, app, environment))
    if found is None:
        return json_text([{name: getattr(run, name) for name in columns} for run in _all_runs(app, environment, ALL)])
    return in_ascii(found)


def _all_runs(app: str, environment: str, limit: int) -> "list[RunSummary]":
    record = journal()
    try:
        return list(record.runs(app, environment, limit=limit))
    finally:
        record.close()


def _quick(ask: "Callable[[Quick], T | None]") -> "T | None":
    """Ask the record without its library; None: that is to be loaded, or the database was waited for in vain and what this machine has is to be read."""
    record = _quickly()
    try:
        return ask(record) if record else None
    except RecordAway as fault:
        note_silence(fault)
        return None


def _quickly() -> "Quick | None":
    """Return what asks the record without its library; None: nothing does."""
    named = journal_named()
    if not named:
        from console.adapters.journal.quick_history import of_file
        from console.adapters.statefolder import journal_path, refuse_network

        folder = state()
        refuse_network(folder)
        return of_file(journal_path(folder))
    address = named if isinstance(named, str) else os.environ.get(named.name) if named.kind == "env" else ""
    if not address or is_silent():
        return None
    from console.adapters.journal.postgres_history_query import of_database

    return of_database(address)


def _meant(text: str, app: str) -> "list[RunSummary]":
    """Return the runs that a person may mean by that; by nothing: those that are open."""
    from console.adapters.journal.quick_history import find_summaries

    found = _quick(lambda record: find_summaries(record, text, app))
    if found is not None:
        return found
    record = journal()
    try:
        if text == "last":
            return list(record.runs(app, limit=1))
        if text:
            return [run for run in record.find_run(text) if app in ("", run.app)]
        return [run for run in record.runs(app, limit=ALL) if run.outcome is None and run.kind not in ASIDE]
    finally:
        record.close()


def _listed(runs: "list[RunSummary]") -> "Iterator[str]":
    for run in runs:
        yield f"  {run.run}  {run.kind} {run.version or '-'} by {run.by}"
