"""An engine's socket, with real sockets and a scripted brain."""

import asyncio
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager, suppress

import pytest

from console.client.engine_connection import Client, NoEngine, SilentEngine, SocketLine, connect, look
from console.engine.server import connection
from console.engine.server import engine_process as serving
from console.engine.server.engine_process import held, idle_seconds, serve
from console.errors import ConsoleError, EngineLost, Locked, NoGo, UsageFault
from console.exit_codes import Exit
from console.model.commands import Accepted, Note, Pause, Refusal
from console.model.events import NoteAdded, RunEnded, RunOpened
from console.model.request import Request
from console.ports.feed import Output, Presence, Sample
from console.safe_text import SafeText
from console.wire.address import lock_path, socket_path
from console.wire.codec import encode
from console.wire.frames import TO_ENGINE, framed
from console.wire.messages import Follow
from console.wire.questions import Hello
from tests.engine.scripted import ENVIRONMENT, Access, ScriptedBrain


@asynccontextmanager
async def engine(state, service, idle=3600.0, first_client=30.0):
    ready = asyncio.Event()
    paths = {"socket": socket_path(state, "shop", "production"), "lock": lock_path(state, "shop", "production")}
    running = asyncio.create_task(
        serve(
            service,
            app="shop",
            environment="production",
            idle=idle,
            first_client=first_client,
            signals=False,
            ready=ready.set,
            **paths,
        )
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield paths["socket"], running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def raw(path):
    reader, writer = await asyncio.open_unix_connection(path)
    length = struct.unpack(">I", await reader.readexactly(4))[0]
    return reader, writer, await reader.readexactly(length)


def note(text):
    return Note(text=SafeText(text))


async def test_a_run_from_opening_to_end_seen_by_two(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        one, two = await connect(path, claims="ada on pts/1"), await connect(path)
        assert (one.welcome.app, one.welcome.environment, one.welcome.pid, one.welcome.digest) == ("shop", "production", os.getpid(), "")
        await one.configure(ENVIRONMENT, "d1", {"TOKEN": "s"})
        run = await one.open_run(Request(ref="v2"))
        three = await connect(path)
        assert (three.welcome.run, three.welcome.seq, three.welcome.busy, three.welcome.digest) == (run, 1, True, "d1")

        async def follow(client):
            return [item async for item in client.follow(run) if not isinstance(item, Presence)]

        watching = [asyncio.create_task(follow(client)) for client in (one, two)]
        assert await two.submit(run, note("hello")) == Accepted(2)
        assert await one.submit(run, Pause()) == Refusal(SafeText("only notes"), SafeText("deploy note TEXT"))
        await one.submit(run, note("end"))
        for items in await asyncio.gather(*watching):
            assert [type(item) for item in items] == [RunOpened, NoteAdded, RunEnded]
            assert (items[0].by.uid, items[0].by.claims) == (os.getuid(), "ada on pts/1")
        for client in (one, two, three):
            await client.close()


async def test_errors_arrive_as_they_were_raised(state):
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        client = await connect(path)
        with pytest.raises(NoGo, match="nothing to roll back to") as told:
            await client.open_run(Request(ref="bad"))
        assert told.value.hint == "deploy history"
        await client.configure(ENVIRONMENT, "d1", {})
        await client.open_run(Request())
        with pytest.raises(Locked) as held_up:
            await client.configure(ENVIRONMENT, "d2", {})
        assert [str(each) for each in held_up.value.problems] == ["hosts.toml:3: app.name: one\n  do", "two"]
        with pytest.raises(ConsoleError, match="RuntimeError: a bug") as bug:
            await client.query("bug")
        assert bug.value.exit == Exit.CONSOLE_FAILED
        assert await client.query("shapes") == {
            "person": {"name": client.welcome.user, "uid": os.getuid(), "claims": ""},
            "output": {"at": "t", "host": "h", "step": "s", "text": "x"},
            "safe": "y",
        }
        await client.close()


async def test_a_long_question_holds_up_nothing(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        slow = asyncio.create_task(client.query("check"))
        async with asyncio.timeout(60):
            assert (await client.query("status"))["open"] is None
        slow.cancel()
        with pytest.raises(EngineLost, match="did not answer within"):
            await client.query("check", deadline=0.05)
        await client.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", 0),
        struct.pack(">I", TO_ENGINE + 1),
        struct.pack(">I", 3) + b"{}}",
        struct.pack(">I", 27) + b'{"type":"stop","force":true}'[:27],
        struct.pack(">I", 24) + b'{"type":"stop","id":   1}'[:24],
        struct.pack(">I", 200_001) + b"[" * 200_001,
    ],
)
async def test_garbage_ends_its_connection_and_no_other(state, garbage):
    async with engine(state, ScriptedBrain()) as (path, running):
        good = await connect(path)
        reader, writer, _ = await raw(path)
        writer.write(garbage)
        async with asyncio.timeout(60):
            answer = await reader.read()
        assert b'"failed"' in answer
        writer.close()
        assert (await good.query("status"))["open"] is None
        assert not running.done()
        await good.close()


async def test_the_first_word_is_hello_and_is_waited_for_only_so_long(state, monkeypatch):
    monkeypatch.setattr(connection, "INTRODUCTION", 0.1)
    async with engine(state, ScriptedBrain()) as (path, running):
        reader, writer, _ = await raw(path)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
        reader, writer, _ = await raw(path)
        body = b'{"type":"stop","id":1,"force":true}'
        writer.write(struct.pack(">I", len(body)) + body)
        assert b"hello" in await reader.read()
        writer.close()
        assert not running.done()


async def test_an_id_in_use_and_too_many_requests_are_refused(state, monkeypatch):
    monkeypatch.setattr(connection, "AT_ONCE", 3)
    async with engine(state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        slow = [asyncio.create_task(client.query("check")) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(ConsoleError, match="more than 3 requests"):
            await client.query("status")
        client._last -= 2
        with pytest.raises(ConsoleError, match="in use"):
            await client.query("status")
        for task in slow:
            task.cancel()
        await client.close()


async def test_a_viewer_that_does_not_read_holds_up_neither_engine_nor_others(state):
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        client = await connect(path)
        await client.configure(ENVIRONMENT, "d", {})
        run = await client.open_run(Request())
        stuck = client.follow(run)
        await anext(stuck)
        began = time.monotonic()
        for number in range(200):
            await client.query("flood", {"lines": 100})
            await client.submit(run, note(f"n{number}"))
        assert time.monotonic() - began < 20
        await client.submit(run, note("end"))
        other = [item async for item in client.follow(run)]
        assert [item.seq for item in other if not isinstance(item, Output | Presence)] == list(range(1, 203))
        late = [item async for item in stuck]
        events = [item.seq for item in late if not isinstance(item, Output | Presence)]
        assert events in (list(range(1, 203)), list(range(2, 203)))
        lines = [item for item in late if isinstance(item, Output)]
        assert any("lines are not shown here" in item.text for item in lines)
        assert len(lines) < 20_000
        await client.close()


async def test_one_who_says_no_more_and_reads_nothing_is_parted_with(state, monkeypatch):
    monkeypatch.setattr(connection, "PARTING", 0.1)
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        client = await connect(path)
        await client.configure(ENVIRONMENT, "d", {})
        run = await client.open_run(Request())
        with socket.socket(socket.AF_UNIX) as mute:
            mute.connect(path)
            for message in (Hello(), Follow(id=1, run=run)):
                mute.sendall(framed(encode(message)))
            while not select.select([mute], [], [], 0)[0]:
                await asyncio.sleep(0.01)
            for _ in range(20):
                await client.query("flood", {"lines": 100})
            await asyncio.sleep(0.2)
            mute.shutdown(socket.SHUT_WR)
            gone = select.poll()
            gone.register(mute, 0)
            async with asyncio.timeout(60):
                while not any(what & select.POLLHUP for _, what in gone.poll(0)):
                    await asyncio.sleep(0.02)
        assert await client.query("status")
        await client.close()


async def test_samples_only_for_those_who_want_them(state):
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        client = await connect(path)
        run = await client.open_run(Request())

        async def follow(*, samples):
            return [item async for item in client.follow(run, samples=samples)]

        with_them, without = asyncio.create_task(follow(samples=True)), asyncio.create_task(follow(samples=False))
        async with asyncio.timeout(60):
            while len(service.broadcast._viewers) < 2:
                await asyncio.sleep(0.01)
        service.broadcast.tell(Sample("web01", 1.0, 0.5, extra={"queue": 2.0}))
        await client.submit(run, note("end"))
        assert Sample("web01", 1.0, 0.5, extra={"queue": 2.0}) in await with_them
        assert not [item for item in await without if isinstance(item, Sample)]
        await client.close()


async def test_those_who_follow_hear_who_is_there(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        run = await client.open_run(Request())
        items = client.follow(run)
        async with asyncio.timeout(60):
            async for item in items:
                if isinstance(item, Presence):
                    break
        assert item.names == (client.welcome.user,)
        await items.aclose()
        await client.close()


async def test_they_hear_again_and_again_that_the_engine_lives(state, monkeypatch):
    monkeypatch.setattr("console.engine.server.engine_process.BEAT", 0.1)
    async with engine(state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        items = client.follow(await client.open_run(Request()))
        heard: list[Presence] = []
        async with asyncio.timeout(60):
            async for item in items:
                heard += [item] if isinstance(item, Presence) else []
                if len(heard) == 4:
                    break
        assert {item.every for item in heard} == {0.1}
        await items.aclose()
        await client.close()


@pytest.mark.parametrize("is_here", [True, False])
async def test_that_the_record_is_away_is_told_to_those_who_follow_a_run_of_another_machine(state, is_here):
    service = ScriptedBrain()
    service.record_is_away = True
    async with engine(state, service) as (path, _):
        client = await connect(path)
        run = await client.open_run(Request())
        items = client.follow(run if is_here else "another")
        async with asyncio.timeout(60):
            async for item in items:
                if isinstance(item, Presence):
                    assert item.record_away is not is_here
                    break
        await items.aclose()
        await client.close()


async def test_a_console_that_only_looks_changes_nothing(state):
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        operator, looker = await connect(path), await connect(path, read_only=True)
        await operator.configure(ENVIRONMENT, "d1", {"A": "x"})
        run = await operator.open_run(Request())
        for refused in (
            looker.submit(run, note("x")),
            looker.open_run(Request()),
            looker.resume(run),
            looker.stop(force=True),
            looker.query("unlock"),
            looker.configure(ENVIRONMENT, "d2", {}),
        ):
            with pytest.raises(UsageFault, match="only looks"):
                await refused
        await looker.configure(ENVIRONMENT, "d1", {"A": "stolen"})
        assert service.secrets == {"A": "x"}
        assert (await looker.query("status"))["open"] == run
        items = looker.follow(run)
        assert {type(await anext(items)), type(await anext(items))} == {RunOpened, Presence}
        await items.aclose()
        assert service.stopped == []
        await operator.close()
        await looker.close()


async def test_an_engine_that_knows_no_environment_takes_it_from_a_console_that_only_looks(state):
    service = ScriptedBrain()
    async with engine(state, service) as (path, _):
        looker = await connect(path, read_only=True)
        await looker.configure(ENVIRONMENT, "d1", {})
        assert service.digest == "d1"
        with pytest.raises(UsageFault, match="only looks"):
            await looker.configure(ENVIRONMENT, "d2", {})
        with pytest.raises(UsageFault, match="only looks"):
            await looker.open_run(Request())
        await looker.close()


async def test_a_second_engine_is_refused_and_the_first_keeps_its_socket(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        with pytest.raises(Locked, match=f"process {os.getpid()}"):
            await serve(ScriptedBrain(), app="shop", environment="production", socket=path, lock=path[:-4] + "lock", signals=False)
        assert (await look(path)).pid == os.getpid()
    assert not os.path.exists(path)


def test_a_lock_is_free_again_when_its_holder_is_gone(tmp_path):
    for _ in range(2):
        with held(str(tmp_path / "x.lock")):
            pass


async def test_the_socket_is_its_owners_alone_until_access_is_configured(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        assert os.stat(path).st_mode & 0o777 == 0o600
        client = await connect(path)
        environment = ENVIRONMENT.__class__(app="shop", name="production", path="/p", hosts=(), access=Access(operators=("root",)))
        await client.configure(environment, "d", {})
        assert os.stat(path).st_mode & 0o777 == 0o666
        await client.close()


async def test_an_engine_that_carried_nothing_ends_with_its_last_client(state):
    async with engine(state, ScriptedBrain()) as (path, running):
        one, two = await connect(path), await connect(path)
        assert await look(path) is not None
        await one.close()
        await asyncio.sleep(0.2)
        assert not running.done()
        await two.close()
        await asyncio.wait_for(running, 60)
    with pytest.raises(NoEngine):
        await connect(path)


async def test_an_engine_that_nobody_needs_ends(state):
    async with engine(state, ScriptedBrain(), first_client=0.2) as (_, running):
        await asyncio.wait_for(running, 20)


async def test_one_who_comes_while_an_engine_ends_is_told_to_start_the_next(state):
    service, ending, may_end = ScriptedBrain(), asyncio.Event(), asyncio.Event()

    async def stop(person, force):
        ending.set()
        await may_end.wait()

    service.stop = stop
    async with engine(state, service, first_client=0.2) as (path, running):
        line, _ = await SocketLine.to(path, None)
        await ending.wait()
        with pytest.raises(NoEngine, match="has just ended"):
            await line.introduce(Hello())
        await line.close()
        may_end.set()
        await running


async def test_an_engine_that_carried_a_run_waits_a_while_and_only_when_it_is_over(state):
    service = ScriptedBrain()
    async with engine(state, service, idle=0.4) as (path, running):
        client = await connect(path)
        run = await client.open_run(Request())
        await client.close()
        await asyncio.sleep(0.8)
        assert not running.done()
        client = await connect(path)
        await client.submit(run, note("end"))
        await client.close()
        await asyncio.sleep(0.2)
        assert not running.done()
        await asyncio.wait_for(running, 60)
    assert [each.uid for each in service.stopped] == [os.getuid()]


async def test_an_engine_stops_when_it_is_told_to_but_not_with_a_run_open(state):
    async with engine(state, ScriptedBrain()) as (path, running):
        client = await connect(path)
        run = await client.open_run(Request())
        following = client.follow(run)
        await anext(following)
        with pytest.raises(Locked):
            await client.stop()
        await client.stop(force=True)
        await asyncio.wait_for(running, 60)
        await client.wait_lost()
        with pytest.raises(EngineLost, match="the engine is gone"):
            await client.query("status")
        with pytest.raises(EngineLost):
            async for _ in following:
                pass
        with pytest.raises(EngineLost):
            await anext(client.follow(run))
        await client.close()


async def test_an_engine_that_has_begun_to_stop_ends_though_who_asked_for_it_goes_away(state):
    service, lets_go, has_let_go = ScriptedBrain(), asyncio.Event(), asyncio.Event()

    async def slowly(person, force):
        lets_go.set()
        await has_let_go.wait()
        service.busy, service.open_run_id = True, "run-1"

    service.stop = slowly
    async with engine(state, service) as (path, running):
        client = await connect(path)
        stopping = asyncio.create_task(client.stop(force=True))
        await lets_go.wait()
        stopping.cancel()
        await client.close()
        has_let_go.set()
        await asyncio.wait([running], timeout=30)
        assert running.done()


async def test_another_version_may_still_look_and_brake(state):
    async with engine(state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        client.welcome = client.welcome.__class__(protocol=99)
        with pytest.raises(UsageFault, match="another version"):
            await client.open_run(Request())
        with pytest.raises(UsageFault, match="another version"):
            await client.submit("r", note("x"))
        assert isinstance(await client.submit("r", Pause()), Refusal)
        assert await client.query("status")
        await client.close()


AS_ANOTHER = """
import asyncio, os, sys
from console.client.engine_connection import connect
from console.errors import ConsoleError
from console.model.commands import Note
from console.safe_text import SafeText

async def main():
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    try:
        client = await connect(sys.argv[1])
    except ConsoleError as error:
        print("connect:", error)
        return
    print("role:", client.welcome.role)
    for name, act in (
        ("status", lambda: client.query("status")),
        ("unlock", lambda: client.query("unlock")),
        ("note", lambda: client.submit("run-1", Note(text=SafeText("x")))),
        ("stop", lambda: client.stop(force=True)),
    ):
        try:
            print(name + ":", await act())
        except ConsoleError as error:
            print(name + ":", int(error.exit), error)
    await client.close()

asyncio.run(main())
"""


async def as_nobody(path):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", AS_ANOTHER, path, stdout=subprocess.PIPE, cwd=root)
    out, _ = await process.communicate()
    return dict(line.split(": ", 1) for line in out.decode().splitlines())


@pytest.fixture
def open_state(tmp_path_factory):
    """A state folder that another uid can get into; pytest's own are closed to all others."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    os.mkdir(folder + "/run", 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
@pytest.mark.parametrize(
    ("access", "role", "answers"),
    [
        (Access(operators=("root",), viewers=("nobody",)), "viewer", ("{", "2 ", "2 ", "2 ")),
        (Access(operators=("@nogroup",)), "operator", ("{", "{", "Accepted", "None")),
        (Access(operators=("root",)), "none", ("2 ", "2 ", "2 ", "2 ")),
    ],
)
async def test_a_role_is_the_kernels_word_and_holds_in_the_engine(open_state, access, role, answers):
    service = ScriptedBrain()
    async with engine(open_state, service) as (path, _):
        client = await connect(path)
        environment = ENVIRONMENT.__class__(app="shop", name="production", path="/p", hosts=(), access=access)
        await client.configure(environment, "d", {})
        await client.open_run(Request())
        said = await as_nobody(path)
        assert said["role"] == role, said
        for name, start in zip(("status", "unlock", "note", "stop"), answers, strict=True):
            assert said[name].startswith(start), said
        if role == "operator":
            assert service.asked[-1][2].name == "nobody"
        refused = {"viewer": ["unlock", "note", "stop"], "operator": [], "none": ["status", "unlock", "note", "stop"]}[role]
        assert [(who, act) for who, act, _ in getattr(service, "refusals", [])] == [("nobody", act) for act in refused]
        await client.close()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
async def test_a_directory_that_does_not_answer_gives_nobody_a_right_and_holds_nobody_up(open_state, monkeypatch):
    monkeypatch.setattr("console.engine.server.client_rights.ANSWER", 0.1)
    monkeypatch.setattr("console.engine.server.client_rights.JUDGED", 0.1)
    answers = threading.Event()

    def hang(name, gid):
        answers.wait(60)
        return [gid]

    monkeypatch.setattr(os, "getgrouplist", hang)
    async with engine(open_state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        environment = ENVIRONMENT.__class__(app="shop", name="production", path="/p", hosts=(), access=Access(operators=("@nogroup",)))
        await client.configure(environment, "d", {})
        other = asyncio.create_task(as_nobody(path))
        while not other.done():
            assert (await client.query("status"))["open"] is None
            await asyncio.sleep(0.05)
        said = await other
        assert (said["role"], said["status"].startswith("2 "), "does not say which groups" in said["status"]) == ("none", True, True), said
        answers.set()
        await client.close()


CROWD = """
import os, socket, struct, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
hello, begun = b'{"type":"hello"}', struct.pack(">I", 900_000) + b"[" * 899_000
held = 0
for _ in range(40):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    try:
        one.connect(sys.argv[1])
        one.recv(65536)
        one.sendall(struct.pack(">I", len(hello)) + hello)
        one.recv(65536)
        one.sendall(begun)
        one.settimeout(0.3)
        while one.recv(65536):
            pass
    except TimeoutError:
        held += 1
        globals()[f"kept{held}"] = one
    except OSError:
        continue
print(held)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
@pytest.mark.parametrize(
    ("access", "most"), [(Access(operators=("root",)), 0), (Access(operators=("root",), viewers=("nobody",)), 0), (Access(operators=("nobody",)), 10)]
)
async def test_what_a_crowd_sends_is_held_only_as_far_as_its_role_goes(open_state, access, most):
    async with engine(open_state, ScriptedBrain()) as (path, _):
        client = await connect(path)
        await client.configure(ENVIRONMENT.__class__(app="shop", name="production", path="/p", hosts=(), access=access), "d", {})
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", CROWD, path, stdout=subprocess.PIPE)
        out, _ = await process.communicate()
        assert int(out) <= most
        assert (await client.query("status"))["open"] is None
        await client.close()


async def test_one_login_has_only_so_many_connections(state, monkeypatch):
    monkeypatch.setitem(serving.CONNECTIONS, "operator", 3)
    async with engine(state, ScriptedBrain()) as (path, _):
        kept = [await connect(path) for _ in range(3)]
        with pytest.raises(SilentEngine, match="the engine has 3 connections of this user already"):
            await connect(path)
        await kept.pop().close()
        await asyncio.sleep(0.1)
        kept.append(await connect(path))
        for client in kept:
            await client.close()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
async def test_without_access_nobody_else_gets_in(open_state):
    async with engine(open_state, ScriptedBrain()) as (path, _):
        assert "belongs to another user" in (await as_nobody(path))["connect"]


def start_process(state, idle=60.0):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    argv = [sys.executable, "-m", "tests.engine.scripted", "--app", "shop", "--environment", "production"]
    environ = os.environ | {"DEPLOY_STATE": state, "DEPLOY_ENGINE_IDLE": f"{idle}s"}
    return subprocess.Popen(argv, cwd=root, env=environ, stdout=subprocess.PIPE, text=True)


async def reached(path) -> Client:
    for _ in range(1200):
        with suppress(NoEngine):
            return await connect(path)
        await asyncio.sleep(0.05)
    raise AssertionError("no engine came up")


async def test_a_killed_engine_is_noticed_and_its_place_is_free(state):
    path = socket_path(state, "shop", "production")
    process = start_process(state)
    client = await reached(path)
    run = await client.open_run(Request())
    following = client.follow(run)
    await anext(following)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with pytest.raises(EngineLost):
        async for _ in following:
            pass
    async with asyncio.timeout(60):
        await client.wait_lost()
    assert client.lost
    await client.close()
    assert os.path.exists(path)
    assert await look(path) is None
    again = start_process(state)
    client = await reached(path)
    assert client.welcome.pid == again.pid
    await client.stop()
    await client.close()
    assert "stopped by" in again.communicate(timeout=60)[0]
    assert again.returncode == 0
    assert not os.path.exists(path)


async def test_a_hangup_means_nothing_and_a_term_settles(state):
    path = socket_path(state, "shop", "production")
    process = start_process(state)
    client = await reached(path)
    await client.open_run(Request())
    process.send_signal(signal.SIGHUP)
    assert (await client.query("status"))["open"]
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(client.wait_lost(), 60)
    assert f"stopped by ['{client.welcome.user}']" in process.communicate(timeout=60)[0]
    assert not os.path.exists(path)
    await client.close()


@pytest.mark.parametrize(("text", "seconds"), [("", 3600), ("5s", 5), ("1h", 3600), ("500ms", 0.5)])
def test_how_long_an_engine_idles(text, seconds):
    assert idle_seconds(text) == seconds


def test_what_is_no_duration_is_said():
    with pytest.raises(UsageFault, match="not a duration"):
        idle_seconds("soon")
