"""Prometheus' text format: what is read, and what is refused because it cannot be believed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.metrics.exposition import series_of
from console.model.application_metrics import Series, Unreadable

WANTED = frozenset({"a_total", "process_start_time_seconds"})


def read(text: str, wanted: frozenset[str] = WANTED) -> tuple[Series, ...]:
    """The samples of a text that can be read."""
    found = series_of(text.encode(), wanted)
    assert not isinstance(found, Unreadable), found.reason
    return found


# A line, its labels, its number.
LINES = [
    ("a_total 1", {}, 1.0),
    ("a_total{} 1", {}, 1.0),
    ('a_total{code="200"} 12', {"code": "200"}, 12.0),
    ('a_total{code="200",} 12', {"code": "200"}, 12.0),
    ('a_total{code="200", path="/"}  12 1395066363000', {"code": "200", "path": "/"}, 12.0),
    ('a_total{path="a\\"b\\\\n}\\n,"} 1e3', {"path": 'a"b\\n}\n,'}, 1000.0),
    ('a_total{path="\\\\"} 1', {"path": "\\"}, 1.0),
    ("a_total\t7", {}, 7.0),
    ("a_total +Inf", {}, math.inf),
    ("a_total -Inf", {}, -math.inf),
    ("a_total 1.5e-3", {}, 0.0015),
    ('a_total 4 # {trace_id="x"} 0.67 1395066363.0', {}, 4.0),
    ('a_total{le="0.5"} 4 1395066363 # {trace_id="a } b"} 0.67', {"le": "0.5"}, 4.0),
    ('a_total{x="\x1b[31m"} 4', {"x": "\x1b[31m"}, 4.0),
]


@pytest.mark.parametrize(("line", "labels", "value"), LINES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\n# EOF\n"])
def test_lines(line: str, labels: dict[str, str], value: float, end: str) -> None:
    assert read(f"# TYPE a counter\nb 4\n{line}{end}") == (Series("a_total", labels, value),)


def test_a_number_that_is_none_is_kept_as_such() -> None:
    (found,) = read("a_total NaN\n")
    assert math.isnan(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "# HELP a_total x\n", "b_total 1\n", "a_total_more 1\n", 'a_tota{x="a_total 1"} 2\n', '{"a.b", x="1"} 3\na 1\n', "a 1\nb 0x1p3 garbage ::: \n",
    ],
)  # fmt: skip
def test_what_is_not_wanted_is_not_taken_apart(text: str) -> None:
    assert read(text) == ()


REFUSED = [
    (b"<html><body>502 Bad Gateway</body></html>\n", "web page"),
    (b"\n  <!doctype html>\n", "web page"),
    (b"Not Found: /metrics\n", "not in Prometheus"),
    (b'{"status": "ok"', "cut short"),
    (b"a_total 1", "cut short"),
    (b'a_total 100\na_total{x="1"} 12', "cut short"),
    (b"a_total\n", "line 1"),
    (b"x 1\na_total\n", "line 2 of a_total"),
    (b"a_total{x=1} 1\n", "line 1"),
    (b'a_total{x="1" 1\n', "line 1"),
    (b'a_total{x="1"}\n', "line 1"),
    (b'a_total{x="1",x="2"} 1\n', "line 1"),
    (b"a_total 1_000\n", "line 1"),
    (b"a_total 0x10\n", "line 1"),
    (b"a_total 1 2 3\n", "line 1"),
    (b"b 1\na_total one\n", "line 2"),
    (b"a_total 1\na_total 2\n", "twice"),
    (b'a_total{a="1",b="2"} 1\na_total{b="2",a="1"} 2\n', "twice"),
    (b"a_total \xff\n", "UTF-8"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED)
def test_what_cannot_be_believed(body: bytes, words: str) -> None:
    found = series_of(body, WANTED)
    assert isinstance(found, Unreadable)
    assert words in str(found.reason)


@given(st.integers(1, 300))
def test_no_text_that_was_cut_within_a_line_is_believed(at: int) -> None:
    whole = b"".join(b'a_total{code="%d"} %d\n' % (code, code * 7) for code in range(200, 220))
    cut = whole[: min(at, len(whole) - 1)]
    if not cut.endswith(b"\n"):
        assert isinstance(series_of(cut, WANTED), Unreadable)


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), st.text(max_size=12)), st.floats(allow_nan=False))
def test_what_is_written_is_read(labels: dict[str, str], value: float) -> None:
    if any("\r" in text or "\ud800" <= letter <= "\udfff" for text in labels.values() for letter in text):
        return

    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    inner = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
    assert read(f"a_total{{{inner}}} {value!r}\n") == (Series("a_total", labels, value),)
