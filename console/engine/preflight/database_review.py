"""The database before a release: reads the new migrations, and the tables that they touch. What follows from that is `core.checks.database`'s."""

from dataclasses import dataclass

from console.core.host.dump_scripts import folder_of, restore_of, takes_dump
from console.core.migrations.migration_set import LARGEST, backs_of, declared_old_code, decoded, in_order
from console.core.migrations.review import names_of, resolved, shortened
from console.errors import ConsoleError
from console.model.configured_environment import Environment
from console.model.database_facts import Backup, DumpLook, LintFinding, Migration, MigrationText, Review
from console.model.events import ChangesListed
from console.model.host import Host
from console.model.release_facts import Revision
from console.model.values import changed
from console.ports.database_view import DatabaseView
from console.ports.release_source import Repository
from console.safe_text import SafeText

READ_WITHIN = 15.0
"""Seconds that the database, and the linter, have to answer before the decision."""


@dataclass(frozen=True)
class DatabaseInspection:
    """What a look at the database works with."""

    environment: Environment
    repository: Repository
    view: DatabaseView
    backup: Backup | None = None
    """The last one that the journal knows."""


async def review(look: DatabaseInspection, hosts: tuple[Host, ...], listed: ChangesListed | None, revision: Revision) -> Review:
    """Read what the release brings. What cannot be read is said in the review; nothing is raised."""
    is_listed = _is_listed(look.environment, listed)
    is_known = not _migrates(look.environment) or (is_listed and (listed is None or listed.known))
    bare = Review(known=is_known, listed=is_listed, backup=look.backup, dump=await _dump(look, hosts))
    if listed is None or not listed.migrations or not (listed.known or _migrates(look.environment)):
        return bare
    texts, unread = await _texts(look, listed.migrations, revision)
    if look.environment.database is None or look.environment.database.kind != "postgres":
        declared = (Migration(one.path, declared_old_code(one.text), is_back=one.is_back) for one in texts)
        return changed(bare, migrations=(*declared, *unread))
    migrations, problems = await look.view.review(texts, deadline=READ_WITHIN)
    names, place = names_of(migrations), _place(look.environment, hosts)
    tables = await look.view.tables(place, names, deadline=READ_WITHIN) if names and place else ()
    if isinstance(tables, SafeText):
        problems, tables = (*problems, tables), ()
    return shortened(resolved(changed(bare, migrations=(*migrations, *unread), tables=tables, problems=problems)))


async def _dump(look: DatabaseInspection, hosts: tuple[Host, ...]) -> DumpLook | None:
    """What the console's own dump would meet, where the file leaves the backup to it and has something that migrates."""
    database, place = look.environment.database, _place(look.environment, hosts)
    if database is None or database.migrate is None or not takes_dump(database) or place is None:
        return None
    return await look.view.dump(place, folder_of(look.environment), deadline=READ_WITHIN)


async def is_kept(environment: Environment, backup: Backup | None, view: DatabaseView | None) -> bool | SafeText:
    """Whether the dump that the console itself would bring back is still there. Another's file is its own command's to find."""
    database = environment.database
    if database is None or database.restore is not None or backup is None or view is None or restore_of(database, backup) is None:
        return True
    hosts = ((database.host,) if database.host else ()) + environment.hosts
    place = next((host for host in hosts if host.name == backup.host), None)
    return await view.is_kept(place, folder_of(environment), str(backup.path), deadline=READ_WITHIN) if place else True


def _is_listed(environment: Environment, listed: ChangesListed | None) -> bool:
    return not _migrates(environment) or (listed is not None and bool(environment.migrations))


def _migrates(environment: Environment) -> bool:
    return environment.database is not None and environment.database.migrate is not None


async def _texts(look: DatabaseInspection, paths: tuple[SafeText, ...], revision: Revision) -> tuple[tuple[MigrationText, ...], tuple[Migration, ...]]:
    """The files in the order in which tools run them, and those that could not be read."""
    try:
        found = await look.repository.contents(revision.commit, tuple(map(str, paths)), LARGEST)
    except ConsoleError as fault:
        found = {str(path): SafeText(fault.message) for path in paths}
    backs, texts, unread = backs_of(tuple(map(str, paths))), [], []
    for path in sorted(paths, key=lambda path: in_order(str(path))):
        content, is_back = found[str(path)], str(path) in backs
        if isinstance(content, bytes):
            texts.append(MigrationText(path, decoded(content), is_back=is_back))
        else:
            unread.append(Migration(path, unread=(LintFinding(0, "unread", content),), is_back=is_back))
    return tuple(texts), tuple(unread)


def _place(environment: Environment, hosts: tuple[Host, ...]) -> Host | None:
    """The host that the database is seen from."""
    if environment.database and environment.database.host:
        return environment.database.host
    return next((host for host in hosts if host.name == environment.migrate_on), hosts[0] if hosts else None)
