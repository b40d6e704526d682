"""What is done to the database: a backup that is verified, a migration that is watched. Whether they may begin is not known here."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing

from console.core.host import database_scripts, dump_scripts, release_scripts
from console.core.host.dump_scripts import folder_of
from console.core.host.shell import filled
from console.core.plan.database_plan import TRY_EVERY
from console.core.words.database_words import backup_words
from console.core.words.durations import duration_words
from console.engine.run.step_attempt import Task, command_variables, remote, values_of
from console.model.configured_environment import Database
from console.model.database_facts import Backup
from console.model.events import BackupTaken
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import LockHolder
from console.model.values import changed
from console.ports.steps import RemoteStep, StepResult
from console.safe_text import SafeText

LOOK = 10.0
"""Seconds that the database has to answer beside a step."""
SAY_AGAIN = 5.0
"""Seconds after which the same waiting is said once more."""


async def back_up(task: Task) -> StepResult:
    """Take a backup on the database's host, and look at what it made."""
    database = task.environment.database
    result = await _run_there(task, {}, proves=True)
    return result if database is None else _proven(task, database, database.host or task.host, result)


async def restore(task: Task) -> StepResult:
    """Bring the database back from the backup of the run that was named."""
    return await _run_there(task, {"run": task.state.request.ref})


async def _run_there(task: Task, named: Mapping[str, str], *, proves: bool = False) -> StepResult:
    """Run the step's command on the database's host, in a folder of the console's own there."""
    database, command = task.environment.database, task.step.command
    if database is None or command is None:
        return StepResult("failed", detail=SafeText("the step has no command"), began=False)
    host = database.host or task.host
    is_own = dump_scripts.takes_dump(database) if proves else database.restore is None
    libpq = task.tools.database.variables() if is_own else {}
    if isinstance(libpq, SafeText):
        return StepResult("failed", detail=libpq, began=False)
    if is_own:
        libpq = {"PGAPPNAME": _application(task), "PGOPTIONS": _options(libpq, database), "PGCONNECT_TIMEOUT": "10", **libpq}
    path = await _entered(task, host)
    if isinstance(path, StepResult):
        return path
    result = await task.tools.steps.perform(host, _own_step(task, host, path, command, named, libpq, proves=proves, is_own=is_own), task.hear)
    if result.status != "unknown":
        await task.tools.database.leave(host, path, task.epoch)
    return result


async def cancel(task: Task) -> StepResult:
    """End a backup or a restore where it runs."""
    database, command = task.environment.database, task.step.command
    if database is None or command is None:
        return StepResult("unknown", detail=SafeText("the step has no command"))
    host = database.host or task.host
    path = await _entered(task, host)
    if isinstance(path, StepResult):
        return path
    is_backup, named = task.step.kind == "backup", {"run": task.state.request.ref} if task.step.kind == "restore" else {}
    return await task.tools.steps.cancel(host, _own_step(task, host, path, command, named, {}, proves=is_backup, is_own=False))


async def _entered(task: Task, host: Host) -> str | StepResult:
    state = task.state
    holder = LockHolder(by=SafeText(state.by.name), since=SafeText(task.tools.now()), run=state.run, epoch=task.epoch, came_from=SafeText(state.by.claims))
    return await task.tools.database.enter(host, folder_of(task.environment), holder, task.tools.is_over)


def _own_step(
    task: Task, host: Host, path: str, command: Command, named: Mapping[str, str], libpq: Mapping[str, str], *, proves: bool, is_own: bool
) -> RemoteStep:  # fmt: skip
    """A command on the database's host, in the console's own folder there. `proves`: what it wrote is looked at; `is_own`: nobody but the console wrote it."""
    values = {**values_of(task), "host": host.name, "address": host.address or host.name, **named}
    run = command.run if is_own and not proves else filled(command.run, values)
    if proves:
        guarded = dump_scripts.guarded(run) if is_own else run
        run = database_scripts.backup_command(guarded) + (dump_scripts.kept(task.environment.keep) if is_own else "")
    variables = command_variables(task, values)
    script = release_scripts.user_command(path, {**variables, **libpq}, Command(run, command.run_as, command.timeout))
    cancel = release_scripts.user_command(path, variables, Command(filled(command.cancel, values), command.run_as)) if command.cancel else ""
    return RemoteStep(
        path, task.state.run, task.epoch, task.step.name, task.attempt, script, task.step.timeout, cancel, output=task.environment.output
    )  # fmt: skip


def _options(variables: Mapping[str, str], database: Database) -> str:
    return f"{variables.get('PGOPTIONS', '')} -c lock_timeout={round(database.lock_timeout * 1000)}".strip()


