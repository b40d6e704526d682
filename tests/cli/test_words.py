"""What is typed, as a person types it: in a process of its own, without a terminal."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import prepared
from console.cli.command_list import PLACES
from console.cli.main import cli
from console.model.events import stamped
from console.model.values import changed
from tests.cli.product import DEPLOY, PATH
from tests.core.simulation import an_environment, opening
from tests.recorded import append

SLOW = ("textual", "asyncssh", "sqlalchemy")


def deploy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PATH": PATH, "DEPLOY_STATE": str(folder / "state")}
    environ.pop("DEPLOY_CONFIG", None)
    return subprocess.run([DEPLOY, *words], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("words", [
    ("doctor",), ("init", "--from", "ssh-config"),
])  # fmt: skip
def test_what_is_still_to_come_says_so(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words)
    assert ran.returncode == 2
    assert "not yet" in ran.stderr


@pytest.mark.parametrize("words", [("production",), ("rollback",), ("restart",), ("trust",), ("resume",), ("unlock", "--reason", "done"), ("forgive", "web01", "--reason", "gone"), ("--json", "rollback")])  # fmt: skip
def test_what_asks_needs_yes_without_a_terminal_and_contacts_nothing(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words)
    assert ran.returncode == 2
    assert "--yes" in ran.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("words", [("production",), ("rollback",), ("restart",), ("maintenance", "on"), ("resume",), ("unlock", "--reason", "done")])
def test_who_only_looks_on_is_not_told_to_say_yes(tmp_path: Path, words: tuple[str, ...]):
    ran = deploy(tmp_path, *words, "--read-only")
    assert (ran.returncode, "--yes" in ran.stderr) == (2, False)
    assert "leave --read-only out" in ran.stderr
    assert "--yes" in deploy(tmp_path, "exec", "production", "--hosts", "web01", "--read-only", "--", "id").stderr


@pytest.mark.parametrize(("words", "hint"), [
    (("rollback", "staging", "--to", "v1.0.0"), "deploy rollback staging --to v1.0.0 --yes"),
    (("unlock", "staging", "--reason", "all done"), "deploy unlock staging --reason 'all done' --yes"),
    (("exec", "staging", "--hosts", "web01", "--", "id", "-u"), "deploy exec staging --hosts web01 --yes -- id -u"),
])  # fmt: skip
def test_what_to_type_next_is_what_was_typed_and_yes(tmp_path: Path, words: tuple[str, ...], hint: str):
    there = f" --state {tmp_path / 'state'}"
    before, end, after = hint.partition(" -- ")
    assert deploy(tmp_path, *words).stderr.splitlines()[-1].strip() == before + there + end + after


def test_a_slip_is_not_taken_for_a_command_that_is_still_to_come(tmp_path: Path):
    assert "not yet" in deploy(tmp_path, "doctor").stderr
    assert "deploy doctor" not in deploy(tmp_path, "docter", "--yes").stderr


def test_an_option_of_the_command_that_is_run_on_hosts_is_none_of_ours(tmp_path: Path):
    ran = deploy(tmp_path, "exec", "production", "--hosts", "web01", "--yes", "--", "ip", "addr", "--json")
    assert (ran.returncode, ran.stdout, "hosts.toml" in ran.stderr) == (2, "", True)


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


@pytest.mark.parametrize(
    ("words", "more"),
    [(("--help",), ("asyncio", "json", "msgspec")), (("history", "--json"), ("asyncio", "msgspec")), (("pause", "--help"), ("asyncio", "msgspec"))],
)
def test_a_command_loads_nothing_slow(tmp_path: Path, words: tuple[str, ...], more: tuple[str, ...]):
    slow = [*SLOW, *more]
    code = f"import sys, atexit; sys.argv = ['deploy', *{words!r}]\natexit.register(lambda: print([m for m in {slow!r} if m in sys.modules]))\nimport console.__main__ as m; m.main()"
    (tmp_path / "state").mkdir(mode=0o700)
    JournalStore.of(str(tmp_path / "state")).close()
    environ = os.environ | {"DEPLOY_STATE": str(tmp_path / "state")}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, env=environ, cwd=tmp_path)
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("module", "heavy"), [("console.config.load", ("console.core.kinds.kind_table", "asyncio")), ("console.cli.real_ports", ("rich", "pygments", "sqlalchemy"))]
)
def test_a_module_does_not_bring_what_is_heavy(module: str, heavy: tuple[str, ...]):
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert ran.stdout == "[]\n"


def test_history_is_empty_before_the_first_run(tmp_path: Path):
    ran = deploy(tmp_path, "history", "--json")
    assert (ran.returncode, json.loads(ran.stdout)) == (0, [])


def test_history_tells_a_name_that_is_mistyped_from_one_without_runs(tmp_path: Path):
    (tmp_path / "hosts.toml").write_text('[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = ["web01"]\n')
    told = [(ran.returncode, ran.stdout) for ran in (deploy(tmp_path, "history", *words, "--json") for words in ((), ("production",), ("--app", "shop")))]
    assert told == [(0, "[]\n")] * 3
    for words, hint in ((("prodction",), "did you mean production?"), (("--app", "shopp"), "did you mean shop?")):
        ran = deploy(tmp_path, "history", *words)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert hint in ran.stderr


def test_history_leaves_no_run_out(tmp_path: Path):
    prepared(str(tmp_path / "state"))
    record = JournalStore.of(str(tmp_path / "state"))
    runs = [f"20261124T07{number // 60:02}{number % 60:02}Z-production-0000" for number in range(203)]
    for run in runs:
        opened, *_ = opening(an_environment(1))
        at = f"2026-11-24T07:{run[11:13]}:{run[13:15]}Z"
        append(record, run, (stamped(changed(opened, run=run), 1, at, 0.0, "boot"),))
    record.close()
    told = json.loads(deploy(tmp_path, "history", "--json").stdout)
    assert [row["run"] for row in told] == runs[::-1]
    assert len(deploy(tmp_path, "history").stdout.splitlines()) == 203


@pytest.mark.parametrize(("words", "hint"), [
    (("--plain", "--json", "status"), "exclude"), (("rollback", "--at-once", "--halves", "--yes"), "exclude"),
    (("production", "--yes", "--override", "reach=x"), "never overridden"),
    (("production", "--yes", "--override", "freeze=a", "--override", "freeze=b"), "once"),
    (("check", "production", "--without", "web01=a", "--without", "web01=b"), "is given twice"),
    (("production", "--yes", "--strategy", "magic"), "no such strategy"), (("production", "--yes", "--wait-for-person", "soon"), "not a duration"),
    (("production", "--yes", "--hotfix", " "), "--hotfix was given and is empty"), (("lock", "production", "--reason", ""), "--reason TEXT"),
    (("lock", "production"), "--reason"), (("pause", "r1"), "no run is called r1"), (("pause",), "no run is open"), (("attach",), "no run"),
    (("resume", "--yes"), "no run is open"), (("skip",), "HOST"), (("statsu", "--yes"), "deploy status"), (("status",), "hosts.toml"),
    (("trust", "--yes", "--read-only"), "--read-only was given"), (("--read-only", "engine", "stop"), "--read-only was given"),
    (("engine", "migrate", "--read-only"), "--read-only was given"),
    (("history", "nope"), "knows the environment nope"), (("history", "nope", "--json"), "knows the environment nope"),
    (("check", "--without", "=x"), "a name is missing"), (("check", "--override", "tree="), "a reason is missing"),
    (("demo", "--hosts", "0"), "0"), (("forgive", "web01", "--reason", "gone", "--yes"), "nothing is owed"), (("status", "--nonsense"), "--nonsense"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_type(tmp_path: Path, words: tuple[str, ...], hint: str):
    ran = deploy(tmp_path, *words)
    assert ran.returncode == 2
    assert hint in ran.stderr
    assert ran.stdout == "" or "--json" in words


@pytest.mark.parametrize("verb", [("production", "--yes"), ("check", "production")])
@pytest.mark.parametrize(("option", "hint"), [
    (("--override", "luck=x"), "no such check"), (("--override", "Partner=x"), "one of branch"), (("--ack", "CI"), "manual: Support knows"),
    (("--override", "lock=x"), "never overridden"),
])  # fmt: skip
def test_checks_are_called_by_the_names_of_the_file(tmp_path: Path, verb: tuple[str, ...], option: tuple[str, ...], hint: str):
    (tmp_path / "hosts.toml").write_text(
        '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = ["web01"]\n'
        '[[environments.production.checks]]\nname = "CI"\nkind = "tcp"\naddress = "a"\nport = 1\n'
        '[[environments.production.checks]]\nname = "Support knows"\nkind = "manual"\nprompt = "Told?"\n'
    )
    ran = deploy(tmp_path, *verb, *option)
    assert ran.returncode == 2
    assert hint in ran.stderr
    assert not (tmp_path / "state" / "run").exists()


def test_options_stand_before_or_after_the_command(tmp_path: Path):
    (tmp_path / "other.toml").write_text('[app]\nname = "shop"\n')
    for words in (("-c", "other.toml", "check", "--json"), ("--json", "check", "-c", "other.toml"), ("check", "--json", "-c", "other.toml")):
        ran = deploy(tmp_path, *words)
        assert ran.returncode == 2
        assert any("other.toml" in problem["file"] for problem in json.loads(ran.stdout)["problems"])


def test_each_command_of_this_part_has_its_help(tmp_path: Path):
    listed = deploy(tmp_path, "--help").stdout
    names = (
        "check rollback restart status attach resume pause continue abort skip retry ack note lock unlock exec logs forgive trust history events demo engine"
    )
    for name in names.split():
        assert f"  {name} " in listed
    assert "ENV " not in listed.partition("Commands:")[2]


def test_the_record_is_read_without_an_engine(tmp_path: Path):
    from console.adapters.journal.sqlite_store import JournalStore
    from console.adapters.statefolder import prepared
    from tests.core.simulation import Simulation, an_environment, opening

    state = str(tmp_path / "state")
    prepared(state)
    run = Simulation(an_environment(2), lambda step, attempt: "done")
    run.record(*opening(run.environment))
    run.run()
    record = JournalStore.of(state)
    record.append("r1", tuple(run.events), run.state)
    record.close()
    assert len(deploy(tmp_path, "events", "r1").stdout.splitlines()) == len(run.events)
    shown = deploy(tmp_path, "attach", "r1", "--json")
    assert (shown.returncode, len(shown.stdout.splitlines())) == (0, len(run.events) + 1)
    assert deploy(tmp_path, "attach").returncode == 0
    assert "has ended" in deploy(tmp_path, "pause", "last").stderr
    assert deploy(tmp_path, "pause", "last").returncode == 3
    assert not list((tmp_path / "state" / "run").glob("*.sock"))


def test_each_command_stands_where_the_list_says():
    told = {(str(command.name), module) for module in set(PLACES.values()) for command in import_module(f"console.cli.arguments.{module}").COMMANDS}
    assert told == set(PLACES.items())


def test_a_theme_that_nobody_knows_is_refused_and_the_known_ones_are_named(tmp_path: Path):
    for words in (("status", "--theme", "nope"), ("--theme", "nope", "history")):
        ran = deploy(tmp_path, *words)
        assert ran.returncode == 2
        assert "--theme nope: there is no theme of that name" in ran.stderr
        assert "dark|deuteranopia|high-contrast|light|terminal|tritanopia" in ran.stderr
    assert deploy(tmp_path, "history", "--theme", "light").returncode == 0


@pytest.mark.parametrize(("words", "same"), [
    (("note", "--", "--no-cache was on"), ("note", "", "--", "--no-cache was on", "RUN")), (("note", "seen"), ("note", "", "seen", "RUN")),
    (("ack", "--", "-v"), ("ack", "--", "-v", "RUN")),
])  # fmt: skip
def test_a_word_that_looks_like_an_option_is_repeated_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], same: tuple[str, ...]):
    said: list[tuple[str, ...]] = []

    async def steer(how: object, run: str, command: object, equivalent: tuple[str, ...]) -> int:
        said.append(equivalent)
        return 0

    monkeypatch.setattr("console.cli.run_commands.steer", steer)
    with pytest.raises(SystemExit):
        cli.main(list(words), standalone_mode=False)
    assert said == [same]
