"""Numbers before, during and after a run: `logs/RUN/samples`, a line for each look at a host, capped. Not the journal: losing some never stops a run.

A line is the time, the host (`*`: the environment as a whole), cpu, memory and load, then what else was looked at as NAME=VALUE, with :REQUESTS:BAD where
requests are counted; `-` stands for what could not be measured, and `@SOURCE` for a source that is not the machine itself.

Lines are gathered and written once a second; the last second of a run may be missing.
"""

import os
from datetime import UTC, datetime
from urllib.parse import unquote

from console.adapters.logs.log_pages import behind
from console.adapters.statefolder import logs_folder, made_folder, modes_of
from console.model.application_metrics import MACHINE
from console.ports.feed import Sample, SamplePage
from console.wire.address import path_part

CAP = 32 << 20
"""Bytes that the numbers of one run may have: some two hours of a hundred hosts that are looked at each second."""
WHOLE = "*"
GATHERED = 1.0
"""Seconds for which lines are collected before they are written."""


class SampleLog:
    """The numbers of one run."""

    def __init__(self, state: str, run: str, cap: int = CAP) -> None:
        self._state = state
        self.path = os.path.join(logs_folder(state), path_part(run), "samples")
        self._cap = cap
        self._lines: list[str] = []
        self._since = 0.0
        self._size = -1

    def append(self, sample: Sample, now: datetime) -> None:
        """Keep a sample that came now, as far as there is room. Never raises for a full disk."""
        if sample.source != MACHINE and not sample.extra:
            return
        at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        numbers = " ".join(map(_said, (sample.cpu, sample.memory, sample.load)))
        source = "" if sample.source == MACHINE else f" @{path_part(sample.source)}"
        more = "".join(f" {path_part(name)}={_said(value)}{_counts(sample, name)}" for name, value in sample.extra.items())
        self._lines.append(f"{at} {path_part(sample.host) if sample.host else WHOLE} {numbers}{source}{more}\n")
        self._since = self._since or now.timestamp()
        if now.timestamp() - self._since >= GATHERED:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        data, self._lines, self._since = "".join(self._lines).encode(), [], 0.0
        if not data or 0 <= self._cap < self._size + len(data):
            return
        try:
            modes = modes_of(self._state)
            made_folder(logs_folder(self._state), modes)
            made_folder(os.path.dirname(self.path), modes)
            with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, modes.file), "ab", buffering=0) as file:
                self._size = os.fstat(file.fileno()).st_size
                if not self._size and os.fstat(file.fileno()).st_uid == os.getuid():
                    os.fchmod(file.fileno(), modes.file)
                if self._size + len(data) <= self._cap:
                    self._size += file.write(data) or 0
        except OSError:
            return

    def page(self, after: str, limit: int) -> SamplePage:
        """Return the first samples after that place (empty: the beginning; `@MOMENT`: after it). `at` is in seconds since 1970."""
        try:
            with open(self.path, "rb") as file:
                place = behind(file, after[1:]) if after.startswith("@") else int(after or 0)
                file.seek(place)
                found: list[Sample] = []
                while len(found) < limit and (line := file.readline()).endswith(b"\n"):
                    place += len(line)
                    sample = _sample(line)
                    if sample is not None:
                        found.append(sample)
                return SamplePage(tuple(found), str(place))
        except (OSError, ValueError):
            return SamplePage((), after)


def _said(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _counts(sample: Sample, name: str) -> str:
    return f":{sample.counts[name][0]}:{sample.counts[name][1]}" if name in sample.counts else ""


def _sample(line: bytes) -> Sample | None:
    try:
        at, host, *words = line.decode("ascii").split()
        cpu, memory, load = map(_number, words[:3])
        source = next((unquote(word[1:]) for word in words[3:] if word.startswith("@")), MACHINE)
        more = [(unquote(name), told.split(":")) for name, _, told in (word.partition("=") for word in words[3:] if "=" in word)]
        counts = {name: (int(told[1]), int(told[2])) for name, told in more if len(told) == 3}
        moment = datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
        return Sample(
            "" if host == WHOLE else unquote(host), moment, cpu, memory, load, {name: _number(told[0]) for name, told in more}, source, counts
        )  # fmt: skip
    except (ValueError, IndexError):
        return None


def _number(word: str) -> float | None:
    return None if word == "-" else float(word)
