"""What kind a line of a log is: which fields of a structured line say it, where an exception stands, and what of a trace counts."""

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.logs.kind_of_line import SAMPLE, Kinds, LineKind, exception_in, is_place, own_frame, place_of
from console.core.logs.levels import level_in, level_named
from console.core.logs.masks import LONGEST, Masker
from console.core.logs.new_kinds import NewKinds, hosts_read
from console.core.logs.records import FRAMES, Record, Records, without_prefix
from console.model.log_kinds import LogKind
from console.safe_text import SafeText

KINDS = Kinds(Masker())
MINE, OTHER = 'File "/srv/shop/releases/1/cart.py", line 12, in total', 'File "/srv/shop/releases/1/cart.py", line 12, in price'
TRACE = f"Traceback (most recent call last):\n  {MINE}\nValueError: 3"


def of(head: str, *frames: str) -> LineKind:
    record = Record(SafeText(head), tuple(map(SafeText, frames)))
    kind = KINDS.of(record)
    assert KINDS.key_of(record) == kind.key
    return kind


def logged(**fields: object) -> LineKind:
    return of(json.dumps(fields))


MESSAGES = ("message", "msg", "event", "@message", "short_message", "log", "text")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_may_have_any_of_these_names(name: str):
    found = logged(**{name: "WARN no stock for 12", "user": "ada"})
    assert (found.level, found.words) == ("warn", "WARN WARN no stock for 12")
    assert found.key == logged(**{name: "WARN no stock for 13", "user": "lin"}).key
    assert found.key != logged(**{name: "WARN no money for 12"}).key


@pytest.mark.parametrize(("first", "second"), list(combinations(MESSAGES, 2)))
def test_of_two_messages_the_better_known_name_counts(first: str, second: str):
    assert logged(**{second: "b", first: "a"}).words == "INFO a"


@pytest.mark.parametrize("message", [7, None, ["a"], {"a": 1}, True])
def test_what_is_no_text_is_no_message(message: object):
    line = json.dumps({"message": message})
    assert (of(line).words, of(line).level) == (line, "info")
    assert logged(message=message, msg="b").words == "INFO b"


LEVELS = ("level", "severity", "levelname", "lvl", "log.level", "@level", "loglevel")


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_may_have_any_of_these_names(name: str):
    assert logged(**{name: "ERROR", "msg": "paid"}).level == "error"
    assert logged(**{name: "nonsense", "msg": "paid"}).level == "info"


def test_of_two_levels_the_first_that_is_one_counts():
    assert logged(level="nonsense", severity="warn", msg="x").level == "warn"
    assert logged(level="debug", severity="error", msg="x").level == "debug"


NAMED = [
    *((name, "error") for name in ("err", "error", "fatal", "critical", "crit", "panic", "alert", "emerg", "severe", "Fatal")),
    ("warn", "warn"), ("warning", "warn"), ("WARNING", "warn"), ("info", "info"), ("notice", "info"), ("debug", "debug"), ("trace", "debug"), ("fine", "debug"),
    ("", None), ("ok", None), (None, None), (True, None), ([], None),
    (9, None), (10, "debug"), (20, "debug"), (21, "info"), (30, "info"), (39, "info"), (40, "warn"), (49, "warn"), (50, "error"), (60, "error"), (30.5, "info"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "level"), NAMED)
def test_a_level_is_a_name_or_a_number(value: object, level: str | None):
    assert level_named(value) == level


WORDS = [
    ("", "info"), ("all is well", "info"), ("an error", "error"), ("ERROR: no", "error"), ("terror", "info"), ("errors", "info"), ("warned", "info"),
    ("warning: hot", "warn"), ("warn", "warn"), ("debug: warn", "debug"), ("a trace", "debug"), ("a fatal one", "error"), ("critical", "error"),
    ("panic", "error"), ("an exception", "error"), ("Traceback", "error"), ("emerg", "error"), ("alert", "error"), ("warning, then error", "warn"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "level"), WORDS)
def test_the_first_word_that_is_a_level_counts(text: str, level: str):
    assert level_in(text) == level


