"""What is measured goes first on a machine that others use too: `BENCH_REALTIME=1` gives its processes a real-time priority while it is measured (root)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil  # type: ignore[import-untyped,unused-ignore]

WANTED = bool(os.environ.get("BENCH_REALTIME"))


def _set(policy: int, priority: int) -> None:
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        with suppress(ProcessLookupError, FileNotFoundError):
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                os.sched_setscheduler(int(thread), policy, os.sched_param(priority))


@contextmanager
def goes_first() -> Iterator[None]:
    """Let this process and all that it has started go before others, where that is wanted."""
    if not WANTED:
        yield
        return
    _set(os.SCHED_RR, 1)
    try:
        yield
    finally:
        _set(os.SCHED_OTHER, 0)
