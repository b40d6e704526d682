"""What is told of migrations before the decision, and in which order."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.database import assess_migrations, completed_review, with_schema
from console.core.migrations.review import (
    LARGE,
    LARGE_BYTES,
    ReviewedStatement,
    brief_words,
    is_large,
    is_notable,
    names_of,
    pointed_out,
    resolved,
    shortened,
    table_words,
    unread_words,
    worst_first,
)
from console.model.checks import Check
from console.model.database_facts import Effect, LintFinding, Migration, Review, TableFacts, Touch
from console.model.declared_impact import Impact
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import an_environment
from tests.core.test_database import DATABASE, NOW

GIB = 2**30
BIG, SMALL = TableFacts("big", size=40 * GIB, rows=90_000_000), TableFacts("small", size=8192, rows=3)


def touch(table: str, effect: str = "rewrites it", lock: str = "ACCESS EXCLUSIVE", **more) -> Touch:
    blocks = {"ACCESS EXCLUSIVE": "reads and writes", "SHARE": "writes"}.get(lock, "nothing")
    return Touch(1, SafeText(f"{effect} {table}"), table, lock, blocks, effect, **more)


def a_review(*touches: Touch, tables=(BIG, SMALL), **fields) -> Review:
    return Review(migrations=tuple(Migration(SafeText(f"db/{number}.sql"), touches=(one,)) for number, one in enumerate(touches)), tables=tables, **fields)


def test_the_worst_of_three_hundred_is_first():
    many = [touch("small") if number != 271 else touch("big") for number in range(300)]
    middle = TableFacts("middle", size=GIB, rows=1_000_000)
    review = a_review(*many, *[touch("middle", "scans it")] * 20, tables=(BIG, SMALL, middle))
    told = pointed_out(review)
    assert told[0].startswith("db/271.sql:1: ")
    assert "big: 40 GiB, about 90,000,000 rows, rewrites it" in told[0]
    assert told[-1] == "and 15 more"
    kept = shortened(review)
    assert (pointed_out(kept)[0], len(kept.migrations), kept.tables) == (told[0], 320, (BIG, SMALL, middle))


@pytest.mark.parametrize(("worse", "better"), [
    (touch("big"), touch("big", "scans it")), (touch("big"), touch("big", "builds an index", "SHARE")), (touch("big", "scans it"), touch("middle")),
    (touch("big", "drops it with its data"), touch("big", "renames what code before it uses")), (touch("big", "metadata only", held_by=4), touch("middle", "scans it")),
    (touch("big", "writes every row", "ROW EXCLUSIVE"), touch("middle")), (touch("", "rewrites it"), touch("small", "empties it")),
])  # fmt: skip
def test_what_is_worse(worse: Touch, better: Touch):
    tables = (BIG, SMALL, TableFacts("middle", size=GIB // 4, rows=1_000_000))
    assert pointed_out(a_review(better, worse, tables=tables))[0].startswith("db/1.sql")


def test_a_lock_of_a_moment_is_said_and_no_warning():
    review = a_review(touch("big", "metadata only"))
    assert pointed_out(review) == ()
    assert brief_words(review)[0].endswith("ACCESS EXCLUSIVE lock, blocks reads and writes on big: 40 GiB, about 90,000,000 rows, metadata only")
    environment = changed(an_environment(2), database=DATABASE)
    check = assess_migrations(completed_review(environment, environment.hosts, review, Impact(), NOW), Impact())
    assert (check.status, "metadata only" in check.detail) == ("passed", True)
    busy = a_review(touch("big", "metadata only"), tables=(changed(BIG, sessions=1, oldest=90.0, holder=SafeText("ada")),))
    assert "1 open transaction holds locks on it" in pointed_out(busy)[0]


def test_partitions_count_unless_they_are_left_alone():
    parent = TableFacts("events", size=40 * GIB, rows=10**8, parts=30, own=0)
    assert "in 30 partitions" in pointed_out(a_review(touch("events", "builds an index", "SHARE"), tables=(parent,)))[0]
    assert pointed_out(a_review(touch("events", "builds an index", "SHARE", is_only=True), tables=(parent,))) == ()


def test_the_search_path_and_what_is_made_are_settled_by_what_there_is():
    review = a_review(touch("a.t", elsewhere=("b.t",)), touch("new", made="perhaps"), touch("big", made="perhaps"), touch("fresh", made="here"),
                      tables=(TableFacts("a.t", exists=False), TableFacts("b.t", size=GIB, rows=10**6), TableFacts("new", exists=False), BIG))  # fmt: skip
    assert names_of(review.migrations) == ("a.t", "b.t", "new", "big")
    assert [one.table for each in resolved(review).migrations for one in each.touches] == ["b.t", "big"]


def test_what_could_not_be_read_is_a_warning():
    review = Review(migrations=(Migration(SafeText("db/1.rb"), unread=(LintFinding(0, "unread", SafeText("it is not SQL")),)),), runs=True, where="web01")
    assert unread_words(review) == ("db/1.rb: it is not SQL",)
    check = assess_migrations(review, Impact())
    assert (check.status, "db/1.rb: it is not SQL" in check.detail) == ("warning", True)


def test_a_first_release_has_no_code_before_it():
    environment = changed(an_environment(2), database=DATABASE)
    files = (Migration(SafeText("db/1.sql")), Migration(SafeText("db/1.down.sql"), is_back=True))
    review = Review(known=False, is_first=True, migrations=files)
    assert "1 migration file in the commit, and nothing is live yet" in assess_migrations(review, Impact()).detail
    found = completed_review(environment, environment.hosts, review, Impact(migration="yes"), NOW)
    check = with_schema(Check("way-back", SafeText("Way back"), "warning", detail=SafeText("first release on 2 hosts")), found)
    assert (check.status, "no code before it uses it" in check.detail) == ("warning", True)
    assert assess_migrations(found, Impact(migration="yes")).detail.startswith("1 in the commit: db/1.sql")
    assert assess_migrations(Review(known=False, is_first=True), Impact()).status == "passed"


def told(*touches: Touch, tables=()) -> list[str]:
    return [str(one.touch.words) for one in worst_first(a_review(*touches, tables=tables))]


@pytest.mark.parametrize(
    ("table", "only", "large"),
    [
        (TableFacts("t", size=LARGE_BYTES), False, True), (TableFacts("t", size=LARGE_BYTES - 1), False, False), (TableFacts("t", rows=LARGE), False, True),
        (TableFacts("t", rows=LARGE - 1), False, False), (TableFacts("t", size=GIB, own=0), True, False), (TableFacts("t", size=GIB, own=LARGE_BYTES), True, True),
        (TableFacts("t", size=GIB, own=LARGE_BYTES - 1), True, False), (TableFacts("t", size=GIB, rows=LARGE, own=-1), True, True), (TableFacts("t", size=GIB, own=0), False, True),
    ],
)  # fmt: skip
def test_a_table_is_large_by_its_bytes_or_its_rows_and_alone_by_its_own(table: TableFacts, only: bool, large: bool):
    assert is_large(table, touch("t", is_only=only)) is large
    assert (LARGE, LARGE_BYTES) == (100_000, 64 * 2**20)


def test_a_table_without_a_statement_is_large_by_all_of_it():
    assert is_large(TableFacts("t", size=GIB, own=0)) is True


EMPTY, FEW, BUSY = TableFacts("t"), TableFacts("t", rows=1), TableFacts("t", sessions=1)


@pytest.mark.parametrize(
    ("table", "one", "notable"),
    [
        (BIG, touch("t"), True), (BIG, touch("t", "metadata only"), False), (BIG, touch("t", "metadata only", held_by=3), True), (BIG, touch("t", "scans it", "SHARE"), True),
        (SMALL, touch("t"), False), (changed(BIG, exists=False), touch("t"), False), (changed(BUSY, exists=False), touch("t"), False),
        (EMPTY, touch("t", "drops it with its data"), False), (FEW, touch("t", "drops it with its data"), True), (FEW, touch("t", "empties it"), True),
        (FEW, touch("t", "deletes every row", "ROW EXCLUSIVE"), True), (FEW, touch("t", "drops a column with its data"), False), (FEW, touch("t", "writes every row"), False),
        (BUSY, touch("t", "metadata only"), True), (BUSY, touch("t", "metadata only", "SHARE"), True), (BUSY, touch("t", "writes rows", "ROW EXCLUSIVE"), False),
    ],
    ids=["large", "brief", "held", "scanned", "small", "not there", "busy and not there", "empty", "dropped", "emptied", "deleted", "a column", "written", "busy", "busy, writes", "busy, no lock"],
)  # fmt: skip
def test_what_is_likely_to_be_felt(table: TableFacts, one: Touch, notable: bool):
    assert is_notable(table, one) is notable


@pytest.mark.parametrize(
    ("one", "tables", "is_told"),
    [
        (touch("x"), (), True), (touch("x", "metadata only"), (), False), (touch("x", "metadata only", held_by=2), (), True),
        (touch("x", "writes rows", "ROW EXCLUSIVE"), (), False), (touch("x", "writes every row", "ROW EXCLUSIVE"), (), True),
        (touch("x", "deletes every row", "ROW EXCLUSIVE"), (), True), (touch("big", "writes rows", "ROW EXCLUSIVE"), (BIG,), False),
        (touch("big", "writes every row", "ROW EXCLUSIVE"), (BIG,), True), (touch("small", "writes every row", "ROW EXCLUSIVE"), (SMALL,), False),
        (touch("big", "builds an index", "SHARE UPDATE EXCLUSIVE"), (BIG,), False),
    ],
    ids=["size unknown", "brief, unknown", "held, unknown", "rows, unknown", "every row, unknown", "deletes, unknown", "rows", "every row", "every row of a small one", "blocks nobody"],
)  # fmt: skip
def test_what_is_pointed_out(one: Touch, tables, is_told: bool):
    assert bool(told(one, tables=tables)) is is_told


MIDDLE = TableFacts("middle", size=GIB, rows=1_000_000)
RANKED = [
    "drops it with its data", "rewrites it", "rewrites it, if its default's function is volatile", "fills it anew", "builds an index", "scans it",
    "drops a column with its data", "is looked up for each row of the other",
]  # fmt: skip


def test_on_one_table_what_is_done_ranks():
    mixed = [touch("middle", effect) for effect in reversed(RANKED)]
    assert told(*mixed, tables=(MIDDLE,)) == [f"{effect} middle" for effect in RANKED]


@pytest.mark.parametrize("effect", [effect for effect in get_args(Effect) if effect not in ("", "metadata only", "writes rows")])
def test_whatever_lasts_is_worse_than_a_moment(effect: str):
    moment = ReviewedStatement(SafeText("a"), touch("middle", "metadata only"), MIDDLE)
    assert ReviewedStatement(SafeText("a"), touch("middle", effect), MIDDLE).rank >= 20 * moment.rank


def rank(one: Touch, table: TableFacts | None = MIDDLE) -> float:
    return ReviewedStatement(SafeText("a"), one, table).rank


def test_how_bad_a_lock_is():
    scan = touch("middle", "scans it")
    assert rank(scan) == 2 * rank(touch("middle", "scans it", "SHARE"))
    assert rank(scan, changed(MIDDLE, sessions=1)) == 3 * rank(scan)
    assert rank(scan, changed(MIDDLE, size=2 * GIB)) == 2 * rank(scan)
    assert rank(scan, TableFacts("t", rows=10**7)) == 4 * 2 * 200.0 * 10**7
    assert rank(scan, TableFacts("t")) == 8
    assert rank(scan, None) == 8 * LARGE_BYTES
    assert rank(touch("middle", "metadata only", held_by=3)) == rank(scan)
    assert rank(touch("middle", held_by=3)) == rank(touch("middle"))
    assert rank(touch("middle", "scans it", is_only=True), changed(MIDDLE, own=0)) == 8
    assert rank(touch("middle", "scans it", is_only=True), changed(MIDDLE, own=GIB)) == rank(scan)
    assert rank(touch("middle", "scans it", is_only=True)) == rank(scan)


@pytest.mark.parametrize(
    ("one", "tables", "words"),
    [
        (touch("big"), (BIG,), "rewrites it big: ACCESS EXCLUSIVE lock, blocks reads and writes on big: 40 GiB, about 90,000,000 rows, rewrites it"),
        (touch("big", "builds an index", "SHARE"), (BIG,), "builds an index big: SHARE lock, blocks writes on big: 40 GiB, about 90,000,000 rows, builds an index"),
        (
            touch("big", "writes every row", "ROW EXCLUSIVE"), (BIG,),
            "writes every row big: ROW EXCLUSIVE lock, each row is locked until its transaction ends, on big: 40 GiB, about 90,000,000 rows, writes every row",
        ),
        (touch("x"), (), "rewrites it x: ACCESS EXCLUSIVE lock, blocks reads and writes on x: its size is not known, rewrites it"),
        (touch(""), (), "rewrites it : ACCESS EXCLUSIVE lock, blocks reads and writes on tables that the statement does not name, rewrites it"),
        (
            touch("x", "metadata only", held_by=9), (),
            "metadata only x: ACCESS EXCLUSIVE lock, blocks reads and writes on x: its size is not known, metadata only, and held through line 9 of the same transaction",
        ),
    ],
    ids=["reads and writes", "writes", "rows", "not sized", "not named", "held"],
)  # fmt: skip
def test_a_lock_in_words(one: Touch, tables, words: str):
    assert pointed_out(a_review(one, tables=tables)) == (f"db/0.sql:1: {words}",)


def test_a_statement_that_writes_some_rows_has_no_effect_to_tell():
    busy = TableFacts("t", sessions=2, oldest=0.2, holder=SafeText("lin"))
    assert pointed_out(a_review(touch("t", "writes rows"), tables=(busy,))) == (
        "db/0.sql:1: writes rows t: ACCESS EXCLUSIVE lock, blocks reads and writes on t: 0 B, about 0 rows, 2 open transactions hold locks on it, the oldest for 1s (lin)",
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TableFacts("t", size=8192, rows=1234), "8.0 KiB, about 1,234 rows"), (TableFacts("t", parts=1), "0 B, about 0 rows in 1 partition"),
        (TableFacts("t", parts=30), "0 B, about 0 rows in 30 partitions"),
        (TableFacts("t", sessions=1, oldest=90.4, holder=SafeText("ada")), "0 B, about 0 rows, 1 open transaction holds locks on it, the oldest for 1m30s (ada)"),
    ],
)  # fmt: skip
def test_a_table_in_words(table: TableFacts, words: str):
    assert table_words(table) == words


def found(path: str, *lines: int, rule: str = "x") -> Migration:
    return Migration(SafeText(path), findings=tuple(LintFinding(line, rule, SafeText(f"{rule}{line}")) for line in lines))


def test_locks_are_told_before_what_fails_and_that_before_what_the_linter_says():
    review = Review(migrations=(found("a", 1), found("b", 2, rule="in-transaction"), Migration(SafeText("c"), touches=(touch("x"),))))
    assert [words.split(":")[0] for words in pointed_out(review)] == ["c", "b", "a"]


@pytest.mark.parametrize(("many", "more"), [(6, None), (7, "and 1 more"), (30, "and 24 more")])
def test_six_things_are_told_and_the_others_counted(many: int, more: str | None):
    words = pointed_out(Review(migrations=(found("a", *range(many)),)))
    assert words[:6] == tuple(f"a:{line}: x{line}" for line in range(6))
    assert words[6:] == ((more,) if more else ())


def test_locks_of_a_moment_on_large_tables_or_unknown_ones():
    brief = [
        touch("small", "metadata only"),
        touch("middle", "metadata only"),
        touch("x", "metadata only"),
        touch("big", "metadata only"),
        touch("big", "metadata only", "ROW EXCLUSIVE"),
        touch("big"),
    ]
    words = brief_words(a_review(*brief, tables=(BIG, SMALL, MIDDLE)))
    assert [one.split(":")[0] for one in words] == ["db/3.sql", "db/1.sql", "db/2.sql"]
    busy = changed(BIG, sessions=1)
    assert brief_words(a_review(touch("big", "metadata only"), tables=(busy,))) == ()
    assert brief_words(a_review(touch("big", "metadata only", held_by=2), tables=(BIG,))) == ()


def test_what_is_not_read_of_the_way_back_comes_last():
    def not_read(path: str, *lines: int, is_back: bool = False) -> Migration:
        return Migration(SafeText(path), unread=tuple(LintFinding(line, "unread", SafeText("why")) for line in lines), is_back=is_back)

    review = Review(migrations=(not_read("a.down.sql", 1, is_back=True), not_read("b.sql", 0, 4)))
    assert unread_words(review) == ("b.sql: why", "b.sql:4: why", "a.down.sql:1: why")


def test_the_names_that_a_database_is_asked_for():
    review = a_review(touch("a", elsewhere=("s.a", "r.a")), touch("a"), touch(""), touch("b", made="here"), touch("c", made="perhaps"))
    assert names_of(review.migrations) == ("a", "s.a", "r.a", "c")


@pytest.mark.parametrize(
    ("one", "there", "name"),
    [
        (touch("a", elsewhere=("b", "c")), ("b", "c"), "b"), (touch("a", elsewhere=("b",)), ("a", "b"), "a"), (touch("a", elsewhere=("b",)), (), "a"),
        (touch("a", made="perhaps"), ("a",), "a"), (touch("a", made="perhaps"), (), None), (touch("a", made="here"), ("a",), None),
        (touch("a", elsewhere=("b",), made="perhaps"), ("b",), "b"),
    ],
)  # fmt: skip
def test_which_table_a_statement_means(one: Touch, there: tuple[str, ...], name: str | None):
    tables = tuple(TableFacts(each, exists=each in there) for each in ("a", "b", "c"))
    meant = [left for each in resolved(a_review(one, tables=tables)).migrations for left in each.touches]
    assert meant == ([changed(one, table=name, elsewhere=(), made="")] if name else [])


def test_a_record_keeps_the_worst_two_hundred_and_what_they_need():
    many = Migration(SafeText("a"), touches=tuple(changed(touch("small" if line else "big"), line=line) for line in range(300)),
                     findings=tuple(LintFinding(line, "x", SafeText("y")) for line in range(300)), unread=tuple(LintFinding(line, "x", SafeText("y")) for line in range(300)),
                     back=tuple(changed(touch("t"), line=line) for line in range(20)))  # fmt: skip
    kept = shortened(Review(migrations=(many,), tables=(BIG, SMALL, MIDDLE)))
    (one,) = kept.migrations
    assert [len(one.touches), len(one.findings), len(one.unread), len(one.back)] == [200, 200, 200, 6]
    assert [each.line for each in one.touches] == list(range(200))
    assert kept.tables == (BIG, SMALL)


@given(
    st.lists(
        st.tuples(st.sampled_from(["big", "small", "x"]), st.sampled_from(get_args(Effect)), st.sampled_from(["ACCESS EXCLUSIVE", "SHARE", "ROW EXCLUSIVE"])),
        max_size=10,
    )
)
def test_nothing_that_loses_data_on_a_table_with_rows_is_kept_quiet(drawn):
    review = a_review(*(touch(name, effect, lock) for name, effect, lock in drawn))
    loses = [touch(name, effect, lock) for name, effect, lock in drawn if effect in ("drops it with its data", "empties it") and lock != "ROW EXCLUSIVE"]
    said = [one.touch for one in worst_first(review)]
    assert all(one in said for one in loses)
    ranks = [one.rank for one in worst_first(review)]
    assert ranks == sorted(ranks, reverse=True)
