"""What is told of migrations before the decision, and in which order."""

import pytest

from console.core.checks.database import assess_migrations, settled, with_schema
from console.core.migrations.review import brief_words, names_of, pointed_out, resolved, shortened, unread_words
from console.model.checks import Check
from console.model.database import LintFinding, Migration, Review, TableFacts, Touch
from console.model.declared_impact import Impact
from console.model.values import changed
from console.text import SafeText
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
    check = assess_migrations(DATABASE, settled(environment, environment.hosts, review, Impact(), NOW), Impact())
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
    check = assess_migrations(DATABASE, review, Impact())
    assert (check.status, "db/1.rb: it is not SQL" in check.detail) == ("warning", True)


def test_a_first_release_has_no_code_before_it():
    environment = changed(an_environment(2), database=DATABASE)
    files = (Migration(SafeText("db/1.sql")), Migration(SafeText("db/1.down.sql"), is_back=True))
    review = Review(known=False, is_first=True, migrations=files)
    assert "1 migration file in the commit, and nothing is live yet" in assess_migrations(DATABASE, review, Impact()).detail
    found = settled(environment, environment.hosts, review, Impact(migration="yes"), NOW)
    check = with_schema(Check("way-back", SafeText("Way back"), "warning", detail=SafeText("first release on 2 hosts")), found)
    assert (check.status, "no code before it uses it" in check.detail) == ("warning", True)
    assert assess_migrations(DATABASE, found, Impact(migration="yes")).detail.startswith("1 in the commit: db/1.sql")
    assert assess_migrations(DATABASE, Review(known=False, is_first=True), Impact()).status == "passed"