EXCEPTIONS = ("exception", "exc_info", "error", "err", "stack_trace", "stacktrace", "stack", "exc_text", "error.stack_trace")


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_may_stand_in_any_of_these_fields(name: str):
    found = logged(**{name: TRACE, "msg": "no total"})
    assert (found.level, found.words) == ("error", "ERROR no total: ValueError")
    assert found.key != logged(**{name: TRACE.replace("ValueError", "KeyError"), "msg": "no total"}).key
    assert found.key != logged(**{name: TRACE.replace("total", "price"), "msg": "no total"}).key, "the place in the code counts"
    assert found.key == logged(**{name: TRACE.replace("line 12", "line 99").replace("releases/1", "releases/2"), "msg": "no total"}).key


TYPES = ("type", "class", "name", "exc_type", "exception_type", "error.type", "kind")
STACKS = ("stack", "stacktrace", "stack_trace", "trace")


@pytest.mark.parametrize("name", TYPES)
def test_an_exception_that_is_an_object_says_its_type(name: str):
    found = logged(msg="no total", error={name: "ValueError", "more": 1})
    assert (found.level, found.words) == ("error", "ERROR no total: ValueError")
    assert logged(msg="no total", error={name: 7}).words == "INFO no total"


@pytest.mark.parametrize("name", STACKS)
def test_an_exception_that_is_an_object_says_its_place(name: str):
    here, there = (logged(msg="x", error={"type": "E", name: f"x\n  {frame}"}) for frame in (MINE, OTHER))
    moved = logged(msg="x", error={"type": "E", name: "x\n  " + MINE.replace("12", "13")})
    assert here.key != there.key
    assert here.key == moved.key


@pytest.mark.parametrize("name", ["exc_type", "exception_type", "error.type"])
def test_a_type_may_stand_beside_the_message(name: str):
    found = logged(**{"msg": "no total", name: "ValueError"})
    assert (found.level, found.words) == ("error", "ERROR no total: ValueError")
    assert logged(**{"msg": "no total", name: 7}).level == "info"


THROWN = [
    ("a trace names its type at its end", TRACE, "ERROR x: ValueError"),
    ("a trace of another language names it first", "TypeError: no\n    at total (cart.js:1:2)", "ERROR x: TypeError"),
    ("one line names it", "ValueError: 3", "ERROR x: ValueError"),
    ("words that name none", "no stock", "INFO x"),
    ("nothing at all", "", "INFO x"),
    ("an empty object", {}, "INFO x"),
    ("a number", 7, "INFO x"),
    ("a list", ["ValueError"], "INFO x"),
    ("a blank line", "\n", "INFO x"),
]


@pytest.mark.parametrize(("value", "words"), [pytest.param(*row[1:], id=row[0]) for row in THROWN])
def test_what_was_thrown_is_read_from_a_field(value: object, words: str):
    assert logged(msg="x", exception=value).words == words


def test_a_field_that_says_nothing_leaves_the_word_to_the_next_one():
    assert logged(msg="x", exception=None, err="ValueError: 3").words == "ERROR x: ValueError"
    assert logged(msg="x", exception=[], exc_type="ValueError").words == "ERROR x: ValueError"


def test_a_place_is_not_the_first_line_of_a_text():
    """Of a text the first line names the exception, and only what follows is its trace."""
    assert logged(msg="x", error=f"{MINE}\n  at a (/b.js:1)").key == logged(msg="x", error=f"{OTHER}\n  at a (/b.js:1)").key
    assert logged(msg="x", error="E: 1\n  at a (/b.js:1)").key != logged(msg="x", error="E: 1\n  at c (/d.js:1)").key


def test_a_type_that_the_message_names_is_not_said_twice():
    assert logged(msg="a ValueError came", error={"type": "ValueError"}).words == "ERROR a ValueError came"
    assert logged(error={"type": "ValueError"}).words == "ERROR ValueError"


STATUSES = [(200, "info"), (302, "info"), (404, "info"), (499, "info"), (500, "error"), (503, "error"), (599, "error"), (600, "info"), ("503", "info")]


@pytest.mark.parametrize("name", ["status", "status_code", "statusCode"])
@pytest.mark.parametrize(("status", "level"), STATUSES)
def test_a_request_that_failed_is_an_error(name: str, status: object, level: str):
    assert logged(**{"msg": "GET /", name: status}).level == level


