"""One file of SQL, statement after statement: which tables they mean, what stands open before them, and which blocks and functions they run.

Pure. What a statement by itself locks is `core.migrations.statement_locks`'; which files there are, and in which order, is `core.migrations.migration_set`'.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from console.core.migrations.plpgsql import UNKNOWN, BlockPiece, pieces
from console.core.migrations.statement_locks import MANY, Lock, LockedTable, Tree, locks, table_of, walk, words_of
from console.core.migrations.statements import Statement, cut
from console.model.database_facts import LintFinding, Touch
from console.safe_text import SafeText

SHOWN = 80
"""Characters of a statement that are shown."""
IN_TRANSACTION = SafeText("this cannot run inside a transaction, and the file runs it in one: it will fail")
ANY_SCHEMA = "*."
"""Stands before the name of a table whose schema is known only when the file runs."""
DEEPEST = 8
"""Functions that call one another, and blocks in blocks, that are followed."""

_BLOCKS: dict[str, Literal["reads and writes", "writes", "nothing"]] = {
    "ACCESS EXCLUSIVE": "reads and writes", "EXCLUSIVE": "writes", "SHARE ROW EXCLUSIVE": "writes", "SHARE": "writes"
}  # fmt: skip
_PSQL_VARIABLE = re.compile(r"(?<![:\w])(?::(?P<bare>[A-Za-z_]\w*)|:\"(?P<name>\w+)\"|:'(?P<text>\w+)')")
_TEMPLATE = re.compile(r"\$\{[^{}\n]*\}|\{\{[^{}]*\}\}|<%=.*?%>|\{%.*?%\}|@[A-Za-z_]\w*@|%\(\w+\)s|__[A-Z_]+__", re.DOTALL)


class UnreadableSql(ValueError):
    """SQL that PostgreSQL's parser does not take; the text says why."""


class Parser(Protocol):
    """PostgreSQL's own parser. Both raise Unreadable."""

    def sql(self, text: str) -> list[Tree]:
        """Return the trees of statements."""

    def plpgsql(self, text: str) -> list[Tree]:
        """Return the trees of the blocks in a DO or a CREATE FUNCTION."""


class _Function(NamedTuple):
    statement: Statement
    node: Tree


@dataclass
class Memory:
    """What the files of a release know of one another."""

    parser: Parser
    made: dict[LockedTable, Literal["here", "perhaps"]] = field(default_factory=dict)
    """Tables and indexes that the release makes."""
    called: dict[LockedTable, LockedTable] = field(default_factory=dict)
    """What a table was called before the release renamed it."""
    functions: dict[str, _Function] = field(default_factory=dict)


