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
    ("2027-01-01 00:00:05", "UTC"), ("2028-02-29 12:00:00", "Asia/Tokyo"), ("2026-12-04 23:59:50", "Europe/Berlin"), ("2026-12-05 09:00:00", "America/New_York"),
    ("2027-03-28 01:59:50", "Europe/Berlin"), ("2027-10-31 02:59:50", "Europe/Berlin"), ("2026-12-31 23:59:50", "Pacific/Kiritimati"),
)  # fmt: skip
"""A new year, a leap day, the end of a Friday, a Saturday, both changes of daylight saving, the last seconds of a year."""
PURE = ("tests/core", "tests/views", "tests/config", "tests/wire", "tests/plain", "tests/test_safe_text.py")
KNOWS_TIME = re.compile(r"datetime|ZoneInfo|\bzone|\btime\b|\d{4}-\d\d-\d\d")
"""What a test of the core or of views holds that has to do with dates. They cannot ask for the time (import-linter, `tests/test_pure.py`), so no other test of them can depend on today."""
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


def _depends(text: str) -> bool:
    return bool(KNOWS_TIME.search(text)) and not STARTS_PROCESSES.search(text)


def _on(when: tuple[str, str]) -> "subprocess.CompletedProcess[str]":
    day, zone = when
    cannot_ask = (file for folder in ("tests/core", "tests/views") for file in Path(folder).rglob("test_*.py"))
    left_out = (f"--ignore={file}" for file in cannot_ask if not _depends(file.read_text(encoding="utf-8")))
    argv = [
        "faketime",
        day,
        sys.executable,
        "-m",
        "pytest",
        *PURE,
        *left_out,
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--hypothesis-profile=few",
    ]
    return subprocess.run(argv, env={**os.environ, "TZ": zone, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
