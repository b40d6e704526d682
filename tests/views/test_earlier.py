"""What is read back of a log stands before what came, without a hole and without a double, however one goes up and down."""

from hypothesis import given
from hypothesis import strategies as st

from console.ports.feed import LogPage, Output
from console.safe_text import SafeText
from console.views.filter import Filter, parse
from console.views.log_lines import LogLine, subject_of
from console.views.logbook import GAP, LogBook
from console.views.scrollback import Earlier

PAGE = 5


def at(second: int) -> str:
    return f"2026-01-02T12:{second // 60:02}:{second % 60:02}.000Z"


def page_of(outputs: list[Output], place: str) -> LogPage:
    """A page of a log in memory: places are its indexes."""
    end = sum(one.at <= place[1:] for one in outputs) if place.startswith("@") else int(place) if place else len(outputs)
    start = max(0, end - PAGE)
    return LogPage(tuple(outputs[start:end]), str(start) if start else "", str(end))


def as_line(one: LogLine | Output) -> LogLine:
    return one if isinstance(one, LogLine) else LogLine(one.at, one.host, str(one.text))


items = st.lists(st.tuples(st.booleans(), st.sampled_from(["web01", "web02"]), st.integers(0, 2)), max_size=60)


@given(items, st.integers(0, 61), st.integers(1, 20), st.lists(st.booleans(), max_size=40), st.sampled_from(["", "host:web01", "1"]))
def test_it_is_a_window_of_the_whole_log(drawn: list[tuple[bool, str, int]], held: int, most: int, ways: list[bool], typed: str):
    second, whole = 0, list[LogLine | Output]()
    for number, (prints, host, later) in enumerate(drawn):
        second += later
        text = str(number % 4)
        whole.append(Output(at(second), host, "step", SafeText(text)) if prints else LogLine(at(second), host, text, "strong"))
    whole.sort(key=lambda one: (one.at, isinstance(one, Output)))
    tail = [as_line(one) for one in whole[max(0, len(whole) - held) :]]
    book = LogBook()
    book.use(parse(typed) if typed else Filter())
    book.add(tail)
    outputs = [one for one in whole if isinstance(one, Output)]
    earlier = Earlier(book, [one for one in whole if isinstance(one, LogLine)], most=most)
    before = [as_line(one) for one in whole[: len(whole) - len(tail)]]
    for up in ways:
        place = earlier.older if up else earlier.newer
        if place is not None:
            (earlier.put_older if up else earlier.put_newer)(page_of(outputs, place))
        lines = [entry for entry in book.held if entry.text != GAP]
        back = lines[: len(lines) - len(tail)]
        assert lines[len(back) :] == tail
        assert any(before[start : start + len(back)] == back for start in range(len(before) - len(back) + 1))
        shown = [entry for entry in book.lines if entry.text != GAP]
        assert shown == [entry for entry in lines if book.filter.keeps(subject_of(entry))]
        assert book.places == sorted(book.places)


def test_going_up_reaches_the_beginning_and_going_down_the_tail():
    outputs = [Output(at(number), "web01", "step", SafeText(str(number))) for number in range(60)]
    book = LogBook()
    book.add([as_line(one) for one in outputs[55:]])
    earlier = Earlier(book, [LogLine(at(0), "", "opened", rule=True)], most=12)
    while (place := earlier.older) is not None:
        earlier.put_older(page_of(outputs, place))
    assert [entry.text for entry in book.lines[:3]] == ["opened", "0", "1"]
    assert len(book) <= 12 + 5 + 1
    assert book.gap_row == len(book) - 6
    while (place := earlier.newer) is not None:
        earlier.put_newer(page_of(outputs, place))
    assert book.gap_row is None
    texts = [int(entry.text) for entry in book.lines]
    assert texts == list(range(texts[0], 60))
    assert earlier.older is not None
