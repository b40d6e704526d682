"""`deploy status --motd`: one line if anything is open, for a login. Reads the state folder alone: no host is asked, no engine started, nothing made."""

import os
from collections.abc import Iterator

from console.cli.kept_notes import kept_note
from console.cli.wiring import Invocation, say
from console.errors import ConsoleError
from console.ports.journal import Journal, RunSummary
from console.typed import as_typed


async def motd(how: Invocation, name: str) -> int:
    """Print what is open in every environment that the state folder knows, as one line; nothing where nothing is."""
    from console.adapters.journal import JournalFault, SqlJournal
    from console.adapters.statefolder import journal_path, state_folder

    folder = state_folder(os.environ)
    try:
        if not _is_there(journal_path(folder)):
            return 0
        record = SqlJournal(journal_path(folder))
        try:
            runs = record.runs(how.app, name, limit=1000)
            words = [word for place in dict.fromkeys((run.app, run.environment) for run in runs) for word in await _open(record, folder, runs, *place)]
        finally:
            record.close()
    except JournalFault as fault:
        say(f"deploy: {fault.message}: {as_typed(fault.hint)}")
        return 0
    except (ConsoleError, OSError):
        return 0
    if words:
        say("deploy: " + "; ".join(words))
    return 0


async def _open(record: Journal, folder: str, runs: tuple[RunSummary, ...], app: str, environment: str) -> list[str]:
    from console.engine.catch_up.debts import debts_of
    from console.engine.queries.last_runs import last_runs

    waiting = [run for run in runs if (run.app, run.environment) == (app, environment) and run.outcome is None and run.kind != "exec"]
    words = [await _how_it_stands(record, folder, run) for run in waiting[:1]]
    owed: dict[str, None] = dict.fromkeys(debt.host for debt in debts_of(record, app, environment))
    if owed:
        head = f"{environment} of {app}: {', '.join(_some(list(owed)))} {'is' if len(owed) == 1 else 'are'} owed"
        words.append(f"{head}: {as_typed(f'deploy status {environment}')}")
    _, failed = last_runs(record, app, environment)
    if failed is not None:
        words.append(as_typed(f"{environment} of {app} is not verified since run {failed.run} failed: deploy report {failed.run}"))
    note = kept_note(folder, app, environment)
    if note is not None:
        until = f" until {note['until']}" if note["until"] else ""
        words.append(f"{environment} of {app} is closed by {note['by']}{until}: {note['reason']}")
    return words


async def _how_it_stands(record: Journal, folder: str, run: RunSummary) -> str:
    from console.client.attach import look
    from console.core.run.evolve import fold
    from console.wire.address import socket_path

    welcome = await look(socket_path(folder, run.app, run.environment))
    head = f"{run.environment} of {run.app}: run {run.run}"
    if welcome is None or welcome.run != run.run:
        return f"{head} was interrupted: {as_typed(f'deploy resume {run.run}')}"
    state = fold(record.read(run.run))
    waits = state.pausing is not None or state.phase == "deciding"
    return f"{head} {'waits for a person' if waits else 'goes on'}: {as_typed(f'deploy attach {run.run}')}"


def _is_there(path: str) -> bool:
    return os.path.exists(path)


def _some(hosts: list[str]) -> Iterator[str]:
    yield from hosts[:3]
    if len(hosts) > 3:
        yield f"{len(hosts) - 3} more"
