"""Engines found and started, with real processes around a scripted brain."""

import asyncio
import errno
import os
import signal
import socket
from contextlib import suppress

import pytest

from console.client.engine_connection import NoEngine, connect, look
from console.client.engines import ensure_engine, find_engines, last_lines, spawn_engine
from console.client.login_claims import claims_of
from console.errors import ConsoleError, EngineLost, UsageFault
from console.exit_codes import Exit
from console.model.commands import Note
from console.model.events import RunEnded
from console.model.request import Request
from console.safe_text import SafeText
from console.wire.address import log_path, socket_path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN_IT = f"import runpy, sys; sys.path.insert(0, {ROOT!r}); sys.path.remove(''); runpy.run_module('tests.engine.scripted', run_name='__main__')"
SCRIPTED = ("-c", RUN_IT)
"""An engine has little of a caller's environment: no PYTHONPATH leads it to the tests."""


def setting(**more):
    return dict(os.environ) | {"DEPLOY_ENGINE_IDLE": "1s"} | more


def spawned(state, environment="production", **more):
    return spawn_engine(state, "shop", environment, environ=setting(**more), program=SCRIPTED, deadline=120.0)


async def gone(path):
    async with asyncio.timeout(60):
        while await look(path):
            await asyncio.sleep(0.05)


async def test_an_engine_is_started_in_a_session_of_its_own_and_outlives_nobody_it_need_not(state):
    client = await spawned(state)
    pid = client.welcome.pid
    assert os.getsid(pid) == pid != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.readlink(f"/proc/{pid}/fd/1") == log_path(state, "shop", "production")
    assert os.stat(log_path(state, "shop", "production")).st_mode & 0o777 == 0o600
    await client.close()
    await gone(client.path)


async def test_of_two_who_start_one_at_once_both_get_the_same(state):
    clients = await asyncio.gather(*(spawned(state) for _ in range(4)))
    assert len({client.welcome.engine_id for client in clients}) == 1
    await clients[0].stop()
    for client in clients:
        await client.close()


async def test_the_engines_that_live_are_found(state):
    assert await find_engines(state) == await find_engines(state + "/none") == []
    one, two = await spawned(state, "staging"), await spawned(state, "production")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(socket_path(state, "shop", "dead"))
    dead.close()
    found = await find_engines(state)
    assert [each.welcome.environment for each in found] == ["production", "staging"]
    assert [each.path for each in found] == [two.path, one.path]
    for client in (one, two):
        await client.stop()
        await client.close()


async def test_why_an_engine_did_not_start_is_in_its_log_and_shown(state):
    with open(log_path(state, "shop", "production"), "w") as log:
        log.write("yesterday's trouble\n")
    with pytest.raises(ConsoleError, match=r"the engine ended with 1; its log says:\n.*no journal: the disk is full") as told:
        await spawned(state, DEPLOY_TEST_FAILS="1")
    assert "\x1b" not in str(told.value)
    assert "yesterday" not in str(told.value)


async def test_an_engine_that_does_not_answer_in_time_is_named(state):
    with pytest.raises(ConsoleError, match=r"did not answer within 0 s \(process \d+\); its log is empty") as told:
        await spawn_engine(state, "shop", "production", environ=setting(DEPLOY_TEST_LATE="30"), program=SCRIPTED, deadline=0.3)
    pid = int(str(told.value).split("process ")[1].split(")")[0])
    os.kill(pid, signal.SIGKILL)


