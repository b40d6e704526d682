"""What kind of line a record is: its key, how bad it is, and the words that a person is shown. Pure.

JSON and `msg="…"` count by message, level and exception; a stack trace by its exception and the top frame of the application's own code, without
line numbers, which every release moves; a request by the class of its status; any other line by its words without what varies.
"""

import json
import re
from hashlib import blake2b
from typing import Any, NamedTuple

from console.core.logs.levels import level_in, level_named
from console.core.logs.masks import Masker
from console.core.logs.records import Record
from console.model.log_kinds import LogLevel
from console.safe_text import SafeText

SAMPLE = 240
"""Characters of a sample."""

_MESSAGES = ("message", "msg", "event", "@message", "short_message", "log", "text")
_LEVELS = ("level", "severity", "levelname", "lvl", "log.level", "@level", "loglevel")
_EXCEPTIONS = ("exception", "exc_info", "error", "err", "stack_trace", "stacktrace", "stack", "exc_text", "error.stack_trace")
_TYPES = ("type", "class", "name", "exc_type", "exception_type", "error.type", "kind")
_STATUS = ("status", "status_code", "statusCode")
_FIELD = re.compile(r'(?:^|\s)(msg|message|level|lvl|severity|err|error)=(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_REQUEST = re.compile(r'HTTP/[\d.]+"? (\d)\d\d\b')
_BEFORE_TYPE = r"(?:(?:Exception in thread(?: \"[^\"]*\")?|Uncaught|Unhandled|PHP Fatal error:|panic:|Caused by:)[^\w]*\s*)*"
_TYPE = re.compile(rf"^{_BEFORE_TYPE}((?:[A-Za-z_]\w*(?:\.|::|\\))*[A-Z]\w*)(?=[:\s(]|$)")
_FOREIGN = re.compile(
    r"site-packages|dist-packages|/lib/python|<frozen |\bat (?:java|javax|jdk|jakarta|sun|kotlin|scala|org\.(?:springframework|apache|hibernate|eclipse))\."
    r"|node_modules|node:internal|\(internal/|/usr/lib/|/usr/local/go/|/vendor/|/gems/|runtime\."
)
_LINE_NUMBERS = re.compile(r"(?:, line \d+|:\d+(?::\d+)?|\(\d+\)| \+0x[0-9a-f]+|\$\d+)")
_DIRECTORY = re.compile(r"(?:[\w.-]*/)+releases/[^/]+/")
_TIME_AHEAD = re.compile(r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?\]?\s+")
"""A line's own time, which a sample goes without: what is told of it has one."""
_PYTHON_FRAME = re.compile(r'^\s*File "')
_GO_FRAME = re.compile(r"^goroutine \d+ \[")


class LineKind(NamedTuple):
    """What a record is. `key`: of 8 bytes."""

    key: int
    level: LogLevel
    words: SafeText


class Kinds:
    """Says what kind a record is. `masker` knows the fleet's names."""

    def __init__(self, masker: Masker) -> None:
        self._masked = masker.masked

    def key_of(self, record: Record) -> int:
        """Return the record's key. A plain line, as most are, costs no more than its masks."""
        head = record.head
        if record.frames or head[:1] == "{" or "msg=" in head or "message=" in head or "HTTP/" in head:
            return self.of(record).key
        return _hashed(self._masked(head))

    def of(self, record: Record) -> LineKind:
        """Return the record's kind: by its stack trace, its fields, its request, or else its words."""
        head = record.head
        if record.frames:
            return self._trace(str(head), tuple(map(str, record.frames)))
        if head[:1] == "{" and (fields := _fields(head)):
            return self._structured(fields, head)
        if ("msg=" in head or "message=" in head) and (pairs := _pairs(head)):
            return self._structured(pairs, head)
        if found := _REQUEST.search(head):
            level: LogLevel = "error" if found[1] == "5" else "info"
            return LineKind(_hashed(f"{self._masked(head)}|{found[1]}xx"), level, _sample(head))
        return LineKind(_hashed(self._masked(head)), level_in(head), _sample(head))

    def _trace(self, head: str, frames: tuple[str, ...]) -> LineKind:
        frame = own_frame(frames)
        name = exception_in(head) or self._masked(head)
        where = f" ({frame.strip()})" if frame else ""
        return LineKind(_hashed(f"{name}|{place_of(frame)}"), "error", _sample(head + where))

    def _structured(self, fields: dict[str, Any], line: str) -> LineKind:
        message = next((str(fields[name]) for name in _MESSAGES if isinstance(fields.get(name), str)), "")
        level = next((found for name in _LEVELS if (found := level_named(fields.get(name)))), None)
        thrown, trace = _thrown(fields)
        frame = own_frame(trace)
        status = next((fields[name] // 100 for name in _STATUS if isinstance(fields.get(name), int)), 0)
        if level is None:
            level = "error" if thrown or status == 5 else level_in(message) if message else "info"
        told = message or thrown or " ".join(sorted(fields))
        key = _hashed(f"{level}|{self._masked(told)}|{thrown}|{place_of(frame)}|{status or ''}")
        more = f": {thrown}" if thrown and thrown not in told else ""
        return LineKind(key, level, _sample(f"{level.upper()} {told}{more}" if message or thrown else line))


def own_frame(frames: tuple[str, ...]) -> str:
    """Return the top frame that is the application's own; of foreign ones the top one; empty: there is none."""
    places = [frame for frame in frames if is_place(frame)]
    if any(_PYTHON_FRAME.match(frame) for frame in frames):
        places.reverse()  # the most recent call is the last one
    return next((frame for frame in places if not _FOREIGN.search(frame)), places[0] if places else "")


def is_place(frame: str) -> bool:
    """Whether a line of a trace names a place in the code."""
    text = frame.strip()
    return not _GO_FRAME.match(text) and bool(re.match(r'(?:at |File "|from |#\d+ |/\S+\.go:)', text) or re.match(r"[\w./*()]+\(.*\)$", text))


def place_of(frame: str) -> str:
    """Return a frame without line numbers, and without the folder of its release: the same place in every release."""
    return _DIRECTORY.sub("", _LINE_NUMBERS.sub("", frame)).strip()


def exception_in(head: str) -> str:
    """Return the type that a trace's line names; empty: none."""
    found = _TYPE.match(head)
    return found[1] if found else ""


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _sample(text: str) -> SafeText:
    return SafeText(_TIME_AHEAD.sub("", text), SAMPLE)


def _fields(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _pairs(line: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, quoted, bare in _FIELD.findall(line):
        found.setdefault(name, quoted or bare)
    return found


def _thrown(fields: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The type of the exception that is told of, and the lines of its trace."""
    for name in _EXCEPTIONS:
        value = fields.get(name)
        if isinstance(value, dict):
            kind = next((str(value[one]) for one in _TYPES if isinstance(value.get(one), str)), "")
            stack = next((str(value[one]) for one in ("stack", "stacktrace", "stack_trace", "trace") if isinstance(value.get(one), str)), "")
            return kind, tuple(stack.splitlines())
        if isinstance(value, str) and value:
            lines = value.splitlines()
            last = lines[-1] if lines and lines[0].startswith("Traceback") else lines[0] if lines else ""
            return exception_in(last), tuple(lines[1:])
    return next((str(fields[one]) for one in ("exc_type", "exception_type", "error.type") if isinstance(fields.get(one), str)), ""), ()
