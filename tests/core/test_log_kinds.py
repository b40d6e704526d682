"""Which kinds of lines only hosts with the new release print."""

import json
from random import Random
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.logs.kind_of_line import Kinds, LineKind, exception_in, own_frame, place_of
from console.core.logs.masks import Masker
from console.core.logs.new_kinds import CHURN_AFTER, ENOUGH, TIMES, WATCHED, NewKinds, ToldLine, hosts_read, side_of
from console.core.logs.records import Record, Records
from console.model.log_kinds import LogKind
from console.model.state import HostCondition, HostState
from console.safe_text import SafeText
from tests.core.test_log_masks import GO, JAVA, NODE, PHP, PYTHON, RUBY

KINDS = Kinds(Masker())


def of(*lines: str) -> LineKind:
    (record,) = records(*lines)
    kind = KINDS.of(record)
    assert KINDS.key_of(record) == kind.key < 1 << 64
    return kind


def records(*lines: str) -> list[Record]:
    found = Records()
    return [*(record for line in lines for record in found.feed(SafeText(line))), *found.end()]


def as_json(**fields: object) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("line", "level", "words"),
    [
        ("2026-11-30T02:17:24Z WARN slow, 12 ms", "warn", "WARN slow, 12 ms"), ("[2026-11-30 02:17:24,1] no", "info", "no"),
        (as_json(level="error", msg="no stock", sku=12), "error", "ERROR no stock"), (as_json(level=40, message="slow"), "warn", "WARN slow"),
        (as_json(msg="no stock", error={"type": "StockError", "stack": "a\nb"}), "error", "ERROR no stock: StockError"), (as_json(a=1), "info", '{"a": 1}'),
        (as_json(msg="no error here"), "error", "ERROR no error here"), (as_json(status=503, msg="GET /"), "error", "ERROR GET /"),
        (as_json(msg="x", exc_info="Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: 3"), "error", "ERROR x: ValueError"),
        ('time=x level=warning msg="slow query 3" table=orders', "warn", "WARN slow query 3"), ('1.2.3.4 - - [x] "GET /a HTTP/1.1" 502 0', "error", None),
        ('1.2.3.4 - - [x] "GET /a HTTP/1.1" 404 0', "info", None), ('{"msg": "cut', "info", None), ("[1, 2]", "info", None), ("{}", "info", None),
    ],
)  # fmt: skip
def test_a_line_says_how_bad_it_is_and_is_shown_in_its_words(line: str, level: str, words: str | None):
    found = of(line)
    assert (found.level, found.words) == (level, line if words is None else words)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        (as_json(time="a", level="info", msg="order 12 paid", user="ada"), as_json(ms=3, level="info", msg="order 9 paid")),
        ('t=1 level=info msg="order 12 paid" x=1', 't=2 level=info msg="order 9 paid"'), ('"GET /a/1 HTTP/1.1" 500', '"GET /a/2 HTTP/1.1" 503'),
        ("Nov 30 02:17:24 alpha shop[1]: up 1", "Nov 30 02:17:25 beta shop[2]: up 2"),
    ],
)  # fmt: skip
def test_what_differs_in_data_is_one_kind(line: str, same: str):
    assert of(line).key == of(same).key


@pytest.mark.parametrize(
    ("line", "other"),
    [
        (as_json(level="info", msg="paid"), as_json(level="error", msg="paid")), (as_json(msg="paid"), as_json(msg="sent")), (as_json(a=1), as_json(b="x", c=2)),
        (as_json(msg="x", error={"type": "A"}), as_json(msg="x", error={"type": "B"})), ('level=info msg="paid"', 'level=info msg="sent"'),
        ('"GET /a/1 HTTP/1.1" 200', '"GET /a/1 HTTP/1.1" 500'), (as_json(msg="GET", status=200), as_json(msg="GET", status=500)),
    ],
)  # fmt: skip
def test_what_says_something_else_is_another_kind(line: str, other: str):
    assert of(line).key != of(other).key


@pytest.mark.parametrize(
    ("trace", "name", "place"),
    [(PYTHON, "ZeroDivisionError", "cart.py"), (JAVA, "java.lang.IllegalStateException", "shop.Cart"), (NODE, "TypeError", "cart.js"), (RUBY, "", "app.rb"),
     (PHP, "Exception", "cart.php"), (GO[:-1], "", "main.total")],
)  # fmt: skip
def test_a_trace_counts_by_its_exception_and_the_top_frame_that_is_the_applications_own(trace: list[str], name: str, place: str):
    found = of(*trace)
    assert found.level == "error"
    assert exception_in(str(records(*trace)[0].head)) == name
    assert place in found.words
    moved = [line.replace("12", "99").replace("releases/1/", "releases/20261130T000000Z-abc/").replace("total", "total") for line in trace]
    assert of(*moved).key == found.key
    assert of(*[line.replace("total", "other") for line in trace]).key != found.key or trace is RUBY


