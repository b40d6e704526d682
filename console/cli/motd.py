"""`deploy status --motd`: one line if anything is open, for a login. Reads the record alone: no host is asked, no engine started, nothing made."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from console.as_typed import as_typed
from console.cli.invocation import Invocation
from console.cli.output import say
from console.cli.which_journal import journal_named, open_record_or_copy
from console.core.words.moments import moment_words
from console.errors import ConsoleError
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord, OpenRun
from console.model.host_facts import LockHolder


async def motd(how: Invocation, name: str) -> int:
    """Print what is open in every environment that the record knows, as one line; nothing where nothing is."""
    from console.adapters.journal.chain import JournalFault
    from console.adapters.statefolder import journal_path, state_folder

    folder, shared = state_folder(os.environ), False
    try:
        shared = bool(journal_named())
        if not shared and not _is_there(journal_path(folder)):
            return 0
        words = await _all_open(folder, how.app, name)
    except JournalFault as fault:
        say(f"deploy: {fault.message}: {as_typed(fault.hint)}")
        return 0
    except (ConsoleError, OSError) as fault:
        if isinstance(fault, ConsoleError):
            say(f"deploy: what is open is not known: {fault.message}: {as_typed(fault.hint)}")
        return 0
    if words:
        say("deploy: " + "; ".join(words))
    return 0


async def _all_open(folder: str, app: str, name: str) -> list[str]:
    store, problem = open_record_or_copy()
    try:
        records = [store.environment(*place) for place in store.places(app) if name in ("", place[1])]
        carried = store.carried()
    finally:
        store.close()
    away = [f"the shared record is away, and only runs of this machine are known ({problem})"] if problem else []
    return [*away, *[word for record in records for word in await _open(record, folder, carried)]]


async def _open(record: EnvironmentRecord, folder: str, carried: Mapping[str, Carrier]) -> list[str]:
    from console.core.environment.record_queries import debts_of, failed_run

    place = f"{record.environment} of {record.app}"
    words = [await _how_it_stands(record, folder, run, carried.get(run.run)) for run in record.open[:1]]
    owed: dict[str, None] = dict.fromkeys(debt.host for debt in debts_of(record))
    if owed:
        head = f"{place}: {', '.join(_some(list(owed)))} {'is' if len(owed) == 1 else 'are'} owed"
        words.append(f"{head}: {as_typed(f'deploy status {record.environment}')}")
    failed = failed_run(record)
    if failed is not None:
        words.append(as_typed(f"{place} is not verified since run {failed.run} failed: deploy report {failed.run}"))
    if record.maintenance is not None:
        from console.core.run.sentences import maintenance_words

        off = as_typed(f"deploy maintenance {record.environment} off")
        words.append(f"{place} is in maintenance {maintenance_words(record.maintenance)}: {off}")
    if record.note is not None and not _is_over(record.note):
        until = f" until {moment_words(record.note.until)}" if record.note.until else ""
        words.append(f"{place} is closed by {record.note.by}{until}: {record.note.reason}")
    return words


async def _how_it_stands(record: EnvironmentRecord, folder: str, run: OpenRun, carrier: Carrier | None) -> str:
    from console.client.engine_connection import OthersEngine, SilentEngine, look
    from console.wire.address import socket_path

    head = f"{record.environment} of {record.app}: run {run.run}"
    try:
        welcome = await look(socket_path(folder, record.app, record.environment))
    except (SilentEngine, OthersEngine) as unknown:
        if carrier is None:
            why = "its engine does not answer" if isinstance(unknown, SilentEngine) else "its engine is another user's"
            return f"{head} is open, and {why}: {as_typed('deploy engine list')}"
        welcome = None
    if carrier is None and (welcome is None or not welcome.carries(run.run)):
        return f"{head} was interrupted: {as_typed(f'deploy resume {run.run}')}"
    where = f" on {carrier.host}" if carrier and (welcome is None or not welcome.carries(run.run)) else ""
    return f"{head} {'waits for a person' if run.waits else 'goes on'}{where}: {as_typed(f'deploy attach {run.run}')}"


def _is_over(note: LockHolder) -> bool:
    try:
        return bool(note.until) and datetime.fromisoformat(str(note.until)) <= datetime.now(UTC)
    except ValueError:
        return False


def _is_there(path: str) -> bool:
    return os.path.exists(path)


def _some(hosts: list[str]) -> Iterator[str]:
    yield from hosts[:3]
    if len(hosts) > 3:
        yield f"{len(hosts) - 3} more"
