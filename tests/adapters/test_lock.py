"""The lock on a host: one rename takes it, whoever else comes is told who holds it, and a lost lock stays lost."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters import host_lock
from console.adapters.engine_identity import this_engine
from console.adapters.host_lock import HostLocks, holder_lines, holder_of, words_of
from console.adapters.this_machine import LocalTransport
from console.model.host_facts import LockHolder
from console.model.values import changed
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.adapters.hosts import HERE, SHELLS, Away, Breaking, host_with


@pytest.fixture(params=SHELLS)
def transport(request: pytest.FixtureRequest, tmp_path: Path) -> LocalTransport:
    return host_with(request.param, tmp_path)


@pytest.fixture
def locks(transport: LocalTransport) -> HostLocks:
    return HostLocks(transport)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return tmp_path / "srv" / "it's shop"


def holder(run: str = "run-a", number: int = 1, by: str = "ada") -> LockHolder:
    return LockHolder(
        by=SafeText(by), since=SafeText("2026-11-24T07:14:07Z"), reason=SafeText("v2: it's $HOME"), run=run, epoch=f"{run}.{number}",
        came_from=SafeText("bastion"),
    )  # fmt: skip


def held(app: Path) -> list[str]:
    folder = app / ".deploy" / "lock"
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


async def test_taken_held_given_back(locks: HostLocks, app: Path) -> None:
    assert await locks.take(HERE, str(app), holder()) is None
    assert held(app) == ["run-a.1"]
    folder = app / ".deploy" / "lock" / "run-a.1"
    assert (folder / "owner").read_text() == "ada\n"
    assert (folder / "reason").read_text() == "v2: it's $HOME\n"
    assert await locks.take(HERE, str(app), holder()) is None
    assert await locks.release(HERE, str(app), "run-a.1") is None
    assert held(app) == []
    assert not (app / ".deploy" / "lock").exists()
    assert list((app / ".deploy" / "staging").iterdir()) == []
    assert await locks.release(HERE, str(app), "run-a.1") is None


async def test_a_lock_that_cannot_be_written_says_why(locks: HostLocks, app: Path) -> None:
    """Not room alone: a file system that went read-only has plenty of it."""
    (app / ".deploy").mkdir(parents=True)
    (app / ".deploy" / "staging").symlink_to("/proc")
    found = await locks.take(HERE, str(app), holder())
    assert isinstance(found, Unreached)
    assert " KiB are free: No such file or directory" in found.message


async def test_the_second_is_told_who_holds_it(locks: HostLocks, app: Path) -> None:
    await locks.take(HERE, str(app), holder())
    found = await locks.take(HERE, str(app), holder("run-b", by="eve"))
    assert isinstance(found, LockHolder)
    assert (found.by, found.run, found.epoch, found.came_from, found.reason) == ("ada", "run-a", "run-a.1", "bastion", "v2: it's $HOME")
    assert 0 <= found.heartbeat_age < 5
    assert held(app) == ["run-a.1"]
    assert list((app / ".deploy" / "staging").iterdir()) == []


async def test_of_many_takers_at_once_exactly_one_wins(locks: HostLocks, app: Path) -> None:
    for turn in range(5):
        runs = [f"run-{turn}-{letter}" for letter in "abcdef"]
        answers = await asyncio.gather(*(locks.take(HERE, str(app), holder(run)) for run in runs))
        winners = [run for run, answer in zip(runs, answers, strict=True) if answer is None]
        assert len(winners) == 1
        assert held(app) == [f"{winners[0]}.1"]
        assert {answer.run for answer in answers if isinstance(answer, LockHolder)} == {winners[0]}
        await locks.release(HERE, str(app), f"{winners[0]}.1")


async def test_a_lock_that_comes_and_goes_is_never_held_twice(locks: HostLocks, app: Path) -> None:
    inside: list[str] = []
    most = 0

    async def worker(run: str) -> int:
        nonlocal most
        won = 0
        for number in range(6):
            if await locks.take(HERE, str(app), holder(run, number)) is None:
                inside.append(run)
                most = max(most, len(inside))
                await asyncio.sleep(0)
                inside.remove(run)
                won += 1
                await locks.release(HERE, str(app), f"{run}.{number}")
        return won

    assert sum(await asyncio.gather(*(worker(run) for run in ("a", "b", "c")))) > 0
    assert most == 1
    assert held(app) == []


async def test_an_empty_lock_left_by_a_crash_is_free(locks: HostLocks, app: Path) -> None:
    (app / ".deploy" / "lock").mkdir(parents=True)
    assert await locks.take(HERE, str(app), holder()) is None


@pytest.mark.parametrize("what", ["released", "cleared", "broken"])
async def test_a_place_that_cannot_be_entered_is_not_free(locks: HostLocks, tmp_path: Path, what: str) -> None:
    app = tmp_path / "srv"
    app.write_text("")  # as one that may not be entered: root may enter any folder
    asked = {"released": locks.release(HERE, str(app), "run-a.1"), "cleared": locks.clear(HERE, str(app), "run-a"),
             "broken": locks.break_for(HERE, str(app), "run-a", 10)}  # fmt: skip
    for name, one in asked.items():
        if name != what:
            one.close()
    assert isinstance(await asked[what], Unreached)


async def test_taken_over_by_one_rename(locks: HostLocks, app: Path) -> None:
    await locks.take(HERE, str(app), holder())
    assert await locks.take_over(HERE, str(app), "run-a.1", "run-a.2") is None
    assert held(app) == ["run-a.2"]
    assert await locks.take_over(HERE, str(app), "run-a.1", "run-a.2") is None
    late = await locks.take_over(HERE, str(app), "run-a.1", "run-a.3")
    assert isinstance(late, LockHolder)
    assert late.epoch == "run-a.2"
    await locks.release(HERE, str(app), "run-a.1")
    assert held(app) == ["run-a.2"]


async def test_nothing_is_taken_over_where_no_lock_is(locks: HostLocks, app: Path) -> None:
    app.mkdir(parents=True)
    gone = await locks.take_over(HERE, str(app), "run-a.1", "run-a.2")
    assert isinstance(gone, LockHolder)
    assert (gone.epoch, gone.by) == ("", "")
    assert held(app) == []


async def test_a_sign_of_life_makes_the_lock_young(locks: HostLocks, app: Path) -> None:
    await locks.take(HERE, str(app), holder())
    beat = app / ".deploy" / "lock" / "run-a.1" / "heartbeat"
    beat.write_text(f"{int(time.time()) - 100}\n")
    found = await locks.take(HERE, str(app), holder("run-b"))
    assert isinstance(found, LockHolder)
    assert 99 <= found.heartbeat_age < 105
    await locks.touch((HERE,), str(app), "run-a.1")
    found = await locks.take(HERE, str(app), holder("run-b"))
    assert isinstance(found, LockHolder)
    assert found.heartbeat_age < 5
    await locks.touch((HERE,), str(app), "run-b.1")
    assert held(app) == ["run-a.1"]


async def test_a_lock_of_strangers_is_a_lock(locks: HostLocks, app: Path) -> None:
    (app / ".deploy" / "lock" / "other.1").mkdir(parents=True)
    (app / ".deploy" / "lock" / "other.1" / "heartbeat").touch()
    found = await locks.take(HERE, str(app), holder())
    assert isinstance(found, LockHolder)
    assert (found.run, found.epoch) == ("other", "other.1")


async def test_a_persons_note(locks: HostLocks, app: Path) -> None:
    note = LockHolder(by=SafeText("ada"), reason=SafeText("disk: being\nmended"), until=SafeText("2026-11-25T00:00:00Z"))
    assert await locks.close_for(HERE, str(app), note) is None
    found = holder_of(words_of((app / ".deploy" / "closed").read_text()))
    assert (found.by, found.reason, found.until, found.run) == ("ada", "disk: being⏎mended", "2026-11-25T00:00:00Z", "")
    assert await locks.open_again(HERE, str(app)) is None
    assert await locks.open_again(HERE, str(app)) is None
    assert list((app / ".deploy").iterdir()) == []


async def test_a_link_that_dies_leaves_no_half_lock(transport: LocalTransport, app: Path) -> None:
    whole = len(holder_lines(holder()))
    locks = HostLocks(Breaking(transport, ("stdin", 0), ("stdin", whole - 2)))
    assert await locks.take(HERE, str(app), holder()) is None
    assert (app / ".deploy" / "lock" / "run-a.1" / "owner").read_text() == "ada\n"
    dead = HostLocks(Breaking(transport, *[("stdin", count) for count in (1, 9, whole - 2)]))
    assert isinstance(await dead.take(HERE, str(app / "other"), holder()), Unreached)
    assert not (app / "other").exists()


async def test_a_host_that_is_away_is_said(transport: LocalTransport, app: Path) -> None:
    locks = HostLocks(Away(transport, *["never"] * 20))
    for answer in (
        await locks.take(HERE, str(app), holder()),
        await locks.take_over(HERE, str(app), "run-a.1", "run-a.2"),
        await locks.release(HERE, str(app), "run-a.1"),
        await locks.open_again(HERE, str(app)),
    ):
        assert isinstance(answer, Unreached)
    await locks.touch((HERE,), str(app), "run-a.1")


async def test_a_place_that_cannot_be_written_is_named(locks: HostLocks, app: Path) -> None:
    app.parent.mkdir(parents=True)
    app.write_text("a file")
    answer = await locks.take(HERE, str(app), holder())
    assert isinstance(answer, Unreached)
    assert "owner of the application's folder" in answer.hint


@given(st.builds(LockHolder, by=st.text().map(SafeText), reason=st.text().map(SafeText), run=st.text("abc-", min_size=1)))
def test_what_a_host_is_told_is_a_line_each(one: LockHolder) -> None:
    lines = holder_lines(one).decode().split("\n")
    assert len(lines) == len(host_lock.WORDS) + 2
    texts = dict(zip(host_lock.WORDS, lines, strict=False))
    assert holder_of(texts).by == " ".join(one.by.split())


async def test_a_dead_runs_lock_is_broken_and_no_other(locks: HostLocks, app: Path) -> None:
    assert await locks.break_for(HERE, str(app), "run-a", 60) is None
    await locks.take(HERE, str(app), holder())
    young = await locks.break_for(HERE, str(app), "run-a", 60)
    assert isinstance(young, LockHolder)
    assert young.run == "run-a"
    other = await locks.break_for(HERE, str(app), "run", 0)
    assert isinstance(other, LockHolder)
    assert held(app) == ["run-a.1"]
    (app / ".deploy" / "lock" / "run-a.1" / "heartbeat").write_text(f"{int(time.time()) - 61}\n")
    assert await locks.break_for(HERE, str(app), "run-a", 60) is None
    assert held(app) == []
    assert list((app / ".deploy" / "staging").iterdir()) == []


async def test_another_run_takes_over_and_there_is_a_lock_at_every_moment(locks: HostLocks, app: Path) -> None:
    await locks.take(HERE, str(app), holder())
    newer = holder("run-b", by="lin")
    assert await locks.take_over(HERE, str(app), "run-a.1", "run-b.1", newer) is None
    folder = app / ".deploy" / "lock" / "run-b.1"
    assert held(app) == ["run-b.1"]
    assert [(folder / word).read_text() for word in ("owner", "run", "reason")] == ["lin\n", "run-b\n", "v2: it's $HOME\n"]
    assert sorted(entry.name for entry in folder.iterdir()) == ["engine", "from", "heartbeat", "owner", "reason", "run", "since"]
    assert await locks.take_over(HERE, str(app), "run-a.1", "run-b.1", newer) is None  # a second time, after a lost answer
    await locks.clear(HERE, str(app), "run-a")
    late = await locks.take_over(HERE, str(app), "run-a.1", "run-c.1", holder("run-c"))
    assert isinstance(late, LockHolder)
    assert (late.run, late.by, held(app)) == ("run-b", "lin", ["run-b.1"])


@pytest.fixture
def engine(locks: HostLocks) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that took the locks, and that a test may end."""
    process = subprocess.Popen(["sleep", "60"])
    started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    locks._engine = changed(this_engine(), pid=process.pid, started=started)
    yield process
    process.kill()
    process.wait()