class FileReading:
    """One file: its search path, its transactions, and what was found in it."""

    def __init__(self, release: Memory, wrapped: bool | None) -> None:
        self.release = release
        self.is_wrapped = bool(wrapped)
        self.group = 1 if wrapped else 0
        """The transaction that is open; 0: none."""
        self.groups = 1
        self.path: tuple[str, ...] = ()
        self.variables: dict[str, str] = {}
        self.touches: list[tuple[int, Touch]] = []
        self.findings: list[LintFinding] = []
        self.unread: list[LintFinding] = []
        self.running: list[str] = []
        self._linted: list[Statement] = []

    @property
    def lintable(self) -> str:
        """The statements that were read and work on more than what the release itself makes."""
        out = ""
        for one in self._linted:
            out += "\n" * max(0, one.line - 1 - out.count("\n")) + one.text + ";"
        return f"{out}\n" if out else ""

    def take(self, one: Statement) -> None:
        """Read a statement, and what it changes for those behind it."""
        if one.kind == "psql":
            self._psql(one)
            return
        begun, unread = len(self.touches), len(self.unread)
        self._run(one)
        made = [touch.made for _, touch in self.touches[begun:]]
        if len(self.unread) == unread and not (made and all(made)):
            self._linted.append(one)

    def _run(self, one: Statement) -> None:
        try:
            trees = self._trees(one.text)
        except UnreadableSql as fault:
            self._not_read(one, f"could not be read: {fault}{_template_words(one.text)}")
            return
        self._read_trees(one, trees)

    def _read_trees(self, one: Statement, trees: list[Tree]) -> None:
        for tree in trees:
            kind, node = next(iter(tree["stmt"].items()))
            self._statement(one, kind, node)

    def _trees(self, text: str) -> list[Tree]:
        try:
            return self.release.parser.sql(text)
        except UnreadableSql:
            filled = self._filled(text)
            if filled == text:
                raise
            return self.release.parser.sql(filled)

    def _blocks(self, text: str) -> list[Tree]:
        try:
            return self.release.parser.plpgsql(text)
        except UnreadableSql:
            filled = self._filled(text)
            if filled == text:
                raise
            return self.release.parser.plpgsql(filled)

    def _filled(self, text: str) -> str:
        """The text with what psql and templates put into it, as far as that is known."""
        return _TEMPLATE.sub(_placeholder, _PSQL_VARIABLE.sub(self._variable, text))

    def _variable(self, found: "re.Match[str]") -> str:
        value = self.variables.get(found["bare"] or found["name"] or found["text"], UNKNOWN)
        return "'" + value.replace("'", "''") + "'" if found["text"] else f'"{value}"' if found["name"] else value

    def _not_read(self, one: Statement, why: str) -> None:
        lines = f" (to line {one.last})" if one.last - one.line > 20 else ""
        self.unread.append(LintFinding(one.line, "unread", SafeText(_known(f"{why}{lines}: {one.words[:SHOWN]}"))))

    def _psql(self, one: Statement) -> None:
        name, *words = one.text[1:].split(None, 2)
        if name == "set" and words:
            self.variables[words[0]] = words[1].strip("'") if len(words) > 1 else ""
        elif name.startswith("copy") and (found := re.match(r"(?:\"?([\w$]+)\"?\.)?\"?([\w$]+)\"?.*\sfrom\s", " ".join(words), re.IGNORECASE | re.DOTALL)):
            self._touch(one, Lock(LockedTable(found[1] or "", found[2]), "ROW EXCLUSIVE", "writes rows"))
        elif name in _PSQL_WORDS:
            self._not_read(one, _PSQL_WORDS[name])

    def _statement(self, one: Statement, kind: str, node: Tree) -> None:
        for lock in locks(kind, node):
            self._touch(one, lock)
        if self.group and _needs_no_transaction(kind, node):
            self.findings.append(LintFinding(one.line, "in-transaction", IN_TRANSACTION))
        changes = _CHANGES.get(kind)
        if changes:
            changes(self, one, node)
        if kind != "CreateFunctionStmt":
            self._calls(one, node)

    def _touch(self, one: Statement, lock: Lock) -> None:
        names = self._names(lock.table)
        made = next((self.release.made[key] for key in self._keys(lock.table) if key in self.release.made), None)
        words = SafeText(_known(one.words[:SHOWN]))
        touch = Touch(one.line, words, names[0], lock.lock, _BLOCKS.get(lock.lock, "nothing"), lock.effect, lock.is_only, names[1:], made or "")
        self.touches.append((self.group, touch))

    def _names(self, table: LockedTable) -> tuple[str, ...]:
        """What the table is called in the database now, as the statement's search path finds it."""
        before = next((self.release.called[key] for key in self._keys(table) if key in self.release.called and key not in self.release.made), table)
        if before.name == MANY or UNKNOWN in before.name:
            return ("",)
        if UNKNOWN in before.schema:
            return (f"{ANY_SCHEMA}{_quoted(before.name)}",)
        schemas = (before.schema,) if before.schema else self.path or ("",)
        return tuple(f"{_quoted(schema)}.{_quoted(before.name)}" if schema else _quoted(before.name) for schema in schemas)

    def _keys(self, table: LockedTable) -> tuple[LockedTable, ...]:
        """The places where a name may lie; without a search path, `public` is where things are made."""
        return tuple(LockedTable(schema, table.name) for schema in ((table.schema,) if table.schema else self.path or ("public",)))

    def make(self, relation: Tree, *, perhaps: bool = False) -> None:
        """Remember that the release makes this table."""
        self.release.made[self._keys(table_of(relation))[0]] = "perhaps" if perhaps else "here"

    def forget(self, table: LockedTable) -> None:
        """A table that was dropped is nobody's."""
        for key in self._keys(table):
            self.release.made.pop(key, None)

    def rename(self, table: LockedTable, to: LockedTable) -> None:
        """Follow a table under its new name."""
        old, new = self._keys(table)[0], self._keys(to)[0]
        made = self.release.made.pop(old, None)
        if made:
            self.release.made[new] = made
        else:
            self.release.called[new] = self.release.called.get(old, table)

    def begin(self, *, is_open: bool) -> None:
        """Follow BEGIN and COMMIT."""
        self.groups += 1
        self.group = self.groups if is_open or self.is_wrapped else 0

    def block(self, one: Statement, node: Tree, options: str) -> None:
        """Read what a DO, or a function that is called, runs."""
        body, language = _body(node, options)
        offset = one.text[: max(0, one.text.find(body))].count("\n") if body else 0
        if language == "sql":
            for part in cut(body).statements:
                self._run(part._replace(line=one.line + offset + part.line - 1, last=one.line + offset + part.last - 1))
        elif language == "plpgsql":
            self._plpgsql(one, offset)
        else:
            self._not_read(one, f"its body is {language}, which is not read")

    def _plpgsql(self, one: Statement, offset: int) -> None:
        if len(self.running) > DEEPEST:
            return
        try:
            trees = self._blocks(one.text)
        except UnreadableSql as fault:
            self._not_read(one, f"its body could not be read: {fault}")
            return
        self.running.append("")
        for tree in trees:
            for piece in pieces(tree["PLpgSQL_function"], self._trees):
                self._piece(one.line + offset + piece.line - 1, piece)
        self.running.pop()

    def _piece(self, line: int, piece: BlockPiece) -> None:
        source = Statement(line, line, piece.source or piece.text)
        try:
            trees = self._trees(piece.text)
        except UnreadableSql as fault:
            if not piece.is_query:
                self._not_read(source, "it is made up as it runs" if piece.source else f"could not be read: {fault}")
            return
        if not trees:
            self._not_read(source, "it is made up as it runs")
        self._read_trees(Statement(line, line, piece.text), trees)

    def _calls(self, one: Statement, node: Tree) -> None:
        """Follow calls of functions that the release itself makes, and of set_config."""
        for call in (part for kind, part in walk({"": node}) if kind in ("FuncCall", "funccall")):
            name = (words_of(call.get("funcname", ())) or ("",))[-1]
            made = self.release.functions.get(name)
            if name == "set_config":
                self._configured(call)
            elif made and name not in self.running and len(self.running) < DEEPEST:
                self.running.append(name)
                self.block(made.statement._replace(line=one.line, last=one.last) if made.statement.line == 0 else made.statement, made.node, "options")
                self.running.pop()

    def _configured(self, call: Tree) -> None:
        given = [part.get("A_Const", {}).get("sval", {}).get("sval", "") for part in call.get("args", ())]
        if given[:1] == ["search_path"] and len(given) > 1:
            self.look_in(tuple(part.strip().strip('"') for part in given[1].split(",")))

    def look_in(self, schemas: tuple[str, ...]) -> None:
        """Set the search path; empty: the login's own."""
        self.path = tuple(schema for schema in schemas if schema and schema not in ("$user", "pg_temp", "pg_catalog"))


