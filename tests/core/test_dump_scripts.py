"""The console's own dump of PostgreSQL: when it is taken, what is asked before, what it leaves behind, and what brings it back."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host import dump_scripts
from console.model.configured_environment import Database
from console.model.database_facts import Backup, DumpLook
from console.model.host_commands import Command
from console.safe_text import SafeText
from tests.core.shells import Shell

URL = "postgresql://shop@db/shop"
OWN, BARE = Database("postgres", url=URL), Database("postgres")
PROVEN = Backup("r1", "2026-11-24T11:00:00Z", "db01", SafeText("dumps/r1.dump"), 9, SafeText("read by pg_restore"))
OVERRIDE = "or name a command that backs it up (backup = … in [environments.ENV.database]), or --override backup=REASON"


@pytest.mark.parametrize(
    ("database", "takes"),
    [
        (OWN, True),
        (BARE, False),
        (Database("command", url="sqlite:shop.db"), False),
        (Database("postgres", url=URL, backup=Command("mine")), False),
    ],
    ids=["a url alone", "nothing", "another kind", "a command of its own"],
)
def test_the_console_dumps_a_database_of_postgresql_that_has_a_url_and_no_command(database: Database, takes: bool):
    assert dump_scripts.takes_dump(database) is takes


def test_what_backs_a_database_up():
    mine = Command("mine", timeout=5)
    assert dump_scripts.backup_of(Database("postgres", url=URL, backup=mine)) == mine
    assert dump_scripts.backup_of(Database("command", backup=mine)) == mine
    assert dump_scripts.backup_of(BARE) is None
    assert dump_scripts.backup_of(OWN) == Command("pg_dump -Fc --no-password -f dumps/{run}.dump", timeout=1800.0)
    assert dump_scripts.TIMEOUT == 1800


@pytest.mark.parametrize(
    ("database", "backup", "is_own"),
    [
        (OWN, PROVEN, True),
        (OWN, None, None),
        (OWN, Backup("r1", PROVEN.at, "db01", SafeText(""), 9, PROVEN.proof), None),
        (OWN, Backup("r1", PROVEN.at, "db01", PROVEN.path, 9, SafeText("not read: pg_restore is not there")), None),
        (OWN, Backup("r1", PROVEN.at, "db01", PROVEN.path, 9), None),
        (BARE, PROVEN, None),
        (Database("command", url=URL), PROVEN, None),
        (Database("postgres", url=URL, restore=Command("mine")), PROVEN, False),
        (Database("postgres", restore=Command("mine")), None, False),
    ],
    ids=["proven", "no backup", "no path", "not read", "no proof", "no url", "another kind", "a command before the own", "a command alone"],
)
def test_only_a_dump_that_pg_restore_has_read_is_restored_by_the_console_itself(database: Database, backup: Backup | None, is_own: bool | None):
    found = dump_scripts.restore_of(database, backup)
    assert found == (None if is_own is None else Command(dump_scripts.restore_script("dumps/r1.dump"), timeout=7200.0) if is_own else Command("mine"))
    assert dump_scripts.RESTORING == 7200


def client(sh: Shell, psql: str = "printf '160004|5000|0|\\n'", *without: str) -> None:
    """PostgreSQL's client of version 16 on the host."""
    for name, script in (("pg_dump", "echo 'pg_dump (PostgreSQL) 16.4 (Debian 16.4-1)'"), ("pg_restore", "exit 1"), ("psql", psql)):
        if name not in without:
            sh.tool(name, script)


def look(sh: Shell, name: str = "shop", **variables: str) -> DumpLook:
    return dump_scripts.read_look("db01", sh.run(dump_scripts.look_script(name, variables), PATH=f"{sh.folder}/bin:{sh.path}").stdout)


