"""One file of SQL, statement after statement: which tables they mean, what stands open before them, and what of it cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.database.parser import PostgresParser
from console.core.migrations.sql_file import DEEPEST, IN_TRANSACTION, SHOWN, FileReading, Memory
from console.core.migrations.statements import cut
from console.model.database_facts import Touch

PARSER = PostgresParser()


def read(text: str, memory: Memory | None = None, *, wrapped: bool | None = None) -> FileReading:
    """A file, read to its end."""
    file = FileReading(memory or Memory(PARSER), wrapped)
    for one in cut(text).statements:
        file.take(one)
    return file


def touches(text: str) -> list[Touch]:
    return [touch for _, touch in read(text).touches]


def tables(text: str) -> list[str]:
    """What each statement locks of what the file does not make: its table as the database calls it."""
    return [one.table for one in touches(text) if one.made != "here"]


def unread(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.message) for one in read(text).unread]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("TRUNCATE t", ["t"]),
        ("TRUNCATE s.t", ["s.t"]),
        ('TRUNCATE "T"', ['"T"']),
        ('TRUNCATE "a b"."c""d"', ['"a b"."c""d"']),
        ('TRUNCATE "tä"', ['"tä"']),
        ("TRUNCATE t1$x_", ["t1$x_"]),
        ('TRUNCATE "1t"', ['"1t"']),
        ("SET search_path = s; TRUNCATE t", ["s.t"]),
        ("SET search_path TO s; TRUNCATE x.t", ["x.t"]),
        ("SET search_path = 'S'; TRUNCATE t", ['"S".t']),
        ("SET LOCAL search_path = s; TRUNCATE t", ["s.t"]),
        ("SET search_path = s; SET search_path = DEFAULT; TRUNCATE t", ["t"]),
        ("SET search_path = s; RESET search_path; TRUNCATE t", ["t"]),
        ("SET search_path = '$user', pg_catalog, pg_temp, s; TRUNCATE t", ["s.t"]),
        ("SET search_path = ''; TRUNCATE t", ["t"]),
        ("SET statement_timeout = 5; TRUNCATE t", ["t"]),
        ("SELECT set_config('search_path', ' s , \"B\"', false); TRUNCATE t", ["s.t"]),
        ("SELECT set_config('search_path', '', false); TRUNCATE t", ["t"]),
        ("SELECT set_config('lock_timeout', 's', false); TRUNCATE t", ["t"]),
        ("SELECT pg_catalog.set_config('search_path', 's', true); TRUNCATE t", ["s.t"]),
    ],
)
def test_a_table_is_called_as_the_search_path_finds_it(text: str, names: list[str]):
    assert tables(text) == names


def test_a_path_of_several_schemas_has_several_places():
    (found,) = touches("SET search_path = a, b, c; TRUNCATE t")
    assert (found.table, found.elsewhere) == ("a.t", ("b.t", "c.t"))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("CREATE TABLE t (x int); TRUNCATE t", ["here"]),
        ("CREATE TABLE t (x int); TRUNCATE public.t", ["here"]),
        ("CREATE TABLE public.t (x int); TRUNCATE t", ["here"]),
        ("CREATE TABLE s.t (x int); TRUNCATE t", [""]),
        ("CREATE TABLE t (x int); TRUNCATE s.t", [""]),
        ("SET search_path = s; CREATE TABLE t (x int); TRUNCATE s.t", ["here"]),
        ("SET search_path = a, b; CREATE TABLE t (x int); TRUNCATE a.t, b.t", ["here", ""]),
        ("CREATE TABLE b.t (x int); SET search_path = a, b; TRUNCATE t", ["here"]),
        ("CREATE TABLE IF NOT EXISTS t (x int); TRUNCATE t", ["perhaps"]),
        ("CREATE TABLE t AS SELECT 1; TRUNCATE t", ["here"]),
        ("CREATE TABLE IF NOT EXISTS t AS SELECT 1; TRUNCATE t", ["perhaps"]),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1; REFRESH MATERIALIZED VIEW v", ["here"]),
        ("SELECT 1 AS x INTO t; TRUNCATE t", ["here"]),
        ("SELECT 1; TRUNCATE t", [""]),
        ("CREATE TABLE t (x int); CREATE INDEX i ON t (x); DROP INDEX i", ["here", "here"]),
        ("CREATE TABLE s.t (x int); CREATE INDEX i ON s.t (x); DROP INDEX s.i", ["here", "here"]),
        ("CREATE TABLE t (x int); CREATE INDEX IF NOT EXISTS i ON t (x); DROP INDEX i", ["here", "perhaps"]),
        ("CREATE TABLE t (x int); CREATE INDEX ON t (x); DROP INDEX i", ["here", ""]),
        ("CREATE TABLE t (x int); DROP TABLE t; TRUNCATE t", ["here", ""]),
        ("CREATE TABLE s.t (x int); DROP TABLE s.t; TRUNCATE s.t", ["here", ""]),
        ("CREATE TABLE t (x int); DROP FUNCTION t(); TRUNCATE t", ["here"]),
        ("CREATE TABLE t (x int); DROP SEQUENCE t; TRUNCATE t", ["here"]),
        ("CREATE TABLE t (x int); DROP VIEW t; TRUNCATE t", ["here", ""]),
        ("CREATE TABLE t (x int); ALTER TABLE t RENAME TO u; TRUNCATE u", ["here", "here"]),
        ("CREATE TABLE t (x int); ALTER TABLE t RENAME TO u; TRUNCATE t", ["here", ""]),
        ("CREATE TABLE t (x int); ALTER TABLE t RENAME x TO u; TRUNCATE u", ["here", ""]),
        ("CREATE TABLE t (x int); ALTER TABLE t SET SCHEMA s; TRUNCATE s.t", ["here", "here"]),
        ("CREATE SCHEMA s CREATE TABLE t (x int); TRUNCATE s.t", ["here"]),
        ("CREATE SCHEMA s CREATE VIEW v AS SELECT 1; TRUNCATE s.v", [""]),
        ("CREATE SCHEMA s CREATE TABLE r.t (x int)", []),
        ("CREATE TEMP TABLE t (x int); TRUNCATE t", ["here"]),
    ],
)
def test_what_the_file_makes_is_its_own(text: str, made: list[str]):
    assert [one.made for one in touches(text)] == made


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ALTER TABLE t RENAME TO u; TRUNCATE u", ["t", "t"]),
        ("ALTER TABLE s.t RENAME TO u; TRUNCATE s.u", ["s.t", "s.t"]),
        ("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO v; TRUNCATE v", ["t", "t", "t"]),
        ("ALTER TABLE t RENAME TO u; TRUNCATE t", ["t", "t"]),
        ("ALTER TABLE t SET SCHEMA s; TRUNCATE s.t", ["t", "t"]),
        ("ALTER TABLE a.t SET SCHEMA b; ALTER TABLE b.t RENAME TO u; TRUNCATE b.u", ["a.t", "a.t", "a.t"]),
        ("ALTER INDEX i RENAME TO j; DROP INDEX j", ["i", "i"]),
        ("ALTER VIEW v RENAME TO w; DROP VIEW w", ["v", "v"]),
        ("ALTER MATERIALIZED VIEW v RENAME TO w; DROP MATERIALIZED VIEW w", ["v", "v"]),
        ("ALTER TABLE t RENAME x TO u; TRUNCATE u", ["t", "u"]),
        ("ALTER TABLE t RENAME CONSTRAINT c TO u; TRUNCATE u", ["t", "u"]),
        ("ALTER FUNCTION f() SET SCHEMA s; TRUNCATE s.f", ["s.f"]),
        ("ALTER TABLE t RENAME TO old; CREATE TABLE t (x int); TRUNCATE t; TRUNCATE old", ["t", "t"]),
    ],
)
def test_a_table_under_a_new_name_is_the_one_that_the_database_has(text: str, names: list[str]):
    assert tables(text) == names


def test_what_one_file_makes_and_names_is_known_in_the_next():
    memory = Memory(PARSER)
    read("CREATE TABLE fresh (x int); ALTER TABLE t RENAME TO u; CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE far'", memory)
    found = [touch for _, touch in read("TRUNCATE fresh; TRUNCATE u; SELECT f()", memory).touches]
    assert [(one.table, one.made) for one in found] == [("fresh", "here"), ("t", ""), ("far", "")]
    read("SET search_path = s", memory)
    assert [touch.table for _, touch in read("TRUNCATE t2", memory).touches] == ["t2"]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("TRUNCATE t", "reads and writes"), ("CREATE INDEX ON t (x)", "writes"), ("LOCK t IN EXCLUSIVE MODE", "writes"), ("ALTER TABLE t DISABLE TRIGGER ALL", "writes"),
        ("CREATE INDEX CONCURRENTLY ON t (x)", "nothing"), ("DELETE FROM t", "nothing"), ("LOCK t IN ACCESS SHARE MODE", "nothing"),
    ],
)  # fmt: skip
def test_whom_a_lock_keeps_waiting(text: str, blocks: str):
    assert touches(text)[0].blocks == blocks


def test_a_touch_says_line_words_lock_and_whether_partitions_are_left_alone():
    (found,) = touches("\n\nALTER TABLE ONLY\n  t ADD x int /* why */ ;")
    assert found == Touch(3, found.words, "t", "ACCESS EXCLUSIVE", "reads and writes", "metadata only", is_only=True)
    assert found.words == "ALTER TABLE ONLY t ADD x int"


def test_a_long_statement_is_shown_by_its_beginning():
    (found,) = touches(f"UPDATE t SET x = '{'y' * 200}'")
    assert found.words == f"UPDATE t SET x = '{'y' * 200}'"[:80]
    assert SHOWN == 80


def groups(text: str, wrapped: bool | None = None) -> list[int]:
    """In which transaction each statement runs; 0: none."""
    return [group for group, _ in read(text, wrapped=wrapped).touches]


@pytest.mark.parametrize(
    ("text", "wrapped", "in_groups"),
    [
        ("TRUNCATE a; TRUNCATE b", None, [0, 0]),
        ("TRUNCATE a; TRUNCATE b", False, [0, 0]),
        ("TRUNCATE a; TRUNCATE b", True, [1, 1]),
        ("BEGIN; TRUNCATE a; COMMIT; TRUNCATE b", None, [2, 0]),
        ("START TRANSACTION; TRUNCATE a; ROLLBACK; TRUNCATE b", None, [2, 0]),
        ("BEGIN; TRUNCATE a; PREPARE TRANSACTION 'x'; TRUNCATE b", None, [2, 0]),
        ("BEGIN; TRUNCATE a; END; BEGIN; TRUNCATE b", None, [2, 4]),
        ("BEGIN; TRUNCATE a; SAVEPOINT s; TRUNCATE b; RELEASE s; TRUNCATE c", None, [2, 2, 2]),
        ("BEGIN; TRUNCATE a; ROLLBACK TO s; TRUNCATE b", None, [2, 2]),
        ("TRUNCATE a; COMMIT; TRUNCATE b", True, [1, 2]),
        ("BEGIN; TRUNCATE a; COMMIT AND CHAIN; TRUNCATE b", True, [2, 3]),
    ],
)
def test_which_statements_are_in_one_transaction(text: str, wrapped: bool | None, in_groups: list[int]):
    assert groups(text, wrapped) == in_groups


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX CONCURRENTLY i ON t (x)", "DROP INDEX CONCURRENTLY i", "REINDEX TABLE CONCURRENTLY t", "VACUUM t", "VACUUM FULL", "CREATE DATABASE d",
        "DROP DATABASE d", "ALTER SYSTEM SET x = 1", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    ],
)  # fmt: skip
def test_what_cannot_run_in_a_transaction_is_found_there_alone(text: str):
    assert [(one.line, one.rule, one.message) for one in read(f"SELECT 1;\n{text}", wrapped=True).findings] == [(2, "in-transaction", IN_TRANSACTION)]
    assert [one.rule for one in read(f"BEGIN; {text}").findings] == ["in-transaction"]
    assert read(text).findings == []
    assert read(f"BEGIN; COMMIT; {text}").findings == []


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX i ON t (x)", "DROP INDEX i", "REINDEX TABLE t", "REINDEX (VERBOSE) TABLE t", "ANALYZE t", "ALTER TABLE t DETACH PARTITION p", "DROP TABLE t", "TRUNCATE t",
    ],
)  # fmt: skip
def test_what_can_run_in_a_transaction_is_no_finding(text: str):
    assert read(text, wrapped=True).findings == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DO $$ BEGIN TRUNCATE a; END $$", [(1, "a")]),
        ("DO $$\nBEGIN\nTRUNCATE a;\nTRUNCATE b;\nEND $$", [(3, "a"), (4, "b")]),
        ("\nDO LANGUAGE plpgsql\n$$\nBEGIN\nTRUNCATE a;\nEND $$", [(5, "a")]),
        ("DO 'BEGIN TRUNCATE a; END'", [(1, "a")]),
        ("DO $$ BEGIN EXECUTE 'TRUNCATE a'; END $$", [(1, "a")]),
        ("DO $$ BEGIN EXECUTE 'TRUNCATE a; TRUNCATE b'; END $$", [(1, "a"), (1, "b")]),
        ("DO $$ BEGIN PERFORM set_config('search_path', 's', false); TRUNCATE a; END $$", [(1, "s.a")]),
        ("DO $$ DECLARE n text; BEGIN n := set_config('search_path', 's', false); TRUNCATE a; END $$", [(1, "s.a")]),
        ("DO $$ BEGIN CREATE TABLE t (x int); TRUNCATE t; END $$", []),
    ],
)
def test_a_block_is_read_with_the_lines_of_the_file(text: str, found: list[tuple[int, str]]):
    assert [(one.line, one.table) for one in touches(text) if one.made != "here"] == found


PLPGSQL = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\nTRUNCATE a;\nEND $$;\n"
SQL = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$\nSELECT 1;\nTRUNCATE a;\n$$;\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PLPGSQL, []),
        (f"{PLPGSQL}SELECT f();", [(3, "a")]),
        (f"{PLPGSQL}SELECT public.f(), 1;", [(3, "a")]),
        (f"{PLPGSQL}SELECT g();", []),
        (f"{PLPGSQL}DO $$ BEGIN PERFORM f(); END $$", [(3, "a")]),
        (f"{PLPGSQL}DO $$ DECLARE n int; BEGIN n := f(); END $$", [(3, "a")]),
        (f"{PLPGSQL}CREATE FUNCTION g() RETURNS void LANGUAGE sql AS 'SELECT f()'; SELECT g();", [(3, "a")]),
        (f"{PLPGSQL}SELECT f(); SELECT f();", [(3, "a"), (3, "a")]),
        (SQL, []),
        (f"{SQL}SELECT f();", [(3, "a")]),
        (f"{SQL}CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE b'; SELECT f();", [(5, "b")]),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT f()'; SELECT f();", []),
        ("CREATE PROCEDURE f() LANGUAGE sql AS 'TRUNCATE a'; CALL f();", [(1, "a")]),
    ],
    ids=[
        "plpgsql",
        "called",
        "with schema",
        "another",
        "in a block",
        "in an assignment",
        "by another",
        "twice",
        "sql",
        "sql called",
        "replaced",
        "of itself",
        "procedure",
    ],
)
def test_a_function_that_the_release_makes_runs_where_it_is_called(text: str, found: list[tuple[int, str]]):
    assert [(one.line, one.table) for one in touches(text)] == found


def test_functions_are_followed_eight_deep():
    text = "CREATE FUNCTION f0() RETURNS void LANGUAGE sql AS 'TRUNCATE a';"
    text += "".join(f"CREATE FUNCTION f{number}() RETURNS void LANGUAGE sql AS 'SELECT f{number - 1}()';" for number in range(1, 12))
    assert DEEPEST == 8
    assert tables(f"{text} SELECT f7()") == ["a"]
    assert tables(f"{text} SELECT f8()") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALTER TABEL t;", [(1, 'could not be read: syntax error at or near "TABEL": ALTER TABEL t')]),
        ("SELECT 1;\nA;\nTRUNCATE t;", [(2, 'could not be read: syntax error at or near "A": A')]),
        ("DO LANGUAGE plperl $$ x $$", [(1, "its body is plperl, which is not read: DO LANGUAGE plperl $$ x $$")]),
        ("DO LANGUAGE PLPERL $$ x $$", [(1, "its body is plperl, which is not read: DO LANGUAGE PLPERL $$ x $$")]),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'; SELECT f()",
            [(1, "its body is c, which is not read: CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'")],
        ),
        ("DO $$ BEGIN X Y Z; END $$", [(1, 'its body could not be read: syntax error at or near "X": DO $$ BEGIN X Y Z; END $$')]),
        ("DO $$ BEGIN EXECUTE x; END $$", [(1, "it is made up as it runs: EXECUTE x")]),
        ("DO $$\nBEGIN\n\nEXECUTE 'TRUNC ' || 'a'; END $$", [(4, "it is made up as it runs: EXECUTE 'TRUNC ' || 'a'")]),
        ("DO $$ BEGIN EXECUTE ''; END $$", [(1, "it is made up as it runs: EXECUTE ''")]),
        ("DO $$ BEGIN TRUNCATE a b; END $$", [(1, 'its body could not be read: syntax error at or near "b": DO $$ BEGIN TRUNCATE a b; END $$')]),
        ("\\i x.sql", [(1, "it reads another file, which is not read here: \\i x.sql")]),
        ("\n\\ir x.sql", [(2, "it reads another file, which is not read here: \\ir x.sql")]),
        ("\\include x", [(1, "it reads another file, which is not read here: \\include x")]),
        ("\\include_relative x", [(1, "it reads another file, which is not read here: \\include_relative x")]),
        ("\\c other", [(1, "what follows runs in another database, whose tables were not looked at: \\c other")]),
        ("\\connect other", [(1, "what follows runs in another database, whose tables were not looked at: \\connect other")]),
        ("SELECT 1 \\gexec", [(1, "it runs what its query returns, which is not known before: \\gexec")]),
        ("\\! rm x", [(1, "it runs a command of the shell, which is not read: \\! rm x")]),
        ("\\echo x\n\\timing\n\\set a b\n\\if true\n\\endif\n\\q", []),
        ("TRUNCATE {{ a }} {{ b }}", [(1, 'could not be read: syntax error at or near "…" (a template fills {{ a }}): TRUNCATE {{ a }} {{ b }}')]),
        (
            "TRUNCATE {{ a_name_that_is_long }} {{ b }}",
            [(1, 'could not be read: syntax error at or near "…" (a template fills {{ a_name_that_is_lo): TRUNCATE {{ a_name_that_is_long }} {{ b }}')],
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line_and_words(text: str, found: list[tuple[int, str]]):
    assert unread(text) == found


def test_a_long_statement_that_cannot_be_read_says_how_far_it_goes():
    assert unread("X" + "\n," * 21)[0][1].startswith('could not be read: syntax error at or near "X" (to line 22): X , ,')
    assert "(to line" not in unread("X" + "\n," * 20)[0][1]
    assert len(unread("X " + "y" * 500)[0][1].rpartition(": ")[2]) == SHOWN


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("TRUNCATE :t", [""]),
        ("\\set t orders\nTRUNCATE :t", ["orders"]),
        ("\\set t Orders\nTRUNCATE :\"t\"", ['"Orders"']),
        ("\\set t orders\nTRUNCATE :s.:t", ["*.orders"]),
        ("\\set t 'orders'\nTRUNCATE :t", ["orders"]),
        ("\\set t\nTRUNCATE :t orders", ["orders"]),
        ("\\set v it's\nUPDATE orders SET x = :'v'", ["orders"]),
        ("UPDATE orders SET x = y::text", ["orders"]),
        ("TRUNCATE ${t}", [""]), ("TRUNCATE {{t}}", [""]), ("TRUNCATE <%= t %>", [""]), ("TRUNCATE @t@", [""]), ("TRUNCATE %(t)s", [""]), ("TRUNCATE __T__", ["__t__"]),
        ("TRUNCATE x${t}", [""]),
        ("TRUNCATE ${s}.orders", ["*.orders"]), ("TRUNCATE s.x${t}", [""]),
        ("{% if x %} TRUNCATE orders {% endif %}", ["orders"]),
        ("DO $$ BEGIN TRUNCATE {{ s }}.orders; END $$", ["*.orders"]),
        ("DO $$ BEGIN {% if x %} TRUNCATE orders; {% endif %} END $$", ["orders"]),
        ('TRUNCATE ${s}."A b"', ['*."A b"']),
    ],
)  # fmt: skip
def test_what_psql_and_templates_fill_in_is_filled_as_far_as_it_is_known(text: str, names: list[str]):
    found = read(text)
    assert [touch.table for _, touch in found.touches] == names
    assert found.unread == []


def test_a_name_that_is_not_known_is_shown_as_dots():
    (found,) = touches("DO $$ BEGIN EXECUTE format('TRUNCATE s.%I', x); END $$")
    assert found.words == 'TRUNCATE s."…"'
    assert (found.table, found.elsewhere) == ("", ())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\\copy t from 'f.csv'", [("t", "ROW EXCLUSIVE", "writes rows")]),
        ("\\copy s.t (x, y) from 'f.csv' csv", [("s.t", "ROW EXCLUSIVE", "writes rows")]),
        ('\\copy "s"."t" FROM stdin', [("s.t", "ROW EXCLUSIVE", "writes rows")]),
        ("\\copy t to 'f.csv'", []),
        ("\\copy (select 1) to 'f.csv'", []),
    ],
)
def test_a_copy_by_psql_writes_rows(text: str, found: list[tuple[str, str, str]]):
    assert [(one.table, one.lock, one.effect) for one in touches(text)] == found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ALTER TABLE t ADD x int;", "ALTER TABLE t ADD x int;\n"),
        ("SELECT 1;\nALTER TABLE t ADD x int;", "SELECT 1;\nALTER TABLE t ADD x int;\n"),
        ("\n\nTRUNCATE t", "\n\nTRUNCATE t;\n"),
        ("CREATE TABLE t (x int); TRUNCATE t", "CREATE TABLE t (x int);\n"),
        ("CREATE TABLE t (x int); ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES b", "CREATE TABLE t (x int);ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES b;\n"),
        ("NONSENSE;\nTRUNCATE a", "\nTRUNCATE a;\n"),
        ("\\set x y\nTRUNCATE a", "\nTRUNCATE a;\n"),
        ("SELECT 1; TRUNCATE a", "SELECT 1;TRUNCATE a;\n"),
        ("DO $$ BEGIN EXECUTE x; END $$; TRUNCATE a", "TRUNCATE a;\n"),
        ("SELECT 'a\nb';\nTRUNCATE a", "SELECT 'a\nb';\nTRUNCATE a;\n"),
        ("NONSENSE", ""),
        ("", ""),
    ],
)
def test_what_the_linter_gets_is_what_was_read_of_others_tables_on_its_own_lines(text: str, lines: str):
    assert read(text).lintable == lines


PIECES = [
    "TRUNCATE a", "CREATE TABLE a (x int)", "DROP TABLE a", "ALTER TABLE a RENAME TO b", "ALTER TABLE b RENAME TO a", "BEGIN", "COMMIT", "SET search_path = s",
    "CREATE INDEX i ON a (x)", "TRUNCATE b", "NONSENSE", "\\set a b\n", "SELECT f()", "DO $$ BEGIN TRUNCATE a; END $$", "CREATE SCHEMA s",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_each_statement_is_read_or_said_to_be_unread_and_in_its_order(parts: list[str]):
    found = read(";\n".join(parts))
    lines = [touch.line for _, touch in found.touches]
    assert lines == sorted(lines)
    assert len(found.unread) == parts.count("NONSENSE")
    assert len(found.touches) == sum(part.startswith(("TRUNCATE", "DROP", "ALTER", "CREATE INDEX", "DO")) for part in parts)
    assert all(group == 0 for group, _ in found.touches) or "BEGIN" in parts


@given(st.lists(st.sampled_from(PIECES[:5]), max_size=6))
def test_nothing_of_a_file_s_own_is_taken_for_the_database_s(parts: list[str]):
    """A table is the file's own from CREATE to DROP, under whatever name."""
    own, names = set(), []
    for part in parts:
        words = part.split()
        if part.startswith("CREATE TABLE"):
            own.add("a")
            continue
        names.append((words[-1] if part.startswith(("TRUNCATE", "DROP")) else words[2]) in own)
        if part.startswith("DROP"):
            own.discard("a")
        elif part.startswith("ALTER") and words[2] in own:
            own.discard(words[2])
            own.add(words[-1])
    assert [touch.made == "here" for _, touch in read("; ".join(parts)).touches] == names


