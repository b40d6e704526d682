"""What the migrations of a release would lock, read from their text, file after file. Pure: it knows the files' names, order and ways back;
not what is in the database, nor who brings the files. A file or a statement that cannot be read is said, never passed over.
"""

import re
from typing import Literal, NamedTuple

from console.core.migrations.sql_file import FileReading, Memory, Parser
from console.core.migrations.statements import cut
from console.core.words.sizes import size_words
from console.model.database_facts import Effect, LintFinding, Migration, Touch
from console.model.values import changed
from console.safe_text import SafeText

LARGEST = 8 * 2**20
"""Bytes of a file that is read."""
LONG: frozenset[Effect] = frozenset({
    "scans it", "scans it, unless a constraint proves its bounds", "rewrites it", "rewrites it, unless the type only widens",
    "rewrites it, if its default's function is volatile", "builds an index", "copies it", "fills it anew", "is looked up for each row of the other",
    "writes every row", "deletes every row",
})  # fmt: skip
"""What takes the longer the larger the table is."""

_OLD_CODE = re.compile(r"^\s*--\s*old-code:\s*(ok|breaks)\s*$", re.IGNORECASE | re.MULTILINE)
_SQL = re.compile(r"\.(?:sql|psql|pgsql|ddl)$", re.IGNORECASE)
_BACK = re.compile(r"(?:^|/)(?:(?:[^/]*\.)?(?:down|revert|rollback|undo)\.\w+|U\d[\w.]*__[^/]*|(?:down|revert|rollback|undo)/.*)$")
_ELSEWHERE = re.compile(r"(?:^|[./])(mysql|mariadb|sqlite3?|mssql|sqlserver|oracle|cockroach(?:db)?)[./]", re.IGNORECASE)
_PAIRED_BACK = re.compile(r"([_-])down(?=\.\w+$)")


class Read(NamedTuple):
    """A file as it was read, and the statements of it that are worth a linter's look, each on its own line."""

    migration: Migration
    lintable: str


def declared_old_code(text: str) -> Literal["", "ok", "breaks"]:
    """Whether the file says that the code before it runs on it; one `breaks` outweighs any `ok`."""
    said = {found.lower() for found in _OLD_CODE.findall(text)}
    return "breaks" if "breaks" in said else "ok" if "ok" in said else ""


def decoded(data: bytes) -> str:
    """Return a file as text: UTF-8, UTF-16 with or without its mark, else Latin-1, in which every byte is a letter."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:200]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def in_order(path: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts migrations as tools run them: V2 before V10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", path))


def backs_of(paths: tuple[str, ...]) -> frozenset[str]:
    """Which of the files are the way back of others: `….down.sql`, Flyway's U1__…, sqitch's revert/, and `…_down.sql` beside its `…_up.sql`."""
    there = frozenset(paths)
    return frozenset(path for path in paths if _BACK.search(path) or (_PAIRED_BACK.search(path) and _PAIRED_BACK.sub(r"\1up", path) in there))


class Reader:
    """Reads the files of one release in their order, and remembers the tables and the functions that they make."""

    def __init__(self, parser: Parser) -> None:
        self.memory = Memory(parser)

    def read(self, path: SafeText, text: str, *, is_back: bool = False) -> Read:
        """Return a migration as it is shown; only SQL is read for what it locks."""
        bare = Migration(path, declared_old_code(text), is_back=is_back)
        why = _not_for_us(str(path)) or _oversized(text)
        if why:
            return Read(changed(bare, unread=(LintFinding(0, "unread", SafeText(why)),)), "")
        parts = cut(text)
        forward, back = FileReading(self.memory, parts.in_transaction), FileReading(Memory(self.memory.parser), parts.in_transaction)
        for one in parts.statements:
            (back if one.is_back or is_back else forward).take(one)
        taken_back = tuple(touch for _, touch in back.touches)
        unread = tuple(forward.unread + back.unread)
        return Read(changed(bare, touches=_held(forward.touches), unread=unread, back=taken_back, findings=tuple(forward.findings)), forward.lintable)


def _not_for_us(path: str) -> str:
    if not _SQL.search(path):
        return "it is not SQL, so what it locks is not known"
    named = _ELSEWHERE.search(path)
    return f"by its name it is for {named[1]}, so it is not read" if named else ""


def _oversized(text: str) -> str:
    return f"it is {size_words(len(text))} large, and files over {size_words(LARGEST)} are not read" if len(text) > LARGEST else ""


def _held(touches: list[tuple[int, Touch]]) -> tuple[Touch, ...]:
    """A lock that is held because something long follows in its transaction is no matter of a moment."""
    out = []
    for number, (group, touch) in enumerate(touches):
        later = (one for at, one in touches[number + 1 :] if at == group and group and one.effect in LONG and not one.made and one.line != touch.line)
        behind = next(later, None) if touch.blocks != "nothing" and touch.effect not in LONG else None
        out.append(changed(touch, held_by=behind.line) if behind else touch)
    return tuple(out)