def test_a_host_that_can_dump_says_all_of_it(sh: Shell):
    client(sh)
    found = look(sh, "shop o'hara")
    assert (found.host, found.folder, found.missing) == ("db01", f"{sh.folder}/.deploy-console/shop o'hara/dumps", ())
    assert (found.dumper, found.server, found.size, found.unread, found.example, found.refused) == (16, 16, 5000, 0, "", "")
    here = os.statvfs(sh.folder)
    assert found.free == pytest.approx(here.f_bavail * here.f_frsize, rel=0.2)
    assert dump_scripts.dump_problem(found) is None
    assert not (sh.folder / ".deploy-console").exists()


def test_the_room_is_that_of_the_nearest_folder_that_is_there(sh: Shell):
    client(sh)
    sh.tool(
        "df",
        'echo "Filesystem 1024-blocks Used Available Capacity Mounted on"; case $2 in */.deploy-console/shop) echo "d 9 9 42 9% /" ;; *) echo "d 9 9 7 9% /" ;; esac',
    )
    assert look(sh).free == 7 * 1024
    (sh.folder / ".deploy-console" / "shop").mkdir(parents=True)
    assert look(sh).free == 42 * 1024


def test_tables_that_the_login_may_not_read_are_counted_with_an_example(sh: Shell):
    client(sh, "printf '150002|1|2|public.secrets|x\\n'")
    found = look(sh)
    assert (found.server, found.unread, found.example) == (15, 2, "public.secrets|x")


def test_a_server_that_lets_nobody_in_is_quoted_on_one_line(sh: Shell):
    client(sh, "printf 'connection to db failed\\nno password\\n' >&2; exit 2")
    found = look(sh)
    assert found.refused == "connection to db failed no password"
    assert (found.server, found.size) == (0, 0)


def test_the_server_is_asked_without_a_password_prompt_and_with_a_limit(sh: Shell):
    client(sh, 'echo "$PGCONNECT_TIMEOUT $PGHOST $*" > asked; printf "160004|1|0|\\n"')
    look(sh, PGHOST="it's db")
    asked = (sh.folder / "asked").read_text()
    assert asked.startswith("10 it's db -XAtqw -c select current_setting('server_version_num'), pg_database_size")
    assert "not has_table_privilege(c.oid, 'select')" in asked


def test_a_file_may_set_its_own_limit_for_a_connection():
    assert "PGCONNECT_TIMEOUT=3\n" in dump_scripts.look_script("shop", {"PGCONNECT_TIMEOUT": "3"})


@pytest.mark.parametrize("missing", [("psql",), ("pg_dump",), ("pg_restore",), ("pg_dump", "pg_restore", "psql")])
def test_programs_that_are_missing_are_named(shell_tools: tuple[str, str], tmp_path, missing: tuple[str, ...]):
    sh = Shell(shell_tools[0], str(tmp_path / "bin"), tmp_path)
    client(sh, "printf '160004|1|0|\\n'", *missing)
    for name in ("df", "tr"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    found = look(sh)
    assert found.missing == missing
    assert (found.dumper, found.server) == (0 if "pg_dump" in missing else 16, 0 if "psql" in missing else 16)


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("", DumpLook("db01")),
        ("banner\ndeploy-dump :: free 12\n", DumpLook("db01", free=12 * 1024)),
        ("free 12\n xdeploy-dump :: free 12", DumpLook("db01")),
        ("deploy-dump :: free many\ndeploy-dump :: server x|y|z|", DumpLook("db01")),
        ("deploy-dump :: free \ndeploy-dump :: server ", DumpLook("db01")),
        ("deploy-dump :: server 90624|7", DumpLook("db01", server=9, size=7)),
        ("deploy-dump :: dumper pg_dump (PostgreSQL) 9.6.24", DumpLook("db01", dumper=9)),
        ("deploy-dump :: dumper pg_dump 16", DumpLook("db01")),
        ("deploy-dump :: missing psql\ndeploy-dump :: missing pg_dump", DumpLook("db01", missing=("psql", "pg_dump"))),
        ("deploy-dump :: folder /home/it is/dumps", DumpLook("db01", SafeText("/home/it is/dumps"))),
        ("deploy-dump :: server 160004|5|3|a.b|c", DumpLook("db01", size=5, server=16, unread=3, example=SafeText("a.b|c"))),
    ],
    ids=["nothing", "a banner", "no line of ours", "no numbers", "no values", "an old server", "an old client", "no version", "missing", "spaces", "unread"],
)
def test_what_the_host_said_is_read_and_the_rest_is_not_known(out: str, expected: DumpLook):
    assert dump_scripts.read_look("db01", out) == expected


