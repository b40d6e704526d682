"""Verdicts on a release's database: whether it migrates, whether there is a backup, what becomes of the schema on the way back. Pure.

Its steps are in `core/plan/database_plan.py`, what a run has done in `core/database_state.py`; who reads the database is not known here.
"""

from datetime import datetime

from console.core.database_state import revert_command
from console.core.host.dump_scripts import dump_problem, dump_words, restore_of, takes_dump
from console.core.migrations.review import brief_words, forward, pointed_out, unread_words, worst_first
from console.core.words.database_words import backup_words, schema_words, seconds_old
from console.core.words.durations import duration_words
from console.core.words.sizes import counted
from console.model.checks import Check, CheckStatus
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Backup, Migration, Review
from console.model.declared_impact import Impact, OldCode
from console.model.host import Host
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText

SHOWN = 6


def migrates(database: Database | None, review: Review, impact: Impact) -> bool:
    """Whether the release migrates: where the file says how, and the diff or the one who releases says that there is something."""
    if database is None or database.migrate is None or impact.migration == "no":
        return False
    return impact.migration == "yes" or (review.known and bool(forward(review)))


def known_old_code(migrations: tuple[Migration, ...], impact: Impact) -> OldCode:
    """How the code before runs on the schema after: what the files say, else what was answered. A file's `breaks` outweighs every answer."""
    said = [one.old_code for one in migrations]
    if "breaks" in said:
        return "breaks"
    if said and all(one == "ok" for one in said):
        return "ok"
    return impact.old_code or "unknown"


def completed_review(environment: Environment, hosts: tuple[Host, ...], review: Review, impact: Impact, now: datetime) -> Review:
    """Return the review with what follows from it: whether, where and after which backup the release migrates, and how the code before runs."""
    database = environment.database
    if database is None or not migrates(database, review, impact):
        return changed(review, runs=False)
    names = tuple(host.name for host in hosts)
    where = environment.migrate_on or (names[0] if names else "")
    fresh = is_fresh(review.backup, database.backup_within, now)
    return changed(
        review, runs=True, where=where if where in names else "", fresh=fresh, backs_up=not fresh and _can_back_up(database, review),
        old_code="ok" if review.is_first else known_old_code(forward(review), impact), reversible=database.revert is not None,
    )  # fmt: skip


def _can_back_up(database: Database, review: Review) -> bool:
    return dump_problem(review.dump) is None if takes_dump(database) else database.backup is not None


def is_fresh(backup: Backup | None, within: float, now: datetime) -> bool:
    """Whether that backup is young enough to stand for one that the plan would take."""
    return backup is not None and within > 0 and seconds_old(backup, now) <= within


def assess_schema_back(state: RunState, environment: Environment) -> Check:
    """W5.3: what becomes of the database where a release is taken back by a run of its own. It is said, and holds no rollback up."""
    review = state.review or Review(runs=True, old_code="unknown")
    if revert_command(environment, state):
        detail = f"the migration of run {state.run} is taken back first, and with it what was written there"
        return _check("migrations", "Database", "warning", detail, blocking=False)
    remedy = "" if review.old_code == "ok" else f"deploy restore {environment.name} --run {state.run}" if state.backup else "mend it by hand"
    status: CheckStatus = "passed" if review.old_code == "ok" else "warning"
    return _check("migrations", "Database", status, f"it stays as run {state.run} left it: {schema_words(review)}", remedy, blocking=False)


def assess_restore(database: Database | None, run: str, backup: Backup | None, now: datetime, kept: bool | SafeText = True) -> Check:
    """Whether there is a backup of that run, and something that brings it back. `kept`: its dump is still there; words: why that is not known."""
    title = "Backup to restore"
    if database is None:
        return _check("backup", title, "failed", "the file names no database", "[environments.ENV.database]")
    if backup is None:
        return _check("backup", title, "failed", f"run {run} took no backup; the report of each run names its own", "deploy history ENV")
    command = restore_of(database, backup)
    if command is None:
        why = "the file names no command that restores, and by itself the console restores only a dump that pg_restore has read, by the database's url"
        return _check("backup", title, "failed", f"{why}; run {run} took {backup_words(backup, now)}", "[environments.ENV.database] restore = …")
    if database.restore is None and database.host is not None and database.host.name != backup.host:
        detail = f"the backup lies on {backup.host}, and the file names {database.host.name} now"
        return _check("backup", title, "failed", detail, f'[environments.ENV.database] host = "{backup.host}", or restore = …')
    if kept is False:
        detail = f"{backup.path} is not there any more on {backup.host}: copy it back to there, or restore another run's, which its report names"
        return _check("backup", title, "failed", detail, "deploy history ENV")
    if isinstance(kept, SafeText):
        detail = f"{backup_words(backup, now)}; not known whether it is still there: {kept}"
        return _check("backup", title, "warning", detail, f"mend {backup.host} first", blocking=False)
    own = "; it comes back in one transaction, and what the database has had since goes" if database.restore is None else ""
    return _check("backup", title, "passed", f"{backup_words(backup, now)}{own}")


