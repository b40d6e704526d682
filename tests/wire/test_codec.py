import json
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import Locked, NotYet, Problem, UsageFault
from console.exit_codes import Exit
from console.model.commands import Accepted, Note, RollBack
from console.model.configured_environment import Environment
from console.model.events import NoteAdded, RunOpened
from console.model.host import Host
from console.model.request import Person, Request
from console.model.secret import SecretRef
from console.ports.feed import Output, Presence, Sample
from console.safe_text import SafeText
from console.wire import codec
from console.wire.address import LONGEST, engine_name, reachable
from console.wire.frames import Frames
from console.wire.json_lines import event_json, json_line
from console.wire.messages import Configure, Submit, Told, item_message, message_item, read_reply, read_request, reply_bytes, request_bytes
from console.wire.questions import Hello, error_of, failure

EVENT = NoteAdded(seq=7, at="2026-11-24T07:14:07Z", mono=1.5, boot="b", by=Person("ada", 1000, "on pts/1"), text=SafeText("hellö"))


@given(st.text())
def test_events_survive_and_their_bytes_are_canonical(text):
    event = NoteAdded(seq=1, by=Person(text[:20]), text=SafeText(text))
    data = codec.encode_event(event)
    assert codec.decode_event(data) == event
    assert codec.encode_event(codec.decode_event(data)) == data
    assert b"\n" not in data


def test_an_event_for_people_has_its_type_number_and_time():
    found = json.loads(event_json(EVENT))
    assert (found["type"], found["seq"], found["at"]) == ("note-added", 7, "2026-11-24T07:14:07Z")
    assert found["by"]["name"] == "ada"


@given(st.text())
def test_a_line_of_json_acts_on_no_terminal_and_says_the_same(text):
    line = json_line({"x": text + "\x9b31m\u202e\U000e0041\x7f\x1b"})
    shown = line.decode()
    assert not any(mark in shown for mark in "\x9b\u202e\U000e0041\x7f\x1b\n\u2028")
    assert json.loads(line) == {"x": text + "\x9b31m\u202e\U000e0041\x7f\x1b"}


def test_what_a_later_version_adds_is_passed_over():
    later = json.loads(codec.encode_event(EVENT)) | {"novelty": 1}
    assert codec.decode_event(json.dumps(later).encode()) == EVENT


@pytest.mark.parametrize("data", [b"", b"{", b'{"type":"no-such"}', b"\xff", b"[" * 100_000, b'{"type":"note-added"}'])
def test_what_is_no_event_is_said_to_be_none(data):
    with pytest.raises(codec.DecodeError, match="not understood"):
        codec.decode_event(data)


def test_environments_survive_and_the_order_of_keys_is_nothing():
    one = Environment(app="a", name="e", path="/p", hosts=(Host("h", tags=("x",)),), variables={"A": "1", "B": SecretRef("env", "B")})
    assert codec.decode_environment(codec.encode_environment(one)) == one
    swapped = Environment(app="a", name="e", path="/p", hosts=one.hosts, variables={"B": SecretRef("env", "B"), "A": "1"})
    assert codec.encode_environment(one) == codec.encode_environment(swapped)
    other = Environment(app="a", name="e", path="/q", hosts=one.hosts)
    assert codec.encode_environment(one) != codec.encode_environment(other)


def test_plain_and_back():
    assert codec.as_plain(Output("t", "h", "s", SafeText("x"))) == {"at": "t", "host": "h", "step": "s", "text": "x"}
    assert codec.from_plain(codec.as_plain(Request(ref="v2")), Request) == Request(ref="v2")
    with pytest.raises(codec.DecodeError):
        codec.from_plain({"kind": "no"}, Request)


def body(frame):
    (found,) = Frames(1 << 24).feed(frame)
    return found


@pytest.mark.parametrize(
    "message",
    [
        Hello(claims="ada", read_only=True),
        Configure(id=1, environment=Environment("a", "e", "/p", (Host("h"),)), digest="d", secrets={"A": "s3cret"}),
        Submit(id=2, run="r", command=Note(text=SafeText("x"))),
        Submit(id=2, run="r", command=RollBack(how="halves", expects=4)),
    ],
)
def test_requests_survive(message):
    assert read_request(body(request_bytes(message))) == message


def test_a_request_with_secrets_does_not_show_them():
    shown = repr(Configure(id=1, environment=Environment("a", "e", "/p", (Host("h"),)), digest="d", secrets={"A": "s3cret"}))
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    "item",
    [
        EVENT,
        Output("t", "web01", "s", SafeText("x")),
        Sample("web01", 1.0, 0.5, None, 2.0, {"queue": 3.0}),
        Presence(("ada", "bob"), 0.004),
        Presence(("ada",), record_away=True),
    ],
)
def test_items_of_a_feed_survive(item):
    assert message_item(read_reply(body(reply_bytes(item_message(3, item))))) == item


def test_what_is_no_item_is_none():
    assert message_item(Told(id=1, result=Accepted(3))) is None


def test_errors_keep_their_kind_hint_and_problems():
    for error in (Locked("held", "wait", (Problem("a", "b", "f", 3, "k"),)), UsageFault("no"), NotYet("canary: not yet"), UsageFault("the disk is not yet")):
        back = error_of(read_reply(body(reply_bytes(failure(1, error)))))
        assert type(back) is type(error)
        assert (back.message, back.hint, back.problems, back.exit) == (error.message, error.hint, error.problems, error.exit)
    odd = Locked("x")
    odd.exit = Exit.PAUSED
    assert error_of(read_reply(body(reply_bytes(failure(1, odd))))).exit == Exit.PAUSED


def test_an_event_type_is_never_also_a_message():
    assert isinstance(message_item(item_message(1, EVENT)), NoteAdded)
    assert RunOpened.__struct_config__.tag == "run-opened"


def test_no_two_engines_share_a_name():
    names = {engine_name(app, environment) for app, environment in (("a", "b-c"), ("a-b", "c"), ("a@b", "c"), ("a", "b@c"), ("..", "x"), (".", "x"))}
    assert len(names) == 6
    assert not any("/" in name or name.startswith(".") for name in names)


def test_the_longest_names_of_the_file_have_a_socket_each(tmp_path: Path):
    folder = tmp_path / "run"
    folder.mkdir()
    for app, environment in (("a" * 63, "e" * 63), ("a" * 63, "e" * 62 + "f"), ("a" * 17, "e" * 62), ("a" * 18, "e" * 62)):
        path = str(folder / f"{engine_name(app, environment)}.sock")
        with socket.socket(socket.AF_UNIX) as listening, reachable(path) as address:
            listening.bind(address)
    assert len(list(folder.iterdir())) == 4


def test_a_long_path_is_reached_by_another(tmp_path):
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    path = str(folder / "engine.sock")
    assert len(path) > LONGEST
    with reachable(path) as short:
        assert len(short) <= LONGEST
        with open(short, "w"):
            pass
    assert (folder / "engine.sock").exists()
    with reachable("/run/x.sock") as same:
        assert same == "/run/x.sock"
