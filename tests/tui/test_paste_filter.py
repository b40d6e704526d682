"""A bracketed paste is text, whatever stands in it and however it arrives."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from console.tui.terminal.paste_filter import END, START, PasteFilter

PASTED = st.text(st.sampled_from("ab rqp\r\n\t\x1b[]O2017~;\x07\x00\x9b\x7f"), max_size=40).filter(lambda text: END not in text)


def cut(text: str, places: list[int]) -> list[str]:
    marks = sorted({min(place, len(text)) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(marks)]


@given(PASTED, st.text("xyz\x1b[A", max_size=8), st.lists(st.integers(0, 80), max_size=8))
def test_it_is_the_same_however_it_is_cut(pasted: str, typed: str, places: list[int]):
    whole = typed + START + pasted + END + typed
    one = PasteFilter()
    assert "".join(one.feed(piece) for piece in cut(whole, places)) == PasteFilter().feed(whole)


@given(PASTED, st.lists(st.integers(0, 60), max_size=6))
def test_no_key_comes_out_of_a_paste(pasted: str, places: list[int]):
    parser, clean = XTermParser(), PasteFilter()
    passed = [clean.feed(piece) for piece in cut(START + pasted + END, places)]
    found = [event for piece in passed if piece for event in parser.feed(piece)]
    assert all(isinstance(event, events.Paste) for event in found)


@given(st.text("xyz\x1b[A20~\r", max_size=30).filter(lambda text: START not in text), st.lists(st.integers(0, 30), max_size=6))
def test_what_is_typed_passes_as_it_is(typed: str, places: list[int]):
    clean = PasteFilter()
    assert "".join(clean.feed(piece) for piece in cut(typed, places)) == typed