def test_a_search_path_of_one_file_ends_with_it():
    memory = Memory(PARSER)
    read("SET search_path = s; CREATE TABLE t (x int)", memory)
    assert [(touch.table, touch.made) for _, touch in read("TRUNCATE t; TRUNCATE s.t", memory).touches] == [("t", ""), ("s.t", "here")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EXPLAIN ANALYZE UPDATE t SET x = 1", [("t", "writes every row")]),
        ("WITH a AS (UPDATE t SET x = 1 RETURNING *) INSERT INTO u SELECT * FROM a", [("u", "writes rows"), ("t", "writes every row"), ("u", "writes rows")]),
        ("CREATE VIEW v AS SELECT * FROM t", []),
        ("CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u", [("t", "metadata only")]),
        ("CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM u; END", []),
        ("SELECT f() FROM (SELECT g()) x", []),
    ],
)
def test_what_stands_within_a_statement_counts_where_it_is_run(text: str, found: list[tuple[str, str]]):
    assert {(one.table, one.effect) for one in touches(text)} == set(found)


@pytest.mark.parametrize("language", ["plpgsql", "PLPGSQL", "'plpgsql'"])
def test_a_language_is_known_however_it_is_written(language: str):
    assert tables(f"CREATE FUNCTION f() RETURNS void LANGUAGE {language} AS 'BEGIN TRUNCATE a; END'; SELECT f()") == ["a"]


