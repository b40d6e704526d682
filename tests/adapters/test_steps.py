"""Durable steps on this machine: under each shell, with links that die, processes that will not end, locks that are gone."""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.adapters import durable_steps, step_wrapper
from console.adapters.durable_steps import DurableSteps
from console.adapters.this_machine import LocalTransport
from console.model.host import Host
from console.ports.hosts import Reached, Unreached
from console.ports.steps import RemoteStep, StepResult
from console.safe_text import SafeText
from tests.adapters.hosts import HERE, SHELLS, Away, Breaking, host_with

RUN = "20261124T071407Z-production-3f2a"


@pytest.fixture(params=SHELLS)
def transport(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


@pytest.fixture
def plain(tmp_path: Path) -> LocalTransport:
    return host_with("dash", tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "srv" / "my shop"
    (folder / ".deploy" / "lock" / f"{RUN}.1").mkdir(parents=True)
    return folder


def step(app: Path, script: str, **fields: object) -> RemoteStep:
    values = {"name": "wave-1/web01/restart", "attempt": 1, "timeout": 60.0, **fields}
    return RemoteStep(path=str(app), run=RUN, epoch=f"{RUN}.1", script=script, **values)  # type: ignore[arg-type]


async def performed(transport: object, wanted: RemoteStep) -> tuple[StepResult, bytes]:
    out = bytearray()
    result = await DurableSteps(transport).perform(HERE, wanted, out.extend)  # type: ignore[arg-type]
    return result, bytes(out)


def claimed(app: Path, name: str = "wave-1~web01~restart.1") -> Path:
    return app / ".deploy" / "runs" / RUN / name


async def test_output_and_code_come_back(transport: LocalTransport, app: Path) -> None:
    result, out = await performed(transport, step(app, "echo to-out; echo to-err >&2; exit 7"))
    assert (result.status, result.code, out) == ("failed", 7, b"to-out\nto-err\n")
    assert (claimed(app) / "rc").read_text().strip() == "007"
    assert claimed(app).stat().st_mode & 0o777 == 0o700


async def test_an_attempt_runs_once_however_often_it_is_sent(transport: LocalTransport, app: Path) -> None:
    wanted = step(app, f"echo x >> '{app}/ran'; echo said")
    ended = await asyncio.gather(*(performed(transport, wanted) for _ in range(5)))
    ended.append(await performed(transport, wanted))
    assert {(result.status, out) for result, out in ended} == {("done", b"said\n")}
    assert (app / "ran").read_text() == "x\n"


async def test_a_retry_of_a_person_is_another_attempt(plain: LocalTransport, app: Path) -> None:
    for attempt in (1, 2):
        await performed(plain, step(app, f"echo x >> '{app}/ran'", attempt=attempt))
    assert (app / "ran").read_text() == "x\nx\n"


async def test_a_truncated_script_never_runs(transport: LocalTransport, app: Path) -> None:
    script = f"echo one >> '{app}/ran'\n" * 3
    whole = step_wrapper.payload(script)
    claim = step_wrapper.Claim(str(app), f"{RUN}.1", RUN, "cut.1")
    for length in {0, 1, 40, *range(60, len(whole), 7), len(whole) - 1}:
        ran = await transport.run(HERE, step_wrapper.running(claim, 9), whole[:length], deadline=60)
        assert step_wrapper.answered(ran.err).state == "truncated"
    assert not (app / "ran").exists()
    assert not (app / ".deploy" / "runs").exists()


async def test_a_link_that_dies_while_sending_is_sent_again_and_runs_once(transport: LocalTransport, app: Path) -> None:
    link = Breaking(transport, ("stdin", 100), ("stdin", 0))
    result, _ = await performed(link, step(app, f"echo x >> '{app}/ran'  # {'long ' * 50}"))
    assert result.status == "done"
    assert (app / "ran").read_text() == "x\n"


async def test_no_output_is_lost_or_doubled_by_dead_links(transport: LocalTransport, app: Path) -> None:
    link = Breaking(transport, ("after", 0.5), "never", ("after", 0.4), ("after", 0.4))
    script = f"echo x >> '{app}/ran'; i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo line $i; sleep 0.1; done"
    result, out = await performed(link, step(app, script))
    assert result.status == "done"
    assert out.decode().splitlines() == [f"line {n}" for n in range(1, 21)]
    assert (app / "ran").read_text() == "x\n"
    assert link.commands >= 4


async def test_an_answer_that_is_lost_is_asked_for_again(transport: LocalTransport, app: Path) -> None:
    class Deaf(Breaking):
        async def run(self, host, script, data=b"", *, deadline, sink=None):  # type: ignore[no-untyped-def]
            ran = await super().run(host, script, data, deadline=deadline, sink=sink)
            return type(ran)(None) if self.commands == 1 else ran

    result, out = await performed(Deaf(transport), step(app, f"echo x >> '{app}/ran'; echo said; exit 4"))
    assert (result.status, result.code, out) == ("failed", 4, b"said\n")
    assert (app / "ran").read_text() == "x\n"


async def test_a_foreign_lock_refuses(transport: LocalTransport, app: Path) -> None:
    lock = app / ".deploy" / "lock"
    (lock / f"{RUN}.1").rename(lock / "another.3")
    result, _ = await performed(transport, step(app, f"touch '{app}/ran'"))
    assert result.status == "failed"
    assert "another.3" in result.detail
    assert not (app / "ran").exists()
    assert not claimed(app).exists()


async def test_a_missing_folder_is_named(plain: LocalTransport, app: Path) -> None:
    result, _ = await performed(plain, step(app / "nowhere", "true"))
    assert result.status == "failed"
    assert "nowhere" in result.detail


async def test_a_host_that_is_not_reached_was_sent_nothing(plain: LocalTransport, app: Path) -> None:
    link = Away(plain)
    result, _ = await performed(link, step(app, "true"))
    assert (result.status, result.detail, result.hint) == ("unreachable", "refused", "look at the key")
    assert link.commands == 0


async def test_the_script_is_in_no_argv_and_on_no_disk(transport: LocalTransport, app: Path) -> None:
    secret = "s3cr3t-0f-the-test"
    script = f"TOKEN={secret}\necho begun\nwhile [ ! -e '{app}/go' ]; do sleep 0.05; done\necho ${{#TOKEN}}"
    task = asyncio.create_task(performed(transport, step(app, script)))
    await until(lambda: _has_begun(app))
    argvs = b"".join(_read(process / "cmdline") for process in Path("/proc").iterdir() if process.name.isdigit())
    (app / "go").touch()
    _, out = await task
    assert out == b"begun\n18\n"
    assert secret.encode() not in argvs
    assert not [file for file in app.rglob("*") if file.is_file() and secret in file.read_text(errors="replace")]


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.02)


def _has_begun(app: Path) -> bool:
    """Whether the step has printed that."""
    return b"begun" in _read(claimed(app) / "out")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


async def test_at_its_time_out_a_step_is_ended(transport: LocalTransport, app: Path) -> None:
    result, out = await performed(transport, step(app, "echo begun; sleep 60 & sleep 60", timeout=3.0))
    assert result.status == "failed"
    assert result.detail == "timed out after 3 s, ended by TERM"
    assert out == b"begun\n"
    assert _session_of(app) == []


async def test_a_step_that_ignores_term_is_killed(transport: LocalTransport, app: Path) -> None:
    task = asyncio.create_task(performed(transport, step(app, "trap '' TERM; echo begun; sleep 60; sleep 60")))
    await until(lambda: _has_begun(app))
    began = time.monotonic()
    result = await DurableSteps(transport).cancel(HERE, step(app, ""))
    assert (result.status, result.detail) == ("cancelled", "ended by KILL")
    assert 5 <= time.monotonic() - began < 30
    assert (await task)[0].status == "failed"
    assert _session_of(app) == []


async def test_what_left_the_session_is_named_and_the_end_is_unknown(transport: LocalTransport, app: Path) -> None:
    apart = f"sleep 61.{os.getpid()}"
    task = asyncio.create_task(performed(transport, step(app, f"setsid {apart} & sleep 60")))
    await until(lambda: any(_read(process / "cmdline").decode(errors="replace").split("\0")[:-1] == apart.split() for process in Path("/proc").iterdir()))
    result = await DurableSteps(transport).cancel(HERE, step(app, ""))
    await task
    assert result.status == "unknown"
    assert "sleep " in result.detail
    os.kill(int(result.detail.rsplit(" ", 1)[1]), 9)


async def test_the_commands_own_cancel_comes_first(transport: LocalTransport, app: Path) -> None:
    wanted = step(app, f"echo begun; while [ ! -e '{app}/stop' ]; do sleep 0.1; done; echo stopped", cancel=f"touch '{app}/stop'")
    task = asyncio.create_task(performed(transport, wanted))
    await until(lambda: _has_begun(app))
    result = await DurableSteps(transport).cancel(HERE, wanted)
    assert result.status == "done"
    assert (await task)[1] == b"begun\nstopped\n"


async def test_what_was_cancelled_before_it_came_never_starts(transport: LocalTransport, app: Path) -> None:
    wanted = step(app, f"touch '{app}/ran'")
    result = await DurableSteps(transport).cancel(HERE, wanted)
    assert (result.status, result.detail) == ("cancelled", "it had not begun")
    assert (await performed(transport, wanted))[0].status == "failed"
    assert not (app / "ran").exists()


async def test_another_boot_is_lost_and_unknown(transport: LocalTransport, app: Path) -> None:
    claimed(app).mkdir(parents=True)
    (claimed(app) / "pid").write_text(f"{os.getpid()} 1 0d0c0a00-0000-4000-8000-000000000000\n")
    result, _ = await performed(transport, step(app, f"touch '{app}/ran'"))
    assert result.status == "unknown"
    assert "restarted" in result.detail
    assert not (app / "ran").exists()


async def test_what_is_lost_and_idempotent_is_sent_again_under_its_name(transport: LocalTransport, app: Path) -> None:
    claimed(app).mkdir(parents=True)
    (claimed(app) / "pid").write_text("1 1 0d0c0a00-0000-4000-8000-000000000000\n")
    result, out = await performed(transport, step(app, "echo again", idempotent=True))
    assert (result.status, out) == ("done", b"again\n")
    assert claimed(app, "wave-1~web01~restart.1.2").is_dir()


async def test_a_killed_runner_with_children_is_told(transport: LocalTransport, app: Path) -> None:
    task = asyncio.create_task(performed(transport, step(app, "sleep 62; echo never", idempotent=True)))
    await until(lambda: _read(claimed(app) / "pid") and any(_read(Path("/proc", member, "comm")) == b"sleep\n" for member in _session_of(app)))
    os.kill(int((claimed(app) / "pid").read_text().split()[0]), 9)
    result, _ = await task
    assert result.status == "unknown"
    assert "sleep " in result.detail
    ended = await DurableSteps(transport).cancel(HERE, step(app, ""))
    assert ended.status == "unknown"
    assert _session_of(app) == []


async def test_a_claim_that_never_began_is_lost(plain: LocalTransport, app: Path) -> None:
    claimed(app).mkdir(parents=True)
    result, _ = await performed(plain, step(app, "true"))
    assert result.status == "unknown"


async def test_a_dead_link_ends_in_unknown_at_the_time_out(plain: LocalTransport, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_steps, "GRACE", 0.3)
    link = Breaking(plain, ("stdin", 5), *["never"] * 50)
    result, _ = await performed(link, step(app, "true", timeout=1.0))
    assert result.status == "unknown"
    assert "cut by the test" in result.detail


async def test_a_host_that_lets_nobody_in_any_more_is_not_asked_again_at_once(plain: LocalTransport, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sshd shuts out for minutes who is refused again and again (PerSourcePenalties)."""
    monkeypatch.setattr(durable_steps, "REFUSED_PAUSE", 1.0)
    asked = list[float]()

    class Refusing(Breaking):
        async def connect(self, host: Host) -> Reached | Unreached:
            asked.append(time.monotonic())
            return Unreached(host.name, "login", SafeText("refused")) if len(asked) == 2 else await super().connect(host)

    result, _ = await performed(Refusing(plain, ("stdin", 5)), step(app, "true"))
    assert result.status == "done"
    assert asked[2] - asked[1] >= 1.0


async def test_a_short_step_is_short(transport: LocalTransport, app: Path) -> None:
    took, bare = list[float](), list[float]()
    for attempt in range(10):
        began = time.monotonic()
        await performed(transport, step(app, "echo x", attempt=attempt + 1))
        took.append(time.monotonic() - began)
        began = time.monotonic()
        await transport.run(HERE, "echo x", deadline=60)
        bare.append(time.monotonic() - began)
    assert min(took) < 0.3 + 30 * min(bare)  # which is longer on a machine that does other work too


async def test_a_command_keeps_its_umask_and_language(transport: LocalTransport, app: Path) -> None:
    mask = os.umask(0o027)
    try:
        _, out = await performed(transport, step(app, "umask; printf 'ä%s\\n' \"$LANG\""))
    finally:
        os.umask(mask)
    assert out.decode().split() == ["0027", "äC.UTF-8"]


async def test_big_scripts_and_outputs_arrive_whole(transport: LocalTransport, app: Path) -> None:
    script = "".join(f"# line {n} of a long script with an ä\n" for n in range(6000)) + "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done"
    result, out = await performed(transport, step(app, script))
    assert result.status == "done"
    assert out.split() == [str(n).encode() for n in range(1, 20001)]


@pytest.mark.parametrize("script", ["if", "echo 'open", "exit", "set -u; echo $none", "false\nset -e\nfalse\necho no", "exec false"])
async def test_broken_scripts_end_with_a_code(transport: LocalTransport, app: Path, script: str) -> None:
    result, out = await performed(transport, step(app, script))
    assert result.status == ("done" if script == "exit" else "failed")
    assert b"no\n" not in out.splitlines(keepends=True)


async def test_a_host_that_speaks_otherwise_is_unknown(app: Path) -> None:
    result, _ = await performed(LocalTransport(("echo",)), step(app, "true"))
    assert result.status == "unknown"
    assert "wrapper" in result.detail


def _session_of(app: Path) -> list[str]:
    leader = (claimed(app) / "pid").read_text().split()[0]
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            fields = _read(process / "stat").decode(errors="replace").rpartition(") ")[2].split()
            if len(fields) > 3 and fields[3] == leader and fields[0] != "Z":
                found.append(process.name)
    return found


LOST = "its process is gone and left no exit code"


@pytest.mark.parametrize(
    ("said", "loss", "remains", "words"),
    [
        ("lost no-code", "no-code", "", LOST),
        ("lost no-code sleep 412, sh 9", "no-code", "sleep 412, sh 9", f"{LOST}; of its session still run: sleep 412, sh 9"),
        ("lost no-code no exit code 7", "no-code", "no exit code 7", f"{LOST}; of its session still run: no exit code 7"),
        ("lost restarted", "restarted", "", "the host was restarted meanwhile"),
        ("lost cut-code", "cut-code", "", "its exit code was not written whole"),
        ("lost never-began", "never-began", "", "it was claimed, but never said that it began"),
        ("lost still run", None, "", "still run"),
        ("lost", None, "", ""),
    ],
)
def test_why_an_attempt_is_lost_is_a_word_and_not_a_sentence(said: str, loss: str | None, remains: str, words: str) -> None:
    answer = step_wrapper.answered(f"noise\ndeploy-step {said}\n".encode())
    assert (answer.state, answer.loss, answer.remains, answer.detail) == ("lost", loss, remains, words)


async def test_what_a_step_prints_beyond_its_share_is_cut_and_it_goes_on(transport: LocalTransport, app: Path) -> None:
    script = f"head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end; touch '{app}/went-on'; exit 3"
    result, out = await performed(transport, step(app, script, output=10240))
    assert (result.status, result.code) == ("failed", 3)
    assert (app / "went-on").exists()
    assert out[:10240] == b"x" * 10240
    said = rb"\n\[deploy\] the output is cut here, after 10240 bytes \(output in hosts.toml\); the command goes on\n\[deploy\] (\d+) bytes and more .* cut\n"
    cut = re.fullmatch(said, out[10240:])
    assert cut is not None
    assert 4_500_000 < int(cut[1]) <= 4_989_765
    assert (claimed(app) / "out").stat().st_size == len(out)
    assert sorted(path.name for path in claimed(app).iterdir()) == ["out", "pid", "rc"]


async def test_a_daemon_that_is_left_with_the_output_holds_nothing_up_and_lives_on(transport: LocalTransport, app: Path) -> None:
    script = f"setsid sh -c 'n=0; while [ $n -lt 40 ]; do sleep 0.1; echo again; n=$((n + 1)); done; touch \"{app}/lived\"' & echo said"
    began = time.monotonic()
    result, out = await performed(transport, step(app, script))
    assert result.status == "done"
    assert out.startswith(b"said\n")
    assert time.monotonic() - began < 10
    async with asyncio.timeout(60):
        while not (app / "lived").exists():
            await asyncio.sleep(0.1)
    assert b"again" in (claimed(app) / "out").read_bytes()


async def test_the_last_words_of_many_short_steps_all_come(plain: LocalTransport, app: Path) -> None:
    for number in range(20):
        result, out = await performed(plain, step(app, "echo one; echo two >&2; printf three", attempt=number + 1))
        assert (result.status, out) == ("done", b"one\ntwo\nthree")


@pytest.mark.parametrize(("up", "is_late"), [("109.00", False), ("109.99", False), ("110.00", True)])
def test_a_step_is_late_once_all_of_its_time_is_over_though_hosts_count_whole_seconds(tmp_path: Path, up: str, is_late: bool) -> None:
    begun_some_time_in_second_100, clock = "who() { b0=here u0=100; }\nlimit=9\n", tmp_path / "uptime"
    clock.write_text(f"{up} 1.00\n")
    asked = step_wrapper.COMMON[step_wrapper.COMMON.index("late() {") : step_wrapper.COMMON.index("emit() {")].replace("/proc/uptime", str(clock))
    ran = subprocess.run(["sh", "-c", f"{begun_some_time_in_second_100}{asked}late"], check=False, timeout=60)
    assert (ran.returncode == 0) == is_late
