import copy
import pickle
import unicodedata
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from console.safe_text import CUT, LIMIT, Lines, SafeLines, SafeText

HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["\x1b[31m", "\x1b[", "\x1b]0;title\x07", "\x1b]52;c;", "\x1bP", "\x1b\\", "\x9b31m", "\x9d8;;", "\x9c", "\x1b", "\r", "\n",
             "\r\n", "\t", "\x00", "\x7f", "\u202e", "\u2066", "\ufeff", "\u200d", "e" + "\u0301" * 12, "\ud800", "\U000e0041", "\ue000",
             "\x85", "\u2028", "\x08\x08", "ok ", "日本", "\u3164", "[bold]", "\x18", "\x07"]
        ),
    ),
    max_size=30,
).map("".join)  # fmt: skip


def is_harmless(text: str) -> bool:
    return all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text)


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def lines_of(chunks: list[bytes], limit: int = LIMIT) -> tuple[list[str], int]:
    lines = Lines(limit)
    found = [line for chunk in chunks for line in lines.feed(chunk)]
    return [*found, *lines.end()], lines.cut


@given(HOSTILE)
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    assert is_harmless(SafeText(text))
    assert longest_run_of_marks(SafeText(text)) <= 8


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_become_harmless(data: bytes) -> None:
    assert is_harmless(SafeText(data))


@given(st.lists(HOSTILE, max_size=6), st.sampled_from(("\n", "\r\n", "\r")), st.integers(min_value=1, max_value=200))
def test_a_text_of_lines_keeps_them_and_each_is_harmless(parts: list[str], ending: str, limit: int) -> None:
    once = SafeLines(ending.join(parts), limit)
    assert all(is_harmless(line) for line in once.split("\n"))
    assert len(once) <= limit
    assert SafeLines(str(once), limit) == once
    assert SafeLines(once, limit) is once


def test_line_breaks_of_a_text_stay_line_breaks_and_sequences_do_not_reach_over_them() -> None:
    assert SafeLines("New:\r\n- a\x1b[31m  \r\n\r\n- b\x1b]0;t\n- c") == "New:\n- a\n\n- b\n- c"
    assert SafeText(SafeLines("a\nb")) == "a⏎b"
    assert len(SafeLines("x\n" * 200_000)) == 64 * 1024


@given(HOSTILE, st.integers(min_value=1, max_value=60))
def test_safe_text_made_again_is_the_same(text: str, limit: int) -> None:
    once = SafeText(text, limit)
    assert len(once) <= limit
    assert SafeText(str(once), limit) == once
    assert SafeText(once, limit) is once


@given(HOSTILE, st.lists(st.integers(min_value=0, max_value=400), max_size=6), st.sampled_from([5, 20, LIMIT]))
def test_chunks_do_not_matter(text: str, cuts: list[int], limit: int) -> None:
    data = text.encode("utf-8", "surrogatepass")
    whole = lines_of([data], limit)
    assert lines_of(split(data, cuts), limit) == whole
    assert all(is_harmless(line) and len(line) <= limit and isinstance(line, SafeText) for line in whole[0])


@given(st.binary(max_size=60), st.lists(st.integers(min_value=0, max_value=60), max_size=4))
def test_chunks_do_not_matter_for_broken_utf8(data: bytes, cuts: list[int]) -> None:
    assert lines_of(split(data, cuts)) == lines_of([data])


def test_clean_text_stays_as_it_is() -> None:
    for text in ("", "shop v1.2.3 [bold]x[/bold]", "größer → ja", "日本語", "✓ done"):
        assert SafeText(text) == text


def test_a_picture_is_as_wide_on_every_terminal() -> None:
    assert SafeText("\U0001f3f3\ufe0f \u2764\ufe0f 1\ufe0f") == "\U0001f3f3 \u2764 1"


def test_sequences_go_with_their_payload() -> None:
    assert SafeText("\x1b[1;31mred\x1b[0m") == "red"
    assert SafeText("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c") == "abc"
    assert SafeText("a\x1bPq payload\x1b\\b\x1b_apc\x9cc") == "abc"
    assert SafeText("a\x9b31mb\x9d0;t\x07c") == "abc"
    assert SafeText("a\x1b(Bb\x1b7c\x1b#8d") == "abcd"
    assert SafeText(b"8-bit \xc2\x9b2Jdone") == "8-bit done"


def test_an_open_sequence_ends_with_its_line() -> None:
    assert lines_of([b"a\x1b]0;never ended\nnext\n"])[0] == ["a", "next"]
    assert lines_of([b"a\x1b[\nnext\n"])[0] == ["a", "next"]


def test_an_open_sequence_swallows_no_more_than_its_cap() -> None:
    lines = lines_of([b"\x1b]" + b"x" * (LIMIT + 10) + b"shown\n"])[0]
    assert lines[0].endswith("shown")
    assert len(lines[0]) < 20


def test_what_is_invisible_is_shown() -> None:
    assert SafeText("a\u202eb") == "a<U+202E>b"
    assert SafeText("x\ufeff\U000e0041") == "x<U+FEFF><U+E0041>"
    assert SafeText("\x00\x07\x7f") == "␀␇␡"
    assert SafeText(b"\xff!") == "\ufffd!"


def test_line_breaks_inside_are_marked_and_at_the_end_gone() -> None:
    assert SafeText("a\r\nb\n") == "a⏎b"
    assert SafeText(b"only\n") == "only"


def test_a_rewritten_line_keeps_its_last_text_and_says_so() -> None:
    assert SafeText("10%\r50%\r100%\n") == "↩100%"
    assert lines_of([b"rm -rf /\rls\r\nplain\r\n"])[0] == ["↩ls", "plain"]


def test_tabs_become_spaces() -> None:
    assert SafeText("ab\tc") == "ab      c"


def test_long_lines_are_cut_and_counted() -> None:
    lines, cut = lines_of([b"x" * 5000 + b"\nshort\n"])
    assert len(lines[0]) == LIMIT
    assert lines[0].endswith(CUT)
    assert lines[1] == "short"
    assert cut == 5000 - LIMIT
    assert SafeText("y" * 100, 10) == "y" * 9 + CUT
    assert len(SafeText(b"z" * 10_000_000)) == LIMIT


def test_it_is_a_value_for_everything_that_copies_strings() -> None:
    text = SafeText("a\nb")
    assert type(copy.deepcopy(text)) is SafeText
    assert pickle.loads(pickle.dumps(text)) == text

    class Carrier(msgspec.Struct):
        text: SafeText

    data = msgspec.json.encode(Carrier(text), enc_hook=str)
    assert msgspec.json.decode(data, type=Carrier, dec_hook=lambda t, o: t(o)).text == "a⏎b"
