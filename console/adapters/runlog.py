"""What steps printed, host by host: `logs/RUN/HOST.log`, harmless lines with their time and step, capped. Not the journal: losing a line
of output never stops a run. Knows nothing of runs' states.
"""

import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO
from urllib.parse import unquote

from console.adapters.statefolder import Modes, logs_folder, made_folder, modes_of
from console.ports.feed import LogPage, Output
from console.text import SafeText
from console.wire.address import path_part

CAP = 64 << 20
"""Bytes that a host's log of one run may have."""

TAIL = 1 << 20
"""Bytes at a log's end that a look at its last lines reads."""

BLOCK = 1 << 14
"""Bytes that are read at once on the way back through a log."""

LONGEST = 1 << 16
"""Bytes of a line that are shown at most; steps print shorter ones."""


class RunLog:
    """The logs of one run."""

    def __init__(self, state: str, run: str, cap: int = CAP) -> None:
        self._folder = os.path.join(logs_folder(state), path_part(run))
        self._state = state
        self._cap = cap
        self._sizes: dict[str, int] = {}
        self.problem = ""
        """Why the last lines could not be kept; empty: they were."""

    def path(self, host: str) -> str:
        """Return the file of a host's log; of the console's own steps for an empty name."""
        return os.path.join(self._folder, f"{path_part(host) or 'console'}.log")

    def append(self, host: str, step: str, at: str, lines: Iterable[SafeText]) -> None:
        """Keep lines that a step printed, as far as there is room. `at` is UTC, RFC 3339. Never raises for a full disk."""
        data = "".join(f"{at} {step} {line}\n" for line in lines).encode("utf-8", "replace")
        try:
            self._write(host, data)
        except OSError as problem:
            self.problem = f"{self.path(host)}: {problem.strerror}"
        else:
            self.problem = ""

    def _write(self, host: str, data: bytes) -> None:
        path = self.path(host)
        if host not in self._sizes:
            modes = self._prepare()
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file))
            os.chmod(path, modes.file)
            self._sizes[host] = os.stat(path).st_size
        room = self._cap - self._sizes[host]
        if room <= 0 or not data:
            return
        if len(data) > room:
            data = data[: data.rfind(b"\n", 0, room) + 1] + f"… cut here: a host's log is kept up to {self._cap >> 20} MiB\n".encode()
            self._sizes[host] = self._cap
        with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC), "ab", buffering=0) as file:
            self._sizes[host] += file.write(data) or 0

    def _prepare(self) -> Modes:
        modes = modes_of(self._state)
        made_folder(logs_folder(self._state), modes)
        made_folder(self._folder, modes)
        return modes

    def tail(self, host: str, lines: int = 200) -> tuple[SafeText, ...]:
        """Return the last lines of a host's log; none where there is none."""
        try:
            with open(self.path(host), "rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - TAIL)
                file.seek(start)
                data = file.read(TAIL)
        except OSError:
            return ()
        found = data.split(b"\n")[1 if start else 0 :]
        kept = found[:-1] if found and not found[-1] else found
        return tuple(SafeText(line.decode("utf-8", "replace")) for line in kept[-lines:]) if lines > 0 else ()

    def hosts(self) -> tuple[str, ...]:
        """Return whose logs there are, by name."""
        try:
            return tuple(sorted(name.removesuffix(".log") for name in os.listdir(self._folder) if name.endswith(".log")))
        except OSError:
            return ()

    def page(self, host: str, before: str, limit: int) -> LogPage:
        """Return the last lines before that place, of a host (empty: of all, by time), oldest first. Files that cannot be read are left out."""
        places = _places(before) if before else dict.fromkeys((host,) if host else map(_host_of, self.hosts()), -1)
        with ExitStack() as files:
            sources = [self._backwards(files, name, place) for name, place in places.items() if place]
            found: list[tuple[int, Output]] = []
            for one in heapq.merge(*sources, key=lambda one: one[1].at, reverse=True):
                if len(found) >= limit:
                    break
                found.append(one)
        for place, line in found:
            places[line.host] = place
        known = {name: place for name, place in places.items() if place != 0}
        more = len(found) >= limit > 0 and any(known.values())
        return LogPage(tuple(line for _, line in reversed(found)), _as_text(known) if more else "")

    def _backwards(self, files: ExitStack, host: str, place: int) -> Iterator[tuple[int, Output]]:
        """Yield (where it begins, line) of a host's lines before that place, the last one first."""
        try:
            file = files.enter_context(open(self.path(host), "rb"))  # noqa: SIM115 (the stack closes it)
        except OSError:
            return
        end = file.seek(0, os.SEEK_END)
        for start, data in _lines_before(file, end if place < 0 else min(place, end)):
            at, step, words = (*data.decode("utf-8", "replace").split(" ", 2), "", "")[:3]
            yield start, Output(SafeText(at), host, SafeText(step), SafeText(words))


def _lines_before(file: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield (where it begins, bytes) of each whole line before that place, the last one first."""
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
            yield place + begin, data[begin:stop].rstrip(b"\n")
            stop = begin
        rest = data[: min(stop, LONGEST)]


def _host_of(name: str) -> str:
    return "" if name == "console" else unquote(name)


def _as_text(places: dict[str, int]) -> str:
    return " ".join(f"{path_part(host)}={place}" for host, place in places.items())


def _places(text: str) -> dict[str, int]:
    return {unquote(name): int(place) for name, _, place in (one.rpartition("=") for one in text.split())}
