"""Which locks a migration's text takes, and what it says of the code before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.migrations import declared_old_code, read_migration, statements, touches
from console.text import SafeText


@pytest.mark.parametrize(
    ("text", "table", "lock", "blocks"),
    [
        ("ALTER TABLE orders ADD COLUMN x int", "orders", "ACCESS EXCLUSIVE", "reads and writes"),
        ('alter table only public . "Order" drop column y', 'public."Order"', "ACCESS EXCLUSIVE", "reads and writes"),
        ("ALTER TABLE orders VALIDATE CONSTRAINT c", "orders", "SHARE UPDATE EXCLUSIVE", "nothing"),
        ("CREATE UNIQUE INDEX i ON orders (x)", "orders", "SHARE", "writes"),
        ("CREATE INDEX ON orders (x)", "orders", "SHARE", "writes"),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (x)", "orders", "SHARE UPDATE EXCLUSIVE", "nothing"),
        ("DROP INDEX i", "i", "ACCESS EXCLUSIVE", "reads and writes"),
        ("DROP TABLE IF EXISTS old.orders", "old.orders", "ACCESS EXCLUSIVE", "reads and writes"),
        ("TRUNCATE orders", "orders", "ACCESS EXCLUSIVE", "reads and writes"),
        ("VACUUM (VERBOSE, FULL) orders", "orders", "ACCESS EXCLUSIVE", "reads and writes"),
        ("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE", "orders", "SHARE ROW EXCLUSIVE", "writes"),
        ("LOCK orders", "orders", "ACCESS EXCLUSIVE", "reads and writes"),
        ("UPDATE orders SET x = 1", "orders", "ROW EXCLUSIVE", "nothing"),
        ("CREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f()", "orders", "SHARE ROW EXCLUSIVE", "writes"),
        ("REFRESH MATERIALIZED VIEW sums", "sums", "ACCESS EXCLUSIVE", "reads and writes"),
    ],
)
def test_a_statement_locks_what_it_names(text: str, table: str, lock: str, blocks: str):
    (touch,) = touches(text)
    assert (touch.table, touch.lock, touch.blocks) == (table, lock, blocks)


def test_a_foreign_key_locks_both_tables():
    found = touches("ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES b (id)")
    assert [(touch.table, touch.blocks) for touch in found] == [("a", "writes"), ("b", "writes")]


def test_what_the_same_file_makes_is_nobodys_yet():
    text = "CREATE TABLE IF NOT EXISTS fresh (id int, o int REFERENCES orders (id));\nCREATE INDEX ON fresh (id);\nALTER TABLE fresh ADD y int;"
    assert [(touch.line, touch.table) for touch in touches(text)] == [(1, "orders")]


def test_lines_are_counted_and_semicolons_in_quotes_end_nothing():
    text = "-- one; two\nSELECT ';' /* ; \n */;\n\nDO $x$ BEGIN; ALTER TABLE q ADD y int; END $x$;\nALTER TABLE\n  orders ADD z int"
    assert [(one.line, one.last) for one in statements(text)] == [(2, 3), (5, 5), (6, 7)]
    assert [(touch.line, touch.table) for touch in touches(text)] == [(6, "orders")]


def test_what_a_file_says_of_the_code_before():
    assert declared_old_code("-- old-code: ok\nSELECT 1") == "ok"
    assert declared_old_code("SELECT 1;\n  -- Old-Code: BREAKS \n-- old-code: ok") == "breaks"
    assert declared_old_code("-- old-code: perhaps\nSELECT '-- old-code: okay'") == ""
    assert read_migration(SafeText("db/1.rb"), "-- old-code: ok\nALTER TABLE a ADD b int", ()).touches == ()


@given(st.text(alphabet="ab;'\"$-/* \n", max_size=60))
def test_any_text_is_cut_without_losing_its_lines(text: str):
    found = list(statements(text))
    assert all(1 <= one.line <= one.last <= text.count("\n") + 1 for one in found)
    assert [one.line for one in found] == sorted(one.line for one in found)
