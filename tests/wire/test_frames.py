import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.wire.frames import TO_ENGINE, FrameError, Frames, framed

bodies = st.lists(st.binary(min_size=1, max_size=200), max_size=10)


@given(bodies, st.data())
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(messages, data):
    stream = b"".join(framed(message) for message in messages)
    frames = Frames(1000)
    out = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        out += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert out == messages
    assert frames.waiting == 0


@given(st.integers(1001, 2**32 - 1) | st.just(0), bodies)
def test_an_illegal_length_raises_and_changes_nothing(length, messages):
    frames = Frames(1000)
    frames.feed(b"\0\0")
    good = b"".join(framed(message) for message in messages)
    with pytest.raises(FrameError, match="1 to 1000 are allowed"):
        frames.feed(b"\0\x01x" + good + struct.pack(">I", length))
    assert frames.waiting == 2
    assert frames.feed(b"\0\x01x") == [b"x"]


def test_what_is_too_long_to_send_is_not_made():
    with pytest.raises(FrameError):
        framed(b"")
    with pytest.raises(FrameError):
        framed(b"x" * (TO_ENGINE + 1), TO_ENGINE)


def test_a_frame_cut_off_is_seen():
    frames = Frames(10)
    frames.feed(framed(b"abc")[:-1])
    assert frames.waiting == 6
