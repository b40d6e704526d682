"""Two machines that release from one record, as docs/recipes/several-bastions.md has it: two state folders over one PostgreSQL, and a second person who only has the database's address."""

import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.adapters.checks.servers import PASSWORD
from tests.cli.other_login import OTHER
from tests.cli.product import Product, until
from tests.recipes.recipe import commands
from tests.shared_journals import empty_database

TOP = Path(__file__).parents[2]


class Bastions:
    """The fleet's machine, and another one: a second state folder that has the file and the database's address."""

    def __init__(self, server: str, folder: Path) -> None:
        self.here = Product(2)
        config = Path(self.here.config)
        text = config.read_text().replace("[environments.production.rolling]\n", "[environments.production.rolling]\npause_after = 1\n")
        config.write_text(f'journal = {{ env = "SHARED_RECORD" }}\n{text}')
        self.here.environ["SHARED_RECORD"] = empty_database(server)
        self.here.environ["DEPLOY_CONFIG"] = self.here.config
        self.there = copy.copy(self.here)
        folder.chmod(0o700)
        self.there.environ = {**self.here.environ, "DEPLOY_STATE": str(folder)}

    def close(self) -> None:
        """End both engines, then the fleet."""
        self.there.deploy("engine", "stop", "--force")
        self.here.close()


@pytest.fixture
def bastions(postgres_server: str, tmp_path: Path):
    made = Bastions(postgres_server, tmp_path)
    try:
        yield made
    finally:
        made.close()


def begun(product: Product, version: str) -> str:
    """Begin a release that pauses after its first host; its run."""
    out, _ = product.deploy("production", "--version", version, "--yes", "--json", code=9)
    return str(json.loads(out.splitlines()[-1])["run"])


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two people")
def test_one_record_for_two_machines(bastions: Bastions):
    here, there, recipe = bastions.here, bastions.there, iter(commands("several-bastions"))

    def typed(expected: str) -> list[str]:
        """What the recipe has typed next."""
        assert next(recipe) == f"deploy {expected}"
        return expected.split()

    made = here.result(*typed("engine migrate"))
    assert (made["before"], made["version"]) == (0, 2)

    run = begun(here, "v1.4.2")
    assert [row["run"] for row in json.loads(there.deploy(*typed("history"), "--json")[0])] == [run]
    assert "waits for a person on " in there.deploy(*typed("status --motd"))[0]
    joined = there.start(*typed("attach"), "--json", "--wait-for-person", "10m")
    begin = until(joined.stdout, '"type":"paused"')
    assert "refused: paused already" in there.deploy(*typed("pause"), code=3)[1]
    status = there.result("status")
    assert (status["run"], status["locked_by"]["run"]) == (run, run)
    assert f"run {run} is carried by root's engine on" in there.deploy("resume", "--yes", code=6)[1]
    there.deploy(*typed("continue"))
    rest, _ = joined.communicate(timeout=120)
    *told, result = [json.loads(line) for line in (*begin, *rest.splitlines())]
    assert result["exit"] == joined.returncode == 0
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert "by way of" in next(event for event in told if event["type"] == "continued")["by"]["claims"]
    with tempfile.TemporaryDirectory(prefix="deploy-other-") as folder:  # pytest's own is closed to others by each test process that starts
        a_second_person_reads_it(there, Path(folder), run)

    second = begun(here, "v1.5.1")
    os.kill(here.engine(), signal.SIGKILL)
    assert there.result(*typed("resume --yes"), code=9)["run"] == second
    here.deploy("lock", "production", "--reason", "audit", "--for", "1h")
    assert "closed by root" in there.deploy("status", "--motd")[0]
    the_password_is_nowhere(here, there)


def the_password_is_nowhere(*machines: Product) -> None:
    """Of the record's address: neither in a state folder, nor in what anybody may see of an engine."""
    for machine in machines:
        for path in Path(machine.environ["DEPLOY_STATE"]).rglob("*"):
            assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    process = Path("/proc", str(machines[-1].engine()))
    assert PASSWORD.encode() not in (process / "environ").read_bytes() + (process / "cmdline").read_bytes()


def a_second_person_reads_it(there: Product, folder: Path, run: str) -> None:
    """Without a hosts.toml, from a state folder of their own that knows the record's place."""
    (folder / "journal.json").write_text('{"kind":"env","name":"SHARED_RECORD"}')
    for path in (folder, folder / "journal.json"):
        os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
    environ = {name: value for name, value in there.environ.items() if name != "DEPLOY_CONFIG"} | {"DEPLOY_STATE": str(folder)}
    argv = [sys.executable, "-m", "tests.cli.other_login", "history", "--json"]
    ran = subprocess.run(argv, check=True, cwd=TOP, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert [row["run"] for row in json.loads(ran.stdout)] == [run]