def _placeholder(found: "re.Match[str]") -> str:
    return " " if found.group().startswith("{%") else UNKNOWN


def _template_words(text: str) -> str:
    found = _TEMPLATE.search(text)
    return f" (a template fills {found.group()[:20]})" if found else ""


def _known(words: str) -> str:
    return words.replace(UNKNOWN, "…")


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) else '"' + name.replace('"', '""') + '"'


_PSQL_WORDS = {
    **dict.fromkeys(("i", "ir", "include", "include_relative"), "it reads another file, which is not read here"),
    **dict.fromkeys(("c", "connect"), "what follows runs in another database, whose tables were not looked at"),
    "gexec": "it runs what its query returns, which is not known before", "!": "it runs a command of the shell, which is not read",
}  # fmt: skip
"""Commands of psql behind which something is hidden."""


def _needs_no_transaction(kind: str, node: Tree) -> bool:
    if kind in ("IndexStmt", "DropStmt"):
        return bool(node.get("concurrent"))
    if kind == "ReindexStmt":
        return any(one["DefElem"].get("defname") == "concurrently" for one in node.get("params", ()))
    if kind == "VacuumStmt":
        return bool(node.get("is_vacuumcmd"))
    return kind in ("CreatedbStmt", "DropdbStmt", "AlterSystemStmt") or any(part.get("concurrent") for name, part in walk(node) if name == "PartitionCmd")


