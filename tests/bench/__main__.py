"""Measures the console beside its peers, in one run: `python -m tests.bench [PART…]`, the parts of `PARTS`. Never fails on time.

What was measured is printed, and lies in `build/bench` (or `$BENCH_OUT`) as Markdown and JSON.
"""

import os
import sys
import time
from pathlib import Path

from tests.bench import fanout, fold, history, journal, rollback, rolling, runs, screen, ship, startup, thousand, viewers, waves
from tests.bench.peer_programs import lacking
from tests.bench.table import write_report
from tests.fleet import missing

PARTS = {
    "fanout": fanout.main,
    "rolling": rolling.main,
    "fold": fold.main,
    "history": history.main,
    "journal": journal.main,
    "startup": startup.main,
    "rollback": rollback.main,
    "runs": runs.main,
    "screen": screen.main,
    "ship": ship.main,
    "thousand": thousand.main,
    "viewers": viewers.main,
    "waves": waves.main,
}
REAL = frozenset({"fanout", "rolling", "ship", "history", "startup", "rollback", "waves"})


def main(words: list[str]) -> None:
    """Run the parts that are named, else all."""
    reason, began = missing(), time.time()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    if peers := lacking():
        print(f"measured without its peers: {peers}")
    for name in words or PARTS:
        if name in REAL and reason:
            print(f"\n{name}: not measured: {reason}")
        else:
            start = time.monotonic()
            PARTS[name]()
            print(f"{name}: measured in {time.monotonic() - start:.0f} s")
    print(f"\nall of it in {(time.time() - began) / 60:.1f} minutes")
    write_report(Path(os.environ.get("BENCH_OUT", "build/bench")), began)


if __name__ == "__main__":
    main(sys.argv[1:])