def test_frames_of_libraries_are_passed_over_as_long_as_there_is_another():
    library, mine = '  File "/v/site-packages/x.py", line 1, in f', '  File "/srv/shop/cart.py", line 2, in total'
    assert own_frame((mine, library)) == mine
    assert own_frame((library, "    code")) == library
    assert own_frame(("nothing of the kind",)) == own_frame(()) == ""
    assert place_of(mine) == 'File "/srv/shop/cart.py", in total'


def plain(*lines: str) -> list[Record]:
    return [Record(SafeText(line)) for line in lines]


def compared(lines: int = ENOUGH) -> NewKinds:
    book = NewKinds()
    book.take("web02", "old", plain(*(f"INFO page {number} in {number} ms" for number in range(lines))))
    return book


def test_an_error_that_old_hosts_do_not_print_is_told_with_its_counts_and_hosts():
    book = compared()
    told = book.take("web01", "new", plain("INFO page 7 in 3 ms", "ERROR no stock for 12"))
    assert [(str(one.record.head), one.level) for one in told] == [("ERROR no stock for 12", "error")]
    book.take("web03", "new", plain("ERROR no stock for 13"))
    (kind,) = book.told()
    assert (kind.level, kind.sample, kind.host, kind.hosts, kind.count) == ("error", "ERROR no stock for 12", "web01", 2, 2)
    assert kind.key == told[0].key
    assert (book.baseline, book.judged) == (ENOUGH, 3)


def test_it_is_taken_off_once_an_old_host_prints_it_too():
    book = compared()
    book.take("web01", "new", plain("WARN cache is full"))
    book.take("web02", "old", plain("WARN cache is full"))
    assert book.told() == ()
    assert book.take("web01", "new", plain("WARN cache is full")) == []


def test_a_kind_below_a_warning_is_told_at_its_third_line_and_the_worst_comes_first():
    book = compared()
    for number in range(TIMES - 1):
        assert book.take("web01", "new", plain(f"INFO recommended {number}")) == []
    assert len(book.take("web01", "new", plain("INFO recommended 9"))) == 1
    book.take("web01", "new", plain("WARN a", "ERROR b", "ERROR c c", "ERROR c c"))
    assert [str(one.sample) for one in book.told()] == ["ERROR c c", "ERROR b", "WARN a", "INFO recommended 0"]


def test_nothing_is_told_where_there_is_nothing_to_compare_with():
    book = NewKinds()
    assert book.take("web01", "new", plain("ERROR x")) == []
    assert book.told() == ()
    book.watched = WATCHED
    assert [one.level for one in book.told()] == ["error"], "an old host was read for so long and printed nothing"


def test_below_a_warning_a_short_baseline_says_nothing():
    book = compared(ENOUGH - 1)
    book.watched = WATCHED
    book.take("web01", "new", plain(*["INFO recommended"] * 9, "WARN x"))
    assert [one.level for one in book.told()] == ["warn"]


def test_what_a_host_prints_while_it_starts_is_learned_unless_it_is_a_warning():
    book = compared()
    assert book.take("web01", "starting", plain("INFO listening on 8080", "INFO listening on 8080", "ERROR no port")) == [
        ToldLine(plain("ERROR no port")[0], book.told()[0].key, "error")
    ]
    book.take("web02", "new", plain(*["INFO listening on 8080"] * 9))
    assert [str(one.sample) for one in book.told()] == ["ERROR no port"]


def test_a_log_whose_lines_never_come_again_tells_warnings_alone():
    book, chance = NewKinds(), Random(3)
    words = ["".join(chance.choices("abcdefgh", k=9)) for _ in range(CHURN_AFTER)]
    book.take("web02", "old", plain(*words))
    assert not book.repeats
    book.take("web01", "new", plain(*["INFO recommended"] * 9, "WARN x"))
    assert [one.level for one in book.told()] == ["warn"]


