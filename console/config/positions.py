"""On which line a key of a TOML text stands.

It scans a text that a TOML parser has already accepted, and knows nothing of what the keys mean.
"""

import re
import tomllib
from bisect import bisect_left

from console.config.file_problems import Path

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r"""
    \"{3} (?:\\.|[^\\])*? \"{3,5} | '{3} .*? '{3,5}
    | \" (?:\\.|[^\"\\])* \" | '[^']*'
    """,
    re.DOTALL | re.VERBOSE,
)
_ATOM = re.compile(r"[^,\]}#\n]+")


def positions(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every key, table and list element of a valid TOML text."""
    scanner = _TomlScanner(text)
    scanner.scan()
    return scanner.lines


class _TomlScanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._counts: dict[Path, int] = {}

    def scan(self) -> None:
        base: Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                base = self._header()
            else:
                self._pair(base)

    def _header(self) -> Path:
        line = self._line()
        is_element = self._text.startswith("[[", self._at)
        self._at += 1 + is_element
        names = self._key()
        self._at += 1 + is_element
        path: Path = ()
        for place, name in enumerate(names):
            path += (name,)
            self._mark(path, line)
            if is_element and place == len(names) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path += (self._counts[path] - 1,)
        self._mark(path, line)
        return path

    def _pair(self, base: Path) -> None:
        line = self._line()
        path = base
        for name in self._key():
            path += (name,)
            self._mark(path, line)
        self._at += 1
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key and stop at what follows it (`=` or `]`)."""
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            bare = _BARE.match(self._text, self._at)
            found = bare or _STRING.match(self._text, self._at)
            if found is None:
                raise ValueError(f"no key on line {self._line()}")
            self._at = found.end()
            names.append(found[0] if bare else tomllib.loads(f"k = {found[0]}")["k"])
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _value(self, path: Path) -> None:
        character = self._text[self._at]
        if character == "[":
            self._elements(path)
        elif character == "{":
            self._inline(path)
        else:
            found = _STRING.match(self._text, self._at) or _ATOM.match(self._text, self._at)
            if found is None:
                raise ValueError(f"no value on line {self._line()}")
            self._at = found.end()

    def _elements(self, path: Path) -> None:
        self._at += 1
        count = 0
        while self._text[self._skip(_BLANK)] != "]":
            self._mark((*path, count), self._line())
            self._value((*path, count))
            count += 1
            if self._text[self._skip(_BLANK)] == ",":
                self._at += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._text[self._skip(_BLANK)] != "}":
            self._pair(path)
            if self._text[self._skip(_BLANK)] == ",":
                self._at += 1
        self._at += 1

    def _mark(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _skip(self, blank: re.Pattern[str]) -> int:
        found = blank.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _line(self) -> int:
        return bisect_left(self._breaks, self._at) + 1
