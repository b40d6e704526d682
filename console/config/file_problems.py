"""Everything that is wrong in a file, collected while it is read: place by place, with line, key, expectation and nearest name.

It knows places and sentences; it must not know which keys there are.
"""

import datetime
from collections.abc import Iterable, Mapping

import msgspec

from console.core.words.nearest_name import nearest
from console.errors import Problem
from console.safe_text import SafeText

Path = tuple[str | int, ...]
"""A key's path: names, and places in lists counted from 0."""


def spelled(path: Path) -> str:
    """Return the path as people write it: `environments.production.health[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_name(part)}"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """Return a value of the file as a sentence shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{SafeText(value, 60)}"'
    if isinstance(value, (int, float)):
        return SafeText(str(value), 60)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "nothing"


class Findings(msgspec.Struct):
    """What was found in one file so far. `file` is its name as the caller wrote it."""

    file: str
    lines: Mapping[Path, int] = msgspec.field(default_factory=dict)
    problems: list[Problem] = msgspec.field(default_factory=list)
    warnings: list[Problem] = msgspec.field(default_factory=list)
    later: list[tuple[Path, Problem]] = msgspec.field(default_factory=list)
    """Keys whose capability is still to come."""

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest thing around it; 0 when that is the whole file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def told(self, path: Path, message: str, hint: str = "") -> Problem:
        """Return a problem of that place, without recording it."""
        return Problem(SafeText(message), SafeText(hint), self.file, self.line(path), spelled(path))


class FilePlace(msgspec.Struct, frozen=True):
    """A place in the file that is being read."""

    findings: Findings
    path: Path = ()

    def at(self, *parts: str | int) -> "FilePlace":
        """Return a place below this one."""
        return FilePlace(self.findings, self.path + parts)

    def wrong(self, message: str, hint: str = "") -> None:
        """Record a problem at this place of the file."""
        self.findings.problems.append(self.findings.told(self.path, message, hint))

    def expected(self, what: str, value: object, hint: str = "") -> None:
        """Record that something else stands here."""
        self.wrong(f"expected {what}; found {shown(value)}", hint)

    def unknown(self, what: str, name: str, known: Iterable[str]) -> None:
        """Record a name that nobody knows, with the one that may be meant."""
        self.wrong(f"unknown {what}", meant(name, tuple(known)))

    def warn(self, message: str, hint: str = "") -> None:
        """Record something that works and is probably not meant."""
        self.findings.warnings.append(self.findings.told(self.path, message, hint))

    def not_yet(self, what: str) -> None:
        """Record a key whose capability is still to come."""
        problem = self.findings.told(self.path, f"not yet: {what}", "take it out until then; a rollback is not held up by it")
        self.findings.later.append((self.path, problem))


def meant(name: str, known: tuple[str, ...]) -> str:
    """Return the hint for an unknown name."""
    like = nearest(name, known)
    if like:
        return f"did you mean {like}?"
    return f"known here: {', '.join(sorted(known))}" if known else ""


def _name(part: str) -> str:
    is_bare = part != "" and part.isascii() and all(character.isalnum() or character in "_-" for character in part)
    return part if is_bare else f'"{SafeText(part)}"'
