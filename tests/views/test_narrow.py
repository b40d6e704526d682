"""Words for the smallest screens: nothing is wider or higher than there is room, and the first row says where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.views.compact_layout import folded, in_rows, rows_of, run_in_words, wrapped
from console.views.styled_text import Line, Span, line, text, width
from tests.core.simulation import Simulation, an_environment, opening

LINES = st.lists(st.builds(Span, st.text("ab é→漢 ", max_size=12)), max_size=6).map(tuple)


@given(LINES, st.integers(2, 30))
def test_wrapped_keeps_words_and_room(spans: Line, cells: int):
    rows = wrapped(spans, cells)
    assert all(width(row) <= cells for row in rows)
    words = [word for word in text(spans).split(" ") if word]
    if all(width((Span(word),)) <= cells for word in words):
        assert [word for row in rows for word in text(row).split(" ")] == words


@given(LINES, st.integers(2, 30))
def test_folded_keeps_a_line_that_fits_and_every_word_of_one_that_does_not(spans: Line, cells: int):
    rows = folded(spans, cells)
    assert all(width(row) <= cells for row in rows)
    words = text(spans).split()
    if width(spans) <= cells:
        assert rows == (spans,)
    elif all(width((Span(word),)) * 2 <= cells for word in words):
        assert [word for row in rows for word in text(row).split()] == words


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("l  or all stays as it is, half new", ["l  or all stays as", "   it is, half new"]),
        ("no column, but many words", ["no column, but many", "words"]),
        ("back   all of them, at once", ["back   all of them,", "       at once"]),
        ("  indented words go on below", ["  indented words go", "  on below"]),
    ],
)  # fmt: skip
def test_folded_rows_begin_under_the_words(words: str, rows: list[str]):
    assert [text(row) for row in folded((Span(words),), 20)] == rows


@given(st.lists(LINES, max_size=6), st.integers(2, 40))
def test_every_key_has_its_place(items: list[Line], cells: int):
    rows = rows_of(items, cells)
    assert all(width(row) <= cells for row in rows)
    if all(width(item) <= cells for item in items):
        assert "".join(text(row) for row in rows).replace(" ", "") == "".join(text(item) for item in items).replace(" ", "")


@pytest.mark.parametrize(("cells", "rows"), [(60, 3), (20, 3), (20, 1), (80, 10)])
def test_a_run_in_words(cells: int, rows: int):
    environment = an_environment(12)
    run = Simulation(environment, lambda step, attempt: "done")
    run.record(*opening(environment))
    while not any(host.condition == "updating" for host in run.state.hosts.values()):
        if not run.turn():
            run.finish(next(step for step in run.state.index.values() if run.state.step_state(step).status == "running"))
    shown = run_in_words(run.state, run.now, cells, rows)
    assert len(shown) <= rows
    assert all(width(row) <= cells for row in shown)
    assert "production" in text(shown[0])
    assert "running" in text(shown[0])


def test_a_sentence_is_read_whole_in_wide_letters_too():
    words = "ブランチは許可されていません。mainにマージしてください"
    rows = in_rows(words, 20)
    assert all(cell_len(row) <= 20 for row in rows)
    assert "".join(rows) == words
    assert in_rows("two  words", 5) == ("two", "words")


def test_a_run_of_which_nothing_more_is_heard_says_so_in_few_words_too():
    run = Simulation(an_environment(3), lambda step, attempt: "done")
    shown = [text(row) for row in run_in_words(run.state, run.now, 40, 4, problem="the engine is gone")]
    assert shown[1] == "! the engine is gone"


def test_what_was_said_takes_no_row_from_what_is_waited_for_unless_it_is_urgent():
    run = Simulation(an_environment(3), lambda step, attempt: "done")
    said = "same as: deploy production --version v1.5.1 --strategy rolling --yes"
    calm, urgent = ([text(row) for row in run_in_words(run.state, run.now, 40, 4, line(Span(said, tone)), problem="gone")] for tone in ("plain", "warn"))
    assert calm[1:3] == urgent[1:2] + calm[2:3]
    assert said[:8] not in "".join(calm[:3])
    assert said[:8] in "".join(urgent)
