"""What is known of a release's database before the decision: what its migrations would do, to which tables, and its last backup. Values only."""

from typing import Literal

import msgspec

from console.model.impact import OldCode
from console.text import SafeText


class Backup(msgspec.Struct, frozen=True):
    """A backup that was taken."""

    run: str
    at: str
    """UTC, RFC 3339."""
    host: str = ""
    path: SafeText = SafeText("")
    """Empty: its command names no file, and its exit code is all that is known."""
    size: int = 0
    proof: SafeText = SafeText("")
    """How it was verified."""


class DumpLook(msgspec.Struct, frozen=True):
    """What a dump of the console's own would meet on the database's host."""

    host: str
    folder: SafeText = SafeText("")
    """Where it would lie."""
    free: int = 0
    """Bytes that are free there."""
    size: int = 0
    """Bytes of the database, without any dump's compression."""
    missing: tuple[str, ...] = ()
    """Programs that are not there."""
    dumper: int = 0
    """Major version of pg_dump; `server`: of the server."""
    server: int = 0
    refused: SafeText = SafeText("")
    """Why the server let nobody in."""
    unread: int = 0
    """Tables that the login may not read; `example`: one of them."""
    example: SafeText = SafeText("")
    problem: SafeText = SafeText("")
    """Why the host could not be asked."""


class Touch(msgspec.Struct, frozen=True):
    """A statement of a migration that takes a lock on something that other sessions need."""

    line: int
    words: SafeText
    """The statement's beginning."""
    table: str
    """As it is written; for an index: the index."""
    lock: str
    """PostgreSQL's name of the lock."""
    blocks: Literal["reads and writes", "writes", "nothing"]


class Finding(msgspec.Struct, frozen=True):
    """What a linter says of a line."""

    line: int
    rule: str
    message: SafeText
    help: SafeText = SafeText("")


class Migration(msgspec.Struct, frozen=True):
    """A new migration, as it was read."""

    path: SafeText
    old_code: Literal["", "ok", "breaks"] = ""
    """What a line `-- old-code: …` in it says."""
    touches: tuple[Touch, ...] = ()
    findings: tuple[Finding, ...] = ()


class TableFacts(msgspec.Struct, frozen=True):
    """A table as it is now, by the name that a migration calls it, and who works on it."""

    name: str
    exists: bool = True
    size: int = 0
    """Bytes, with indexes and TOAST."""
    rows: int = 0
    """As the statistics estimate it."""
    sessions: int = 0
    """Sessions that hold a lock on it now."""
    oldest: float = 0.0
    """Seconds since the oldest of their transactions began."""
    holder: SafeText = SafeText("")
    """Who that is."""
    changes: int = 0
    """Rows written since the statistics were reset."""


class Review(msgspec.Struct, frozen=True):
    """What is known of a release's migrations before the decision."""

    known: bool = True
    """Whether it is known which migrations the release brings."""
    migrations: tuple[Migration, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    problems: tuple[SafeText, ...] = ()
    """What could not be read or measured, and why."""
    backup: Backup | None = None
    """The last one that is known."""
    runs: bool = False
    """The release migrates."""
    where: str = ""
    """The host that it migrates on."""
    backs_up: bool = False
    """The plan takes a backup before that."""
    fresh: bool = False
    """The last backup is fresh enough to do without another."""
    old_code: OldCode = ""
    """How the code before it runs on the schema after it; empty: nothing is migrated."""
    reversible: bool = False
    """There is a command that takes the migration back."""
    dump: DumpLook | None = None
    """What the console's own dump would meet, where it would take one."""