async def _seen(transport: LocalTransport, app: Path) -> LockHolder:
    found = await HostLocks(transport).take(HERE, str(app), holder("run-z"))
    assert isinstance(found, LockHolder)
    return found


async def test_that_the_engine_which_holds_it_runs_no_more_is_known_on_its_own_machine(
    transport: LocalTransport, locks: HostLocks, engine: "subprocess.Popen[bytes]", app: Path
) -> None:
    await locks.take(HERE, str(app), holder())
    assert not (await _seen(transport, app)).is_gone
    engine.kill()
    engine.wait()
    assert (await _seen(transport, app)).is_gone
    refused = await locks.break_for(HERE, str(app), "run-a", 60, "run-a.2")
    assert isinstance(refused, LockHolder)
    assert await locks.break_for(HERE, str(app), "run-a", 60, "run-a.1") is None
    assert held(app) == []


@pytest.mark.parametrize("console", ["this", "older"])
async def test_one_that_another_engine_has_taken_over_is_not_that_of_the_one_before(
    transport: LocalTransport, locks: HostLocks, engine: "subprocess.Popen[bytes]", app: Path, console: str
) -> None:
    await locks.take(HERE, str(app), holder())
    engine.kill()
    engine.wait()
    if console == "this":
        assert await HostLocks(transport).take_over(HERE, str(app), "run-a.1", "run-a.2") is None
    else:
        folder = app / ".deploy" / "lock"
        (folder / "run-a.1").rename(folder / "run-a.2")
    seen = await _seen(transport, app)
    assert (seen.epoch, seen.is_gone) == ("run-a.2", False)


def test_what_is_not_said_of_an_engine_is_not_known() -> None:
    own = this_engine()
    for said in ("", "run-a.1", f"run-a.1 {own.boot} x {own.started}", f"run-a.1 elsewhere 1 {own.started}", f"run-a.2 {own.boot} 1 1"):
        assert not holder_of({"epoch": "run-a.1", "engine": said}).is_gone
    assert holder_of({"epoch": "run-a.1", "engine": f"run-a.1 {own.boot} {own.pid} 1"}).is_gone
