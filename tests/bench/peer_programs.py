"""Where the programs are that the console is measured beside, and how one run of a program is measured. `make bench-setup` installs them.

They are in an environment of their own, outside the project's: no user of the console, and no test, ever needs one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACE = Path(os.environ.get("BENCH_PEERS", "~/.cache/deploy-console-bench")).expanduser()
PACKAGES = ("ansible-core", "parallel-ssh", "fabric", "pyinfra")
LONGEST = 600.0
"""Seconds that one run may take."""


@dataclass(frozen=True)
class Took:
    """One run: seconds until its end, and seconds of CPU of the program and all that it started here."""

    seconds: float
    cpu: float


def program(name: str) -> str:
    """The path of a peer's program; empty where it is not installed."""
    own = PLACE / "bin" / name
    return str(own) if own.exists() else shutil.which(name) or ""


def python() -> str:
    """The peers' own Python; empty where there is none."""
    return program("python") if (PLACE / "bin" / "python").exists() else ""


def lacking() -> str:
    """What is not installed, in words; empty: all is."""
    names = [name for name in ("ansible", "fab", "pyinfra") if not (PLACE / "bin" / name).exists()]
    return f"no {', '.join(names)} in {PLACE}: make bench-setup" if names else ""


def timed(argv: list[str], **options: object) -> Took:
    """Run a program to its end and measure it from outside. Raises AssertionError where it fails."""
    with tempfile.TemporaryFile() as output:  # no pipe: connections that a peer keeps open would hold it
        began = time.perf_counter()
        process = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = Took(time.perf_counter() - began, usage.ru_utime + usage.ru_stime)
        output.seek(0)
        said = output.read()
    assert process.returncode == 0, (argv[:3], said[-2000:])
    return took


def told(argv: list[str], **options: object) -> dict[str, Any]:
    """Run a program that measures itself, and return what the last line that it prints says."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=LONGEST, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, (argv[:3], done.stdout[-1000:], done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def install() -> None:
    """Make the environment and install the peers."""
    if not python():
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
    subprocess.run([str(PLACE / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)
    print(f"peers are in {PLACE}")
    for name in ("rsync", "ssh"):
        if not shutil.which(name):
            print(f"and {name} is missing: apt-get install {'openssh-client' if name == 'ssh' else name}")


if __name__ == "__main__":
    install()