def _body(node: Tree, options: str) -> tuple[str, str]:
    """The body of a block and its language."""
    given = {one["DefElem"].get("defname"): one["DefElem"].get("arg", {}) for one in node.get(options, ())}
    parts = given.get("as", {}).get("List", {}).get("items", [given.get("as", {})])
    language = given.get("language", {}).get("String", {}).get("sval", "plpgsql" if options == "args" else "sql")
    return "".join(words_of(parts[:1])), language.lower()


def _on_set(file: FileReading, _: Statement, node: Tree) -> None:
    if node.get("name") == "search_path":
        file.look_in(tuple(part for arg in node.get("args", ()) for part in [arg.get("A_Const", {}).get("sval", {}).get("sval", "")]))


def _on_transaction(file: FileReading, _: Statement, node: Tree) -> None:
    kind = node.get("kind", "")
    if kind in ("TRANS_STMT_BEGIN", "TRANS_STMT_START"):
        file.begin(is_open=True)
    elif kind in ("TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE"):
        file.begin(is_open=False)


def _on_create(file: FileReading, one: Statement, node: Tree) -> None:
    file.make(node["relation"], perhaps=bool(node.get("if_not_exists")))


def _on_create_as(file: FileReading, one: Statement, node: Tree) -> None:
    file.make(node["into"]["rel"], perhaps=bool(node.get("if_not_exists")))


def _on_select(file: FileReading, _: Statement, node: Tree) -> None:
    if "intoClause" in node:
        file.make(node["intoClause"]["rel"])


def _on_index(file: FileReading, _: Statement, node: Tree) -> None:
    if "idxname" in node:
        file.make({"relname": node["idxname"], "schemaname": node["relation"].get("schemaname", "")}, perhaps=bool(node.get("if_not_exists")))


def _on_drop(file: FileReading, _: Statement, node: Tree) -> None:
    for listed in node.get("objects", ()):
        parts = words_of(listed.get("List", {}).get("items", ()))
        if parts and node.get("removeType") in ("OBJECT_TABLE", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_VIEW"):
            file.forget(LockedTable(parts[-2] if len(parts) > 1 else "", parts[-1]))


def _on_rename(file: FileReading, _: Statement, node: Tree) -> None:
    if "relation" in node and node.get("renameType") in ("OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_MATVIEW"):
        table = table_of(node["relation"])
        file.rename(table, LockedTable(table.schema, node.get("newname", "")))


def _on_move(file: FileReading, _: Statement, node: Tree) -> None:
    if "relation" in node:
        table = table_of(node["relation"])
        file.rename(table, LockedTable(node.get("newschema", ""), table.name))


def _on_function(file: FileReading, one: Statement, node: Tree) -> None:
    names = words_of(node.get("funcname", ()))
    if names:
        file.release.functions[names[-1]] = _Function(one, node)


def _on_schema(file: FileReading, one: Statement, node: Tree) -> None:
    for part in node.get("schemaElts", ()):
        if "CreateStmt" in part:
            file.make({"schemaname": node.get("schemaname", ""), **part["CreateStmt"]["relation"]})


_CHANGES: dict[str, Callable[[FileReading, Statement, Tree], None]] = {
    "VariableSetStmt": _on_set, "TransactionStmt": _on_transaction, "CreateStmt": _on_create, "CreateTableAsStmt": _on_create_as, "SelectStmt": _on_select,
    "IndexStmt": _on_index, "DropStmt": _on_drop, "RenameStmt": _on_rename, "AlterObjectSchemaStmt": _on_move, "CreateFunctionStmt": _on_function,
    "CreateSchemaStmt": _on_schema, "DoStmt": lambda file, one, node: file.block(one, node, "args"),
}  # fmt: skip
"""What a statement changes for those behind it."""
