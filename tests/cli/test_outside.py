"""What is loaded when an environment's ports are opened: by an interpreter of its own."""

import subprocess
import sys
from pathlib import Path

OPENED = """
import sys
from console.cli.real_ports import open_outside
from console.model.configured_checks import CheckSpec, HealthCheck
from tests.core.simulation import an_environment
import msgspec
checks = (CheckSpec("CI", "github"), CheckSpec("Eyes", "manual"))
environment = msgspec.structs.replace(an_environment(2), health=(HealthCheck("Cache", "redis"), HealthCheck("Web", "http")), checks=checks)
open_outside(environment, sys.argv[1], {})
print(*sorted(name.rpartition(".")[2].removesuffix("_check") for name in sys.modules if name.startswith("console.adapters.checks.")))
"""


def test_what_asks_the_gates_is_loaded_before_anything_changes(tmp_path: Path):
    ran = subprocess.run([sys.executable, "-c", OPENED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300)
    loaded = ran.stdout.split()
    assert {"github", "http", "redis"} <= set(loaded)
    assert not {"gitlab", "memcached", "prometheus"} & set(loaded), "kinds that nobody asks cost time at every start"
