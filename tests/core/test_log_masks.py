"""What varies in a line is taken out, and what was logged at once is one record."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.logs.levels import level_in, level_named
from console.core.logs.masks import LONGEST, Masker
from console.core.logs.records import FRAMES, Record, Records, without_prefix
from console.safe_text import SafeText

masked = Masker(("alpha", "db", "web01")).masked


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("2026-11-30T02:17:24.123Z paid", "2027-01-01T00:00:00Z paid"), ("2026-11-30 02:17:24,123 paid", "2026-12-01 11:07:00,9 paid"),
        ("[Mon Nov 30 02:17:24 2026] up", "[Tue Dec 1 11:00:00 2026] up"), ("30/Nov/2026:02:17:24 +0000 up", "01/Dec/2026:11:00:00 +0100 up"),
        ("took 12.5ms", "took 3ms"), ("took 0.25 s", "took 17 s"), ("job f47ac10b-58cc-4372-a567-0e02b2c3d479 done", "job 00000000-58cc-4372-abcd-0e02b2c3d479 done"),
        ("from 10.0.0.1:4711", "from 192.168.17.3:80"), ("from fe80::1 now", "from 2001:db8::ff00:42:8329 now"), ("at 0x7ffd1234 x", "at 0xdeadbeef00 x"),
        ("id 9s6XKzkNRiz8i3 x", "id a1 x"), ("mail to bob@example.net", "mail to eve.x+y@shop.example"), ('no table "orders"', "no table 'items'"),
        ("retry [1, 2, 3]", "retry [4]"), ("\x1b[31mred\x1b[0m 5", "red 7"), ("on alpha now", "on db now"), ("on alpha now", "on web01 now"),
        ("host web07: v1.4.2", "host web11: v1.5.0"), ("a   b", "a b"), (r'say "it \"is\" so" 1', "say 'x' 2"), ("`a` x", "`bc` x"),
    ],
)  # fmt: skip
def test_lines_that_differ_in_data_alone_are_the_same(line: str, same: str):
    assert masked(line).replace("'", '"') == masked(same).replace("'", '"')


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("paid", "refused"),
        ("order paid 12", "order sent 12"),
        ("don't stop, can't go", "don't go, can't stop"),
        ("alphabet", "db"),
        ("add: bad", "dad: fab"),
        ("connection reset by peer 12", "connection refused by peer 12"),
        ("x-alpha y", "x-beta y"),
    ],
)
def test_lines_that_say_something_else_are_not(line: str, other: str):
    assert masked(line) != masked(other)


@given(st.text(max_size=80))
def test_a_mask_is_made_of_the_line_alone_and_again_it_changes_little(line: str):
    assert masked(line) == masked(line)
    assert masked(line + "x" * LONGEST) == masked((line + "x" * LONGEST)[:LONGEST])


@pytest.mark.parametrize(
    "line", ["a" * 4096, "a1" * 2048, "1." * 2048, "::" * 2048, '"' * 4096, "'a " * 1300, "\\" * 4096, "a@" * 2048, "a:" * 2048, "- " * 2000]
)
def test_no_line_takes_long(line: str):
    assert min(_cpu(line) for _ in range(3)) < 0.05


def _cpu(line: str) -> float:
    """Seconds that this process works on a mask of it."""
    began = time.process_time()
    masked(line)
    return time.process_time() - began


@pytest.mark.parametrize(
    ("words", "level"),
    [
        ("ERROR no", "error"),
        ("[warn] x", "warn"),
        ("a warning: x", "warn"),
        ("DEBUG x", "debug"),
        ("fatal: x", "error"),
        ("errors=0", "info"),
        ("", "info"),
        ("panic", "error"),
    ],
)
def test_levels_in_words(words: str, level: str):
    assert level_in(words) == level


@pytest.mark.parametrize(
    ("value", "level"),
    [("WARNING", "warn"), ("crit", "error"), ("notice", "info"), ("loud", None), (50, "error"), (60, "error"), (40, "warn"), (30, "info"), (20, "debug"), (10, "debug"),
     (3, None), (True, None), (None, None), ([], None)],
)  # fmt: skip
def test_levels_by_name_and_number(value: object, level: str | None):
    assert level_named(value) == level


PYTHON = [
    "Traceback (most recent call last):",
    '  File "/srv/shop/releases/1/cart.py", line 12, in total',
    "    return a / b",
    "ZeroDivisionError: division by zero",
]
JAVA = ["java.lang.IllegalStateException: no stock", "\tat org.springframework.web.Filter.go(Filter.java:9)", "\tat shop.Cart.total(Cart.java:12)", "\t... 12 more",
        "Caused by: java.io.IOException: closed", "\tat shop.Db.ask(Db.java:4)"]  # fmt: skip
NODE = ["TypeError: x is not a function", "    at total (/srv/shop/releases/1/cart.js:1:2)", "    at node:internal/main:1"]
RUBY = ["app.rb:12:in 'total': no stock (RuntimeError)", "\tfrom app.rb:30:in 'main'"]
PHP = ["PHP Fatal error:  Uncaught Exception: no stock in /srv/a.php:3", "#0 /srv/shop/cart.php(12): total()", "#1 {main}"]
GO = ["panic: runtime error: index out of range [5] with length 3", "", "goroutine 1 [running]:", "main.total(...)", "\t/srv/shop/cart.go:12 +0x1d", "main.main()",
      "\t/srv/shop/main.go:5 +0x2", "exit status 2"]  # fmt: skip


def records(lines: list[str]) -> list[Record]:
    found = Records()
    return [*(record for line in lines for record in found.feed(SafeText(line))), *found.end()]


@pytest.mark.parametrize(("trace", "head", "frames"), [(PYTHON, 3, 2), (JAVA, 0, 5), (NODE, 0, 2), (RUBY, 0, 1), (PHP, 0, 2), (GO[:-1], 0, 5)])
def test_a_stack_trace_is_one_record(trace: list[str], head: int, frames: int):
    found = records(["before 1", *trace, "after 2"])
    assert [str(one.head) for one in found] == ["before 1", SafeText(trace[head]), "after 2"]
    assert [len(one.frames) for one in found] == [0, frames, 0]


def test_what_belongs_to_no_trace_stays_a_line():
    assert [one.head for one in records(["a", "  indented", "", "main.total()", GO[-1]])] == ["a", "  indented", "main.total()", "exit status 2"]


def test_a_trace_that_is_cut_is_still_a_record_and_a_long_one_is_kept_short():
    assert records([PYTHON[0], PYTHON[1]]) == [Record(SafeText(PYTHON[0]), (SafeText(PYTHON[1]),))]
    assert records([PYTHON[0]]) == []
    assert len(records([JAVA[0], *[JAVA[1]] * 500])[0].frames) == FRAMES


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("Nov 30 02:17:24 web01 shop[123]: paid 1", "paid 1"), ("2026-11-30T02:17:24+0000 web01 shop[1]: paid", "paid"), ("shop-1  | paid", "paid"),
        ("Nov  3 02:17:24 alpha kernel: x: y", "x: y"), ("paid: 12", "paid: 12"), ("\tat shop.Cart", "       at shop.Cart"), ("Note: x", "Note: x"),
    ],
)  # fmt: skip
def test_what_journald_and_syslog_put_before_a_line_is_left_out(line: str, bare: str):
    assert without_prefix(SafeText(line)).lstrip() == bare.lstrip()


@given(st.lists(st.sampled_from([*PYTHON, *JAVA, *GO, "a", "b 1", ""]), max_size=40))
def test_no_line_makes_two_records_and_none_stays_behind(lines: list[str]):
    found = records(lines)
    assert len(found) <= sum(bool(line.strip()) for line in lines)
    assert all(one.head for one in found)