def test_a_request_counts_by_the_class_of_its_status():
    assert logged(msg="GET /", status=500).key == logged(msg="GET /", status=503).key
    assert len({logged(msg="GET /", level="info", **({"status": status} if status else {})).key for status in (200, 302, 404, 500, 0)}) == 5
    assert logged(msg="GET /", level="info", status="none").key == logged(msg="GET /", level="info").key


@pytest.mark.parametrize(("status", "level"), [("200", "info"), ("304", "info"), ("404", "info"), ("500", "error"), ("599", "error")])
def test_a_line_of_an_access_log_counts_by_its_status(status: str, level: str):
    assert of(f'1.2.3.4 - - [x] "GET /error HTTP/1.1" {status} 12').level == level
    assert of(f'"GET / HTTP/2" {status} 1').key == of(f'"GET / HTTP/2" {status[0]}99 7').key


def test_fields_without_a_message_are_a_kind_by_their_names():
    assert logged(a=1, b=2).key == logged(b=7, a=9).key != logged(a=1, c=2).key
    assert of('{"a": 1, "b": 2}').words == '{"a": 1, "b": 2}'
    assert logged(ab=1).key != logged(a=1, b=1).key


PAIRS = [
    ('msg="paid 3" level=warn', "warn", "WARN paid 3"), ('message="paid 3"', "info", "INFO paid 3"), ("message=paid", "info", "INFO paid"),
    ('t=1 lvl=error msg="no \\"stock\\""', "error", 'ERROR no \\"stock\\"'), ('severity=debug msg="x"', "debug", "DEBUG x"),
    ('msg="a" msg="b"', "info", "INFO a"), ('msg="x" err="ValueError: 3"', "error", "ERROR x: ValueError"), ("omsg=x level=error", "error", "omsg=x level=error"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "level", "words"), PAIRS)
def test_pairs_are_read_as_fields(line: str, level: str, words: str):
    assert (of(line).level, of(line).words) == (level, words)


@pytest.mark.parametrize("line", ["[1]", '"text"', "7", "null", '{"msg": ', "{" * 200])
def test_what_is_no_object_is_a_plain_line(line: str):
    assert (of(line).level, of(line).words) == ("info", line)


def test_a_text_that_is_no_text_has_a_kind_all_the_same():
    assert of('{"msg": "\\ud800"}').key == of('{"msg": "\\ud800"}').key


def test_a_sample_is_short_and_goes_without_the_line_s_own_time():
    assert len(of("x" * 999).words) == SAMPLE
    assert of("2026-11-30 02:17:24,123 +01:00 slow").words == "slow"


TRACES = [
    ("by its exception", ("ValueError: 3", MINE), ("KeyError: 3", MINE), False),
    ("not by the exception's words", ("ValueError: 3", MINE), ("ValueError: 4", MINE), True),
    ("by its place", ("ValueError: 3", MINE), ("ValueError: 3", OTHER), False),
    ("without an exception by its words", ("it broke", MINE), ("it burned", MINE), False),
    ("without what varies in them", ("it broke at 3", MINE), ("it broke at 4", MINE), True),
    ("without a place by its exception", ("ValueError: 3", "..."), ("ValueError: 3", "code"), True),
]


@pytest.mark.parametrize(("one", "other", "same"), [pytest.param(*row[1:], id=f"a trace counts {row[0]}") for row in TRACES])
def test_a_trace_counts(one: tuple[str, ...], other: tuple[str, ...], same: bool):
    assert (of(*one).key == of(*other).key) is same
    assert of(*one).level == "error"


def test_a_trace_is_shown_with_its_place_where_it_has_one():
    assert of("ValueError: 3", f"  {MINE}").words == f"ValueError: 3 ({MINE})"
    assert of("ValueError: 3", "...").words == "ValueError: 3"


PLACES = [
    ('File "a.py", line 3, in f', 'File "a.py", in f'), ("at f (/srv/a.js:3:4)", "at f (/srv/a.js)"), ("at a.B.c(B.java:12)", "at a.B.c(B.java)"),
    ("#0 /srv/a.php(3): f()", "#0 /srv/a.php: f()"), ("/srv/releases/7/a.go:3 +0x1f", "a.go"), ("at f$3 (x)", "at f (x)"),
    ('File "/srv/shop/releases/20260101T000000Z-aaaaaaa/cart.py", line 1, in f', 'File "cart.py", in f'), ("  at x  ", "at x"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "place"), PLACES)