def test_long_words_of_a_server_are_cut():
    said = f"{dump_scripts.MARK} refused {'x' * 1000}\n{dump_scripts.MARK} server 160004|5|3|{'y' * 1000}"
    found = dump_scripts.read_look("db01", said)
    assert (len(found.refused), len(found.example)) == (300, 100)


@given(st.lists(st.tuples(st.sampled_from(["missing", "folder", "free", "dumper", "server", "refused", "other", ""]), st.text(max_size=20)), max_size=8))
def test_any_answer_is_read(lines: list[tuple[str, str]]):
    found = dump_scripts.read_look("db01", "\n".join(f"{dump_scripts.MARK} {name} {value}" for name, value in lines))
    assert min(found.free, found.size, found.dumper, found.server, found.unread) >= 0


@pytest.mark.parametrize(
    ("look", "words", "remedy"),
    [
        (None, "the host that would dump it was not looked at", f"look again, {OVERRIDE}"),
        (DumpLook("db01", problem=SafeText("gone")), "db01 was not looked at: gone", f"mend that, {OVERRIDE}"),
        (
            DumpLook("db01", missing=("pg_dump", "psql")), "pg_dump, psql not found on db01",
            f"install PostgreSQL's client there (Debian: apt-get install postgresql-client), name a host that has it (database.host = …), {OVERRIDE}",
        ),
        (
            DumpLook("db01", refused=SafeText("no route")), "psql on db01 gets no connection: no route",
            f"the url is seen from db01: mend it or let that host in, {OVERRIDE}",
        ),
        (DumpLook("db01", dumper=15, server=16), "pg_dump on db01 is of version 15, and dumps no server of version 16", f"install postgresql-client-16 there, {OVERRIDE}"),
        (DumpLook("db01", unread=1, example=SafeText("a.b")), "the url's login may not read 1 table (a.b)", f"grant pg_read_all_data to it, {OVERRIDE}"),
        (DumpLook("db01", unread=2, example=SafeText("a.b")), "the url's login may not read 2 tables (a.b)", f"grant pg_read_all_data to it, {OVERRIDE}"),
        (
            DumpLook("db01", SafeText("/d"), free=2**20, size=2**21),
            "no room for a dump: the database has 2.0 MiB, and 1.0 MiB are free for /d on db01", f"make room there, {OVERRIDE}",
        ),
    ],
)  # fmt: skip
def test_why_no_dump_can_be_taken_and_what_to_do(look: DumpLook | None, words: str, remedy: str):
    assert dump_scripts.dump_problem(look) == (words, remedy)


@pytest.mark.parametrize(
    "look", [DumpLook("db01", dumper=16, server=16), DumpLook("db01", dumper=17, server=16), DumpLook("db01", free=5, size=5), DumpLook("db01", free=9, size=5)]
)
def test_a_dump_that_fits_can_be_taken(look: DumpLook):
    assert dump_scripts.dump_problem(look) is None


def test_what_cannot_be_known_is_said_before_what_follows_from_it():
    """A host that was not looked at has no tools, no room and no server: it is told for the first reason alone."""
    everything = DumpLook("db01", problem=SafeText("gone"), missing=("psql",), refused=SafeText("no"), server=16, unread=1, size=1)
    without = [("problem", SafeText("")), ("missing", ()), ("refused", SafeText("")), ("server", 0), ("unread", 0), ("size", 0)]
    heads = ["db01 was not", "psql not found", "psql on db01", "pg_dump on db01", "the url's login", "no room"]
    for number, head in enumerate(heads):
        left = DumpLook("db01", **{**{name: getattr(everything, name) for name, _ in without}, **dict(without[:number])})
        found = dump_scripts.dump_problem(left)
        assert found is not None
        assert found[0].startswith(head)


