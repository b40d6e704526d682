"""What is known of a release's database before the decision: what its migrations would do, to which tables, and its last backup. Values only."""

from typing import Literal

import msgspec

from console.model.declared_impact import OldCode
from console.safe_text import SafeText


class Backup(msgspec.Struct, frozen=True):
    """A backup that was taken: by which run, when (UTC, RFC 3339), on which host, and in which file there; `size` is bytes."""

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


Effect = Literal[
    "", "metadata only", "scans it", "scans it, unless a constraint proves its bounds", "rewrites it", "rewrites it, unless the type only widens",
    "rewrites it, if its default's function is volatile", "builds an index", "copies it", "fills it anew", "is looked up for each row of the other",
    "is held until the transaction ends", "writes every row", "deletes every row", "writes rows", "drops it with its data", "drops a column with its data",
    "empties it", "renames what code before it uses",
]  # fmt: skip
"""What a statement does to the table that it locks; `metadata only`: the lock is held for a moment, however large the table is."""


class Touch(msgspec.Struct, frozen=True):
    """A statement of a migration that takes a lock on something that other sessions need."""

    line: int
    words: SafeText
    """The statement's beginning."""
    table: str
    """Its name, with its schema where the file says one; for an index: the index. Empty: the statement names no table, or one that is made up as it runs."""
    lock: str
    """PostgreSQL's name of the lock."""
    blocks: Literal["reads and writes", "writes", "nothing"]
    effect: Effect = ""
    is_only: bool = False
    """Its partitions and heirs are left alone."""
    elsewhere: tuple[str, ...] = ()
    """What else it may be called, where the search path of the file has several schemas; the first that there is counts."""
    made: Literal["", "here", "perhaps"] = ""
    """`here`: a file of the same release makes the table; `perhaps`: unless there is one already (IF NOT EXISTS)."""
    held_by: int = 0
    """The line of a long statement behind it in the same transaction, for which its lock is held too; 0: none."""


class LintFinding(msgspec.Struct, frozen=True):
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
    findings: tuple[LintFinding, ...] = ()
    unread: tuple[LintFinding, ...] = ()
    """What of it could not be read, with lines and the reason; of this nothing is known."""
    back: tuple[Touch, ...] = ()
    """What the part of it that takes the rest back would lock."""
    is_back: bool = False
    """The whole file is the way back of another one (`….down.sql`)."""


class MigrationText(msgspec.Struct, frozen=True):
    """A migration before it is read."""

    path: SafeText
    text: str
    is_back: bool = False
    """The whole file is the way back of another one."""


class TableFacts(msgspec.Struct, frozen=True):
    """A table as it is now, by the name that a migration calls it, and who works on it."""

    name: str
    exists: bool = True
    size: int = 0
    """Bytes, with indexes and TOAST, and those of its partitions and heirs."""
    rows: int = 0
    """As the statistics estimate it."""
    parts: int = 0
    """Partitions and heirs."""
    own: int = -1
    """Bytes without its partitions and heirs; -1: it has none."""
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
    """Whether it is known which migrations the release brings; else `migrations` are all that the commit has."""
    listed: bool = True
    """The file says which files are migrations, and they were looked for."""
    is_first: bool = False
    """No host of the environment has a release: no code before this one uses the database."""
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
