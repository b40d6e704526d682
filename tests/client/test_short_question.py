"""One question over a socket that is waited for."""

from pathlib import Path

import pytest

from console.client import short_question
from console.client.short_question import ask_engine
from console.errors import EngineLost, Locked
from console.wire.questions import Answer, Failed, Hello, Query, Welcome, failure
from tests.client.engine_script import scripted_engine

HELLO, QUESTION = Hello(claims="ada"), Query(id=1, name="status", argument={"x": [1]})
GREETED = Answer()


def asked(path: Path, is_ready: bool = True) -> Answer | None:
    return ask_engine(str(path), HELLO, QUESTION, lambda welcome: is_ready and welcome.app == "shop")


def test_an_engine_is_greeted_and_asked(tmp_path: Path):
    with scripted_engine(str(tmp_path / "s"), Welcome(app="shop"), GREETED, Answer(id=1, value={"hosts": ["web01"]})) as engine:
        assert asked(tmp_path / "s") == Answer(id=1, value={"hosts": ["web01"]})
    assert [(one["type"], one.get("id", 0)) for one in engine.heard] == [("hello", 0), ("query", 1)]
    assert engine.heard[1]["argument"] == {"x": [1]}


def test_one_that_is_to_be_told_something_first_hears_nothing(tmp_path: Path):
    with scripted_engine(str(tmp_path / "s"), Welcome(app="shop")) as engine:
        assert asked(tmp_path / "s", is_ready=False) is None
    assert engine.heard == []


@pytest.mark.parametrize(
    ("welcome", "answers"),
    [
        (b"SSH-2.0-OpenSSH", ()), (b'{"type":"ended","id":0}', ()), (Answer(), ()), (Welcome(app="shop", protocol=1), ()),
        (Welcome(app="shop"), (b'{"type":"ended","id":1}',)), (Welcome(app="shop"), (GREETED, Answer(id=7))), (Welcome(app="shop"), (GREETED, b"{")),
        (Welcome(app="shop"), (GREETED, Failed(message="too much"))),
    ],
)  # fmt: skip
def test_what_is_not_as_it_mostly_is_is_left_to_the_other_way(tmp_path: Path, welcome: object, answers: tuple[object, ...]):
    with scripted_engine(str(tmp_path / "s"), welcome, *answers):
        assert asked(tmp_path / "s") is None


def test_where_none_answers_nothing_is_said(tmp_path: Path):
    assert asked(tmp_path / "s") is None


def test_what_the_engine_refuses_is_raised_as_what_it_is(tmp_path: Path):
    refused = failure(1, Locked("run 1 goes on", "deploy attach 1"))
    with scripted_engine(str(tmp_path / "s"), Welcome(app="shop"), GREETED, refused), pytest.raises(Locked, match="run 1 goes on"):
        asked(tmp_path / "s")


def test_a_silent_engine_is_waited_for_so_long_and_not_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(short_question, "LONG", 0.05)
    with scripted_engine(str(tmp_path / "s"), Welcome(app="shop", pid=7), GREETED, None), pytest.raises(EngineLost, match=r"process 7\) did not answer"):
        asked(tmp_path / "s")
    monkeypatch.setattr(short_question, "GREETING", 0.05)
    with scripted_engine(str(tmp_path / "t"), Welcome(app="shop"), None):
        assert asked(tmp_path / "t") is None
