"""The texts that back a database up and migrate it: what counts as proof of a backup, and when a migration is tried again."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.database_scripts import LOCKED_OUT, MARK, Proof, backup_command, named_paths, read_proof, tried
from tests.core.shells import Shell

READ = "read by pg_restore"
NO_DUMP = "of no format that pg_restore reads, so its size alone was looked at"


def proof_of(sh: Shell, command: str) -> Proof:
    """What the last line of a backup's script says."""
    found = read_proof(sh.said(backup_command(command))[-1])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("run", "paths"),
    [
        ("pg_dump -Fc -f /var/backups/shop.dump shop", ("/var/backups/shop.dump",)),
        ("pg_dump --file=/b/x.dump shop", ("/b/x.dump",)),
        ("pg_dump -f/b/x.dump", ("/b/x.dump",)),
        ("pg_dump -f./x.dump", ("./x.dump",)),
        ("pg_dump -f~/x.dump", ("~/x.dump",)),
        ("pg_dump shop > dump.sql", ("dump.sql",)),
        ("pg_dump shop >dump.sql", ("dump.sql",)),
        ("pg_dump shop >>out/dump 2>err.log", ("out/dump", "err.log")),
        ("cp a.db backups/a.db", ("a.db", "backups/a.db")),
        ("cp a.db a.db", ("a.db",)),
        ("./dump", ("./dump",)),
        ("tool 'my file.dump'", ("my file.dump",)),
        ('tool "/a b/c"', ("/a b/c",)),
        ("tool shop # see docs/backup.md", ()),
        ("tool --fast --level 9 shop", ()),
        ("tool --level=9 -v2 -", ()),
        ("tool --file=dump.x", ()),
        ("tool 'unclosed /b/x.dump", ("/b/x.dump",)),
        ("", ()),
    ],
)
def test_the_words_that_may_be_the_file(run: str, paths: tuple[str, ...]):
    assert named_paths(run) == paths


@given(st.text(alphabet="ab./-= '\"\\>2#\n", max_size=30))
def test_any_command_is_taken_and_no_option_is_called_a_file(run: str):
    found = named_paths(run)
    assert len(set(found)) == len(found)
    assert all(word and not word.startswith("-") and ("/" in word or "." in word) for word in found)


def test_a_backup_is_named_with_its_size_and_its_whole_path(sh: Shell):
    found = proof_of(sh, "printf 12345 > out.sql")
    assert found == (5, f"{sh.folder.resolve()}/out.sql", NO_DUMP)


def test_an_absolute_path_stays_as_it_is(sh: Shell):
    assert proof_of(sh, f"printf x > '{sh.folder}/it is.sql'").path == f"{sh.folder}/it is.sql"


def test_a_command_that_names_no_file_has_no_path(sh: Shell):
    assert proof_of(sh, "true") == (0, "", "")


def test_a_file_that_is_older_than_the_backup_is_no_proof(sh: Shell):
    old = sh.folder / "old.sql"
    old.write_text("x")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert proof_of(sh, ": old.sql") == (0, "", "")


def test_a_file_that_was_stamped_by_the_last_tick_of_the_clock_is_a_proof(sh: Shell):
    """The tick before the second in which the backup began."""
    sh.tool("date", "echo 1800000000")
    assert proof_of(sh, "printf x > a.sql\ntouch -d @1799999999 a.sql").size == 1
    assert proof_of(sh, "printf x > a.sql\ntouch -d @1799999998 a.sql") == (0, "", "")


def test_the_first_word_that_was_written_now_counts(sh: Shell):
    old = sh.folder / "shop.db"
    old.write_text("old")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert proof_of(sh, "printf xx > new.db\n: shop.db missing.db").path.endswith("/new.db")
    assert proof_of(sh, "printf xx > b.db\nprintf yyy > a.db").path.endswith("/b.db")


def test_an_empty_backup_fails(sh: Shell):
    ran = sh.run(backup_command(": > out.sql"))
    assert (ran.returncode, MARK in ran.stdout) == (1, False)
    assert ran.stderr.endswith("out.sql is empty\n")


def test_a_command_that_fails_fails_the_backup_and_proves_nothing(sh: Shell):
    ran = sh.run(f"set -e\n{backup_command('printf x > out.sql; exit 7')}")
    assert (ran.returncode, ran.stdout) == (7, "")


def test_a_dump_is_read_by_pg_restore(sh: Shell):
    sh.tool("pg_restore", f'echo "$*" > "{sh.folder}/asked"')
    found = proof_of(sh, "printf PGDMPxyz > out.dump")
    assert found == (8, f"{sh.folder.resolve()}/out.dump", READ)
    assert (sh.folder / "asked").read_text() == f"--list {sh.folder.resolve()}/out.dump\n"


def test_a_dump_that_pg_restore_cannot_read_fails(sh: Shell):
    sh.tool("pg_restore", "exit 1")
    ran = sh.run(backup_command("printf PGDMPxyz > out.dump"))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "pg_restore cannot read the backup" in ran.stderr


def test_what_is_no_dump_is_not_given_to_pg_restore(sh: Shell):
    sh.tool("pg_restore", "exit 1")
    assert proof_of(sh, "printf 'insert PGDMP' > out.sql").how == NO_DUMP


