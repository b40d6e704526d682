"""The gate for text from outside: `SafeText` for one line, `SafeLines` for a text of several, `Lines` for a stream of them.

Whatever is made of it is harmless to a terminal, and holds none of the secrets that the process knows (`hide`). Owns the scanner that drops
terminal sequences and shows what is invisible. It knows nothing of hosts, screens, where secrets come from, or encodings other than UTF-8, and
does no I/O.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Self

LIMIT: Final = 4096
"""Characters that a line may have."""
TEXT_LIMIT: Final = 64 * 1024
"""Characters that a text of several lines may have."""

NEWLINE: Final = "⏎"
"""Stands for a line break inside a `SafeText`."""
REWRITTEN: Final = "↩"
"""Stands before what a carriage return wrote over an earlier text of the same line."""
CUT: Final = "…"
"""Stands at the end of a line that was longer than its limit."""

SPARE: Final = 4096
"""Characters that are read beyond a limit, so that no secret is cut in two before it is seen."""

_MARKS_PER_CELL: Final = 8
_TAB: Final = 8
_PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2190-\u21ff\u2500-\u25ff]+")
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\u034f")
_STRINGS: Final = {"P": "string", "X": "string", "^": "string", "_": "string", "]": "osc", "[": "csi"}
_C1: Final = {"\x90": "string", "\x98": "string", "\x9e": "string", "\x9f": "string", "\x9d": "osc", "\x9b": "csi", "\x9c": "ground"}
_ENDS: Final = {"string": "\x18\x1a\x9c", "osc": "\x07\x18\x1a\x9c"}

_hidden: list[Callable[[str], str]] = []
"""What takes secrets out of a text; empty: the process knows none. Of the process, since all that it says passes here."""


def hide(by: Callable[[str], str] | None) -> None:
    """Pass every text that is made from now on through `by`, which takes the secrets out; None: the process knows none."""
    _hidden[:] = [by] if by else []


def knows_secrets() -> bool:
    """Whether there is something to hide."""
    return bool(_hidden)


def mask() -> Callable[[str], str] | None:
    """Return what takes the secrets out now; None: there are none."""
    return _hidden[0] if _hidden else None


def hidden(text: str) -> str:
    """Return the text without the secrets that the process knows."""
    return _hidden[0](text) if _hidden else text


class SafeText(str):
    """One line of text that a terminal can show and that acts on nothing.

    Sequences and their payload are gone, what is invisible or turns the direction of writing is shown as `<U+202E>`, a line
    break as a mark, secrets are masked. Longer than `limit` characters is cut, with a mark. Bytes are read as UTF-8. Never raises.
    """

    __slots__ = ()

    def __new__(cls, value: str | bytes = "", limit: int = LIMIT) -> Self:  # noqa: D102 (the class says it)
        if isinstance(value, cls) and len(value) <= limit:
            return value
        start = value[: limit * 16]
        text = hidden(start.decode("utf-8", "replace") if isinstance(start, bytes) else str(start))
        if not (text.isascii() and text.isprintable()):
            text = hidden(_one_line(text))
        if len(text) > limit or len(value) > limit * 16:
            text = text[: max(0, limit - 1)].rstrip(CUT) + CUT
        return super().__new__(cls, text)


class SafeLines(str):
    """Lines of text, each as harmless as a `SafeText`, with line breaks between them. Longer than `limit` characters is cut, with a mark. Never raises."""

    __slots__ = ()

    def __new__(cls, value: str = "", limit: int = TEXT_LIMIT) -> Self:  # noqa: D102 (the class says it)
        if isinstance(value, cls) and len(value) <= limit:
            return value
        text = "\n".join(SafeText(line).rstrip() for line in hidden(value[: limit * 2]).replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        if len(text) > limit or len(value) > limit * 2:
            text = text[: max(0, limit - 1)].rstrip(CUT) + CUT
        return super().__new__(cls, text)


def safe_end(data: str | bytes, limit: int) -> SafeText:
    """Return the end of what was said, so many characters at most. It is masked before it is cut: no end of a secret is left at its beginning."""
    text = data[-limit * 16 :].decode("utf-8", "replace") if isinstance(data, bytes) else data[-limit * 16 :]
    return SafeText(hidden(text).strip()[-limit:], max(limit, 1))


class Lines:
    """Splits a stream of bytes into safe lines, however it is chunked. Nothing is emitted before its line has ended."""

    __slots__ = ("_cut", "_decoder", "_limit", "_scanner")

    def __init__(self, limit: int = LIMIT) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._scanner = _Scanner(limit + SPARE)
        self._limit = limit
        self._cut = 0

    @property
    def cut(self) -> int:
        """Characters that were left out so far, because their line was longer than the limit."""
        return self._cut + self._scanner.cut

    def feed(self, data: bytes) -> list[SafeText]:
        """Return the lines that this piece has ended."""
        return self._ended(self._scanner.feed(self._decoder.decode(data)))

    def end(self) -> list[SafeText]:
        """Return the last line, if the stream did not end with a line break."""
        lines = self._scanner.feed(self._decoder.decode(b"", final=True))
        return self._ended(lines + self._scanner.end())

    def _ended(self, lines: list[str]) -> list[SafeText]:
        """Mask whole lines, then cut them. Many are looked through at once: most hold nothing."""
        if _hidden:
            together = "\n".join(lines)
            lines = lines if hidden(together) == together else [hidden(line) for line in lines]
        return [str.__new__(SafeText, line if len(line) <= self._limit else self._shortened(line)) for line in lines]

    def _shortened(self, line: str) -> str:
        self._cut += len(line) - self._limit
        return line[: max(0, self._limit - 1)].rstrip(CUT) + CUT


class _Scanner:
    """A terminal's parser that keeps text alone: ground, after ESC, in a CSI, in an OSC, in another string."""

    __slots__ = ("_full", "_length", "_limit", "_marks", "_parts", "_returned", "_rewritten", "_skipped", "_state", "cut")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._state = "ground"
        self._skipped = 0
        self._marks = 0
        self._parts: list[str] = []
        self._length = 0
        self._full = self._returned = self._rewritten = False
        self.cut = 0

    def feed(self, text: str) -> list[str]:
        """Take a piece; return the lines that ended in it."""
        lines: list[str] = []
        position, size = 0, len(text)
        while position < size:
            if self._state == "ground":
                plain = _PLAIN.match(text, position)
                if plain:
                    self._write(plain[0])
                    self._marks = 0
                    position = plain.end()
                    continue
            character = text[position]
            position += self._step(character)
            if character == "\n":
                lines.append(self._line())
        return lines

    def end(self) -> list[str]:
        """Return what is left as a line, if there is something."""
        self._state = "ground"
        return [self._line()] if self._parts else []

    def _step(self, character: str) -> int:
        """Move by one character; return 1 when it is used up, 0 when it is to be read again in the new state."""
        if self._state == "ground":
            self._ground(character)
            return 1
        self._skipped += 1
        if character == "\n" or self._skipped > LIMIT:
            self._state = "ground"
            return int(character == "\n")
        if self._state in _ENDS:
            return self._in_string(character)
        return self._in_csi(character) if self._state == "csi" else self._after_escape(character)

    def _ground(self, character: str) -> None:
        if character == "\x1b" or character in _C1:
            self._enter("escape" if character == "\x1b" else _C1[character])
        elif character == "\r":
            self._returned = True
        elif character == "\t":
            self._write(" " * (_TAB - self._length % _TAB))
        elif character != "\n":
            self._show(character)

    def _show(self, character: str) -> None:
        shown, is_mark = _visible(character)
        self._marks = self._marks + 1 if is_mark else 0
        if self._marks <= _MARKS_PER_CELL:
            self._write(shown)

    def _enter(self, state: str) -> None:
        self._state = state
        self._skipped = 0

    def _in_string(self, character: str) -> int:
        if character == "\x1b":
            self._state = "escape"
        elif character in _ENDS[self._state]:
            self._state = "ground"
        return 1

    def _in_csi(self, character: str) -> int:
        if " " <= character <= "?":
            return 1
        self._state = "ground"
        return int("@" <= character <= "~")

    def _after_escape(self, character: str) -> int:
        if " " <= character <= "/":
            return 1
        self._state = _STRINGS.get(character, "ground")
        return int("0" <= character <= "~")

    def _write(self, text: str) -> None:
        if self._returned:
            rewritten = self._rewritten or bool(self._parts)
            self._clear()
            if rewritten:
                self._rewritten = True
                self._parts.append(REWRITTEN)
                self._length = 1
        room = self._limit - self._length
        if len(text) > room:
            self.cut += len(text) - room
            self._full = True
            text = text[:room]
        if text:
            self._parts.append(text)
            self._length += len(text)

    def _line(self) -> str:
        line = "".join(self._parts)
        if self._full:
            line = line[: self._limit - 1] + CUT
        self._clear()
        self._marks = 0
        return line

    def _clear(self) -> None:
        self._parts = []
        self._length = 0
        self._full = self._returned = self._rewritten = False


@lru_cache(maxsize=4096)
def _visible(character: str) -> tuple[str, bool]:
    """Return how a character outside the plain ranges is shown, and whether it is drawn over the one before."""
    if character < " ":
        return chr(0x2400 + ord(character)), False
    if character == "\x7f":
        return "␡", False
    if "\ufe00" <= character <= "\ufe0f":
        return "", True  # it asks for another picture, and terminals do not agree on how wide that is
    category = unicodedata.category(character)
    if category == "Zs":
        return " ", False
    if not character.isprintable() or character in _FILLERS:
        return f"<U+{ord(character):04X}>", False
    return character, category in ("Mn", "Me")


def _one_line(text: str) -> str:
    scanner = _Scanner(len(text) * 16)
    lines = scanner.feed(text) + scanner.end()
    while lines and not lines[-1]:
        lines.pop()
    return NEWLINE.join(lines)
