"""What steps printed, host by host: `logs/RUN/HOST.log`, harmless lines with their time and step, capped. Not the journal: losing a line
of output never stops a run. Knows nothing of runs' states.
"""

import os
from collections import OrderedDict
from collections.abc import Iterable
from urllib.parse import unquote

from console.adapters.logs.log_pages import page_after, page_before
from console.adapters.statefolder import Modes, logs_folder, made_folder, modes_of
from console.ports.feed import LogPage
from console.safe_text import SafeText
from console.wire.address import path_part

CAP = 64 << 20
"""Bytes that a host's log of one run may have."""

OPEN = 64
"""Files of a run that are kept open to be written on."""

TAIL = 1 << 20
"""Bytes at a log's end that a look at its last lines reads."""


def line_of(at: str, step: str, text: SafeText) -> str:
    """Return a line of a log as it is kept. `at` is UTC, RFC 3339."""
    return f"{at} {step} {text}\n"


class RunLog:
    """The logs of one run. Who writes is one thread."""

    def __init__(self, state: str, run: str, cap: int = CAP) -> None:
        self._folder = os.path.join(logs_folder(state), path_part(run))
        self._state = state
        self._cap = cap
        self._sizes: dict[str, int] = {}
        self._files: OrderedDict[str, int] = OrderedDict()
        """Those that were written last, by host."""
        self.problem = ""
        """Why the last lines could not be kept; empty: they were."""

    def path(self, host: str) -> str:
        """Return the file of a host's log; of the console's own steps for an empty name."""
        return os.path.join(self._folder, f"{path_part(host) or 'console'}.log")

    def append(self, host: str, step: str, at: str, lines: Iterable[SafeText]) -> None:
        """Keep lines that a step printed, as far as there is room. `at` is UTC, RFC 3339. Never raises for a full disk."""
        self.write(host, (line_of(at, step, line) for line in lines))

    def write(self, host: str, lines: Iterable[str]) -> None:
        """Keep lines as `line_of` makes them, all at once, as far as there is room. Never raises for a full disk."""
        try:
            self._write(host, "".join(lines).encode("utf-8", "replace"))
        except OSError as problem:
            self.problem = f"{self.path(host)}: {problem.strerror}"
        else:
            self.problem = ""

    def _write(self, host: str, data: bytes) -> None:
        file = self._opened(host)
        room = self._cap - self._sizes[host]
        if room <= 0 or not data:
            return
        if len(data) > room:
            data = data[: data.rfind(b"\n", 0, room) + 1] + f"… cut here: a host's log is kept up to {self._cap >> 20} MiB\n".encode()
            self._sizes[host] = self._cap
        self._sizes[host] += os.write(file, data)

    def _opened(self, host: str) -> int:
        if host in self._files:
            self._files.move_to_end(host)
            return self._files[host]
        modes = self._prepare()
        file = os.open(self.path(host), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file)
        self._files[host] = file
        found = os.fstat(file)
        if host not in self._sizes and found.st_uid == os.getuid():
            os.fchmod(file, modes.file)
        self._sizes.setdefault(host, found.st_size)
        while len(self._files) > OPEN:
            os.close(self._files.popitem(last=False)[1])
        return file

    def close(self) -> None:
        """Close what is open; it is opened again by who writes on."""
        while self._files:
            os.close(self._files.popitem()[1])

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
        return page_before(self._paths((host,) if host else self._known()), before, limit)

    def page_on(self, host: str, after: str, limit: int) -> LogPage:
        """Return the first lines after that place, of a host (empty: of all, by time), oldest first."""
        return page_after(self._paths((host,) if host else self._known()), after, limit)

    def _known(self) -> tuple[str, ...]:
        return tuple("" if name == "console" else unquote(name) for name in self.hosts())

    def _paths(self, hosts: Iterable[str]) -> dict[str, str]:
        return {host: self.path(host) for host in hosts}