def test_a_function_without_a_body_runs_nothing():
    text = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT f(); CREATE FUNCTION g() RETURNS int RETURN 1; SELECT g()"
    assert (tables(text), unread(text)) == ([], [])


def test_what_a_block_makes_known_is_known_behind_it():
    assert tables("DO $$ BEGIN SET search_path = s; END $$; TRUNCATE t") == ["s.t"]
    assert [one.made for one in touches("DO $$ BEGIN CREATE TABLE t (x int); END $$; TRUNCATE t")] == ["here"]
    assert tables("DO $$ BEGIN ALTER TABLE t RENAME TO u; END $$; TRUNCATE u") == ["t", "t"]


def test_a_statement_that_is_not_read_changes_nothing_behind_it():
    assert tables("SET search_path = ; TRUNCATE t") == ["t"]
    assert groups("BEGIN NONSENSE; TRUNCATE a") == [0]


def test_many_blocks_in_one_another_end():
    text = "".join(
        f"CREATE FUNCTION f{number}() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM f{number + 1}(); PERFORM f{number + 2}(); END';" for number in range(12)
    )
    assert tables(f"{text} CREATE FUNCTION f12() RETURNS void LANGUAGE sql AS 'TRUNCATE a'; SELECT f9()") == ["a"] * 3
    assert tables(f"{text} SELECT f0()") == []