def test_the_dump_that_will_be_taken_is_said():
    words = "pg_dump on db01 to /d: the database has 1.0 KiB, 2.0 KiB are free there"
    assert dump_scripts.dump_words(DumpLook("db01", SafeText("/d"), free=2048, size=1024)) == words


@pytest.mark.parametrize("content", [None, "", "PGDMP"], ids=["missing", "empty", "there"])
@pytest.mark.parametrize("form", ["absolute", "relative"])
def test_a_dump_is_still_there_if_it_holds_something(sh: Shell, content: str | None, form: str):
    own = sh.folder / ".deploy-console" / "shop o" / "dumps"
    own.mkdir(parents=True)
    if content is not None:
        (own / "it's.dump").write_text(content)
    path = str(own / "it's.dump") if form == "absolute" else "dumps/it's.dump"
    assert dump_scripts.read_kept(sh.run(dump_scripts.kept_script("shop o", path)).stdout) is bool(content)


def test_a_host_without_the_console_s_folder_has_no_dump(sh: Shell):
    assert sh.said(dump_scripts.kept_script("shop", "dumps/r1.dump")) == ["deploy-dump :: gone"]


@pytest.mark.parametrize(
    ("out", "answer"),
    [
        ("deploy-dump :: there\n", True), ("deploy-dump :: gone\n", False), ("banner\ndeploy-dump ::  there \n", True),
        ("deploy-dump :: gone\ndeploy-dump :: there\n", False), ("", None), ("there\n", None), ("deploy-dump :: perhaps\n", None),
    ],
)  # fmt: skip
def test_only_a_clear_answer_says_that_a_dump_is_there_or_gone(out: str, answer: bool | None):
    found = dump_scripts.read_kept(out)
    assert found is answer or (answer is None and found == "it did not answer whether the dump is there")


def test_a_dump_that_fails_leaves_no_half_of_itself_and_its_code_stays(sh: Shell):
    sh.tool("pg_dump", 'printf half > "$2"; exit 7')
    ran = sh.run(dump_scripts.guarded("pg_dump -f dumps/r1.dump"))
    assert ran.returncode == 7
    assert list((sh.folder / "dumps").iterdir()) == []


def test_a_dump_is_for_its_maker_alone(sh: Shell):
    sh.tool("pg_dump", 'printf whole > "$2"')
    sh.said(dump_scripts.guarded("pg_dump -f dumps/r1.dump"))
    assert (sh.folder / "dumps" / "r1.dump").read_text() == "whole"
    assert [path.stat().st_mode & 0o077 for path in (sh.folder / "dumps", sh.folder / "dumps" / "r1.dump")] == [0, 0]


@pytest.mark.parametrize(("count", "left"), [(1, {4}), (2, {3, 4}), (5, {0, 1, 2, 3, 4}), (9, {0, 1, 2, 3, 4}), (0, {4}), (-3, {4})])
def test_the_newest_dumps_stay_and_one_at_least(sh: Shell, count: int, left: set[int]):
    (sh.folder / "dumps").mkdir()
    for number in range(5):
        file = sh.folder / "dumps" / f"r {number}.dump"
        file.write_text("x")
        os.utime(file, (number, number))
    (sh.folder / "dumps" / "notes.txt").write_text("mine")
    sh.said(dump_scripts.kept(count))
    assert {path.name for path in (sh.folder / "dumps").iterdir()} == {f"r {number}.dump" for number in left} | {"notes.txt"}


def restoring(sh: Shell, listing: str = "3; 1 2 TABLE public orders shop\n", restores: str = "echo 'create table orders;'") -> None:
    """A client whose pg_restore lists so and restores so, and whose psql keeps what it is sent."""
    (sh.folder / "listing").write_text(listing)
    sh.tool(
        "pg_restore",
        f"case $1 in --list) cat '{sh.folder}/listing' ;; *) echo \"$*\" > '{sh.folder}/asked'; cat \"$6\" > '{sh.folder}/own'; {restores} ;; esac",
    )
    sh.tool("psql", f"echo \"$*\" > '{sh.folder}/options'; cat > '{sh.folder}/sent'")