def test_a_place_is_the_same_in_every_release(frame: str, place: str):
    assert place_of(frame) == place


IS_PLACE = [
    ("at f (a.js:1)", True), ('  File "a.py", line 1', True), ("from a.rb:1", True), ("#12 a.php(3)", True), ("/srv/a.go:12 +0x1", True), ("main.total(0x1)", True),
    ("(*Cart).total(1, 2)", True), ("goroutine 1 [running]:", False), ("    total = 1 / 0", False), ("Caused by: x", False), ("... 12 more", False),
    ("#x", False), ("/srv/a.py:12", False), ("", False), ("at", False),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "place"), IS_PLACE)
def test_a_line_of_a_trace_names_a_place_or_does_not(frame: str, place: bool):
    assert is_place(frame) is place


LIBRARIES = [
    'File "/v/site-packages/x.py", line 1, in f', 'File "/usr/lib/python3/dist-packages/x.py", line 1, in f', 'File "/opt/lib/python3.12/x.py", line 1, in f',
    'File "<frozen runpy>", line 1, in f', "at java.base.X.f(X.java:1)", "at javax.X.f(X.java:1)", "at jdk.X.f(X.java:1)", "at jakarta.X.f(X.java:1)",
    "at sun.X.f(X.java:1)", "at kotlin.X.f(X.kt:1)", "at scala.X.f(X.scala:1)", "at org.springframework.X.f(X.java:1)", "at org.apache.X.f(X.java:1)",
    "at org.hibernate.X.f(X.java:1)", "at org.eclipse.X.f(X.java:1)", "at f (/srv/node_modules/x.js:1:1)", "at node:internal/x:1", "at f (internal/x.js:1)",
    "from /usr/lib/ruby/x.rb:1", "/usr/local/go/src/x.go:1 +0x1", "#0 /srv/vendor/x.php(1): f()", "from /srv/gems/x.rb:1", "runtime.main()",
]  # fmt: skip


@pytest.mark.parametrize("frame", LIBRARIES)
def test_a_frame_of_a_library_or_of_the_language_is_not_the_application_s_own(frame: str):
    mine = "at shop.Cart.total(Cart.java:12)"
    assert own_frame((frame, mine)) == mine or 'File "' in frame
    assert own_frame((mine, frame)) == mine
    assert own_frame((frame,)) == frame


NAMES = [
    ("ValueError: 3", "ValueError"), ("shop.errors.NoStock", "shop.errors.NoStock"), ("Shop::NoStock (no)", "Shop::NoStock"), ("Shop\\NoStock: 3", "Shop\\NoStock"),
    ('Exception in thread "main" java.io.IOException: x', "java.io.IOException"), ('Exception in thread "pool-1" shop.NoStock', "shop.NoStock"), ("Uncaught TypeError: x", "TypeError"), ("Unhandled Error", "Error"), ("PHP Fatal error: Uncaught Exception: x", "Exception"),
    ("Caused by: java.io.IOException: x", "java.io.IOException"), ("panic: Boom", "Boom"), ("no stock", ""), ("value: 3", ""), ("ValueError3x", "ValueError3x"),
    ("ValueError-3", ""), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("head", "name"), NAMES)
def test_the_type_of_an_exception_is_at_the_beginning_of_its_line(head: str, name: str):
    assert exception_in(head) == name


OWN_NAMES = [
    ("a name of the fleet", ["alpha"], "from alpha: x", "from *: x"),
    ("a name within a word stays", ["alpha"], "alphabet alpha-b xalpha", "alphabet alpha-b xalpha"),
    ("the longer of two names", ["alpha", "alpha.example.net"], "to alpha.example.net now", "to * now"),
    ("both of them", ["alpha", "beta"], "alpha, then beta or gamma", "*, then * or gamma"),
    ("a name of one letter is a word", ["a", "db"], "a db is a host", "a * is a host"),
    ("a name with a dot is no pattern", ["a.b"], "axb a.b", "axb *"),
    ("without names nothing else changes", [], "alpha and beta", "alpha and beta"),
    ("one with a digit is masked anyway", ["web01"], "web01 and web02", "* and *"),
]


