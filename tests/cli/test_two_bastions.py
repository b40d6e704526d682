"""Two machines that release from one record, as docs/recipes/several-bastions.md has it, line by line: two state folders over one PostgreSQL, and a second person
who only has the database's address."""

import copy
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.model.carrier import Carrier
from console.model.commands import Pause
from console.model.events import RunEnded
from console.model.onlooker import Onlooker
from console.model.request import Person
from tests.adapters.checks.servers import postgres_bin
from tests.adapters.journal.test_contract import opened
from tests.cli.other_login import OTHER
from tests.cli.product import Product, until
from tests.cli.test_gates import split_into_staging_and_production
from tests.cli.test_maintenance import OFF, ON
from tests.recipes.recipe import blocks, commands
from tests.recorded import append
from tests.shared_journals import address

TOP = Path(__file__).parents[2]
NAME = "several-bastions"
SECRET = "a-long-one"
"""The password that the recipe gives the login."""


class Recipe:
    """What is typed next: at a shell of the database's machine, or at a bastion's."""

    def __init__(self, server: str, folder: Path) -> None:
        self._lines = iter(commands(NAME))
        with psycopg.connect(server) as connection:
            said = connection.info
            asked = {"PGHOST": said.host, "PGPORT": str(said.port), "PGUSER": said.user, "PGPASSWORD": said.password, "PGDATABASE": "postgres"}
            self.pg_hba = Path(connection.execute("SHOW hba_file").fetchone()[0])
        self._folder = folder
        self._environ = {**os.environ, **asked, "PATH": os.pathsep.join((os.path.dirname(postgres_bin("psql")), os.environ["PATH"]))}

    def typed(self, expected: str) -> list[str]:
        """The words of a `deploy` command that is next."""
        assert next(self._lines) == f"deploy {expected}"
        return shlex.split(expected)

    def shell(self, program: str) -> str:
        """Carry out the next line, which calls that program; what it prints."""
        line = next(self._lines)
        assert line.startswith(f"{program} ")
        ran = subprocess.run(line, shell=True, check=False, cwd=self._folder, env=self._environ, capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"
        return ran.stdout

    def is_over(self) -> bool:
        return next(self._lines, None) is None


class Bastions:
    """The fleet's machine, and another one: a second state folder that has the file and the database's address."""

    def __init__(self, server: str, folder: Path) -> None:
        self.here = Product(3)
        split_into_staging_and_production(self.here)
        config = Path(self.here.config)
        text = config.read_text().replace("[environments.production.rolling]\n", "[environments.production.rolling]\npause_after = 1\n")
        text = text.replace("[app.commands]\n", f"[app.commands]\n{ON}{OFF}")
        config.write_text(f"{blocks(NAME, 'toml')[0]}{text}")
        self.here.environ["DEPLOY_JOURNAL"] = (
            address(server, "deploy").replace("shop:", "deploy:").replace(server.split(":")[2].split("@", maxsplit=1)[0], SECRET)
        )
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
    (tmp_path / "there").mkdir()
    made = Bastions(postgres_server, tmp_path / "there")
    try:
        yield made
    finally:
        made.close()


def begun(product: Product, version: str) -> str:
    """Begin a release that pauses after its first host; its run."""
    words = ("production", "--version", version, "--yes", "--json", "--override", "staging=this is a test")
    out, _ = product.deploy(*words, code=9)
    return str(json.loads(out.splitlines()[-1])["run"])


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two people")
def test_one_record_for_two_machines(bastions: Bastions, postgres_server: str, tmp_path: Path):
    here, there = bastions.here, bastions.there
    (tmp_path / "database").mkdir()
    recipe = Recipe(postgres_server, tmp_path / "database")
    typed = recipe.typed
    the_database_is_made(recipe)
    a_history_of_before(Path(here.environ["DEPLOY_STATE"]))
    made = here.result(*typed("engine migrate"))
    assert (made["before"], made["version"]) == (0, 3)
    assert made["history"] == [{"app": "shop", "environment": "retired", "runs": 1, "left": 0, "why": None}]

    staged = here.result(*typed("staging --version v1.4.2 --yes"))["run"]
    checks = {check["id"]: check for check in there.result(*typed("check production --version v1.4.2"))["checks"]}
    assert checks["staging"]["status"] == "passed"
    assert "by the database's login deploy, which does not prove that root does" in checks["record"]["detail"]
    assert [row["run"] for row in json.loads(there.deploy(*typed("history"), "--json")[0])] == [staged, "r-before"]
    maintenance_is_one(here, there, recipe)

    run = begun(here, "v1.4.2")
    assert "waits for a person on " in there.deploy(*typed("status --motd"))[0]
    joined = there.start(*typed("attach"), "--json", "--wait-for-person", "10m")
    begin = until(joined.stdout, '"type":"paused"')
    assert "refused: paused already" in there.deploy(*typed("pause"), code=3)[1]
    status = there.result("status")
    assert (status["run"], status["locked_by"]["run"]) == (run, run)
    assert f"run {run} is carried by root's engine on" in there.deploy("resume", "--yes", code=6)[1]
    there.deploy(*typed("continue"))
    rest, _ = joined.communicate(timeout=300)
    *told, result = [json.loads(line) for line in (*begin, *rest.splitlines())]
    assert result["exit"] == joined.returncode == 0
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    by = next(event for event in told if event["type"] == "continued")["by"]
    assert by["name"] == "root"
    assert "by way of" in by["claims"]
    assert "advisory: the database's login is deploy" in by["claims"]
    with tempfile.TemporaryDirectory(prefix="deploy-other-") as folder:  # pytest's own is closed to others by each test process that starts
        a_second_person_reads_it(there, Path(folder), run)

    second = begun(here, "v1.5.1")
    assert there.result(*typed('rollback --yes --reason "slow"'))["run"] == second
    began = next(json.loads(line) for line in there.deploy("events", second)[0].splitlines() if '"rollback-began"' in line)
    assert (began["by"]["name"], "by way of" in began["by"]["claims"], began["reason"]) == ("root", True, "asked for by root: slow")

    third = begun(here, "v1.5.1")
    os.kill(next(one["pid"] for one in here.result("engine", "list")["engines"] if one["environment"] == "production"), signal.SIGKILL)
    assert there.result(*typed("resume --yes"), code=9)["run"] == third
    checks = {check["id"]: check for check in there.result(*typed("check production"), code=3)["checks"]}
    assert "knows the same keys of 2 hosts, and logs in with the same key" in checks["bastions"]["detail"]
    here.deploy("lock", "production", "--reason", "audit", "--for", "1h")
    assert "closed by root" in there.deploy("status", "--motd")[0]
    the_password_is_nowhere(here, there)
    logins_of_their_own(recipe, postgres_server, third)
    it_comes_back_from_a_backup(here, there, recipe)
    assert recipe.is_over()


def the_database_is_made(recipe: Recipe) -> None:
    for program in ("createuser", "createdb", "psql"):
        recipe.shell(program)
    recipe.pg_hba.write_text(blocks(NAME, "conf")[0] + recipe.pg_hba.read_text())
    recipe.shell("psql")
    assert recipe.shell("psql").strip() == ""


def a_history_of_before(state: Path) -> None:
    """A state folder that has released by itself so far."""
    journal = JournalStore(str(state / "journal.sqlite3"), Modes(shared=False))
    append(journal, "r-before", (opened("r-before", "2026-01-01T00:00:00Z", environment="retired"),))
    append(journal, "r-before", (RunEnded(seq=2, exit=0, outcome="succeeded"),))
    journal.close()


def maintenance_is_one(here: Product, there: Product, recipe: Recipe) -> None:
    """What one machine switches on is named, and switched off, on the other."""
    assert here.result(*recipe.typed('maintenance production on --yes --message "back at 12" --for 1h'))["maintenance"] == "on"
    seen = there.result(*recipe.typed("maintenance production"))
    assert (seen["maintenance"], seen["message"], seen["by"]) == ("on", "back at 12", "root")
    assert there.result(*recipe.typed("maintenance production off --yes"))["maintenance"] == "off"
    assert here.result("maintenance")["maintenance"] == "off"


def the_password_is_nowhere(*machines: Product) -> None:
    """Of the record's address: neither in a state folder, nor in what anybody may see of an engine."""
    for machine in machines:
        for path in Path(machine.environ["DEPLOY_STATE"]).rglob("*"):
            assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    for engine in machines[-1].result("engine", "list")["engines"]:
        process = Path("/proc", str(engine["pid"]))
        assert SECRET.encode() not in (process / "environ").read_bytes() + (process / "cmdline").read_bytes()


def a_second_person_reads_it(there: Product, folder: Path, run: str) -> None:
    """Without a hosts.toml, from a state folder of their own that knows the record's place."""
    (folder / "journal.json").write_text('{"kind":"env","name":"DEPLOY_JOURNAL"}')
    for path in (folder, folder / "journal.json"):
        os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
    environ = {name: value for name, value in there.environ.items() if name != "DEPLOY_CONFIG"} | {"DEPLOY_STATE": str(folder)}
    argv = [sys.executable, "-m", "tests.cli.other_login", "history", "--json"]
    ran = subprocess.run(argv, check=True, cwd=TOP, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert json.loads(ran.stdout)[0]["run"] == run


def logins_of_their_own(recipe: Recipe, server: str, run: str) -> None:
    """What the recipe grants is enough to read, to follow and to speak, and the server says who spoke."""
    for program in ("createuser", "psql", "psql"):
        recipe.shell(program)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER ROLE ada PASSWORD 'adas-own'")
    store = PostgresStore(address(server, "deploy").replace("shop:", "ada:").replace(server.split(":")[2].split("@", maxsplit=1)[0], "adas-own"))
    assert store.login() == "ada"
    store.look_on("nothing", Carrier(mark="x"), (Onlooker("ada"),), "[]")
    store.send_command("nothing", Pause(), Person("eve"))
    assert [sent.login for sent in store.take_commands("nothing")] == ["ada"]
    assert store.find_run("last")[0].run == run
    store.close()


def it_comes_back_from_a_backup(here: Product, there: Product, recipe: Recipe) -> None:
    before = there.deploy("history", "--json")[0]
    for machine in (here, there):
        machine.deploy("engine", "stop", "--force")
    recipe.shell("pg_dump")
    recipe.shell("pg_restore")
    assert there.deploy("history", "--json")[0] == before
