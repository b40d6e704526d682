"""What is typed, as a person types it: in a process of its own, without a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("textual", "asyncssh", "sqlalchemy")


def deploy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DEPLOY_STATE": str(folder / "state")}
    environ.pop("DEPLOY_CONFIG", None)
    return subprocess.run(
        [sys.executable, "-m", "console", *words], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("words", [("maintenance",), ("logs", "production"), ("forgive", "web01", "--reason", "gone"), ("doctor",)])
def test_what_is_still_to_come_says_so(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words)
    assert ran.returncode == 2
    assert "not yet" in ran.stderr


@pytest.mark.parametrize("words", [("production",), ("rollback",), ("restart",), ("trust",), ("resume",), ("unlock", "--reason", "done")])
def test_what_asks_needs_yes_without_a_terminal_and_contacts_nothing(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words)
    assert ran.returncode == 2
    assert "--yes" in ran.stderr
    assert not (tmp_path / "state").exists()


def test_without_a_file_it_says_where_one_was_looked_for(tmp_path: Path):
    ran = deploy(tmp_path, "production", "--yes", "--json")
    assert ran.returncode == 2
    result = json.loads(ran.stdout.splitlines()[-1])
    assert (result["type"], result["exit"], result["outcome"]) == ("result", 2, "error")
    assert "hosts.toml" in result["problems"][0]["message"]


def test_problems_of_the_file_are_named_with_line_and_key(tmp_path: Path):
    (tmp_path / "hosts.toml").write_text('[app]\nname = "shop"\npath = "/srv/shop"\n\n[environments.production]\nhots = ["web01"]\n')
    ran = deploy(tmp_path, "production", "--yes", "--json")
    assert ran.returncode == 2
    problems = json.loads(ran.stdout.splitlines()[-1])["problems"]
    unknown = next(problem for problem in problems if problem["key"].endswith("hots"))
    assert unknown["line"] == 6
    assert "hosts" in unknown["hint"] + unknown["message"]


def test_a_reason_is_asked_for(tmp_path: Path):
    ran = deploy(tmp_path, "production", "--yes", "--override", "closed")
    assert ran.returncode == 2
    assert "--override closed=REASON" in ran.stderr


def test_help_loads_nothing_slow(tmp_path: Path):
    code = f"import sys; sys.argv = ['deploy', '--help']\nimport atexit\natexit.register(lambda: print([m for m in {SLOW!r} if m in sys.modules]))\nimport console.__main__ as m; m.main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_history_is_empty_before_the_first_run(tmp_path: Path):
    ran = deploy(tmp_path, "history", "--json")
    assert (ran.returncode, json.loads(ran.stdout)) == (0, [])
