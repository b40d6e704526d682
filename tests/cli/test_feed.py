"""A run that is joined late: what was printed before stands between the events of its time."""

import pytest

from console.adapters.logs.run_log import RunLog
from console.adapters.statefolder import prepared
from console.cli.command_access import CommandAccess
from console.cli.invocation import Invocation
from console.client.engine_connection import NoEngine, OthersEngine
from console.client.lasting_feed import LastingFeed
from console.errors import ConsoleError, EngineLost, Locked
from console.model.configured_environment import Environment
from console.model.events import NoteAdded, RunEnded, StepStarted
from console.model.host import Host
from console.model.request import Person
from console.ports.feed import Output, Presence, Untold
from console.safe_text import SafeText
from console.wire.questions import Welcome

RUN = "20261124T120000Z-production-abcd"


def at(second: int) -> str:
    return f"2026-11-24T12:00:{second:02}.000Z"


def printed(second: int, words: str) -> Output:
    return Output(at(second), "web01", "wave-1/web01/restart", SafeText(words))


class Client:
    """An engine's client that has these items to tell, and takes no run up."""

    path = ""
    welcome = Welcome(run=RUN, seq=2)

    def __init__(self, *items: object) -> None:
        self._items = items
        self.is_closed = False

    async def resume(self, run: str) -> None:
        raise Locked("another run goes on")

    async def close(self) -> None:
        self.is_closed = True

    async def follow(self, run: str, after: int, *, samples: bool):
        for item in self._items:
            if isinstance(item, ConsoleError):
                raise item
            yield item


async def followed(tmp_path, monkeypatch, *items: object, samples: bool = True) -> list[object]:
    state = str(tmp_path / "state")
    prepared(state)
    monkeypatch.setenv("DEPLOY_STATE", state)
    log = RunLog(state, RUN)
    for line in (printed(2, "stopping"), printed(4, "started")):
        log.append(line.host, line.step, line.at, [line.text])
    feed = LastingFeed(CommandAccess(Invocation()), Client(*items), RUN, None, samples=samples)  # type: ignore[arg-type]
    assert feed.joined_at == 2
    return [item async for item in feed.follow()]


ADA = Person("ada", 1000)
BEGUN = StepStarted(step="wave-1/web01/restart", host="web01", seq=1, at=at(1))
NOTED = NoteAdded(by=ADA, text=SafeText("seen"), seq=2, at=at(3))


async def test_what_was_printed_before_stands_in_its_time(tmp_path, monkeypatch):
    found = await followed(tmp_path, monkeypatch, Presence(("ada",)), BEGUN, NOTED, printed(5, "listening"))
    told = [item.text if isinstance(item, Output) else type(item).__name__ for item in found]
    assert told == ["Presence", "StepStarted", "stopping", "NoteAdded", "started", "listening"]


async def test_what_is_left_out_before_the_last_lines_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("console.client.lasting_feed.PRINTED", 1)
    found = await followed(tmp_path, monkeypatch, BEGUN, NOTED, printed(5, "listening"))
    told = [item.text if isinstance(item, Output) else item.until if isinstance(item, Untold) else type(item).__name__ for item in found]
    assert told == ["StepStarted", "NoteAdded", at(4), "started", "listening"]


async def test_in_a_quiet_run_what_was_printed_is_told_once_everything_that_happened_is(tmp_path, monkeypatch):
    monkeypatch.setattr("console.client.lasting_feed.SETTLED", -1.0)
    found = await followed(tmp_path, monkeypatch, BEGUN, Presence(("ada",)), Presence(("lin",)))
    told = [item.text if isinstance(item, Output) else type(item).__name__ for item in found]
    assert told == ["StepStarted", "stopping", "started", "Presence", "Presence"]


async def test_while_events_still_come_people_and_numbers_call_nothing_forward(tmp_path, monkeypatch):
    monkeypatch.setattr("console.client.lasting_feed.SETTLED", 60.0)
    found = await followed(tmp_path, monkeypatch, BEGUN, Presence(("ada",)), NOTED)
    assert [type(item).__name__ for item in found] == ["StepStarted", "Presence", "Output", "NoteAdded", "Output"]


