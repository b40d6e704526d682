"""Prometheus' text format, version 0.0.4, read strictly and by one scan: only lines of wanted names are taken apart. Pure.

Source: prometheus.io/docs/instrumenting/exposition_formats. What OpenMetrics adds (exemplars behind a `#`, `# EOF`) is understood too.
A look that is cut short, or is no such text at all, is `Unreadable`: the last number of a cut text is a wrong one, and looks like a right one.
"""

import re
from functools import lru_cache

from console.model.application_metrics import Series, Unreadable
from console.safe_text import SafeText

START = "process_start_time_seconds"
"""When the process began: its counters belong to that life of it."""

_LABELS = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(?:,|(?=\}))')
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[Ii]nf(?:inity)?|[Nn]a[Nn])")
_REST = re.compile(r"(?:[ \t]+-?\d+(?:\.\d+)?)?[ \t]*(?:#[ \t]*\{.*)?")
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_FIRST = re.compile(r"^[ \t]*[^#\s].*$", re.MULTILINE)
"""The first line that is neither empty nor a comment."""
_END = re.compile(r"\s*\}")
_BLANKS = re.compile(r"[ \t]*")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def series_of(body: bytes, wanted: frozenset[str]) -> tuple[Series, ...] | Unreadable:
    """Return the samples of those names, in the order in which they stand; or why the text cannot be believed."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _unreadable("it is not UTF-8")
    text = text.replace("\r\n", "\n") if "\r" in text else text
    problem = _problem_of(text)
    if problem:
        return _unreadable(problem)
    found: list[Series] = []
    known: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for line in _lines_with(wanted).finditer(text):
        name = line[1]
        one = _series(name, line[2])
        if one is None:
            return _unreadable(f"line {_number_of(text, line.start())} of {name} is not in Prometheus' text format")
        key = (one.name, tuple(sorted(one.labels.items())))
        if key in known:
            return _unreadable(f"line {_number_of(text, line.start())}: {name} is there twice with the same labels")
        known.add(key)
        found.append(one)
    return tuple(found)


@lru_cache(maxsize=64)
def _lines_with(names: frozenset[str]) -> re.Pattern[str]:
    """What finds lines of those names in one scan, without taking the others apart."""
    return re.compile(rf"^({'|'.join(map(re.escape, sorted(names)))})(?![A-Za-z0-9_:])(.*)$", re.MULTILINE)


def _number_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _unreadable(reason: str) -> Unreadable:
    return Unreadable(SafeText(reason))


def _problem_of(text: str) -> str:
    """What is wrong with the text as a whole."""
    first = _FIRST.search(text)
    line = first[0] if first else ""
    if line.lstrip().startswith("<"):
        return "it is a web page, not metrics"
    if text.rpartition("\n")[2].strip():
        return "it was cut short: its last line has no end"
    name = _NAME.match(line)
    if first and not line.startswith("{") and (name is None or _series(name[0], line[name.end() :]) is None):
        return f"line {_number_of(text, first.start())} is not in Prometheus' text format"
    return ""


def _series(name: str, line: str) -> Series | None:
    """Take the rest of a line apart; None: it is no sample."""
    labels: dict[str, str] = {}
    place = 0
    if line.startswith("{"):
        place = 1
        while found := _LABELS.match(line, place):
            if found[1] in labels:
                return None
            labels[found[1]] = re.sub(r'\\[\\"n]', lambda escape: _ESCAPES[escape[0]], found[2])
            place = found.end()
        end = _END.match(line, place)
        if end is None:
            return None
        place = end.end()
    blanks = _BLANKS.match(line, place)
    number = _NUMBER.match(line, blanks.end() if blanks else place)
    if number is None or not _REST.fullmatch(line, number.end()):
        return None
    return Series(name, labels, float(number[0]))