def test_a_restore_is_one_transaction_that_drops_what_came_since_first(sh: Shell):
    restoring(sh)
    (sh.folder / "it's.dump").write_text("PGDMP")
    ran = sh.run("set -eu\n" + dump_scripts.restore_script(f"{sh.folder}/it's.dump"))
    assert ran.returncode == 0, ran
    sent = (sh.folder / "sent").read_text()
    assert sent.startswith("begin;\nset local client_min_messages = warning;\ndo $dc$ declare one record; begin\n")
    assert sent.endswith("end $dc$;\ncreate table orders;\ncommit;\n")
    assert sent.count("begin;") == sent.count("commit;") == 1
    assert (sh.folder / "options").read_text() == "-X -q -w -v ON_ERROR_STOP=1 -o /dev/null\n"
    assert (sh.folder / "asked").read_text().startswith("-f - --clean --if-exists -L ")


@pytest.mark.parametrize("kind", ["drop %s %s cascade", "drop routine if exists %s cascade", "drop type if exists %s cascade"])
def test_what_is_dropped_before_a_restore_is_the_login_s_own_and_no_extension_s(sh: Shell, kind: str):
    restoring(sh)
    (sh.folder / "x.dump").write_text("PGDMP")
    assert sh.run(dump_scripts.restore_script("x.dump")).returncode == 0
    (loop,) = [part for part in (sh.folder / "sent").read_text().split("end loop;") if kind in part]
    assert "d.deptype = 'e'" in loop
    assert "pg_has_role(" in loop
    assert "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'" in loop


def test_extensions_are_left_as_they_are(sh: Shell):
    lines = [
        "1; 3079 2 EXTENSION - pg_trgm",
        "2; 0 0 COMMENT - EXTENSION pg_trgm",
        "3; 1 2 TABLE public EXTENSION shop",
        "4; 1 2 TABLE DATA public orders shop",
    ]
    restoring(sh, "".join(f"{line}\n" for line in lines))
    (sh.folder / "x.dump").write_text("PGDMP")
    assert sh.run(f"set -eu\n{dump_scripts.restore_script('x.dump')}").returncode == 0
    assert (sh.folder / "own").read_text().splitlines() == lines[2:]


def test_a_dump_that_is_not_read_to_its_end_ends_the_transaction_with_an_error(sh: Shell):
    restoring(sh, restores="echo 'create table orders;'; exit 1")
    (sh.folder / "x.dump").write_text("PGDMP")
    sh.run(f"set -eu\n{dump_scripts.restore_script('x.dump')}")
    sent = (sh.folder / "sent").read_text()
    assert "commit;" not in sent
    assert sent.endswith("do $dc$ begin raise exception $m$the backup was not read to its end$m$; end $dc$;\n")


@pytest.mark.parametrize("broken", ["list", "psql", "missing"])
def test_a_restore_that_cannot_be_done_fails(sh: Shell, broken: str):
    restoring(sh)
    if broken != "missing":
        (sh.folder / "x.dump").write_text("PGDMP")
    if broken == "list":
        sh.tool("pg_restore", "exit 1")
    if broken == "psql":
        sh.tool("psql", "cat > /dev/null; exit 3")
    ran = sh.run(f"set -eu\n{dump_scripts.restore_script('x.dump')}")
    assert ran.returncode == (3 if broken == "psql" else 1)
    if broken == "missing":
        assert ran.stderr == "x.dump is not there any more\n"
    assert not (sh.folder / "sent").exists()


def test_a_restore_leaves_nothing_behind(sh: Shell):
    restoring(sh)
    (sh.folder / "tmp").mkdir()
    (sh.folder / "x.dump").write_text("PGDMP")
    assert sh.run(f"set -eu\n{dump_scripts.restore_script('x.dump')}", TMPDIR=str(sh.folder / "tmp")).returncode == 0
    assert list((sh.folder / "tmp").iterdir()) == []