@pytest.mark.parametrize(("names", "line", "masked"), [pytest.param(*row[1:], id=row[0]) for row in OWN_NAMES])
def test_the_fleet_s_own_names_are_masked(names: list[str], line: str, masked: str):
    assert Masker(names).masked(line) == masked


MASKED = [
    ("an address with colons", "from ::1 and fe80::1", "from * and *"), ("a clock is a number", "at 10:11:12", "at *"), ("a scope of the code stays", "std::vector", "std::vector"),
    ("mail", "to ada@example.net now", "to * now"), ("a month's day", "Nov 30 started", "* started"), ("spaces", "a   b", "a b"), ("one space", "a b", "a b"),
    ("a tab is a space where there are two", "a  \t b", "a b"), ("numbers in a row", "1, 2, 3", "*"), ("quoted text", 'said "x y" and \'z\'', "said * and *"),
    ("colors", "\x1b[31mred\x1b[0m", "red"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "masked"), [pytest.param(*row[1:], id=row[0]) for row in MASKED])
def test_what_varies_is_masked(line: str, masked: str):
    assert Masker().masked(line) == masked


def test_only_the_beginning_of_a_line_counts():
    assert len(Masker().masked("x" * (LONGEST + 9))) == LONGEST
    assert Masker().masked("x " * 30 + "Nov 30") == "x " * 30 + "Nov *", "a day stands at the beginning of a line"


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=60))
def test_a_masked_line_has_no_digit_and_is_masked_once_for_all(line: str):
    masker = Masker(["alpha"])
    masked = masker.masked(line)
    assert not any(letter in "0123456789" for letter in masked)
    assert masker.masked(masked) == masked


def records(*lines: str) -> list[tuple[str, tuple[str, ...]]]:
    found = Records()
    whole = [*(record for line in lines for record in found.feed(SafeText(line))), *found.end()]
    return [(str(record.head), tuple(map(str, record.frames))) for record in whole]


PYTHON_HEAD = "Traceback (most recent call last):"
TOGETHER = [
    ("lines are records of their own", ("a", "b"), [("a", ()), ("b", ())]),
    ("a blank line is none", ("a", "", "  ", "b"), [("a", ()), ("b", ())]),
    ("a trace belongs to the line before it", ("E: 1", "    at f (a.js:1)", "b"), [("E: 1", ("    at f (a.js:1)",)), ("b", ())]),
    ("a trace without a line before it is a line", ("    at f (a.js:1)", "b"), [("    at f (a.js:1)", ()), ("b", ())]),
    ("a Python trace ends with its exception", (PYTHON_HEAD, f"  {MINE}", "E: 1", "b"), [("E: 1", (f"  {MINE}",)), ("b", ())]),
    ("a Python trace after another line", ("a", PYTHON_HEAD, f"  {MINE}", "E: 1"), [("a", ()), ("E: 1", (f"  {MINE}",))]),
    ("words before a Python trace", (f"job 3: {PYTHON_HEAD}  ", f"  {MINE}", "E: 1"), [("E: 1", (f"  {MINE}",))]),
    ("a Python trace that is cut off", (PYTHON_HEAD, f"  {MINE}"), [(PYTHON_HEAD, (f"  {MINE}",))]),
    ("a Python trace of nothing", (PYTHON_HEAD,), []),
    ("an exception without frames", (PYTHON_HEAD, "E: 1", "b"), [("E: 1", ()), ("b", ())]),
    ("two of them", (PYTHON_HEAD, " a", "E: 1", PYTHON_HEAD, " b", "F: 2"), [("E: 1", (" a",)), ("F: 2", (" b",))]),
    ("a cause belongs to it", ("E: 1", "\tat a.B.c(B.java:1)", "Caused by: F", "\t... 3 more"), [("E: 1", ("        at a.B.c(B.java:1)", "Caused by: F", "        ... 3 more"))]),
    ("a panic's goroutine", ("panic: x", "goroutine 1 [running]:", "main.f()", "\t/a.go:1"), [("panic: x", ("goroutine 1 [running]:", "main.f()", "        /a.go:1"))]),
    ("a call without a goroutine is a line", ("a", "main.f()"), [("a", ()), ("main.f()", ())]),
    ("what a journal puts before it is taken off", ("Nov 30 02:17:24 alpha shop[1]: a", "web-1  | b"), [("a", ()), ("b", ())]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "whole"), [pytest.param(*row[1:], id=row[0]) for row in TOGETHER])
