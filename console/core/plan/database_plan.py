"""The steps about a database: a backup and a migration before the first switch, the migration taken back, a backup brought back. Pure."""

from console.core.database_state import BACKUP, MIGRATE, RESTORE, REVERT, revert_command
from console.core.host.dump_scripts import backup_of, restore_of, takes_dump
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Backup, Review
from console.model.host import Host
from console.model.plan import Plan, Step, Steps
from console.model.state import RunState
from console.model.values import sealed
from console.safe_text import SafeText

TRY_EVERY = 15.0
"""Seconds from one try at a lock to the next."""


def database_steps(environment: Environment, review: Review, release: str, needs: tuple[str, ...], *, unbacked: bool = False) -> tuple[Step, ...]:
    """The steps between shipping and the first switch. No migration without a backup before it (S2), unless that was overridden (`unbacked`)."""
    database = environment.database
    if database is None or database.migrate is None or not review.runs or not review.where:
        return ()
    steps: list[Step] = []
    command = backup_of(database)
    if review.backs_up and command:
        host = database.host.name if database.host else review.where
        own = f": pg_dump to {review.dump.folder}" if review.dump and takes_dump(database) else ""
        title = SafeText(f"back the database up on {host}{own}")
        steps.append(Step(BACKUP, "backup", "prepare", title, needs=needs, command=command, release=release, place=review.where, timeout=command.timeout))
    elif not review.fresh and not unbacked:
        return ()
    title = SafeText(f"migrate the database on {review.where}: {database.migrate.run}")
    needs = (BACKUP,) if steps else needs
    timeout = database.migrate.timeout + (waiting_at_most(database) if database.kind == "postgres" else 0.0)
    steps.append(Step(MIGRATE, "migrate", "prepare", title, needs=needs, command=database.migrate, release=release, place=review.where, timeout=timeout))
    return tuple(steps)


def waiting_at_most(database: Database) -> float:
    """Seconds that all tries at a lock may take, without the migration's own work."""
    return database.lock_tries * database.lock_timeout + (database.lock_tries - 1) * TRY_EVERY


def revert_step(environment: Environment, state: RunState) -> tuple[Step, ...]:
    """The step that takes the migration back before any host goes back, where that is both needed and possible."""
    command, database = revert_command(environment, state), environment.database
    if command is None or database is None or state.review is None or state.release is None:
        return ()
    title = SafeText(f"take the migration back on {state.review.where}: {command.run}")
    timeout = command.timeout + (waiting_at_most(database) if database.kind == "postgres" else 0.0)
    return (Step(REVERT, "revert", "rollback", title, command=command, release=state.release.id, place=state.review.where, timeout=timeout),)


def plan_restore(environment: Environment, hosts: tuple[Host, ...], run: str, backup: Backup | None) -> Plan:
    """The database back from that run's backup. Every host is held meanwhile, and none is changed."""
    names, database = tuple(host.name for host in hosts), environment.database
    command = restore_of(database, backup) if database else None
    if database is None or command is None or not names:
        return sealed(Plan("restore", (names,), Steps()))
    at = environment.migrate_on if environment.migrate_on in names else names[0]
    title = SafeText(f"bring the database back on {database.host.name if database.host else at} from the backup of {run}")
    step = Step(RESTORE, "restore", "release", title, command=command, place=at, timeout=command.timeout, changes=True)
    return sealed(Plan("restore", (names,), Steps((step,))))