def _proven(task: Task, database: Database, host: Host, result: StepResult) -> StepResult:
    """Write the backup down, or say why it is none."""
    if result.status != "done":
        return result
    proof = next((found for line in reversed(task.tail) if (found := database_scripts.read_proof(line))), None)
    if (proof is None or not proof.path) and database.kind == "postgres":
        hint = SafeText("let the command name its file: pg_dump -Fc -f /var/backups/shop-{run}.dump shop")
        return StepResult("failed", result.code, SafeText("its command ended well, and names no file that was written: there is nothing to verify"), hint)
    backup = Backup(task.state.run, task.tools.now(), host.name, proof=SafeText("known by its command's exit code alone"))
    if proof is not None and proof.path:
        backup = changed(backup, path=SafeText(proof.path), size=proof.size, proof=SafeText(proof.how))
    task.tools.record(BackupTaken(backup=backup))
    return StepResult("done", result.code, SafeText(backup_words(backup)))


async def migrate(task: Task) -> StepResult:
    """Migrate, or take that back: watched, with its time-outs for locks. `failed` is said only where the schema is known to be as it was."""
    database, command = task.environment.database, task.step.command
    if database is None or command is None:
        return StepResult("failed", detail=SafeText("the step has no command"), began=False)
    place = database.host or task.host
    before = await task.tools.database.schema(place, deadline=LOOK) if database.kind == "postgres" else ""
    watch = asyncio.create_task(_watch(task, place)) if database.kind == "postgres" else None
    try:
        result = await task.tools.steps.perform(task.host, remote(task, _migration(task, database, command)), task.hear)
    finally:
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    if result.status in ("done", "unreachable") or (result.status == "failed" and not result.began):
        return result
    return await _judged(task, database, place, before, result)


def _migration(task: Task, database: Database, command: Command) -> str:
    values = values_of(task)
    variables = command_variables(task, values)
    folder = release_scripts.folder_on(task.path, task.step.release)
    own = Command(filled(command.run, values), command.run_as, command.timeout)
    if database.kind != "postgres":
        return release_scripts.user_command(folder, variables, own)
    body = release_scripts.user_command(folder, {**variables, "PGOPTIONS": _options(variables, database), "PGAPPNAME": _application(task)}, own)
    return database_scripts.tried(body, database.lock_tries, duration_words(database.lock_timeout), TRY_EVERY)


def _application(task: Task) -> str:
    """What the migration's sessions are called where the command leaves that to libpq."""
    return f"deploy {task.state.run}"[:63]


async def _watch(task: Task, place: Host) -> None:
    """Say who waits for whom, when it is new and every few seconds."""
    said: dict[str, float] = {}
    async with aclosing(task.tools.database.waits(place, _application(task), deadline=LOOK)) as looks:  # type: ignore[type-var]
        async for rows in looks:
            for row in rows:
                subject = row.partition(" waits ")[0]
                if time.monotonic() - said.get(subject, -SAY_AGAIN) >= SAY_AGAIN:
                    said[subject] = time.monotonic()
                    task.say(row)


def _blocker(task: Task) -> str:
    """Who held the lock at the last look."""
    seen = [line.partition(" blocked by ")[2].partition(" with ")[0] for line in task.tail if line.startswith("the migration waits ")]
    return f" (held by {seen[-1]})" if seen else ""


async def _judged(task: Task, database: Database, place: Host, before: str, result: StepResult) -> StepResult:
    """Say what a migration that did not end well has left behind."""
    detail = str(result.detail)
    tries = [line for line in task.tail if line.startswith(database_scripts.LOCKED_OUT)]
    if tries:
        detail = f"it got no lock within {duration_words(database.lock_timeout)}, in {len(tries)} of {database.lock_tries} tries{_blocker(task)}"
    if database.kind != "postgres":
        return StepResult("unknown", result.code, SafeText(f"{detail}; not known what of it took effect"), result.hint)
    ended = await task.tools.database.end(place, _application(task), deadline=LOOK)
    after = await task.tools.database.schema(place, deadline=LOOK)
    if isinstance(before, SafeText) or isinstance(after, SafeText):
        why = before if isinstance(before, SafeText) else after
        return StepResult("unknown", result.code, SafeText(f"{detail}; not known what of it took effect: {why}"), result.hint)
    if before != after:
        hint = SafeText(f"deploy restore {task.environment.name} --run {task.state.run}")
        words = f"{detail}; the schema is not as it was: it took effect in part. Look at it; a restore brings the backup back"
        return StepResult("unknown", result.code, SafeText(words), hint)
    if ended:
        return StepResult("unknown", result.code, SafeText(f"{detail}; the schema is as it was, but its sessions may go on: {ended}"), result.hint)
    return StepResult("failed", result.code, SafeText(f"{detail}; the schema is as it was"), result.hint)
