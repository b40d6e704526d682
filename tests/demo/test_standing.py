"""`deploy demo`, as a person has it: it opens at home with a past, goes on when they leave, and what it prints can be typed anywhere."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.as_typed import commands_in
from console.demo import background
from console.demo.undertaker import marked
from tests.cli.product import DEPLOY, PATH, Terminal

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="the demo makes a git repository: apt install git")


class Demo:
    """A user of their own, and what they type."""

    def __init__(self, home: Path) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DEPLOY_")}
        self.environ = {**kept, "PATH": PATH, "XDG_STATE_HOME": str(home), "TERM": "xterm-256color"}
        self.folder = background.standing_folder(self.environ)

    def type(self, command: str, folder: str = "/", code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            command, shell=True, cwd=folder, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
        )
        assert ran.returncode == code, f"{command}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran

    def told(self) -> dict[str, str]:
        found = background.standing(self.folder)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose first console was left again."""
    made = Demo(tmp_path_factory.mktemp("home"))
    first = Terminal([DEPLOY, "demo", "--hosts", "3"], made.environ)
    first.wait_for("Last runs")
    first.wait_for("v1.5.0")
    made.seen = first.seen  # type: ignore[attr-defined]
    first.type("q")
    assert first.end() == 0
    made.left = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", first.seen)  # type: ignore[attr-defined]
    yield made
    made.type(f"{DEPLOY} demo --stop")


def test_it_has_a_past_that_was_made(demo: Demo, tmp_path: Path):
    rows = json.loads(demo.type(f"deploy history --json --state {demo.told()['state']}", str(tmp_path)).stdout)
    assert [(row["version"], row["outcome"]) for row in reversed(rows)] == [("v1.5.0", "rolled-back"), ("v1.4.2", "succeeded"), ("v1.4.1", "rolled-back")]


def test_each_version_says_what_it_will_do(demo: Demo):
    said = subprocess.run(["git", "-C", demo.told()["repository"], "log", "--all", "--format=%s"], capture_output=True, text=True, check=True).stdout
    for words in ("Good: ", "Fails its health check: ", "Slow: ", "Throws errors after a minute: "):
        assert words in said


def test_what_is_printed_when_it_is_left_can_be_typed_anywhere(demo: Demo, tmp_path: Path):
    commands = commands_in(demo.left)  # type: ignore[attr-defined]
    assert [command.split()[1] for command in commands[-2:]] == ["demo", "demo"]
    again = demo.type(commands[-2], str(tmp_path))
    assert "is already running" in again.stderr
    equivalent = next(line.removeprefix("same as: ") for line in again.stderr.splitlines() if line.startswith("same as: "))
    assert demo.told()["state"] in equivalent
    assert "released" in demo.type(equivalent, str(tmp_path)).stdout


def test_another_size_is_refused_with_what_to_type(demo: Demo):
    assert "--stop" in demo.type("deploy demo --hosts 5", code=6).stderr
    assert "its hosts have no sides: stop it, then say --sides again\n  deploy demo --stop\n" in demo.type("deploy demo --sides", code=6).stderr


def test_a_run_goes_on_when_its_console_is_left(demo: Demo, tmp_path: Path):
    state, config = demo.told()["state"], demo.told()["config"]
    screen = Terminal([DEPLOY, "-c", config, "--state", state, "production", "--version", "v1.5.1", "--yes"], demo.environ)
    screen.wait_for("come back: ")
    screen.type("q")
    assert screen.end() == 7
    left = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.seen).rpartition("Come back: ")[2]
    assert "v1.5.1" in demo.type(commands_in(left)[0], str(tmp_path)).stdout


def test_it_ends_with_stop_and_leaves_nothing(tmp_path: Path):
    mine = Demo(tmp_path)
    mine.type("deploy demo --hosts 1 --plain")
    folder = Path(mine.told()["folder"])  # type: ignore[arg-type]
    assert "nothing of it is left" in mine.type("deploy demo --stop").stdout
    assert not folder.exists()
    assert not marked(folder)
    assert "no fleet" in mine.type("deploy demo --stop").stdout


def test_it_ends_by_itself_when_no_console_was_on_it_for_a_time(tmp_path: Path):
    place = Demo(tmp_path).folder
    argv = [sys.executable, "-m", "console.demo.fleet_process", "--hosts", "1", "--stand", str(place), "--idle", "2"]
    fleet = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    assert fleet.stdout
    with fleet.stdout:
        folder = Path(json.loads(fleet.stdout.readline())["folder"])
    with background.on_it(place):
        time.sleep(4)
        assert fleet.poll() is None
    assert fleet.wait(60) == 0
    assert not folder.exists()
    assert background.standing(place) is None


def test_too_few_open_files_are_named_with_how_many_hosts_are_few_enough():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    code = """
import resource
from console.demo import loopback
from console.errors import NoGo
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
try:
    loopback.allow_many_files(int(open("/proc/sys/fs/nr_open").read()) + 1)
except NoGo as fault:
    print(fault.message, fault.hint)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True).stdout
    assert "may have 256" in said
    assert "deploy demo --hosts 16" in said
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == most


def test_a_demo_with_two_sides_moves_its_traffic_there_and_back(tmp_path: Path):
    mine = Demo(tmp_path)
    try:
        made = mine.type("deploy demo --sides --hosts 2 --yes --plain")
        assert re.search(r"shift/web02/admit: done.*shift/web01/drain: done", made.stdout, re.S), made.stdout
        more = f"-c {mine.told()['config']} --state {mine.told()['state']}"
        back = mine.type(f"deploy rollback {more} --yes --plain")
        assert re.search(r"web01 at localhost/shop: gets requests again.*web02 at localhost/shop: drained", back.stdout, re.S), back.stdout
        assert "restart" not in back.stdout
    finally:
        mine.type("deploy demo --stop")