async def test_an_engine_that_can_say_nothing_on_a_full_disk_is_told_with_the_disk(state, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.client.engines.ROOM", 2**62)
    with pytest.raises(ConsoleError, match=r"no room is left on the disk of .*shop@production.log") as told:
        await spawn_engine(state, "shop", "production", environ=setting(), program=("-c", "raise SystemExit(1)"), deadline=60.0)
    assert (told.value.exit, told.value.hint) == (1, "make room there, then type the command again")


async def test_a_new_engine_takes_the_place_of_one_that_was_killed(state):
    client = await spawned(state)
    run = await client.open_run(Request())
    feed = client.follow(run)
    await anext(feed)
    os.kill(client.welcome.pid, signal.SIGKILL)
    with pytest.raises(EngineLost):
        async for _ in feed:
            pass
    again = await spawned(state)
    assert again.welcome.pid != client.welcome.pid
    await again.resume(run)
    await again.submit(run, Note(text=SafeText("end")))
    assert [type(item) async for item in again.follow(run) if isinstance(item, RunEnded)] == [RunEnded]
    await again.stop()
    for each in (client, again):
        await each.close()


async def test_one_that_lives_is_taken(state):
    client = await spawned(state)
    same = await ensure_engine(state, "shop", "production")
    assert same.welcome.engine_id == client.welcome.engine_id
    await same.stop()
    for each in (client, same):
        await each.close()


async def test_a_state_folder_with_a_long_name_works(tmp_path):
    state = str(tmp_path / ("long" * 30))
    os.makedirs(state + "/run", 0o700)
    client = await spawned(state)
    assert len(client.path) > 107
    assert [each.path for each in await find_engines(state)] == [client.path]
    await client.stop()
    await client.close()


async def serve_bytes(path, *frames):
    async def answer(reader, writer):
        for frame in frames:
            writer.write(frame)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    return await asyncio.start_unix_server(answer, path)


@pytest.mark.parametrize("said", [b"\0\0\0\x02{}", b"SSH-2.0-OpenSSH\r\n", b'\0\0\0\x1a{"type":"ended","id":    1}'])
async def test_what_is_no_engine_is_said_to_be_none(state, said):
    path = state + "/x.sock"
    async with await serve_bytes(path, said):
        assert await look(path) is None
        with pytest.raises(NoEngine):
            await connect(path)


async def test_a_log_that_cannot_be_written_is_told(state):
    os.makedirs(log_path(state, "shop", "production"))
    with pytest.raises(UsageFault, match="cannot be written"):
        await spawned(state)


def test_claims_say_who_came_from_where():
    environ = {"SUDO_USER": "ada", "LOGNAME": "root", "SSH_CONNECTION": "10.1.2.3 5555 10.0.0.1 22", "SSH_TTY": "/dev/pts/3"}
    assert claims_of(environ) == "ada from 10.1.2.3 on /dev/pts/3"


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO])
async def test_a_disk_that_takes_nothing_is_no_fault_of_the_caller(state, monkeypatch: pytest.MonkeyPatch, number: int):
    def refuse(path: str, flags: int) -> int:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr("console.client.engines.opened", refuse)
    with pytest.raises(ConsoleError, match=os.strerror(number)) as told:
        await spawn_engine(state, "shop", "production")
    assert (told.value.exit, told.value.hint.startswith("see how its disk is mounted")) == (Exit.CONSOLE_FAILED, True)


def test_the_last_lines_of_a_log_are_harmless(tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"old\n" + b"\x1b]0;evil\x07new\n\xff\n")
    assert last_lines(str(log), 4)[0] == "new"
    assert len(last_lines(str(log), count=2)) == 2
    assert last_lines(str(tmp_path / "none")) == []


async def test_an_engine_starts_with_little_of_the_callers_environment(state):
    own = {"PATH": "/usr/bin:/bin", "HOME": "/root", "USER": "ada", "LANG": "C.UTF-8", "LC_TIME": "C", "TZ": "UTC", "TERM": "vt100", "SSH_AUTH_SOCK": "/a",
           "DEPLOY_ENGINE_IDLE": "1s", "XDG_STATE_HOME": "/x", "https_proxy": "http://p:1", "NO_PROXY": "localhost"}  # fmt: skip
    others = {
        "SHOP_TOKEN": "hush-hush-42",
        "DEPLOY_TOKEN": "hush-hush-43",
        "AWS_SECRET_ACCESS_KEY": "k",
        "PGPASSWORD": "p",
        "LD_PRELOAD": "",
        "PYTHONSTARTUP": "x",
    }
    client = await spawn_engine(state, "shop", "production", environ=own | others, without={"DEPLOY_TOKEN"}, program=SCRIPTED, deadline=120.0)
    with open(f"/proc/{client.welcome.pid}/environ", "rb") as file:
        found = dict(line.split("=", 1) for line in file.read().decode().split("\0") if line)
    await client.stop()
    await client.close()
    assert found == own | {"DEPLOY_STATE": state}


async def test_a_machine_that_starts_no_process_is_told(state, monkeypatch: pytest.MonkeyPatch):
    """Who follows a run tries again then, instead of failing by itself."""
    monkeypatch.setattr("console.client.engines.sys.executable", "/nonexistent/python")
    with pytest.raises(ConsoleError, match="the engine cannot be started: .*No such file"):
        await spawn_engine(state, "shop", "production")