def test_it_holds_so_many_kinds_and_says_nothing_of_what_may_have_been_forgotten():
    book = NewKinds(kept=50)
    book.take("web02", "old", plain(*[chr(97 + number // 26) + chr(97 + number % 26) for number in range(60)], *["zz"] * 200))
    book.take("web01", "new", plain(*["aa"] * 9))
    assert len(book) == 50
    assert not book.repeats
    assert book.told() == ()


def test_an_engine_goes_on_with_what_another_one_told():
    book = NewKinds()
    kind = LogKind("00000000000000ff", "error", SafeText("ERROR x"), "web01", count=3)
    book.remember((kind,))
    assert book.told() == (kind,)
    book.take("web01", "new", plain("ERROR y"))
    assert book.told() == (kind,), "without a baseline nothing else is known to be new"


lines = st.sampled_from(["INFO a 1", "INFO a 2", "INFO b", "WARN c", "ERROR d 3", "ERROR e"])


@given(st.lists(st.tuples(st.sampled_from(["old", "starting", "new"]), lines), max_size=60))
def test_whatever_comes_in_which_order_nothing_is_told_that_an_old_host_has_printed(came: list):
    book = compared()
    for side, line in came:
        book.take("web01", side, plain(line))
    old = {KINDS.key_of(plain(line)[0]) for side, line in came if side == "old"}
    told = {int(one.key, 16) for one in book.told()}
    assert not told & old
    bad = {KINDS.key_of(plain(line)[0]) for side, line in came if side != "old" and line[:4] in ("WARN", "ERRO")}
    assert bad - old <= told


@pytest.mark.parametrize("condition", get_args(HostCondition))
def test_whose_line_it_is(condition: HostCondition):
    touched, before = (side_of(HostState("web01", condition=condition, touched=one)) for one in (True, False))
    assert before == (None if condition in ("returning", "back", "skipped", "owed", "left-out") else "old")
    assert touched == {"updating": "starting", "new": "new", "failed": "new", "unknown": "new", "unreachable": "new"}.get(condition)


def test_of_a_large_fleet_the_first_and_the_last_hosts_are_read():
    names = [f"web{number:03}" for number in range(300)]
    assert hosts_read([names[:100], names[100:]], names) == (*names[:16], *names[-8:])
    assert hosts_read([["b"], ["c"]], ["a", "b"]) == ("b", "c", "a")


def corpus(count: int, chance: Random) -> list[str]:
    """Lines of ten kinds, as applications and servers print them."""
    people = "ada bob lin kim zoe max eve tom ivy joe".split()
    found = []
    for _ in range(count):
        number, at = chance.randrange(9999), f"2026-11-30T{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.random() * 60:06.3f}Z"
        found.append(chance.choice((
            f"{at} INFO request {UUID(int=chance.getrandbits(128))} GET /orders/{number} 200 {chance.random() * 90:.1f}ms",
            f'10.0.{number % 255}.7 - - [30/Nov/2026:02:17:{number % 60:02} +0000] "GET /items/{number} HTTP/1.1" {chance.choice((200, 304, 404))} {number}',
            as_json(time=at, level="info", msg=f"order {number} paid", user=chance.choice(people), ms=number),
            f'time="{at}" level=warning msg="slow query took {chance.random():.3f}s" table=orders', f"{at} DEBUG cache hit key=user:{number} ttl {number % 600}s",
            f"{at} INFO mail sent to {chance.choice(people)}@example.net in {chance.random():.2f} s",
            f"{at} WARN retry {number % 5} of job {chance.getrandbits(64):016x} after reset by 192.168.1.{number % 255}:{number}",
            f"Nov 30 02:{number % 60:02}:07 {chance.choice(people)} shop[{number}]: worker {number % 16} ready",
            f"{at} INFO  loaded {number} templates from '/srv/shop/releases/{number}/templates'", f"[{number}] GC pause {chance.random() * 20:.2f}ms heap {number}M",
        )))  # fmt: skip
    return found


def test_on_a_corpus_of_ten_kinds_all_that_is_new_is_found_and_nothing_else():
    chance, book = Random(7), NewKinds()
    new = corpus(4000, chance)
    truly = [
        "ERROR payment refused, token abc",
        as_json(level="error", msg="pool exhausted"),
        '1.2.3.4 - - [x] "GET /items/7 HTTP/1.1" 500 12',
        "WARN flag missing",
        *["INFO recommended 3"] * 3,
    ]
    for place, line in enumerate(truly):
        new.insert(place * 500, line)
    book.take("web02", "old", records(*corpus(4000, chance)))
    book.take("web01", "new", records(*new))
    assert sorted(str(one.sample) for one in book.told()) == sorted(
        ["ERROR payment refused, token abc", "ERROR pool exhausted", truly[2], "WARN flag missing", "INFO recommended 3"]
    )
    assert len(book) < 40
