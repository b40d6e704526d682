"""The database before a release: reads the new migrations, and the tables that they touch. What follows from that is `core.database`'s."""

from dataclasses import dataclass

from console.core.dumps import restore_of, takes_dump
from console.core.migrations import read_migration
from console.errors import ConsoleError
from console.model.database import Backup, DumpLook, Migration, Review
from console.model.events import ChangesListed
from console.model.fleet import Environment, Host
from console.model.release import Revision
from console.model.values import changed
from console.ports.database import DatabaseView
from console.ports.source import Repository
from console.text import SafeText

READ_WITHIN = 15.0
"""Seconds that the database, and the linter, have to answer before the decision."""
FILES = 100
"""Migrations that are read."""


@dataclass(frozen=True)
class Look:
    """What a look at the database works with."""

    environment: Environment
    repository: Repository
    view: DatabaseView
    backup: Backup | None = None
    """The last one that the journal knows."""


async def review(look: Look, hosts: tuple[Host, ...], listed: ChangesListed | None, revision: Revision) -> Review:
    """Read what the release brings. What cannot be read is said in the review; nothing is raised."""
    bare = Review(known=_is_known(look.environment, listed), backup=look.backup, dump=await _dump(look, hosts))
    if listed is None or not listed.migrations:
        return bare
    texts, problems = await _texts(look, listed, revision)
    if look.environment.database is None or look.environment.database.kind != "postgres":
        return changed(bare, migrations=tuple(_unlinted(path, text) for path, text in texts.items()), problems=problems)
    migrations, unread = await look.view.review(texts, deadline=READ_WITHIN)
    names = tuple(dict.fromkeys(touch.table for one in migrations for touch in one.touches))
    place = _place(look.environment, hosts)
    tables = await look.view.tables(place, names, deadline=READ_WITHIN) if names and place else ()
    problems = (*problems, *unread, *((tables,) if isinstance(tables, SafeText) else ()))
    return changed(bare, migrations=migrations, tables=() if isinstance(tables, SafeText) else tables, problems=problems)


async def _dump(look: Look, hosts: tuple[Host, ...]) -> DumpLook | None:
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


def folder_of(environment: Environment) -> str:
    """The name of the console's own folder on the database's host."""
    return f"{environment.app}-{environment.name}"


def _is_known(environment: Environment, listed: ChangesListed | None) -> bool:
    if environment.database is None or environment.database.migrate is None:
        return True
    return listed is not None and bool(environment.migrations)


def _unlinted(path: SafeText, text: str) -> Migration:
    """Of another kind of database nothing is known but what the file says of itself."""
    return changed(read_migration(path, text, ()), touches=())


async def _texts(look: Look, listed: ChangesListed, revision: Revision) -> tuple[dict[SafeText, str], tuple[SafeText, ...]]:
    texts: dict[SafeText, str] = {}
    problems = [SafeText(f"of {len(listed.migrations)} new migrations {FILES} are read")] if len(listed.migrations) > FILES else []
    for path in listed.migrations[:FILES]:
        try:
            texts[path] = await look.repository.text(revision.commit, str(path))
        except ConsoleError as fault:
            texts[path] = ""
            problems.append(SafeText(fault.message))
    return texts, tuple(problems)


def _place(environment: Environment, hosts: tuple[Host, ...]) -> Host | None:
    """The host that the database is seen from."""
    if environment.database and environment.database.host:
        return environment.database.host
    return next((host for host in hosts if host.name == environment.migrate_on), hosts[0] if hosts else None)
