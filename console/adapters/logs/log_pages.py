"""The logs of a run a page at a time, merged by time over its hosts: back from a place, or on from one. Reads what is asked for, never whole files.

A place is text: `HOST=BYTES …` (a host that is not named stands at its beginning), or `@MOMENT` (RFC 3339): behind every line of that moment.
Knows nothing of who writes the files.
"""

import heapq
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import BinaryIO
from urllib.parse import unquote

from console.ports.feed import LogPage, Output
from console.safe_text import SafeText
from console.wire.address import path_part

BLOCK = 1 << 14
"""Bytes that are read at once."""

LONGEST = 1 << 16
"""Bytes of a line that are shown at most; steps print shorter ones."""

Found = tuple[int, Output]
"""(where a line begins, or on the way on where it ends; the line)"""


def page_before(paths: Mapping[str, str], place: str, limit: int) -> LogPage:
    """Return the last lines before that place (empty: the end), oldest first. `paths`: each host's file; those that cannot be read are left out."""
    with ExitStack() as stack:
        files = _opened(stack, paths)
        ends = {host: _size(file) for host, file in files.items()} if not place else _standing(files, place)
        begins = dict(ends)
        found: list[Output] = []
        sources = [_backwards(file, host, ends[host]) for host, file in files.items()]
        for begin, line in heapq.merge(*sources, key=lambda one: one[1].at, reverse=True):
            if len(found) >= limit:
                break
            begins[line.host] = begin
            found.append(line)
        return LogPage(tuple(reversed(found)), _as_text(begins), _as_text(ends))


def page_after(paths: Mapping[str, str], place: str, limit: int) -> LogPage:
    """Return the first lines after that place (empty: the beginning), oldest first."""
    with ExitStack() as stack:
        files = _opened(stack, paths)
        begins = _standing(files, place)
        ends = dict(begins)
        found: list[Output] = []
        sources = [_onwards(file, host, begins[host]) for host, file in files.items()]
        for end, line in heapq.merge(*sources, key=lambda one: one[1].at):
            if len(found) >= limit:
                break
            ends[line.host] = end
            found.append(line)
        return LogPage(tuple(found), _as_text(begins), _as_text(ends))


def _opened(stack: ExitStack, paths: Mapping[str, str]) -> dict[str, BinaryIO]:
    files: dict[str, BinaryIO] = {}
    for host, path in paths.items():
        try:
            files[host] = stack.enter_context(open(path, "rb"))  # noqa: SIM115 (the stack closes it)
        except OSError:
            continue
    return files


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _standing(files: Mapping[str, BinaryIO], place: str) -> dict[str, int]:
    """Return where each file stands at that place."""
    if place.startswith("@"):
        return {host: behind(file, place[1:]) for host, file in files.items()}
    named = {unquote(name): int(at) for name, _, at in (one.rpartition("=") for one in place.split())}
    return {host: min(named.get(host, 0), _size(file)) for host, file in files.items()}


def behind(file: BinaryIO, text: str) -> int:
    """Return where the first line begins that is later than that moment, in a file whose lines begin with theirs; 0 for no moment."""
    moment = _moment(text)
    if moment is None:
        return 0
    low, high = 0, _size(file)
    while low < high:
        middle = (low + high) // 2
        file.seek(max(0, middle - 1))
        if middle:
            file.readline()
        begin = file.tell()
        data = file.readline()
        at = _moment(data.split(b" ", 1)[0].decode("ascii", "replace"))
        if begin >= high or not data.endswith(b"\n") or (at is not None and at > moment):
            high = middle
        else:
            low = begin + len(data)
    return low


def _moment(at: str) -> float | None:
    try:
        return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def _backwards(file: BinaryIO, host: str, end: int) -> Iterator[Found]:
    """Yield a host's lines before that byte, the last one first."""
    rest, place = b"", end
    while place > 0:
        size = min(BLOCK, place)
        place -= size
        file.seek(place)
        data = file.read(size) + rest
        stop = len(data)
        while stop > 0:
            begin = data.rfind(b"\n", 0, stop - 1) + 1
            if begin == 0 and place:
                break
            yield place + begin, _output(host, data[begin:stop])
            stop = begin
        rest = data[: min(stop, LONGEST)]


def _onwards(file: BinaryIO, host: str, begin: int) -> Iterator[Found]:
    """Yield a host's whole lines from that byte on."""
    place = begin
    while True:
        file.seek(place)
        lines = file.readlines(BLOCK)
        if not lines or not lines[-1].endswith(b"\n"):
            lines = lines[:-1]
        if not lines:
            return
        for data in lines:
            place += len(data)
            yield place, _output(host, data[:LONGEST])


def _output(host: str, data: bytes) -> Output:
    at, step, words = (*data.rstrip(b"\n").decode("utf-8", "replace").split(" ", 2), "", "")[:3]
    return Output(SafeText(at), host, SafeText(step), SafeText(words))


def _as_text(places: Mapping[str, int]) -> str:
    return " ".join(f"{path_part(host)}={place}" for host, place in places.items() if place)
