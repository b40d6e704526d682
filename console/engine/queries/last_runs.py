"""How an environment was left by its runs: the last one that has ended, and the one that failed and that none has made good. Reads the journal."""

from collections.abc import Iterable, Iterator
from typing import Any

from console.core.environment.verification import failed_run
from console.engine.queries.ended_runs import ACTED, BACK, state_of
from console.errors import Exit
from console.model.events import RunOpened
from console.model.fleet_snapshot import LastRun
from console.model.state import RunState
from console.ports.journal import Journal, RunSummary


def last_runs(journal: Journal, app: str, environment: str) -> tuple[LastRun | None, LastRun | None]:
    """Return the last run that has ended, and the one that left the environment unverified. Raises ConsoleError where the record cannot be read."""
    ended = [one for one in journal.runs(app, environment, limit=BACK) if one.outcome is not None and one.kind != "exec"]
    if not ended:
        return None, None
    by_run = {one.run: LastRun(one.run, one.kind, one.outcome or "", one.exit, one.ended or "") for one in ended}
    failed = failed_run(_acted(journal, ended))
    return by_run[ended[0].run], by_run[failed.run] if failed else None


def _acted(journal: Journal, ended: Iterable[RunSummary]) -> Iterator[RunState]:
    """Runs that did something to hosts, up to the one that ended well on every host: that one speaks for all, and needs no fold."""
    for one in ended:
        if one.exit not in ACTED:
            continue
        if one.exit != Exit.FAILED and not any(event.request.hosts for event in journal.of_type(one.run, RunOpened) if isinstance(event, RunOpened)):
            return
        yield state_of(journal, one.run)


def last_run_row(run: LastRun | None) -> dict[str, Any] | None:
    """A run as `status` names it."""
    return None if run is None else {"run": run.run, "kind": run.kind, "outcome": run.outcome, "exit": run.exit, "ended": run.ended}
