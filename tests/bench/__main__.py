"""Measures the console beside its peers, in one run: `python -m tests.bench [fold] [history] [journal] [startup] [rollback] [runs] [thousand] [viewers]`. Never fails on time."""

import os
import sys

from tests.bench import fold, history, journal, rollback, runs, startup, thousand, viewers
from tests.fleet import missing

PARTS = {
    "fold": fold.main,
    "history": history.main,
    "journal": journal.main,
    "startup": startup.main,
    "rollback": rollback.main,
    "runs": runs.main,
    "thousand": thousand.main,
    "viewers": viewers.main,
}
REAL = frozenset({"history", "startup", "rollback"})


def main(words: list[str]) -> None:
    """Run the parts that are named, else all."""
    reason = missing()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    for name in words or PARTS:
        if name in REAL and reason:
            print(f"\n{name}: not measured: {reason}")
        else:
            PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
