"""A file of SQL cut into its statements, as psql cuts it: quotes, nested comments, psql's own commands, data of COPY, and the part that is the way back.

Pure. It knows where a statement begins and ends; not what one means. The marks of migration tools (goose, dbmate, sql-migrate, …) are known here alone.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["sql", "psql"]

_TOKEN = re.compile(
    r"""(?P<line>--[^\n]*|(?<![^\n])\#[ ]*---[ ]*![^\n]*) | (?P<comment>/\*) | (?P<quoted>(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$) | (?P<end>;) | (?P<paren>[()]) | (?P<meta>\\(?:[A-Za-z!?;][A-Za-z_!?+]*)) | (?P<word>\w[\w$]*) | (?P<open>['"])
    | (?P<other>[^\w;()'"$/\\\#-]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_COPY = re.compile(r"\\?copy\s.+\sfrom\s+(?:p?stdin)\b", re.IGNORECASE | re.DOTALL)
_COPY_ENDS = re.compile(r"^\\\.[ \t]*$", re.MULTILINE)
_BODY = re.compile(r"create\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)
_SENDS = frozenset({"g", "gx", "gexec", "gset", "gdesc", "crosstabview", "watch", "bind", "bind_named", "parse"})
"""Commands of psql that send what was written before them."""

_UP = re.compile(
    r"""--\s*(?:\+(?:goose|migrate|micrate)\s+up\b|migrate:up\b|rambler\s+up\b|[-\s]*up\s+migration\b|=+\s*up\s*=+|-*\s*!ups\b)
    | \#\s*---\s*!ups\b""",
    re.IGNORECASE | re.VERBOSE,
)
_DOWN = re.compile(
    r"""--\s*(?:\+(?:goose|migrate|micrate)\s+down\b|migrate:down\b|rambler\s+down\b|[-\s]*down\s+migration\b|=+\s*down\s*=+|-*\s*!downs\b|//\s*@undo\b)
    | ----\s*create\s+above\s*/\s*drop\s+below\s*---- | \#\s*---\s*!downs\b""",
    re.IGNORECASE | re.VERBOSE,
)
_BARE = {"up": re.compile(r"--[-=\s]*up[-=\s]*", re.IGNORECASE), "down": re.compile(r"--[-=\s]*down[-=\s]*", re.IGNORECASE)}
"""Marks that are a comment of one word: believed only where a file has both, in this order."""
_WRAPS = re.compile(r"--\s*(?:\+(?:goose|migrate)\s+up\b|migrate:up\b)", re.IGNORECASE)
_UNWRAPS = re.compile(
    r"--\s*(?:\+goose\s+no\s+transaction\b|\+migrate\s+up\s+notransaction\b|migrate:up\b.*transaction\s*:\s*false|no-transaction\b|disable_ddl_transaction)",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """A statement: its first line (the first of the file is 1), its last, and its text, in which each comment has become blanks and its line ends."""

    line: int
    last: int
    text: str
    kind: Kind = "sql"
    is_back: bool = False
    """It stands in the part of the file that takes the rest back."""

    @property
    def words(self) -> str:
        """The statement's text on one line, for messages."""
        return " ".join(self.text.split())


class StatementList(NamedTuple):
    """A file's statements, and whether its tool runs them in one transaction: None where the file does not say."""

    statements: tuple[Statement, ...]
    in_transaction: bool | None


def cut(text: str) -> StatementList:
    """Cut SQL into its statements; those in quotes, comments and dollar quotes are none. A quote without an end takes the rest with it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    wraps = False if _UNWRAPS.search(text) else True if _WRAPS.search(text) else None
    return StatementList(tuple(_Cutter(text).statements()), wraps)


class _Cutter:
    """Goes through a text once. `at`: where it is; `written`: the statement so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.is_back = False
        self.has_both = bool(re.search(r"^" + _BARE["up"].pattern + r"$(?s:.*)^" + _BARE["down"].pattern + "$", text, re.IGNORECASE | re.MULTILINE))
        self._clear()

    def _clear(self) -> None:
        self.written: list[str] = []
        self.begun = 0
        self.parens = 0
        self.blocks = 0

    def statements(self) -> Iterator[Statement]:
        while found := _TOKEN.match(self.text, self.at):
            self.at = found.end()
            yield from getattr(self, f"_on_{found.lastgroup}")(found.group())
            self.line += self.text.count("\n", found.start(), self.at)
        yield from self._ended()

    def _ended(self, kind: Kind = "sql", text: str = "") -> Iterator[Statement]:
        text = text or "".join(self.written).strip()
        if text:
            yield Statement(self.begun or self.line, self.line + text.count("\n") * (kind == "psql"), text, kind, self.is_back)
        self._clear()

    def _write(self, piece: str) -> None:
        if not self.begun and piece.strip():
            self.begun = self.line + piece[: len(piece) - len(piece.lstrip())].count("\n")
        self.written.append(piece)

    def _blank(self, piece: str) -> None:
        self.written.append(" " + "\n" * piece.count("\n"))

    def _on_line(self, piece: str) -> Iterator[Statement]:
        is_up, is_down = (bool(form.match(piece)) or (self.has_both and bool(_BARE[way].fullmatch(piece))) for way, form in (("up", _UP), ("down", _DOWN)))
        if is_up or is_down:
            yield from self._ended()
            self.is_back = is_down
        else:
            self._blank(piece)

    def _on_comment(self, _: str) -> Iterator[Statement]:
        begun, depth = self.at, 1
        while depth and (edge := _COMMENT_EDGE.search(self.text, self.at)):
            depth += 1 if edge.group() == "/*" else -1
            self.at = edge.end()
        if depth:
            self.at = len(self.text)
        self._blank(self.text[begun : self.at])
        return iter(())

    def _on_quoted(self, piece: str) -> Iterator[Statement]:
        self._write(piece)
        return iter(())

    def _on_dollar(self, piece: str) -> Iterator[Statement]:
        closed = self.text.find(piece, self.at)
        begun, self.at = self.at, len(self.text) if closed < 0 else closed + len(piece)
        self._write(piece + self.text[begun : self.at])
        return iter(())

    def _on_open(self, piece: str) -> Iterator[Statement]:
        begun, self.at = self.at, len(self.text)
        self._write(piece + self.text[begun:])
        return iter(())

    def _on_paren(self, piece: str) -> Iterator[Statement]:
        self.parens = max(0, self.parens + (1 if piece == "(" else -1))
        return self._on_other(piece)

    def _on_word(self, piece: str) -> Iterator[Statement]:
        word = piece.lower()
        if word == "begin" or (self.blocks and word == "case"):
            self.blocks += bool(self.blocks or _BODY.match("".join(self.written).lstrip()))
        elif self.blocks and word == "end":
            self.blocks -= 1
        return self._on_other(piece)

    def _on_other(self, piece: str) -> Iterator[Statement]:
        self._write(piece)
        return iter(())

    def _on_end(self, piece: str) -> Iterator[Statement]:
        if self.parens or self.blocks:
            self._write(piece)
            return
        is_copy = bool(_COPY.match("".join(self.written).lstrip()))
        yield from self._ended()
        if is_copy:
            self._skip_data()

    def _on_meta(self, piece: str) -> Iterator[Statement]:
        name = piece[1:]
        ends = self.text.find("\n", self.at)
        line, begun = self.text[self.at : len(self.text) if ends < 0 else ends], self.at
        if name.startswith(";"):
            self.at = begun - len(name) + 1
            yield from self._ended()
            return
        self.at += len(line)
        is_sent = name in _SENDS
        if is_sent:
            yield from self._ended()
        kept = (self.written, self.begun, self.parens, self.blocks)
        self.written, self.begun = [], self.line
        yield from self._ended("psql", f"{piece}{line}".strip())
        self.written, self.begun, self.parens, self.blocks = kept if not is_sent else ([], 0, 0, 0)
        if _COPY.match(f"{piece}{line}"):
            self._skip_data()

    def _skip_data(self) -> None:
        """Pass over the lines that COPY reads from the file itself."""
        begins = self.text.find("\n", self.at)
        ends = _COPY_ENDS.search(self.text, begins) if begins >= 0 else None
        self.at = ends.end() if ends else len(self.text)
