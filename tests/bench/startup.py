"""How soon a command answers, beside a Python that does nothing."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.table import Row, print_table
from tests.fleet import Fleet, make_repository

ROUNDS = 11


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, Fleet(3, Path(folder) / "fleet") as fleet:
        file = fleet.hosts_toml(make_repository(Path(folder) / "shop"))
        state = Path(folder) / "state"
        environ = {**os.environ, "DEPLOY_STATE": str(state), "DEPLOY_ENGINE_IDLE": "10m"}
        environ.pop("DEPLOY_CONFIG", None)
        deploy = [sys.executable, "-m", "console"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "deploy --help": [*deploy, "--help"],
            "deploy status, 3 hosts, warm engine": [*deploy, "-c", str(file), "status"],
        }

        def run(argv: list[str]) -> float:
            began = time.perf_counter()
            subprocess.run(argv, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            return 1000 * (time.perf_counter() - began)

        release = [*deploy, "-c", str(file), "production", "--version", "v1.0.0", "--yes"]
        run(release)
        try:
            rows = [Row(name) for name in commands]
            for _ in range(ROUNDS):
                for row, argv in zip(rows, commands.values(), strict=True):
                    row.values.append(run(argv))
        finally:
            run([*deploy, "-c", str(file), "engine", "stop"])
    print_table("start-up: a command from its start to its end", rows)
