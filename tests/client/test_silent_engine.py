"""An engine that is there and says nothing, and a console that lets go of one: nothing waits for ever, and no run is called interrupted for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.client.asked_engine import AskedEngine
from console.client.engine_connection import Client, OthersEngine, SilentEngine, connect
from console.client.engines import look_at_engines
from console.errors import EngineLost
from console.model.commands import Accepted
from console.model.configured_environment import Environment
from console.model.host import Host
from console.wire.codec import encode
from console.wire.frames import TO_ENGINE, Frames, framed
from console.wire.messages import Ended, Told
from console.wire.questions import Answer, Welcome

BIG = "x" * 900_000
"""More than the kernel keeps for one who does not read."""
MODEL = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))


@asynccontextmanager
async def an_engine(path: str, answer: Callable[[dict[str, Any]], object], *, greets: bool = True) -> AsyncIterator[None]:
    """Serve one that greets, and answers each message so; None: it says nothing and reads nothing more."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames(TO_ENGINE)
        try:
            for said in (Welcome(app="shop"),) if greets else ():
                writer.write(framed(msgspec.json.encode(said)))
            while data := await reader.read(65536):
                for body in frames.feed(data):
                    said = answer(msgspec.json.decode(body))
                    if said is None:
                        await asyncio.Event().wait()
                    writer.write(framed(encode(said)))
        finally:
            writer.transport.abort()

    tasks: list[asyncio.Task[None]] = []
    server = await asyncio.start_unix_server(lambda reader, writer: tasks.append(asyncio.create_task(talk(reader, writer))), path)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def greets_alone(message: dict[str, Any]) -> object:
    return Answer() if message["type"] == "hello" else None


async def test_a_console_lets_go_of_an_engine_that_reads_nothing(tmp_path: Path):
    async with an_engine(str(tmp_path / "s"), greets_alone), asyncio.timeout(60):
        client = await connect(str(tmp_path / "s"))
        with pytest.raises(EngineLost, match="did not answer within"):
            await client.query("status", {"x": BIG}, deadline=0.1)
        with pytest.raises(EngineLost, match="did not answer within"):
            await client.query("status", {"x": BIG}, deadline=0.1)
        await client.close()


async def test_a_run_is_not_waited_for_whose_engine_says_nothing_more(tmp_path: Path):
    async with an_engine(str(tmp_path / "s"), greets_alone), asyncio.timeout(60):
        client = await connect(str(tmp_path / "s"))
        with pytest.raises(EngineLost, match="has said nothing for"):
            await client.wait_ended("r1", 0, silence=0.1)
        await client.close()


async def test_a_run_is_waited_for_until_it_has_ended(tmp_path: Path):
    said = {"hello": Answer(), "follow": Ended(id=1)}
    async with an_engine(str(tmp_path / "s"), lambda message: said[message["type"]]), asyncio.timeout(60):
        client = await connect(str(tmp_path / "s"))
        await client.wait_ended("r1", 0)
        await client.close()


async def test_a_question_that_waits_ends_with_its_connection(tmp_path: Path):
    async with an_engine(str(tmp_path / "s"), greets_alone), asyncio.timeout(60):
        client = await connect(str(tmp_path / "s"))
        asked = asyncio.create_task(client.query("status"))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(EngineLost, match="let go of"):
            await asked
        with pytest.raises(EngineLost):
            await client.query("status")


async def test_a_question_that_waits_while_the_file_changes_is_put_to_the_next_engine(tmp_path: Path):
    heard = asyncio.Event()

    def answer(message: dict[str, Any]) -> object:
        if message["type"] == "hello":
            return Answer()
        if heard.is_set():
            return Answer(id=message["id"], value="the fleet")
        heard.set()
        return None

    class Access:
        read_only = False

        async def meet_to_ask(self, model: Environment) -> Client:
            return await connect(str(tmp_path / "s"))

    async with an_engine(str(tmp_path / "s"), answer), asyncio.timeout(60):
        engine = AskedEngine(Access(), MODEL)  # type: ignore[arg-type]
        asked = asyncio.create_task(engine.asked("board", {}, str))
        await heard.wait()
        await engine.meet_again_for(MODEL)
        assert await asked == "the fleet"
        await engine.close()


@pytest.mark.parametrize("greets", [True, False])
async def test_one_that_is_there_and_says_nothing_is_no_dead_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, greets: bool):
    monkeypatch.setattr("console.client.engine_connection.GREETING", 1.0)  # a busy machine connects within that
    (tmp_path / "run").mkdir()
    path = str(tmp_path / "run" / "shop@production.sock")
    async with an_engine(path, lambda message: None, greets=greets), asyncio.timeout(60):
        with pytest.raises(SilentEngine, match=r"\(process \d+\) is there, and has not answered") as told:
            await connect(path)
        assert "kill -9" in told.value.hint
        if not greets:
            live, silent = await look_at_engines(str(tmp_path))
            assert (live, [type(fault) for fault in silent]) == ([], [SilentEngine])
            assert await look_at_engines(str(tmp_path), "api") == ([], [])


async def test_a_socket_that_may_not_be_connected_to_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def forbidden(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(asyncio, "open_unix_connection", forbidden)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "shop@production.sock").touch()
    assert [type(fault) for fault in (await look_at_engines(str(tmp_path)))[1]] == [OthersEngine]


async def test_an_answer_that_is_none_is_not_taken_for_one(tmp_path: Path):
    said = {"hello": lambda message: Answer(), "stop": lambda message: Told(id=message["id"], result=Accepted())}
    async with an_engine(str(tmp_path / "s"), lambda message: said[message["type"]](message)), asyncio.timeout(60):
        client = await connect(str(tmp_path / "s"))
        with pytest.raises(EngineLost, match="none to what it was asked"):
            await client.stop()
        await client.close()