async def test_an_engine_that_goes_when_the_run_is_over_is_no_loss(tmp_path, monkeypatch):
    ended = RunEnded(exit=0, outcome="succeeded", seq=2, at=at(3))
    found = await followed(tmp_path, monkeypatch, BEGUN, ended, EngineLost("the engine is gone"), samples=False)
    assert found == [BEGUN, ended]


async def test_lines_and_json_are_told_events_alone(tmp_path, monkeypatch):
    found = await followed(tmp_path, monkeypatch, BEGUN, NOTED, samples=False)
    assert found == [BEGUN, NOTED]


async def test_a_run_without_a_log_is_followed_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path / "empty"))
    feed = LastingFeed(CommandAccess(Invocation()), Client(BEGUN), "another", None, samples=True)  # type: ignore[arg-type]
    assert [item async for item in feed.follow()] == [BEGUN]


async def test_an_engine_that_does_not_take_the_run_up_is_let_go_of(monkeypatch):
    monkeypatch.setattr("console.client.lasting_feed.AGAIN", 0.0)
    met: list[Client] = []

    class Access(CommandAccess):
        async def meet(self, model: Environment) -> Client:  # type: ignore[override]
            met.append(Client())
            return met[-1]

        async def configure(self, *_: object, **__: object) -> None:  # type: ignore[override]
            return None

    first = Client(BEGUN, EngineLost("the engine is gone"))
    model = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))
    feed = LastingFeed(Access(Invocation()), first, RUN, model, samples=False)  # type: ignore[arg-type]
    with pytest.raises(EngineLost, match="3 engines of run .* were lost: another run goes on"):
        [item async for item in feed.follow()]
    assert [client.is_closed for client in (first, *met)] == [True, True, True]


async def test_what_the_next_engine_tells_once_more_is_left_out_and_what_is_new_is_not_though_its_clock_is_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPLOY_STATE", str(tmp_path / "empty"))
    ended = RunEnded(exit=0, outcome="succeeded", seq=2, at=at(12))
    again = Client(printed(30, "copying"), printed(30, "copying"), printed(31, "copied"), printed(10, "switched"), printed(30, "copying"), ended)

    class Access(CommandAccess):
        async def meet(self, model: Environment) -> Client:  # type: ignore[override]
            return again

        async def configure(self, *_: object, **__: object) -> None:  # type: ignore[override]
            return None

    async def resumed(run: str) -> None:
        return None

    monkeypatch.setattr(again, "resume", resumed)
    first = Client(BEGUN, printed(30, "copying"), printed(30, "copying"), printed(31, "copied"), EngineLost("the engine is gone"))
    model = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))
    feed = LastingFeed(Access(Invocation()), first, "another", model, samples=True)  # type: ignore[arg-type]
    told = [item.text async for item in feed.follow() if isinstance(item, Output)]
    assert told == ["copying", "copying", "copied", "switched", "copying"]


async def test_where_another_operators_console_is_faster_its_engine_is_waited_for(monkeypatch):
    """It lets nobody in before it has the model that names who may come."""
    monkeypatch.setattr("console.client.lasting_feed.BETWEEN", 0.0)
    ended = RunEnded(exit=0, outcome="succeeded", seq=2, at=at(12))
    again, tries = Client(ended), [OthersEngine("another user's"), NoEngine("none"), OthersEngine("another user's")]

    class Access(CommandAccess):
        async def meet(self, model: Environment) -> Client:  # type: ignore[override]
            raise OthersEngine("another user's")

    async def met(path: str, *, claims: str, read_only: bool) -> Client:
        assert not read_only
        if tries:
            raise tries.pop()
        return again

    monkeypatch.setattr("console.client.lasting_feed.connect", met)
    model = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))
    for known in (model, None):
        first = Client(BEGUN, EngineLost("the engine is gone"))
        access = Access(Invocation(read_only=known is None))
        feed = LastingFeed(access, first, RUN, known, samples=False)  # type: ignore[arg-type]
        if known is None:
            monkeypatch.setattr("console.client.lasting_feed.connect", lambda path, *, claims, read_only: met(path, claims=claims, read_only=not read_only))
            tries += [OthersEngine("another user's")]
        assert [item async for item in feed.follow()] == [BEGUN, ended]
