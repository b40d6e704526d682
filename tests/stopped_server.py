"""A PostgreSQL that is stopped, killed and started again while it is used."""

import os
import subprocess

import psycopg

from tests.adapters.checks.servers import postgres_bin


class StoppableServer:
    """The server of that URL, which this machine runs."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            found = connection.execute("show data_directory").fetchone()
        assert found
        self._data = str(found[0])
        with open(f"{self._data}/postmaster.opts", encoding="utf-8") as file:
            self._options = file.read().split()[1:]

    def kill(self) -> None:
        """End it at once, as a machine that dies does: what it had not committed is gone."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start it as it was, unless it runs, and return once it takes connections."""
        if not os.path.exists(f"{self._data}/postmaster.pid"):
            self._begin()

    def _begin(self) -> None:
        self._control(
            "start",
            "-o",
            " ".join(word.strip('"') for word in self._options if not word.startswith('"-D') and self._data not in word),
            "-l",
            f"{self._data}/again.log",
        )

    def _control(self, *words: str) -> None:
        as_root = os.getuid() == 0
        argv = [postgres_bin("pg_ctl"), "-D", self._data, "-w", *words]
        subprocess.run(argv, check=True, capture_output=True, cwd="/", user="postgres" if as_root else None, extra_groups=[] if as_root else None, timeout=60)
