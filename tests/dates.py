"""The pure parts on other days: `python -m tests.dates` runs them under faketime, a few examples of each property, two days at a time.

What starts processes or waits for them is left out: libfaketime shifts what they wait by.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DAYS = (
    ("2027-01-01 00:00:05", "UTC"), ("2028-02-29 12:00:00", "Asia/Tokyo"), ("2026-12-04 23:59:50", "America/New_York"), ("2027-10-31 02:59:50", "Europe/Berlin"),
)  # fmt: skip
"""A new year, a leap day, the end of a Friday, a change of daylight saving."""
PURE = (
    "tests/core", "tests/views", "tests/config", "tests/wire", "tests/plain", "tests/test_text.py",
    "--ignore=tests/core/test_growth.py", "--ignore=tests/core/test_analysis_errors.py",
)  # fmt: skip
STARTS_PROCESSES = re.compile(r"subprocess|LocalTransport|tests\.core\.shells|tests\.adapters\.hosts")
"""What a test file holds that runs texts for shells."""


def main() -> int:
    """Run every day; the output of those that fail."""
    if not shutil.which("faketime"):
        print("The pure parts are not run on other days: needs faketime (Debian: faketime)")
        return 0
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(_on, DAYS))
    for (day, zone), done in zip(DAYS, ran, strict=True):
        print(f"{day} {zone}: {done.stdout.strip().rpartition(chr(10))[2]}")
        if done.returncode:
            print(done.stdout, done.stderr)
    return max(done.returncode for done in ran)


def _on(when: tuple[str, str]) -> "subprocess.CompletedProcess[str]":
    day, zone = when
    left_out = (f"--ignore={file}" for file in Path("tests/core").rglob("test_*.py") if STARTS_PROCESSES.search(file.read_text(encoding="utf-8")))
    argv = ["faketime", day, sys.executable, "-m", "pytest", *PURE, *left_out, "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=few"]
    return subprocess.run(argv, env={**os.environ, "TZ": zone, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
