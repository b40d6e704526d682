"""What answers are worth: HTTP, lines, numbers, jobs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.answers import Job, assess_http, assess_lines, assess_numbers, expected_status, judge_jobs
from console.core.checks.health_gate import Observation
from console.model.configured_checks import CheckSpec, HealthCheck
from console.safe_text import SafeText

JOBS = st.lists(st.builds(Job, st.sampled_from("abcd"), st.sampled_from(["passed", "failed", "pending"]), st.sampled_from(["", "2026-11-24T08:00:00Z"])))
ORDER = ("failed", "pending", "passed")


@given(JOBS)
def test_one_bad_job_is_enough_and_one_that_runs_keeps_it_open(jobs):
    found = judge_jobs(tuple(jobs), (), 5.0)
    worst = min((ORDER.index(job.state) for job in jobs), default=1)
    assert found.status == ("failed", "waiting", "passed")[worst]


@given(JOBS, st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
def test_a_commit_passes_only_where_every_context_has_passed(jobs, contexts):
    found = judge_jobs(tuple(jobs), tuple(contexts), 5.0)
    mine = [job for job in jobs if job.name in contexts]
    everything = all(job.state == "passed" for job in mine) and set(contexts) <= {job.name for job in mine}
    assert (found.status == "passed") == everything


@given(st.lists(st.floats(allow_nan=True), max_size=4), st.one_of(st.none(), st.floats(-10, 10)), st.one_of(st.none(), st.floats(-10, 10)))
def test_numbers_lie_between_their_bounds_and_none_is_not_measured(numbers, above, below):
    found = assess_numbers(CheckSpec("x", "prometheus", above=above, below=below), tuple(("s", number) for number in numbers))
    real = [number for number in numbers if not math.isnan(number)]
    if not real:
        assert found.kind == "error"
    else:
        inside = all((above is None or number > above) and (below is None or number < below) for number in real)
        assert found.kind == ("ok" if inside else "bad")


@pytest.mark.parametrize(("lines", "kind", "seen"), [
    (("17",), "ok", "17, below 100"), (("100",), "bad", "100, expected below 100"), (("3", "250"), "bad", "250, expected below 100"),
    ((), "error", "answers nothing, expected a number"), (("OK",), "error", "answers 'OK', expected a number"), (("nan",), "error", "the query finds NaN"),
    (("-1",), "ok", "-1, below 100"), (("1e3",), "bad", "1000, expected below 100"), (("12", "x"), "error", "answers '12', 'x', expected a number"),
])  # fmt: skip
@pytest.mark.parametrize("asked", ["redis", "postgres", "memcached"])
def test_an_answer_of_numbers_lies_between_bounds_and_what_is_none_is_not_measured(lines, kind, seen, asked):
    assert assess_lines(CheckSpec("x", asked, below=100.0), lines) == Observation(kind, SafeText(seen))


def test_a_line_is_whole():
    check = CheckSpec("x", "redis", expect="role:master")
    assert assess_lines(check, ("a", " role:master ")).kind == "ok"
    assert assess_lines(check, ("role:master2",)).kind == "bad"
    assert assess_lines(check, ()).seen == "answers nothing, expected 'role:master'"
    assert assess_lines(CheckSpec("x", "redis"), ()).kind == "ok"


REDIS = CheckSpec("x", "redis", expect="role:master")
ANY = CheckSpec("x", "redis")
LONG = "a" * 61
LINES = [
    ("any answer will do", ANY, ("PONG",), ("ok", "answers 'PONG'")),
    ("no answer will do where none is expected", ANY, (), ("ok", "answers nothing")),
    ("three lines", ANY, ("a", "b", "c"), ("ok", "answers 'a', 'b', 'c'")),
    ("five lines", ANY, ("a", "b", "c", "d", "e"), ("ok", "answers 'a', 'b', 'c' and 2 more")),
    ("a long line", ANY, (LONG,), ("ok", f"answers '{LONG[:60]}'")),
    ("the line among others", REDIS, ("a", "role:master"), ("ok", "answers 'role:master'")),
    ("the line with room around it", REDIS, ("  role:master\r",), ("ok", "answers 'role:master'")),
    ("an expected line with room around it", CheckSpec("x", "redis", expect=" ok "), ("ok",), ("ok", "answers ' ok '")),
    ("another line", REDIS, ("role:slave",), ("bad", "answers 'role:slave', expected 'role:master'")),
    ("a long expected line", CheckSpec("x", "redis", expect=LONG), ("b",), ("bad", f"answers 'b', expected '{LONG[:60]}'")),
]


@pytest.mark.parametrize(("probe", "lines", "found"), [pytest.param(*row[1:], id=row[0]) for row in LINES])
def test_what_lines_are_worth(probe, lines, found):
    assert assess_lines(probe, lines) == Observation(found[0], SafeText(found[1]))


def bounded(above=None, below=None):
    return CheckSpec("x", "prometheus", above=above, below=below)


NAN = math.nan
NUMBERS = [
    ("none", bounded(), (), ("error", "the query finds no number")),
    ("none that is one", bounded(), (("a", NAN),), ("error", "the query finds NaN")),
    ("between", bounded(1, 3), (("a", 2.0),), ("ok", "a 2, above 1 and below 3")),
    ("above the lower", bounded(above=1), (("a", 1.5),), ("ok", "a 1.5, above 1")),
    ("below the upper", bounded(below=0.01), (("a", 0.005),), ("ok", "a 0.005, below 0.01")),
    ("at the lower", bounded(above=1), (("a", 1.0),), ("bad", "a 1, expected above 1")),
    ("at the upper", bounded(below=3), (("a", 3.0),), ("bad", "a 3, expected below 3")),
    ("under the lower", bounded(1, 3), (("a", 0.0),), ("bad", "a 0, expected above 1 and below 3")),
    ("one of two outside", bounded(1, 3), (("a", 2.0), ("b", 9.0)), ("bad", "b 9, expected above 1 and below 3")),
    ("without a name", bounded(1, 3), (("", 2.0),), ("ok", "2, above 1 and below 3")),
    ("a number beside NaN", bounded(1, 3), (("a", NAN), ("b", 2.0)), ("ok", "b 2, above 1 and below 3")),
    ("four", bounded(0), tuple((name, 1.0) for name in "abcd"), ("ok", "a 1, b 1, c 1 and 1 more, above 0")),
]


@pytest.mark.parametrize(("probe", "numbers", "found"), [pytest.param(*row[1:], id=row[0]) for row in NUMBERS])
def test_what_numbers_are_worth(probe, numbers, found):
    assert assess_numbers(probe, numbers) == Observation(found[0], SafeText(found[1]))


EARLY, LATE = "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"
PUSH = "push it, or see whether its CI runs"
JUDGED = [
    ("nothing yet", (), (), ("waiting", "nothing has reported on this commit yet", PUSH, "")),
    ("all passed", (Job("a", "passed", EARLY), Job("b", "passed", LATE)), (), ("passed", "2 passed: a, b", "", LATE)),
    (
        "one failed",
        (Job("a", "passed"), Job("b", "failed", LATE, "timed out"), Job("c", "failed", EARLY)),
        (),
        ("failed", "2 of 3 failed: b (timed out), c", "mend it, and push", EARLY),
    ),
    ("one failed while one runs", (Job("a", "pending"), Job("b", "failed", LATE)), (), ("failed", "1 of 2 failed: b", "mend it, and push", LATE)),
    (
        "one runs",
        (Job("a", "passed"), Job("b", "pending", LATE, "queued"), Job("c", "pending", EARLY)),
        (),
        ("waiting", "1 of 3 passed, waits for b (queued), c", "it is asked again", EARLY),
    ),
    ("one runs since nobody knows when", (Job("b", "pending"),), (), ("waiting", "0 of 1 passed, waits for b", "it is asked again", "")),
    ("one that is wanted has passed", (Job("a", "passed", EARLY), Job("b", "failed")), ("a",), ("passed", "1 passed: a", "", EARLY)),
    (
        "one that is wanted has not begun",
        (Job("a", "passed"), Job("b", "passed")),
        ("c",),
        ("waiting", "0 of 1 passed, waits for c (not begun)", "it is asked again; contexts are names as they are reported, so far: a, b", ""),
    ),
    ("one that is wanted has not begun, nor has any", (), ("c",), ("waiting", "0 of 1 passed, waits for c (not begun)", "it is asked again", "")),
    (
        "one runs and one has not begun",
        (Job("a", "pending", EARLY), Job("a", "passed")),
        ("a", "c"),
        ("waiting", "1 of 3 passed, waits for a, c (not begun)", "it is asked again; contexts are names as they are reported, so far: a", EARLY),
    ),
    ("a glob", (Job("test (1)", "passed"), Job("test (2)", "passed"), Job("lint", "failed")), ("test*",), ("passed", "2 passed: test (1), test (2)", "", "")),
    (
        "a name with the signs of a glob",
        (Job("test [1]", "passed"), Job("test 1", "failed")),
        ("test [1]",),
        ("failed", "1 of 2 failed: test 1", "mend it, and push", ""),
    ),
    (
        "a glob in capitals",
        (Job("test", "passed"),),
        ("TEST*",),
        ("waiting", "0 of 1 passed, waits for TEST* (not begun)", "it is asked again; contexts are names as they are reported, so far: test", ""),
    ),
    (
        "all skipped",
        (Job("test", "passed", LATE, "skipped", has_run=False), Job("lint", "passed", EARLY, "skipped", has_run=False)),
        (),
        ("failed", "nothing was tested, none of 2 has run: test (skipped), lint (skipped)", "see why its CI skips this commit", EARLY),
    ),
    (
        "the one that is wanted was skipped",
        (Job("test", "passed", LATE, "skipped", has_run=False), Job("lint", "passed", EARLY)),
        ("test",),
        ("failed", "nothing was tested, none of 1 has run: test (skipped)", "see why its CI skips this commit", LATE),
    ),
    ("one skipped", (Job("test", "passed", LATE), Job("docs", "passed", EARLY, has_run=False)), (), ("passed", "2 passed: test, docs", "", LATE)),
    ("more than are named", tuple(Job(name, "failed") for name in "abcde"), (), ("failed", "5 of 5 failed: a, b, c and 2 more", "mend it, and push", "")),
]


@pytest.mark.parametrize(("jobs", "contexts", "found"), [pytest.param(*row[1:], id=row[0]) for row in JUDGED])
def test_what_jobs_are_worth(jobs, contexts, found):
    finding = judge_jobs(jobs, contexts, 7.0)
    assert (finding.status, str(finding.seen), str(finding.remedy), finding.since) == found
    assert finding.again == (7.0 if finding.status == "waiting" else 5.0)


def test_an_answer_is_told_with_what_was_expected() -> None:
    check = HealthCheck("x", "http", expect_status=((200, 299), (404, 404)), expect_body="ready")
    assert assess_http(check, 503, b"").seen == "HTTP 503, expected 200-299, 404"
    assert assess_http(check, 404, b"well, ready") == Observation("ok", SafeText("HTTP 404"))
    assert assess_http(check, 200, b"starting\x1b[2J").seen == "HTTP 200, expected 'ready' in the body, which begins 'starting\\x1b[2J'"
    assert assess_http(check, 200, b"").kind == "bad"


@pytest.mark.parametrize(("ranges", "words"), [(((200, 200),), "200"), (((200, 299),), "200-299"), (((200, 299), (404, 404)), "200-299, 404"), ((), "")])
def test_the_codes_that_are_right_in_words(ranges: tuple[tuple[int, int], ...], words: str) -> None:
    assert expected_status(HealthCheck("x", "http", expect_status=ranges)) == words


LONG_BODY = "a" * 59 + "bc"
HTTP_ANSWERS = [
    ("the lowest code of a range", 200, b"ready", "ok", "HTTP 200"),
    ("the highest code of a range", 299, b"ready", "ok", "HTTP 299"),
    ("one code too low", 199, b"ready", "bad", "HTTP 199, expected 200-299, 404"),
    ("one code too high", 300, b"ready", "bad", "HTTP 300, expected 200-299, 404"),
    ("another code", 404, b"ready", "ok", "HTTP 404"),
    ("a wrong code and a wrong body", 500, b"", "bad", "HTTP 500, expected 200-299, 404"),
    ("an empty body", 200, b"", "bad", "HTTP 200, expected 'ready' in the body, which begins and ends empty"),
    ("a body that is no text", 200, b"\xff\xfe", "bad", "HTTP 200, expected 'ready' in the body, which begins '\ufffd\ufffd'"),
    ("a long body", 200, LONG_BODY.encode(), "bad", f"HTTP 200, expected 'ready' in the body, which begins '{LONG_BODY[:60]}'"),
    ("an accent", 200, "é".encode(), "bad", "HTTP 200, expected 'ready' in the body, which begins 'é'"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), [pytest.param(*row[1:], id=row[0]) for row in HTTP_ANSWERS])
def test_an_answer_is_judged_by_its_code_and_its_body(status: int, body: bytes, kind: str, words: str) -> None:
    check = HealthCheck("x", "http", expect_status=((200, 299), (404, 404)), expect_body="ready")
    assert assess_http(check, status, body) == Observation(kind, SafeText(words))  # type: ignore[arg-type]


def test_a_long_text_that_is_expected_is_cut_in_the_words_alone() -> None:
    check = HealthCheck("x", "http", expect_body=LONG_BODY)
    assert assess_http(check, 200, b"no").seen == f"HTTP 200, expected '{LONG_BODY[:60]}' in the body, which begins 'no'"
    assert assess_http(check, 200, LONG_BODY[:60].encode()).kind == "bad"
    assert assess_http(check, 200, f"<{LONG_BODY}>".encode()).kind == "ok"


def test_any_body_will_do_where_none_is_expected() -> None:
    assert assess_http(HealthCheck("x", "http"), 200, b"") == Observation("ok", SafeText("HTTP 200"))