def test_a_dump_where_pg_restore_is_missing_says_so(shell_tools: tuple[str, str], tmp_path: Path):
    program, _ = shell_tools
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("date", "stat", "wc", "head"):
        (bare / name).symlink_to(f"/usr/bin/{name}")
    sh = Shell(program, str(bare), tmp_path)
    assert proof_of(sh, "printf PGDMPxyz > out.dump").how == "not read: pg_restore is not there"


def test_a_dump_in_a_folder_is_measured_whole_and_read(sh: Shell):
    sh.tool("pg_restore", "case $2 in */out.d) exit 0 ;; *) exit 1 ;; esac")
    found = proof_of(sh, "mkdir -p ./out.d\n: > out.d/toc.dat\nhead -c 20000 /dev/zero > out.d/1.dat")
    assert found.how == READ
    assert found.path == f"{sh.folder.resolve()}/./out.d"
    assert 20_000 <= found.size < 200_000
    assert found.size % 1024 == 0


def test_a_folder_that_is_no_dump_is_no_proof(sh: Shell):
    assert proof_of(sh, "mkdir ./out.d") == (0, "", "")


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        ("deploy-backup :: 5 :: /b/x :: read", Proof(5, "/b/x", "read")),
        (f"{MARK} 0 :: :: ", Proof(0, "", "")),
        (f"{MARK} 5 :: /a :: b :: c", Proof(5, "/a", "b :: c")),
        ("dumping", None), (f" {MARK} 5 :: /b :: x", None), ("", None),
    ],
)  # fmt: skip
def test_the_line_of_the_proof_is_read_and_no_other(line: str, proof: Proof | None):
    assert read_proof(line) == proof


def attempts(body: str, tries: int = 3) -> str:
    """A migration of three tries without a pause, whose body counts its runs in a file."""
    return tried(f"echo x >> count\n{body}", tries, "5s", 0)


def count(sh: Shell) -> int:
    return (sh.folder / "count").read_text().count("x")


def test_a_migration_that_works_runs_once(sh: Shell):
    assert sh.said(attempts("echo done")) == ["done"]
    assert count(sh) == 1


@pytest.mark.parametrize("why", ["canceling statement due to lock timeout", "code 55P03", "PG::LockNotAvailable", "lock_not_available", "DUE TO LOCK TIMEOUT"])
@pytest.mark.parametrize("stream", ["", " >&2"], ids=["stdout", "stderr"])
def test_a_migration_that_lacked_a_lock_alone_is_tried_again(sh: Shell, why: str, stream: str):
    ran = sh.run(attempts(f'echo "{why}"{stream}; exit 3'))
    assert ran.returncode == 3
    assert ran.stdout.splitlines() == [line for number in (1, 2, 3) for line in (why, f"deploy: no lock within 5s, try {number} of 3")]
    assert count(sh) == 3


def test_a_migration_that_gets_its_lock_later_is_fine(sh: Shell):
    said = sh.said(attempts('[ "$(grep -c x count)" -gt 1 ] || { echo "due to lock timeout"; exit 1; }\necho done'))
    assert said == ["due to lock timeout", f"{LOCKED_OUT} 5s, try 1 of 3", "done"]
    assert count(sh) == 2


def test_a_migration_that_fails_otherwise_is_not_tried_again(sh: Shell):
    ran = sh.run(attempts('echo "syntax error, after a lock"; exit 9'))
    assert (ran.returncode, ran.stdout) == (9, "syntax error, after a lock\n")
    assert count(sh) == 1


def test_another_failure_after_a_lock_that_was_missing_ends_the_tries(sh: Shell):
    ran = sh.run(attempts('[ "$(grep -c x count)" -gt 1 ] || { echo "due to lock timeout"; exit 1; }\necho broken\nexit 4'))
    assert (ran.returncode, count(sh)) == (4, 2)


def test_one_try_is_one(sh: Shell):
    assert sh.run(attempts("echo lock_not_available; exit 5", tries=1)).returncode == 5
    assert count(sh) == 1


def test_a_body_that_ends_its_shell_ends_no_more_than_itself(sh: Shell):
    ran = sh.run(attempts("set -eu\nfalse\necho on"))
    assert (ran.returncode, ran.stdout) == (1, "")


def test_what_succeeded_is_fine_whatever_it_said_of_locks(sh: Shell):
    assert sh.said(attempts("echo due to lock timeout")) == ["due to lock timeout"]
    assert count(sh) == 1


def test_nothing_is_left_behind(sh: Shell):
    (sh.folder / "tmp").mkdir()
    sh.run(attempts("echo due to lock timeout; exit 1"), TMPDIR=str(sh.folder / "tmp"))
    assert list((sh.folder / "tmp").iterdir()) == []


@pytest.mark.parametrize(("pause", "shown"), [(15.0, "sleep 15\n"), (0.5, "sleep 0.5\n"), (0, "sleep 0\n")])
def test_the_pause_between_tries_is_in_seconds(pause: float, shown: str):
    assert shown in tried("x", 2, "5s", pause)


def test_the_output_is_seen_while_it_runs(sh: Shell):
    """What a migration prints must not wait for its end: the console shows it live."""
    os.mkfifo(sh.folder / "go")
    script = tried("echo first\nread -r x < go\necho last", 1, "5s", 0)
    process = subprocess.Popen([sh.program, "-c", script], cwd=sh.folder, env={"PATH": sh.path}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    (sh.folder / "go").write_text("x\n")
    assert process.communicate(timeout=60)[0] == "last\n"
    assert process.returncode == 0