def test_lines_are_put_together_to_what_was_logged(lines: tuple[str, ...], whole: list[tuple[str, tuple[str, ...]]]):
    assert records(*lines) == whole


def test_so_many_frames_are_kept_and_the_rest_belongs_to_them():
    frames = [f"    at f{number} (a.js:1)" for number in range(FRAMES + 9)]
    assert records("E: 1", *frames, "b") == [("E: 1", tuple(frames[:FRAMES])), ("b", ())]


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("Nov 30 02:17:24 alpha shop[1]: up", "up"), ("Nov  3 02:17:24 alpha shop: up", "up"), ("2026-11-30T02:17:24.1Z alpha shop[1]: up", "up"),
        ("2026-11-30T02:17:24+01:00 alpha shop: up", "up"), ("shop-1 | up", "up"), ("shop | up", "up"), (" shop | up", " shop | up"), ("up", "up"),
        ("2026-11-30T02:17:24Z up", "2026-11-30T02:17:24Z up"),
    ],
)  # fmt: skip
def test_what_stands_before_a_line_is_not_the_application_s(line: str, rest: str):
    assert without_prefix(SafeText(line)) == rest


@given(st.lists(st.sampled_from(["a", "E: 1", PYTHON_HEAD, "  at f (a.js:1)", f"  {MINE}", "", "goroutine 1 [x]:", "main.f()"]), max_size=12))
def test_no_line_is_lost_and_none_is_told_twice(lines: list[str]):
    told = [line for head, frames in records(*lines) for line in (*frames, head)]
    assert sorted(line for line in told if line != PYTHON_HEAD) == sorted(line for line in lines if line and line != PYTHON_HEAD)


SIZES = [(0, 0), (23, 23), (24, 24), (25, 24), (300, 24)]


@pytest.mark.parametrize(("hosts", "read"), SIZES)
def test_logs_of_so_many_hosts_are_read(hosts: int, read: int):
    names = [f"web{number:03}" for number in range(hosts)]
    found = hosts_read([names], ())
    assert len(found) == read
    assert set(found) == set(names[:16]) | set(names[-8:]) if hosts > 24 else list(found) == names


def plain(*lines: str) -> list[Record]:
    return [Record(SafeText(line)) for line in lines]


def test_kinds_that_are_alike_bad_are_told_in_the_order_in_which_they_came():
    book = NewKinds()
    book.watched = 60.0
    book.remember((LogKind("00000000000000ff", "error", SafeText("ERROR first"), "web01", count=1),))
    book.take("web01", "new", plain("ERROR b", "ERROR c", "WARN d", "ERROR a"))
    assert [str(one.sample) for one in book.told()] == ["ERROR first", "ERROR b", "ERROR c", "ERROR a", "WARN d"]


def test_of_two_kinds_the_one_of_more_hosts_comes_first_then_the_one_of_more_lines():
    book = NewKinds()
    book.watched = 60.0
    book.take("web01", "new", plain("ERROR once", *["ERROR often"] * 5, "ERROR wide"))
    book.take("web02", "new", plain("ERROR wide"))
    assert [(str(one.sample), one.hosts, one.count) for one in book.told()] == [("ERROR wide", 2, 2), ("ERROR often", 1, 5), ("ERROR once", 1, 1)]


def test_the_kind_that_was_met_least_lately_is_forgotten_first():
    book = NewKinds(kept=2)
    book.watched = 60.0
    book.take("web01", "new", plain("ERROR a", "ERROR b", "ERROR a", "ERROR c"))
    assert [str(one.sample) for one in book.told()] == ["ERROR a", "ERROR c"]
    assert (len(book), book.repeats) == (2, False)


def test_what_an_old_host_prints_later_is_known_from_then_on():
    book = NewKinds()
    book.watched = 60.0
    book.take("web01", "new", plain("ERROR a"))
    book.take("web02", "old", plain("ERROR a", "ERROR a"))
    assert book.take("web01", "new", plain("ERROR a")) == []
    assert (book.baseline, book.judged, len(book)) == (2, 2, 1)
