"""`make analysis`: what the canary's test does on simulated traffic, with the rules of other deployers beside it. Ten minutes a run, blocks of 10 s."""

import sys
import time

from console.model.analysis import Criteria
from tests.analysis.simulation import alarms, goes_on, peers
from tests.analysis.traffic import Traffic

SEED = 20260101
NULL = 2000
"""Runs of equal rates."""
RUNS = 200

EQUAL = ((10, 90, 0.001), (10, 90, 0.005), (100, 900, 0.005), (100, 900, 0.02))
DIFFERENT = ((10, 90, 0.005, 0.001), (100, 900, 0.005, 0.001), (10, 90, 0.05, 0.001), (1, 9, 0.05, 0.001), (1, 9, 0.05, 0.02))
BURSTS = ((0.005, 0.005, 0.01), (0.005, 0.005, 0.05), (0.05, 0.001, 0.01), (0.05, 0.001, 0.05))
PASSED = ((100, 900, 0.001), (100, 900, 0.005), (100, 900, 0.02), (10, 90, 0.001), (10, 90, 0.005))


def line(*cells: object) -> None:
    """Print a row of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(*cells: str) -> None:
    """Print the first two rows of a table."""
    print()
    line(*cells)
    line(*["---"] * len(cells))


def found() -> None:
    """How often new hosts are called worse, and when."""
    head("rps new/old, bad new/old", "sequential, 1 %", "Mann-Whitney 98 %, each block", "1 % for 30 s", "runs")
    for new, old, rate in EQUAL:
        traffic = Traffic(new, old, rate, rate)
        line(f"{new}/{old}, {rate:.1%}/{rate:.1%} (equal)", alarms(traffic, NULL, SEED), *peers(traffic, RUNS, SEED), f"{NULL}, {RUNS}")
    for new, old, rate, before in DIFFERENT:
        traffic = Traffic(new, old, rate, before)
        line(f"{new}/{old}, {rate:.1%}/{before:.1%}", alarms(traffic, RUNS, SEED), *peers(traffic, RUNS, SEED), RUNS)


def bursts() -> None:
    """The same where requests to one host fail together: with the dispersion and without."""
    head("bursts: bad new/old, correlation (3 new, 9 old hosts, 20 rps each)", "with dispersion", "without", "runs")
    for rate, before, together in BURSTS:
        traffic = Traffic(60, 180, rate, before, 3, 9, together)
        runs = NULL if rate == before else RUNS
        line(f"{rate:.1%}/{before:.1%}, {together}", alarms(traffic, runs, SEED), alarms(traffic, RUNS, SEED, dispersed=False), f"{runs}, {RUNS}")


def passed() -> None:
    """How soon a good release goes on, and how often one that is twice as bad does."""
    head("goes on: rps new/old, bad (equal)", "not worse than twice", "or below 1 %", "twice as bad is passed", "runs")
    for new, old, rate in PASSED:
        traffic, twice = Traffic(new, old, rate, rate), Traffic(new, old, 2 * rate, rate)
        plain, limited = Criteria(), Criteria(limit=0.01)
        line(f"{new}/{old}, {rate:.1%}", goes_on(traffic, RUNS, SEED, plain), goes_on(traffic, RUNS, SEED, limited), goes_on(twice, RUNS, SEED, plain), RUNS)


if __name__ == "__main__":
    began = time.monotonic()
    found()
    bursts()
    passed()
    sys.stdout.write(f"\n{time.monotonic() - began:.0f} s, seed {SEED}\n")
