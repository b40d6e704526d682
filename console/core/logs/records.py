"""Lines of one host put together to what was logged: a stack trace is one record and not thirty. Pure; it holds only the record that is not whole yet.

Knows traces of Python, Java, JavaScript, Ruby, PHP and Go. What a record means is `kind_of_line`'s.
"""

import re
from dataclasses import dataclass

from console.safe_text import SafeText

FRAMES = 64
"""Frames of a record that are kept; what follows belongs to it, and is not looked at."""

_PREFIX = re.compile(r"^(?:(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) [\w.-]+ [\w./@-]+(?:\[\d+\])?: |[\w.-]+ +\| )")
"""What journald, syslog and Compose put before a line: a time, the host, the program; it says nothing of what was logged."""
_FRAME = re.compile(
    r"^(?:\s+at |\s*File \"|\s+from |\s*#\d+ |Caused by: |\s*\.\.\. \d+ (?:more|common)|\s+/\S+\.go:\d+|goroutine \d+ \[|\[signal |created by )"
)
_PYTHON = "Traceback (most recent call last):"
_GO_CALL = re.compile(r"^[\w./*()]+\(.*\)$")


@dataclass(frozen=True, slots=True)
class Record:
    """What was logged at once: its first line (of a Python trace its last one), and the lines of its trace."""

    head: SafeText
    frames: tuple[SafeText, ...] = ()


def without_prefix(line: SafeText) -> SafeText:
    """Return the line as the application wrote it."""
    if line[:1].isspace():
        return line
    found = _PREFIX.match(line)
    return SafeText(line[found.end() :]) if found else line


class Records:
    """The records of one host's stream of lines."""

    def __init__(self) -> None:
        self._head: SafeText | None = None
        self._frames: list[SafeText] = []
        self._in_python = False

    def feed(self, raw: SafeText) -> list[Record]:
        """Take a line; return the records that are whole now."""
        line = without_prefix(raw)
        if not line.strip():
            return []
        if self._in_python:
            return self._python(line)
        if line.rstrip().endswith(_PYTHON):
            done = self.end()
            self._in_python = True
            return done
        if self._head is not None and self._continues(line):
            self._keep(line)
            return []
        done = self.end()
        self._head = line
        return done

    def end(self) -> list[Record]:
        """Return the record that more lines were waited for."""
        if self._head is None and not self._frames:
            self._in_python = False
            return []
        head = self._head if self._head is not None else SafeText(_PYTHON)
        found = Record(head, tuple(self._frames))
        self._head, self._frames, self._in_python = None, [], False
        return [found]

    def _python(self, line: SafeText) -> list[Record]:
        if line[0].isspace():
            self._keep(line)
            return []
        self._head, self._in_python = line, False
        return self.end()

    def _continues(self, line: SafeText) -> bool:
        if _FRAME.match(line):
            return True
        return any(frame.startswith("goroutine ") for frame in self._frames[:3]) and bool(_GO_CALL.match(line))

    def _keep(self, line: SafeText) -> None:
        if len(self._frames) < FRAMES:
            self._frames.append(line)