def assess_backup(database: Database, review: Review, now: datetime) -> Check:
    """W1.4, S2: the last backup is fresh enough, or the plan takes one."""
    last = f"the last is {backup_words(review.backup, now)}" if review.backup else "none is known"
    if not review.runs:
        return _check("backup", "Backup", "skipped", f"no migration; {last}", blocking=False)
    if review.backs_up:
        own = f" ({dump_words(review.dump)})" if review.dump and takes_dump(database) else ""
        return _check("backup", "Backup", "passed", f"the plan takes one before it migrates{own}; {last}")
    if review.fresh:
        within = duration_words(database.backup_within)
        return _check("backup", "Backup", "passed", f"{last}, {within} old at most is fresh enough")
    why, remedy = _unbacked(database, review)
    return _check("backup", "Backup", "failed", f"no backup before the migration: {why}; {last}", remedy)


def _unbacked(database: Database, review: Review) -> tuple[str, str]:
    problem = dump_problem(review.dump) if takes_dump(database) else None
    if problem:
        return problem
    example = 'backup = "pg_dump -Fc -f /var/backups/shop-{run}.dump shop"'
    keys, why = ("url = …, or ", "neither a command for one nor a url to dump by") if database.kind == "postgres" else ("", "no command for one")
    return f"the file names {why}", f"[environments.ENV.database] {keys}{example}, or --override backup=REASON"


def assess_migrations(review: Review, impact: Impact) -> Check:
    """W2.2: what the new migrations are, what they lock, and how big that is."""
    title = "Migrations"
    files = forward(review)
    if not review.known and not impact.migration and (files or not review.listed):
        return _check("migrations", title, "failed", f"not known which are new: {_unknown_words(review)}", "say it: --migration yes, or --migration no")
    if review.runs and not review.where:
        return _check("migrations", title, "failed", "the host that migrates is no part of this run", "take it in, or name another: migrate_on")
    if not files and not review.runs and impact.migration != "yes":
        return _check("migrations", title, "passed", "none in this release")
    words = _files_words(files, review)
    if not review.runs:
        why = "--migration no" if impact.migration == "no" else "the file names no command that migrates"
        return _check("migrations", title, "warning", f"{words}; not run: {why}", blocking=False)
    found = (*pointed_out(review), *unread_words(review), *review.problems)
    status: CheckStatus = "warning" if found or not files else "passed"
    return _check("migrations", title, status, "; ".join((words, *found, *brief_words(review))) + f"; they run on {review.where}")


def _unknown_words(review: Review) -> str:
    if not review.listed:
        return "the file does not say which files are migrations: [environments.ENV.database] migrations"
    count = f"{counted(len(forward(review)), 'migration file')} in the commit, and"
    return f"{count} nothing is live yet" if review.is_first else f"{count} not every host says what is live, or what is live is no commit of the repository"


def _files_words(files: tuple[Migration, ...], review: Review) -> str:
    if not files:
        return "declared; no new file was found to be read"
    ordered = sorted(files, key=lambda one: one.path not in {told.path for told in worst_first(review)[:SHOWN]})
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return f"{len(files)} {'new' if review.known else 'in the commit'}: {', '.join(one.path for one in ordered[:SHOWN])}{more}"


def with_schema(check: Check, review: Review) -> Check:
    """S4: lay the database over the way back of the hosts; a code before that is not known to run on the new schema is none."""
    if not review.runs:
        return check
    words = schema_words(review)
    if review.old_code == "ok" or (review.old_code == "breaks" and review.reversible):
        return changed(check, detail=SafeText(f"{check.detail}; {words}"))
    remedy = "a line `-- old-code: ok` in the migration, --old-code ok, or --override way-back=REASON"
    detail = SafeText(f"{check.detail}; {words}" if check.status == "failed" else words)
    return changed(check, status="failed", detail=detail, remedy=SafeText(f"{check.remedy}; {remedy}" if check.remedy else remedy))


def _check(name: str, title: str, status: CheckStatus, detail: str, remedy: str = "", *, blocking: bool = True) -> Check:
    return Check(name, SafeText(title), status, blocking=blocking, detail=SafeText(detail), remedy=SafeText(remedy))
