"""The log's lines: merged, bounded, filtered, and found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ports.feed import Output
from console.safe_text import SafeText
from console.views.drawn_log import drawn, head_cells, rows_needed, wrapped
from console.views.filter import parse
from console.views.log_lines import LogLine, level_of, plain_line, printed_line, subject_of
from console.views.logbook import LogBook, log_title
from console.views.styled_text import text, width


def entry(second: int, words: str = "x", where: str = "web01") -> LogLine:
    return LogLine(f"2026-01-02T12:{second // 60 % 60:02}:{second % 60:02}Z", where, words)


seconds = st.integers(0, 30)
words = st.sampled_from(["error here", "all fine", "warning", "Fine again"])
entries = st.builds(entry, seconds, words, st.sampled_from(["web01", "db1"]))
batches = st.lists(st.lists(entries, max_size=8), max_size=8)


@given(st.lists(st.integers(0, 4), max_size=30))
def test_lines_that_come_close_together_stand_by_their_time_and_then_as_they_came(times: list[int]):
    book = LogBook()
    lines = [entry(second, str(number)) for number, second in enumerate(times)]
    book.add(lines)
    assert book.lines == sorted(lines, key=lambda one: one.at)


def test_a_clock_that_was_set_back_does_not_put_news_among_what_was_read():
    book = LogBook()
    book.add([entry(600, "before")])
    book.add([entry(0, "after")])
    assert [one.text for one in book.lines] == ["before", "after"]


@given(batches, st.integers(1, 12), st.integers(5, 200))
def test_it_stays_within_its_bounds_and_counts_what_it_lets_go(came: list[list[LogLine]], most: int, characters: int):
    book = LogBook(most, characters)
    for batch in came:
        book.add(batch)
        assert len(book) <= most
        assert len(book) <= 1 or sum(len(one.text) for one in book.lines) <= characters
    assert len(book) + book.dropped == sum(map(len, came))


@given(batches, st.sampled_from(["error", "!error", "host:db*", "level:warn", "absent"]), st.integers(3, 40), st.integers(0, 8))
def test_a_filter_shows_the_same_whenever_it_was_typed(came: list[list[LogLine]], typed: str, most: int, moment: int):
    early, late = LogBook(most), LogBook(most)
    for number, batch in enumerate(came):
        if number == moment:
            early.use(parse(typed))
        early.add(batch)
        late.add(batch)
    early.use(parse(typed))
    everything = list(late.lines)
    late.use(parse(typed))
    assert early.lines == late.lines == [one for one in everything if parse(typed).keeps(subject_of(one))]
    assert len(early.places) == len(early.lines)


@given(batches.filter(any), batches, st.integers(3, 40), st.data())
def test_what_is_read_is_found_again(came: list[list[LogLine]], more: list[list[LogLine]], most: int, data: st.DataObject):
    book = LogBook(most)
    for batch in came:
        book.add(batch)
    row = data.draw(st.integers(0, len(book.lines) - 1))
    place, line = book.places[row], book.lines[row]
    for batch in more:
        book.add(batch)
    found = book.row_of(place)
    assert (place in book.places and book.lines[found] is line) or place < book.places[0]


@given(st.lists(entries, min_size=1, max_size=20), st.lists(entries, max_size=10))
def test_what_was_read_back_stands_before(held: list[LogLine], earlier: list[LogLine]):
    book = LogBook()
    book.add(held)
    first = book.lines[0]
    assert book.put_before(earlier).length == len(earlier)
    assert book.lines.index(first) >= 0
    assert len(book.lines) == len(held) + len(earlier)
    assert book.places == sorted(book.places)


@given(st.integers(1, 10), st.lists(entries, min_size=1, max_size=30), st.lists(entries, max_size=30))
def test_what_was_read_back_stays_while_news_come_and_goes_when_it_is_no_longer_read(most: int, back: list[LogLine], news: list[LogLine]):
    book = LogBook(most)
    book.add([entry(40)])
    first = book.put_before(back)
    assert len(book) == len(back) + 1
    book.add(news)
    assert len(book.tail) == min(most, 1 + len(news))
    assert (book.gap_row == len(back)) == (1 + len(news) > most)
    again = book.lines[: len(back)]
    book.take_out(first)
    book.put_again(again, first)
    assert book.lines[: len(back)] == again
    assert book.places == sorted(book.places)
    book.let_earlier_go()
    assert len(book) <= most
    assert book.gap_row is None


@given(st.lists(entries, max_size=20), st.integers(0, 19), st.sampled_from([1, -1]))
def test_the_next_match_is_the_nearest_that_way(held: list[LogLine], row: int, way: int):
    book, wanted = LogBook(), parse("error")
    book.add(held)
    row = min(row, max(0, len(held) - 1))
    rows = [number for number, one in enumerate(book.lines) if wanted.keeps(subject_of(one))]
    found = book.match(wanted, row, way)
    if not rows:
        assert found is None
    elif way == 1:
        assert found == next((number for number in rows if number > row), rows[0])
    else:
        assert found == next((number for number in reversed(rows) if number < row), rows[-1])


@pytest.mark.parametrize(
    ("words", "level"), [("ERROR: no", "error"), ("a terror", "info"), ("Warning: x", "warn"), ("DEBUG y", "debug"), ("panic: z", "error")]
)
def test_a_printed_line_names_its_level(words: str, level: str):
    assert level_of(entry(0, words)) == level


def test_a_line_of_the_console_has_the_level_of_its_tone():
    assert level_of(LogLine("", "", "restart failed", "bad")) == "error"
    assert level_of(LogLine("", "", "the error budget is 0", "dim")) == "info"


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs", "Cf", "Mn", "Me"]), max_size=60),
    st.integers(1, 90),
    st.integers(0, 70),
    st.booleans(),
)
def test_a_line_never_takes_more_than_its_room(said: str, cells: int, skip: int, rule: bool):
    one = LogLine("2026-01-02T12:00:00Z", "web01", said, rule=rule)
    assert width(drawn(one, cells, None, skip)) <= cells


def test_scrolled_sideways_the_words_go_on_where_they_were_cut():
    one = entry(0, "abcdefghijklmnopqrstuvwxyz")
    assert text(drawn(one, 80, None, 3)).endswith(" …efghijklmnopqrstuvwxyz")
    assert plain_line(one, None) == "12:00:00 web01 abcdefghijklmnopqrstuvwxyz"


@given(st.text(max_size=200), st.integers(head_cells(80) + 1, 140), st.integers(0, 60), st.booleans())
def test_wrapped_rows_fit_and_lose_no_word(words: str, cells: int, skip: int, rule: bool):
    line = LogLine("2026-01-02T12:00:00Z", "web01", SafeText(words), rule=rule)
    rows = wrapped(line, cells, None, skip)
    assert len(rows) == rows_needed(line, cells, skip)
    assert all(width(row) <= cells for row in rows)
    if not skip and SafeText(words).isascii():
        told = "".join(text(row)[head_cells(cells) :] for row in rows)
        assert told.startswith(("── " if rule else "") + SafeText(words))
    assert rule or len(rows) > 1 or text(rows[0]).rstrip() == text(drawn(line, cells, None, skip)).rstrip()


def test_a_line_that_is_higher_than_the_page_ends_in_an_ellipsis():
    rows = wrapped(LogLine("", "web01", "x" * 300), head_cells(80) + 20, None, most=3)
    assert len(rows) == 3
    assert text(rows[-1]).endswith("…")


def test_lines_of_the_applications_log_are_of_new_kinds_and_those_of_steps_are_not():
    assert [printed_line(Output("", "web01", step, SafeText("x"))).is_new_kind for step in ("log", "wave-1/web01/switch")] == [True, False]


@pytest.mark.parametrize(
    ("kinds", "typed", "title"),
    [
        (0, "", "4 Log  all hosts, following"),
        (1, "", "4 Log  all hosts, 1 kind of line only on new hosts: K, following"),
        (3, "kind:new", "4 Log  0 of 0 match kind:new, following"),
    ],
)
def test_the_title_says_how_many_kinds_are_new(kinds: int, typed: str, title: str):
    book = LogBook()
    book.use(parse(typed))
    above, below = log_title(book, parse(""), following=True, frozen=False, unseen=0, skip=0, wraps=True, kinds=kinds)
    assert above == title
    assert "long lines are wrapped" in below


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("web01", 80, "web01"), ("web01.example.net", 80, "web01.exa…"), ("web01.example.net", 120, "web01.example.net"),
        ("shop-production-web01", 80, "shop…web01"), ("shop-production-web01", 120, "shop-productio…web01"),
    ],
)  # fmt: skip
def test_hosts_are_told_apart_where_their_names_are_cut(name: str, width: int, shown: str):
    words = text(drawn(LogLine("", name, "said"), width, None))
    assert words.split() == [shown, "said"]
    assert words.index("said") == head_cells(width)
