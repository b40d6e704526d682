"""Which locks a migration's text takes, on what, for how long; and what of it cannot be read."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.database.parser import PostgresParser
from console.core.migrations import migration_set
from console.core.migrations.migration_set import Reader, backs_of, declared_old_code, decoded, in_order
from console.core.migrations.statements import cut
from console.model.database_facts import Migration
from console.safe_text import SafeText
from tests.examples import examples


def read(text: str, path: str = "db/1.sql") -> Migration:
    return Reader(PostgresParser()).read(SafeText(path), text).migration


def brief(text: str) -> list[tuple[int, str, str, str]]:
    """The statements that touch what the file does not make itself: line, table, lock, effect."""
    return [(one.line, one.table, one.lock, one.effect) for one in read(text).touches if one.made != "here"]


ALL, SHARE, ROW_SHARE, LIGHT = "ACCESS EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"


@pytest.mark.parametrize(("text", "table", "lock", "effect"), [
    ("ALTER TABLE orders ADD COLUMN x int", "orders", ALL, "metadata only"),
    ("ALTER TABLE orders ADD COLUMN x timestamptz NOT NULL DEFAULT now()", "orders", ALL, "metadata only"),
    ("ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()", "orders", ALL, "rewrites it"),
    ("ALTER TABLE orders ADD COLUMN x bigserial", "orders", ALL, "rewrites it"),
    ("ALTER TABLE orders ADD x int GENERATED ALWAYS AS IDENTITY", "orders", ALL, "rewrites it"),
    ("ALTER TABLE orders ADD x int GENERATED ALWAYS AS (y + 1) STORED", "orders", ALL, "rewrites it"),
    ("ALTER TABLE orders ADD x int DEFAULT our_own()", "orders", ALL, "rewrites it, if its default's function is volatile"),
    ("ALTER TABLE orders ADD x int UNIQUE", "orders", ALL, "builds an index"),
    ('alter table only public . "Order" drop column y', 'public."Order"', ALL, "drops a column with its data"),
    ("ALTER TABLE orders ALTER x TYPE bigint", "orders", ALL, "rewrites it, unless the type only widens"),
    ("ALTER TABLE orders ALTER x SET NOT NULL", "orders", ALL, "scans it"),
    ("ALTER TABLE orders SET (fillfactor = 70)", "orders", LIGHT, "metadata only"),
    ("ALTER TABLE orders SET UNLOGGED", "orders", ALL, "rewrites it"),
    ("ALTER TABLE orders ADD CONSTRAINT c CHECK (x > 1)", "orders", ALL, "scans it"),
    ("ALTER TABLE orders ADD CONSTRAINT c CHECK (x > 1) NOT VALID", "orders", ALL, "metadata only"),
    ("ALTER TABLE orders ADD CONSTRAINT c NOT NULL x NOT VALID", "orders", ALL, "metadata only"),
    ("ALTER TABLE orders VALIDATE CONSTRAINT c", "orders", LIGHT, "scans it"),
    ("ALTER TABLE orders ADD PRIMARY KEY USING INDEX i", "orders", ALL, "metadata only"),
    ("ALTER TABLE orders DISABLE TRIGGER ALL", "orders", ROW_SHARE, "metadata only"),
    ("ALTER TABLE orders RENAME x TO y", "orders", ALL, "renames what code before it uses"),
    ("ALTER TABLE orders SET SCHEMA old", "orders", ALL, "renames what code before it uses"),
    ("CREATE UNIQUE INDEX i ON orders (x)", "orders", SHARE, "builds an index"),
    ("CREATE INDEX ON orders (x)", "orders", SHARE, "builds an index"),
    ("CREATE INDEX ON ONLY orders (x)", "orders", SHARE, "metadata only"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (x)", "orders", LIGHT, "builds an index"),
    ("DROP INDEX i", "i", ALL, "metadata only"),
    ("DROP INDEX CONCURRENTLY old.i", "old.i", LIGHT, "metadata only"),
    ("DROP TABLE IF EXISTS old.orders", "old.orders", ALL, "drops it with its data"),
    ("TRUNCATE orders", "orders", ALL, "empties it"),
    ("VACUUM (VERBOSE, FULL) orders", "orders", ALL, "rewrites it"),
    ("VACUUM FULL", "", ALL, "rewrites it"),
    ("CLUSTER orders USING i", "orders", ALL, "rewrites it"),
    ("REINDEX TABLE orders", "orders", ALL, "builds an index"),
    ("REINDEX (CONCURRENTLY) TABLE orders", "orders", LIGHT, "builds an index"),
    ("REINDEX DATABASE shop", "", ALL, "builds an index"),
    ("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE", "orders", ROW_SHARE, "is held until the transaction ends"),
    ("LOCK orders", "orders", ALL, "is held until the transaction ends"),
    ("UPDATE orders SET x = 1", "orders", "ROW EXCLUSIVE", "writes every row"),
    ("UPDATE orders SET x = 1 WHERE true", "orders", "ROW EXCLUSIVE", "writes every row"),
    ("UPDATE orders SET x = 1 WHERE id = 7", "orders", "ROW EXCLUSIVE", "writes rows"),
    ("DELETE FROM orders", "orders", "ROW EXCLUSIVE", "deletes every row"),
    ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone", "orders", "ROW EXCLUSIVE", "deletes every row"),
    ("CREATE OR REPLACE TRIGGER t\nAFTER INSERT ON orders EXECUTE FUNCTION f()", "orders", ROW_SHARE, "metadata only"),
    ("REFRESH MATERIALIZED VIEW sums", "sums", ALL, "fills it anew"),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY sums", "sums", "EXCLUSIVE", "fills it anew"),
    ("DROP SCHEMA old CASCADE", "", ALL, "drops it with its data"),
    ("/* one /* two */ ; */ ALTER TABLE orders DROP CONSTRAINT c -- three", "orders", ALL, "metadata only"),
    ("\ufeffALTER TABLE orders ADD x int", "orders", ALL, "metadata only"),
    ("SET search_path = storage, pg_catalog;\nTRUNCATE objects", "storage.objects", ALL, "empties it"),
    ("SELECT pg_catalog.set_config('search_path', 'storage', false);\nTRUNCATE objects", "storage.objects", ALL, "empties it"),
    ("\\set t orders\n\\connect shop\nTRUNCATE :t", "orders", ALL, "empties it"),
    ("COPY colours FROM stdin;\nTRUNCATE x;\n\\.\nTRUNCATE orders", "orders", ALL, "empties it"),
    ("TRUNCATE ${schema}.orders", "*.orders", ALL, "empties it"), ("TRUNCATE {{ table }}", "", ALL, "empties it"),
    ('DO $$ BEGIN ALTER TABLE {{ index .Options "Schema" }}.orders ADD x serial; END $$', "*.orders", ALL, "rewrites it"),
    ("DO $$ BEGIN IF true THEN ALTER TABLE orders ALTER x SET NOT NULL; END IF; END $$", "orders", ALL, "scans it"),
    ("DO $$ BEGIN EXECUTE 'TRUNCATE ' || 'orders'; END $$", "orders", ALL, "empties it"),
    ("DO $$ BEGIN EXECUTE format('TRUNCATE %I.%1$I', 'a', 'b'); END $$", "a.a", ALL, "empties it"),
    ("DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE format('TRUNCATE %I', r.name); END LOOP; END $$", "", ALL, "empties it"),
    ("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\nTRUNCATE orders; END $$;\nSELECT f();", "orders", ALL, "empties it"),
    ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE orders';\nSELECT f();", "orders", ALL, "empties it"),
])  # fmt: skip
def test_a_statement_locks_what_it_names(text: str, table: str, lock: str, effect: str):
    assert (table, lock, effect) in [one[1:] for one in brief(text)]


@pytest.mark.parametrize(("text", "tables"), [
    ("DROP TABLE a, b.c", ["a", "b.c"]),
    ("ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES b (id)", ["a", "b"]),
    ("ALTER TABLE a ADD COLUMN x int REFERENCES b", ["a", "b"]),
    ("CREATE TABLE fresh (x int REFERENCES b, FOREIGN KEY (x) REFERENCES c)", ["b", "c"]),
    ("CREATE TABLE part PARTITION OF a FOR VALUES IN (1)", ["a"]),
    ("ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)", ["a", "b"]),
    ("DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END $$", ["a", "b"]),
    ("DO $$ DECLARE l text[] := '{a,b}'::text[]; t text; BEGIN FOREACH t IN ARRAY l LOOP EXECUTE 'TRUNCATE ' || quote_ident(t); END LOOP; END $$", ["a", "b"]),
    ("ALTER TABLE a RENAME TO old; CREATE TABLE a (x int); DROP TABLE old; DROP TABLE a", ["a", "a"]),
])  # fmt: skip
def test_every_table_is_named(text: str, tables: list[str]):
    assert [one[1] for one in brief(text)] == tables


@pytest.mark.parametrize("text", [
    "CREATE TABLE fresh (id int);\nCREATE INDEX i ON public.fresh (id);\nALTER TABLE fresh ADD y serial;\nDROP INDEX i;\nUPDATE fresh SET y = 1;",
    "CREATE TABLE fresh AS SELECT 1; CREATE INDEX ON fresh (x); ALTER TABLE fresh RENAME TO newer; TRUNCATE newer;",
    "SELECT 1 INTO fresh; ALTER TABLE fresh ADD y int", "SET search_path = a; CREATE TABLE b (x int); CREATE INDEX ON a.b (x)",
    "CREATE TYPE c AS ENUM ('a'); ALTER TYPE c ADD VALUE 'b'; COMMENT ON TABLE orders IS 'x'; GRANT SELECT ON orders TO ada; ANALYZE orders",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE orders; END $$",
    "SELECT 'ALTER TABLE orders ADD x int; DROP TABLE orders'", "VACUUM (FULL false) orders", "PREPARE p AS DELETE FROM orders", "",
])  # fmt: skip
def test_what_touches_nothing_of_others_is_quiet(text: str):
    assert brief(text) == []
    assert read(text).unread == ()


def test_a_table_that_may_be_there_already_is_not_taken_for_new():
    touches = read("CREATE TABLE IF NOT EXISTS orders (id int);\nCREATE INDEX ON orders (id);").touches
    assert [(one.table, one.made) for one in touches] == [("orders", "perhaps")]


def test_what_one_file_makes_is_known_in_the_next():
    reader = Reader(PostgresParser())
    reader.read(SafeText("db/1.sql"), "CREATE TABLE fresh (id int)")
    assert [one.made for one in reader.read(SafeText("db/2.sql"), "CREATE INDEX ON fresh (id)").migration.touches] == ["here"]


@pytest.mark.parametrize("text", [
    "-- +goose Up\nALTER TABLE a ADD x int;\n-- +goose Down\nDROP TABLE b;", "-- migrate:up\nALTER TABLE a ADD x int;\n-- migrate:down\nDROP TABLE b;",
    "-- +migrate Up\nALTER TABLE a ADD x int;\n-- +migrate Down\nDROP TABLE b;", "-- Up Migration\nALTER TABLE a ADD x int;\n-- Down Migration\nDROP TABLE b;",
    "-- rambler up\nALTER TABLE a ADD x int;\n-- rambler down\nDROP TABLE b;", "# --- !Ups\nALTER TABLE a ADD x int;\n# --- !Downs\nDROP TABLE b;",
    "ALTER TABLE a ADD x int;\n---- create above / drop below ----\nDROP TABLE b;", "-- UP\nALTER TABLE a ADD x int;\n-- DOWN\nDROP TABLE b;",
    "ALTER TABLE a ADD x int;\n-- //@UNDO\nDROP TABLE b;",
])  # fmt: skip
def test_the_way_back_in_a_file_is_no_part_of_the_way_forward(text: str):
    found = read(text)
    assert [one.table for one in found.touches] == ["a"]
    assert [(one.table, one.effect) for one in found.back] == [("b", "drops it with its data")]


def test_a_comment_that_only_says_down_hides_nothing():
    assert [one.table for one in read("-- down\nDROP TABLE b;").touches] == ["b"]


def test_files_that_are_ways_back():
    paths = (
        "db/1.up.sql",
        "db/1.down.sql",
        "m/2/up.sql",
        "m/2/down.sql",
        "U3__x.sql",
        "V3__x.sql",
        "4_up.sql",
        "4_down.sql",
        "5_shut_down.sql",
        "revert/6.sql",
    )
    assert backs_of(paths) == {"db/1.down.sql", "m/2/down.sql", "U3__x.sql", "4_down.sql", "revert/6.sql"}
    assert sorted(("V10__a.sql", "V2__b.sql"), key=in_order) == ["V2__b.sql", "V10__a.sql"]


@pytest.mark.parametrize(("text", "line", "words"), [
    ("SELECT 1;\nALTER TABEL orders ADD x int;", 2, 'syntax error at or near "TABEL": ALTER TABEL orders'), ("SELECT 1 \\gexec", 1, "returns"),
    ("\n\\i other.sql", 2, "another file"), ("SELECT 'x;\nALTER TABLE a ADD y int", 1, "unterminated"),
    ("DO $$\nBEGIN\n  EXECUTE made_up;\nEND $$", 3, "made up as it runs: EXECUTE made_up"), ("DO LANGUAGE plpython3u $$ x $$", 1, "plpython3u"),
    ("DO $$ BEGIN NONSENSE x; END $$", 1, "its body could not be read"), ("ALTER TABLE {{ a }} {{ b }};", 1, "a template fills {{ a }}"),
    ("version https://git-lfs.github.com/spec/v1", 1, "could not be read"), ("ALTER TABLE a MODIFY x int UNSIGNED", 1, "could not be read"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_line(text: str, line: int, words: str):
    (found,) = read(text).unread
    assert found.line == line
    assert words in found.message


@pytest.mark.parametrize("path", ["m/1_x.mysql.up.sql", "sqlite/1.sql"])
def test_what_is_for_another_database_is_said(path: str):
    assert "by its name it is for" in read("ALTER TABLE `a` MODIFY x int", path).unread[0].message


@pytest.mark.parametrize("path", ["db/1.rb", "migrations/0001_initial.py", "db/1.sql.erb", "db/changelog.xml", "db/1"])
def test_what_is_no_sql_is_said(path: str):
    found = read("-- old-code: ok\nALTER TABLE a ADD b int", path)
    assert (found.touches, found.old_code) == ((), "ok")
    assert "not SQL" in found.unread[0].message


def test_a_lock_of_a_moment_lasts_as_long_as_what_follows_in_its_transaction():
    held = read("BEGIN; ALTER TABLE a ADD x int;\nUPDATE a SET x = 1;\nCOMMIT;").touches[0]
    assert (held.effect, held.held_by) == ("metadata only", 2)
    assert read("ALTER TABLE a ADD x int;\nUPDATE a SET x = 1;").touches[0].held_by == 0
    assert read("BEGIN; ALTER TABLE a ADD x int;\nCOMMIT;\nUPDATE a SET x = 1;").touches[0].held_by == 0
    assert read("-- +goose Up\nALTER TABLE a ADD x int;\nUPDATE a SET x = 1;").touches[0].held_by == 3


@pytest.mark.parametrize(("text", "fails"), [
    ("BEGIN; CREATE INDEX CONCURRENTLY i ON a (x); COMMIT;", True), ("CREATE INDEX CONCURRENTLY i ON a (x);", False),
    ("-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (x);", True), ("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON a (x);", False),
    ("-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY i;", False), ("-- migrate:up\nVACUUM a;", True),
])  # fmt: skip
def test_what_cannot_run_in_a_transaction_is_said(text: str, fails: bool):
    assert [one.rule for one in read(text).findings] == ["in-transaction"] * fails


def test_only_what_was_read_and_is_not_new_goes_to_the_linter_on_its_own_line():
    text = "CREATE TABLE fresh (id int);\nCREATE INDEX ON fresh (id);\n\\set x 1\nALTER TABEL;\nCREATE INDEX i ON a (x);\n-- +goose Down\nDROP TABLE a;"
    assert Reader(PostgresParser()).read(SafeText("1.sql"), text).lintable == "CREATE TABLE fresh (id int);\n\n\n\nCREATE INDEX i ON a (x);\n"


@pytest.mark.parametrize("data", [
    "ALTER TABLE café ADD x int;\r\n".encode("utf-16"), b"\xff\xfe" + "ALTER TABLE café ADD x int;".encode("utf-16-le"), "ALTER TABLE café ADD x int".encode("latin-1"),
    "ALTER TABLE café ADD x int".encode("utf-16-be"), "ALTER TABLE café ADD x int".encode("utf-8-sig"), "ALTER\r\nTABLE café\rADD x int".encode(),
])  # fmt: skip
def test_files_in_other_encodings(data: bytes):
    assert [one.table for one in read(decoded(data)).touches] == ['"café"']


def test_lines_are_counted_and_semicolons_in_quotes_end_nothing():
    text = "-- one; two\nSELECT ';' /* ; \n */;\n\nDO $x$ BEGIN\nALTER TABLE q ADD y int; END $x$;\nALTER TABLE\n  orders ADD z int"
    assert [(one.line, one.last) for one in cut(text).statements] == [(2, 3), (5, 6), (7, 8)]
    assert [one[:2] for one in brief(text)] == [(6, "q"), (7, "orders")]


def test_bodies_in_standard_sql_and_rules_are_one_statement():
    text = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END; CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3"
    assert [one.text.split()[1] for one in cut(text).statements] == ["FUNCTION", "RULE", "3"]


def test_what_a_file_says_of_the_code_before():
    assert declared_old_code("-- old-code: ok\nSELECT 1") == "ok"
    assert declared_old_code("SELECT 1;\n  -- Old-Code: BREAKS \n-- old-code: ok") == "breaks"
    assert declared_old_code("-- old-code: perhaps\nSELECT '-- old-code: okay'") == ""


@given(st.text(alphabet="ab;'\"$-/*\\ \n()", max_size=60))
def test_any_text_is_cut_without_losing_its_lines(text: str):
    found = cut(text).statements
    assert all(1 <= one.line <= one.last <= text.count("\n") + 1 for one in found)
    in_order_of_end = [one.line for one in found if one.kind == "sql"]
    assert in_order_of_end == sorted(in_order_of_end)


PIECES = [
    "ALTER TABLE a ADD x int",
    "DROP TABLE b",
    "SELECT",
    "$$",
    "'",
    "--\n",
    "/*",
    "*/",
    ";",
    "\n",
    "BEGIN",
    "END",
    "(",
    ")",
    "DO",
    "EXECUTE",
    "\\set a b",
    "{{x}}",
    ":a",
]


@examples(300)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_text_is_read_or_said_to_be_unread(text: str):
    found = read(text)
    is_run = any("ALTER TABLE a ADD x int" in one.text for one in cut(text).statements if one.kind == "sql")
    if is_run and "'" not in text and "$$" not in text:
        assert found.unread or any(one.table == "a" for one in found.touches)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""), ("SELECT 1", ""), ("-- old-code: ok", "ok"), ("--old-code:ok", "ok"), ("  --  OLD-CODE :ok", ""), ("\t-- Old-Code:   Ok  ", "ok"),
        ("-- old-code: breaks", "breaks"), ("-- old-code: ok\n-- old-code: breaks", "breaks"), ("-- old-code: breaks\n-- old-code: ok", "breaks"),
        ("SELECT 1; -- old-code: ok", ""), ("-- old-code: okay", ""), ("-- old-code: ok it runs", ""), ("# old-code: ok", ""), ("-- old-code:\nok", "ok"),
        ("a\n-- old-code: ok\nb", "ok"), ("-- old-code: ok\r", "ok"),
    ],
)  # fmt: skip
def test_what_a_file_declares_of_the_code_before_it(text: str, said: str):
    assert declared_old_code(text) == said


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""), (b"a", "a"), ("ü€".encode(), "ü€"), ("ü".encode("utf-8-sig"), "ü"), ("ü€".encode("utf-16"), "ü€"), (b"\xfe\xff" + "ü€".encode("utf-16-be"), "ü€"),
        ("ab".encode("utf-16-le"), "ab"), ("ab".encode("utf-16-be"), "ab"), ("ü".encode("latin-1"), "ü"), (b"\xff\xfe\x00", "�"), (b"a\x00b", "a�"),
        (b"a" * 200 + b"\x00", "a" * 200 + "\x00"), (bytes(range(128, 256)), bytes(range(128, 256)).decode("latin-1")),
    ],
)  # fmt: skip
def test_a_file_in_any_encoding_is_text(data: bytes, text: str):
    assert decoded(data) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_text(data: bytes):
    assert isinstance(decoded(data), str)


@given(st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=("Cs",)), max_size=40), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_text_is_read_as_it_was_written(text: str, encoding: str):
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "paths",
    [
        ("1.sql", "2.sql", "10.sql"), ("V1__a.sql", "V2__a.sql", "V10__a.sql"), ("2024_a.sql", "20240101_a.sql"), ("db/9/1.sql", "db/10/1.sql"),
        ("a1b2.sql", "a1b10.sql", "a2b1.sql"), ("1.1.sql", "1.2.sql", "1.10.sql"), ("001.sql", "2.sql"), ("a.sql", "b.sql"),
    ],
)  # fmt: skip
def test_files_are_in_the_order_in_which_tools_run_them(paths: tuple[str, ...]):
    backwards = paths[::-1]
    assert tuple(sorted(backwards, key=in_order)) == paths


@given(st.lists(st.text(alphabet="ab0129._/-Vü²٣", max_size=10), max_size=6), st.randoms())
def test_any_names_have_one_order(paths: list[str], chance: Random):
    found = sorted(paths, key=in_order)
    chance.shuffle(paths)
    assert [in_order(path) for path in sorted(paths, key=in_order)] == [in_order(path) for path in found]


@pytest.mark.parametrize(
    ("paths", "backs"),
    [
        (("1.down.sql",), {"1.down.sql"}), (("1.revert.sql",), {"1.revert.sql"}), (("1.rollback.sql",), {"1.rollback.sql"}), (("1.undo.sql",), {"1.undo.sql"}),
        (("m/down.sql",), {"m/down.sql"}), (("down.sql",), {"down.sql"}), (("m/a.down.rb",), {"m/a.down.rb"}), (("m/1_a.x.down.sql",), {"m/1_a.x.down.sql"}),
        (("U2__a.sql", "db/U2.1__a.sql"), {"U2__a.sql", "db/U2.1__a.sql"}), (("Undo__a.sql", "BU2__a.sql"), set()),
        (("revert/1.sql", "m/down/1.sql", "rollback/a/b.sql", "undo/x"), {"revert/1.sql", "m/down/1.sql", "rollback/a/b.sql", "undo/x"}),
        (("1_down.sql",), set()), (("1_up.sql", "1_down.sql"), {"1_down.sql"}), (("1-up.sql", "1-down.sql"), {"1-down.sql"}), (("1_up.sql", "1-down.sql"), set()),
        (("a/1_up.sql", "b/1_down.sql"), set()), (("1_up.sql", "1_downs.sql"), set()), (("1.up.sql", "countdown.sql", "m/downtown.sql", "rollbacks/1.sql"), set()),
    ],
)  # fmt: skip
def test_which_files_take_others_back(paths: tuple[str, ...], backs: set[str]):
    assert backs_of(paths) == backs


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("db/1.sql", ""), ("db/1.SQL", ""), ("db/1.psql", ""), ("db/1.pgsql", ""), ("db/1.ddl", ""),
        ("db/1.py", "it is not SQL, so what it locks is not known"), ("db/sql", "it is not SQL, so what it locks is not known"),
        ("db/1.sql.bak", "it is not SQL, so what it locks is not known"),
        ("db/1.mysql.sql", "by its name it is for mysql, so it is not read"), ("mysql/1.sql", "by its name it is for mysql, so it is not read"),
        ("db/MariaDB/1.sql", "by its name it is for MariaDB, so it is not read"), ("db/sqlite3/1.sql", "by its name it is for sqlite3, so it is not read"),
        ("1.sqlite.sql", "by its name it is for sqlite, so it is not read"), ("a.mssql.sql", "by its name it is for mssql, so it is not read"),
        ("sqlserver/1.sql", "by its name it is for sqlserver, so it is not read"), ("oracle/1.sql", "by its name it is for oracle, so it is not read"),
        ("cockroach/1.sql", "by its name it is for cockroach, so it is not read"), ("cockroachdb/1.sql", "by its name it is for cockroachdb, so it is not read"),
        ("db/oracles/1.sql", ""), ("db/my_mysql_notes.sql", ""), ("db/postgres/1.sql", ""),
    ],
)  # fmt: skip
def test_which_files_are_read(path: str, words: str):
    found = read("ALTER TABLE a ADD b int", path)
    assert [one.message for one in found.unread] == ([words] if words else [])
    assert len(found.touches) == (not words)


def test_a_file_that_is_too_large_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migration_set, "LARGEST", 30)
    assert read("TRUNCATE a" + " " * 20).unread == ()
    found = read("-- old-code: ok\nTRUNCATE a" + " " * 20)
    assert (found.touches, found.old_code) == ((), "ok")
    assert [(one.line, one.rule, one.message) for one in found.unread] == [(0, "unread", "it is 46 B large, and files over 30 B are not read")]


def test_eight_mebibytes_are_read():
    assert migration_set.LARGEST == 8 * 1024 * 1024


def held(text: str) -> list[int]:
    """Through which line each lock is held."""
    return [one.held_by for one in read(text).touches]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("BEGIN;\nALTER TABLE a ADD x int;\nUPDATE b SET x = 1;", [3, 0]),
        ("BEGIN;\nALTER TABLE a ADD x int;\nALTER TABLE b ADD y int;\nCREATE INDEX ON c (x);", [4, 4, 0]),
        ("BEGIN;\nALTER TABLE a ADD x int;\nCREATE INDEX ON c (x);\nUPDATE d SET x = 1;", [3, 0, 0]),
        ("BEGIN;\nALTER TABLE a ADD x int;\nCOMMIT;\nBEGIN;\nUPDATE b SET x = 1;", [0, 0]),
        ("ALTER TABLE a ADD x int;\nUPDATE b SET x = 1;", [0, 0]),
        ("BEGIN;\nALTER TABLE a ADD x int;\nUPDATE b SET x = 1 WHERE y = 2;", [0, 0]),
        ("BEGIN;\nINSERT INTO a VALUES (1);\nUPDATE b SET x = 1;", [0, 0]),
        ("BEGIN;\nALTER TABLE a ADD x int;\nCREATE TABLE b (x int);\nCREATE INDEX ON b (x);", [0, 0]),
        ("BEGIN;\nUPDATE b SET x = 1;\nALTER TABLE a ADD x int;", [0, 0]),
        ("BEGIN; ALTER TABLE a ADD x int; UPDATE b SET x = 1;", [0, 0]),
        ("BEGIN;\nDROP TABLE a;\nUPDATE b SET x = 1;", [3, 0]),
    ],
    ids=["held", "both", "the next long one", "another transaction", "none", "not long", "blocks nobody", "on a new table", "before", "one line", "dropped"],
)
def test_a_lock_is_held_through_what_takes_long_in_its_transaction(text: str, lines: list[int]):
    assert held(text) == lines


def test_the_way_back_in_a_file_is_kept_apart_with_all_that_it_is():
    text = "CREATE TABLE fresh (x int);\nTRUNCATE a;\n-- +goose Down\nTRUNCATE fresh;\nNONSENSE;\nDROP TABLE a;"
    found = read(text)
    assert [(one.table, one.made) for one in found.touches] == [("a", "")]
    assert [(one.line, one.table, one.made) for one in found.back] == [(4, "fresh", ""), (6, "a", "")]
    assert [one.line for one in found.unread] == [5]
    assert found.is_back is False


def test_a_whole_file_that_is_a_way_back_says_so_and_locks_nothing_forward():
    found = Reader(PostgresParser()).read(SafeText("1.down.sql"), "DROP TABLE a", is_back=True)
    assert (found.migration.touches, [one.table for one in found.migration.back], found.migration.is_back, found.lintable) == ((), ["a"], True, "")


def test_what_a_way_back_makes_is_not_taken_for_made():
    reader = Reader(PostgresParser())
    reader.read(SafeText("1.down.sql"), "CREATE TABLE a (x int)", is_back=True)
    assert reader.read(SafeText("2.sql"), "TRUNCATE a").migration.touches[0].made == ""
