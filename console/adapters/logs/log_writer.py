"""Writes the output of steps and the samples of hosts to files, on a thread of its own: the engine's loop never waits for a disk.

The queue has a bound: if the disk cannot keep up, lines are dropped, and a line in their place says how many.
"""

import threading
from collections import Counter, OrderedDict, deque
from datetime import UTC, datetime, timedelta

from console.adapters.logs.run_log import RunLog, line_of
from console.adapters.logs.sample_log import GATHERED, SampleLog
from console.ports.feed import Output, Sample
from console.safe_text import SafeText

BOUND = 50_000
"""Lines and samples in the queue at most."""
RUNS = 4
"""Runs whose files are kept open."""
LINGER = 0.02
"""Seconds for which lines are collected before they are written."""
PARTING = 5.0
"""Seconds that `close` waits for the last lines."""


class _Files:
    """The open files of one run."""

    def __init__(self, state: str, run: str) -> None:
        self.log = RunLog(state, run)
        self.samples = SampleLog(state, run)

    def close(self) -> None:
        self.samples.flush()
        self.log.close()


class LogWriter:
    """The logs of every run of an engine."""

    def __init__(self, state: str, bound: int = BOUND) -> None:
        self._state = state
        self._bound = bound
        self._news = threading.Condition()
        self._waiting: deque[tuple[str, Output | Sample, datetime]] = deque()
        self._lost: Counter[tuple[str, str]] = Counter()
        self._closing = threading.Event()
        self._files: OrderedDict[str, _Files] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def keep(self, run: str, item: Output | Sample, ago: float = 0.0) -> None:
        """Queue an item to be written, which came so many seconds ago. Never waits."""
        with self._news:
            if len(self._waiting) < self._bound:
                self._waiting.append((run, item, datetime.now(UTC) - timedelta(seconds=ago)))
            elif isinstance(item, Output):
                self._lost[run, item.host] += 1
            self._news.notify()

    def close(self) -> None:
        """Write the queue, and end the thread. What is not written in time is lost."""
        with self._news:
            self._closing.set()
            self._news.notify()
        self._thread.join(PARTING)

    def _run(self) -> None:
        while True:
            with self._news:
                if not self._waiting and not self._closing.is_set():
                    self._news.wait(GATHERED)
            self._closing.wait(LINGER)
            with self._news:
                waiting, self._waiting = self._waiting, deque()
                lost, self._lost = self._lost, Counter()
                closing = self._closing.is_set() and not waiting
            self._write(waiting, lost)
            if closing:
                break
        for files in self._files.values():
            files.close()

    def _write(self, waiting: deque[tuple[str, Output | Sample, datetime]], lost: Counter[tuple[str, str]]) -> None:
        lines: dict[tuple[str, str], list[str]] = {}
        for run, item, now in waiting:
            if isinstance(item, Sample):
                self._of(run).samples.append(item, now)
            else:
                lines.setdefault((run, item.host or "console"), []).append(line_of(item.at, item.step, item.text))
        for (run, host), count in lost.items():
            at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            lines.setdefault((run, host or "console"), []).append(line_of(at, "", SafeText(f"… {count} lines are not kept here: the disk was too slow")))
        for (run, host), texts in lines.items():
            self._of(run).log.write(host, texts)
        if not waiting:
            for files in self._files.values():
                files.samples.flush()

    def _of(self, run: str) -> _Files:
        if run not in self._files:
            self._files[run] = _Files(self._state, run)
            while len(self._files) > RUNS:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(run)
        return self._files[run]
