"""What a migration in SQL would lock, read from its text. Pure: it knows PostgreSQL's locks; not what is in the database, nor who reads the files."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from console.model.database import Finding, Migration, Touch
from console.text import SafeText

SHOWN = 80
"""Characters of a statement that are shown."""

Blocks = Literal["reads and writes", "writes", "nothing"]

_BLOCKS: dict[str, Blocks] = {"ACCESS EXCLUSIVE": "reads and writes", "EXCLUSIVE": "writes", "SHARE ROW EXCLUSIVE": "writes", "SHARE": "writes"}
_PIECE = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag) | ; | [^;'"$/-]+ | .""", re.VERBOSE | re.DOTALL
)
_NAME = r'(?P<name>(?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+))?)'
_OLD_CODE = re.compile(r"^\s*--\s*old-code:\s*(ok|breaks)\s*$", re.IGNORECASE | re.MULTILINE)


class _Form(NamedTuple):
    """A kind of statement: how it begins, and the lock it takes on what it names."""

    begins: "re.Pattern[str]"
    lock: str


def _form(begins: str, lock: str) -> _Form:
    return _Form(re.compile(begins.replace(" ", r"\s+").replace("NAME", _NAME), re.IGNORECASE), lock)


_LIGHT = "SHARE UPDATE EXCLUSIVE"
_FORMS = (
    _form(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?NAME\s*\*?\s*(?:VALIDATE CONSTRAINT|ALTER (?:COLUMN )?\S+ SET STATISTICS)\b", _LIGHT),
    _form(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?NAME\s*\*?\s*(?:ADD (?:CONSTRAINT \S+ )?FOREIGN KEY|(?:ENABLE|DISABLE) TRIGGER)\b", "SHARE ROW EXCLUSIVE"),
    _form(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?NAME", "ACCESS EXCLUSIVE"),
    _form(r"ALTER (?:INDEX|VIEW|MATERIALIZED VIEW) (?:IF EXISTS )?NAME", "ACCESS EXCLUSIVE"),
    _form(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:(?:IF NOT EXISTS )?\S+ )?ON (?:ONLY )?NAME", _LIGHT),
    _form(r"CREATE (?:UNIQUE )?INDEX (?:(?:IF NOT EXISTS )?\S+ )?ON (?:ONLY )?NAME", "SHARE"),
    _form(r"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON NAME", "SHARE ROW EXCLUSIVE"),
    _form(r"DROP INDEX CONCURRENTLY (?:IF EXISTS )?NAME", _LIGHT),
    _form(r"DROP (?:TABLE|INDEX|VIEW|MATERIALIZED VIEW) (?:IF EXISTS )?NAME", "ACCESS EXCLUSIVE"),
    _form(r"DROP TRIGGER (?:IF EXISTS )?\S+ ON NAME", "ACCESS EXCLUSIVE"),
    _form(r"TRUNCATE (?:TABLE )?(?:ONLY )?NAME", "ACCESS EXCLUSIVE"),
    _form(r"(?:VACUUM (?:\([^)]*FULL[^)]*\)|FULL(?: VERBOSE)?(?: ANALYZE)?)|CLUSTER(?: VERBOSE)?) NAME", "ACCESS EXCLUSIVE"),
    _form(r"REINDEX (?:\([^)]*\) )?(?:TABLE|INDEX) CONCURRENTLY NAME", _LIGHT),
    _form(r"REINDEX (?:\([^)]*\) )?(?:TABLE|INDEX) NAME", "ACCESS EXCLUSIVE"),
    _form(r"REFRESH MATERIALIZED VIEW CONCURRENTLY NAME", "EXCLUSIVE"),
    _form(r"REFRESH MATERIALIZED VIEW NAME", "ACCESS EXCLUSIVE"),
    _form(r"(?:UPDATE|DELETE FROM|INSERT INTO) (?:ONLY )?NAME", "ROW EXCLUSIVE"),
)
_LOCK_TABLE = re.compile(rf"LOCK\s+(?:TABLE\s+)?(?:ONLY\s+)?{_NAME}(?:\s+IN\s+(?P<mode>[A-Z ]+?)\s+MODE)?", re.IGNORECASE)
_REFERENCES = re.compile(rf"\bREFERENCES\s+{_NAME}", re.IGNORECASE)


class Statement(NamedTuple):
    """A statement of a file: its first line (the first of the file is 1), its last, and its text without comments."""

    line: int
    last: int
    text: str


def statements(text: str) -> Iterator[Statement]:
    """Cut SQL at its semicolons; those in quotes, comments and dollar quotes are none."""
    line, begun, words = 1, 0, ""
    for found in _PIECE.finditer(text):
        piece = found.group()
        if piece == ";":
            if words.strip():
                yield Statement(begun, line, words.strip())
            begun, words = 0, ""
        elif not piece.startswith(("--", "/*")):
            if not words.strip() and piece.strip():
                begun = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            words += piece
        else:
            words += " "
        line += piece.count("\n")
    if words.strip():
        yield Statement(begun, line, words.strip())


def touches(text: str) -> tuple[Touch, ...]:
    """What the statements of a file lock, in their order; tables that the same file makes are nobody's yet and are left out."""
    found, own = [], set()
    for one in statements(text):
        made = re.match(rf"CREATE\s+(?:UNLOGGED\s+|TEMP\s+|TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}", one.text, re.IGNORECASE)
        if made:
            own.add(_plain(made["name"]))
        found += [touch for touch in _touched(one) if _plain(touch.table) not in own]
    return tuple(found)


def _touched(one: Statement) -> Iterator[Touch]:
    words = SafeText(" ".join(one.text.split())[:SHOWN])
    locked = _LOCK_TABLE.match(one.text)
    if locked:
        mode = " ".join((locked["mode"] or "ACCESS EXCLUSIVE").upper().split())
        yield _touch(one.line, words, locked["name"], mode)
        return
    form = next(((form, match) for form in _FORMS if (match := form.begins.match(one.text))), None)
    if form:
        yield _touch(one.line, words, form[1]["name"], form[0].lock)
    if form or re.match(r"CREATE\s+TABLE", one.text, re.IGNORECASE):
        for other in _REFERENCES.finditer(one.text):
            yield _touch(one.line, words, other["name"], "SHARE ROW EXCLUSIVE")


def _touch(line: int, words: SafeText, name: str, lock: str) -> Touch:
    return Touch(line, words, _tight(name), lock, _BLOCKS.get(lock, "nothing"))


def _tight(name: str) -> str:
    return re.sub(r"\s*\.\s*", ".", name)


def _plain(name: str) -> str:
    return _tight(name).replace('"', "").lower().removeprefix("public.")


def declared_old_code(text: str) -> Literal["", "ok", "breaks"]:
    """Whether the file says that the code before it runs on it; one `breaks` outweighs any `ok`."""
    said = {found.lower() for found in _OLD_CODE.findall(text)}
    return "breaks" if "breaks" in said else "ok" if "ok" in said else ""


def read_migration(path: SafeText, text: str, findings: Iterable[Finding]) -> Migration:
    """A migration as it is shown; only SQL is read for what it locks."""
    is_sql = path.lower().endswith(".sql")
    return Migration(path, declared_old_code(text), touches(text) if is_sql else (), tuple(findings))
