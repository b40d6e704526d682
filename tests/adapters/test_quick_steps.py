"""Quick steps in a shell that is kept open, under each shell: once an attempt, whatever becomes of the shell or its answer."""

import asyncio
import os
from pathlib import Path

import pytest

from console.adapters import durable_steps, step_wrapper
from console.adapters.durable_steps import DurableSteps
from console.adapters.this_machine import LocalTransport
from console.core.host import release_scripts
from console.model.host import Host
from console.ports.hosts import Move
from console.ports.steps import RemoteStep, StepResult
from tests.adapters.hosts import SHELLS, Breaking, LocalShells, host_with

RUN = "20261124T071407Z-production-3f2a"
AWAY = Host("web01", "192.0.2.1")


class Place:
    """A host with one kind of shell, and an application on it."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.shell, self.folder = shell, folder
        self.transport = host_with(shell, folder)
        self.app = folder / "srv" / "my shop"
        self.lock = self.app / ".deploy" / "lock" / f"{RUN}.1"
        self.lock.mkdir(parents=True)

    def step(self, script: str, **fields: object) -> RemoteStep:
        values = {"name": "back/web01/switch", "attempt": 1, "timeout": 60.0, "is_quick": True, "idempotent": True, **fields}
        return RemoteStep(path=str(self.app), run=RUN, epoch=f"{RUN}.1", script=script, **values)  # type: ignore[arg-type]

    def shells(self, *cuts: object) -> LocalShells:
        return LocalShells(self.shell, self.folder, *cuts)

    async def performed(self, step: RemoteStep, shells: LocalShells | None, transport: LocalTransport | Breaking | None = None) -> tuple[StepResult, bytes]:
        out = bytearray()
        steps = DurableSteps(transport or self.transport, shells)
        steps.stand_by((AWAY,))
        result = await steps.perform(AWAY, step, out.extend)
        await steps.close()
        return result, bytes(out)

    def claim(self, name: str = "back~web01~switch.1") -> Path:
        return self.app / ".deploy" / "runs" / RUN / name

    def ran(self) -> str:
        return (self.app / "ran").read_text() if (self.app / "ran").exists() else ""


@pytest.fixture(params=SHELLS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path)


def appending(place: Place) -> str:
    return f"echo x >> '{place.app}/ran'; echo said"


async def test_output_and_code_come_back_in_one_round_trip(place: Place) -> None:
    shells, long_way = place.shells(), Breaking(place.transport)
    result, out = await place.performed(place.step("echo to-out; echo to-err >&2; exit 7"), shells, long_way)
    assert (result.status, result.code, out) == ("failed", 7, b"to-out\nto-err\n")
    assert (shells.asked, long_way.commands) == (1, 0)
    who, code = place.claim().read_text().splitlines()
    assert (len(who.split()), code) == (4, "007")
    assert place.claim().stat().st_mode & 0o777 == 0o600


async def test_what_outlives_releases_is_linked_in_one_round_trip_or_refused(place: Place) -> None:
    release = place.app / "releases" / "20260101T000000Z-abcdef1"
    (release / "log").mkdir(parents=True)
    script = release_scripts.link_shared(str(place.app), release.name, ("log/",))
    shells, long_way = place.shells(), Breaking(place.transport)
    result, _ = await place.performed(place.step(script, name="prepare/web01/ship"), shells, long_way)
    assert (result.status, shells.asked, long_way.commands) == ("done", 1, 0)
    assert (release / "log").resolve() == place.app / "shared" / "log"
    (release / "log").unlink()
    (release / "log").write_text("kept")
    result, out = await place.performed(place.step(script, name="prepare/web01/ship", attempt=2), place.shells())
    assert (result.status, (release / "log").read_text()) == ("failed", "kept")
    assert b"nothing of it was removed" in out


async def test_a_step_that_says_nothing_is_done(place: Place) -> None:
    assert await place.performed(place.step(":"), place.shells()) == (StepResult("done", 0), b"")


async def test_an_attempt_runs_once_by_whichever_way_it_is_sent(place: Place) -> None:
    step = place.step(appending(place))
    first = [place.performed(step, place.shells()) for _ in range(3)] + [place.performed(step, None) for _ in range(2)]
    ended = [*await asyncio.gather(*first), await place.performed(step, place.shells()), await place.performed(step, None)]
    assert {result.status for result, _ in ended} == {"done"}
    assert place.ran() == "x\n"


async def test_a_request_that_is_cut_never_runs(place: Place) -> None:
    step = place.step(appending(place))
    claim = step_wrapper.Claim(step.path, step.epoch, step.run, f"{step.name}.1")
    whole = len(step_wrapper.quick(claim, step.script))
    for length in {0, 1, *range(7, whole, 29), whole - 1}:
        shells = place.shells(("cut", length))
        shells.stand_by(AWAY, step_wrapper.OPENING)
        await shells.run_quick(AWAY, step_wrapper.quick(claim, step.script), deadline=60)
    assert not place.claim().exists()
    assert not place.ran()


@pytest.mark.parametrize("cut", ["lost", ("cut", 200)])
async def test_an_answer_that_is_lost_is_asked_for_and_it_has_run_once(place: Place, cut: object) -> None:
    result, _ = await place.performed(place.step(appending(place)), place.shells(cut))
    assert (result.status, place.ran()) == ("done", "x\n")


async def test_a_shell_that_is_killed_leaves_it_unknown_or_done_again(place: Place) -> None:
    hanging = f"echo x >> '{place.app}/ran'; : > '{place.folder}/said'; [ -f '{place.app}/again' ] || sleep 30"
    (place.app / "again").touch()
    result, _ = await place.performed(place.step(hanging), place.shells("lost"))
    assert (result.status, place.ran()) == ("done", "x\n")
    (place.app / "again").unlink()
    result, _ = await place.performed(place.step(f"{hanging}\ntrue", attempt=2, idempotent=False), place.shells("killed"))
    assert result.status == "unknown"
    assert "left no exit code" in result.detail


async def test_what_is_lost_and_idempotent_is_sent_again_under_its_own_name(place: Place) -> None:
    script = f"echo x >> '{place.app}/ran'; [ ! -f '{place.app}/again' ] || exit 0; : > '{place.app}/again'; : > '{place.folder}/said'; sleep 30"
    result, _ = await place.performed(place.step(script), place.shells("killed"))
    assert (result.status, place.ran()) == ("done", "x\nx\n")
    assert (place.claim("back~web01~switch.1.2") / "rc").read_text().strip() == "000"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_way_back_that_is_killed_at_its_rename_is_done_and_recorded_once(tmp_path: Path, when: str) -> None:
    """The shell dies before `mv` has renamed the link that lay ready, or before the rename is written down: then it is sent again."""
    place, (old, new) = Place("dash", tmp_path), ("20261123T071407Z-aaaaaaa", "20261124T071407Z-bbbbbbb")
    for release in (old, new):
        (place.app / "releases" / release).mkdir(parents=True)
        assert (await place.transport.run(AWAY, release_scripts.switch(str(place.app), f"{RUN}.1", release), deadline=60)).ok
    renames = f'/bin/mv "$@"{chr(10)}' if when == "after" else ""
    slow = place.folder / "tools" / "mv"
    slow.write_text(
        f"#!/bin/sh\n[ ! -e '{place.folder}/once' ] || exec /bin/mv \"$@\"\n: > '{place.folder}/once'\n{renames}: > '{place.folder}/said'\nsleep 30\n"
    )
    slow.chmod(0o755)
    back = release_scripts.switch(str(place.app), f"{RUN}.1", old, new, back=True)
    result, _ = await place.performed(place.step(back), place.shells("killed"))
    assert (result.status, os.readlink(place.app / "current")) == ("done", f"releases/{old}")
    lines = [line.split("\t")[2:] for line in (place.app / ".deploy" / "history").read_text().splitlines()]
    assert lines == [["switch", old, "-"], ["switch", new, old], ["rollback", old, new]]


async def test_a_foreign_lock_refuses_and_says_whose_it_is(place: Place) -> None:
    place.lock.rename(place.lock.with_name("other.1"))
    result, _ = await place.performed(place.step(appending(place)), place.shells())
    assert (result.status, result.began, place.ran()) == ("failed", False, "")
    assert "held by other.1" in result.detail
    assert not place.claim().exists()


async def test_a_lock_that_goes_while_it_is_claimed_refuses(place: Place) -> None:
    shells = place.shells()
    shells.stand_by(AWAY, step_wrapper.OPENING.replace("umask 077", f"umask 077; rmdir '{place.lock}'"))
    claim = step_wrapper.Claim(str(place.app), f"{RUN}.1", RUN, "back/web01/switch.1")
    ran = await shells.run_quick(AWAY, step_wrapper.quick(claim, appending(place)), deadline=60)
    assert ran is not None
    assert step_wrapper.split_answer(ran.out)[1].state == "declined"
    assert not place.claim().exists()
    assert not place.ran()


async def test_the_host_itself_is_never_asked_for_a_shell(place: Place) -> None:
    shells = place.shells()
    steps = DurableSteps(place.transport, shells)
    here = Host("here", "localhost")
    steps.stand_by((here,))
    result = await steps.perform(here, place.step(appending(place)), lambda _: None)
    assert (result.status, shells.asked, shells.opening) == ("done", 0, "")


async def test_a_step_that_hangs_is_ended_at_its_time_out(place: Place) -> None:
    shells = place.shells()
    result, _ = await place.performed(place.step("echo said; sleep 60", timeout=1.0), shells)
    assert result.status in ("failed", "unknown")
    assert "timed out after 1 s" in result.detail or "signal 15" in result.detail
    await asyncio.gather(*(shell.communicate() for shell in shells.left))


async def test_a_command_keeps_the_umask_of_the_login(place: Place) -> None:
    _, out = await place.performed(place.step("umask"), place.shells())
    _, long_way = await place.performed(place.step("umask", attempt=2, is_quick=False), None)
    assert out == long_way


async def test_what_is_to_be_run_afterwards_runs_once_the_step_is_done(place: Place) -> None:
    steps = DurableSteps(place.transport, place.shells())
    steps.stand_by((AWAY,))
    done = place.folder / "afterwards"
    await steps.perform(AWAY, place.step("exit 1", afterwards=f": > '{done}.not'"), lambda _: None)
    await steps.perform(AWAY, place.step(":", attempt=2, afterwards=f": > '{done}'"), lambda _: None)
    while not done.exists():
        await asyncio.sleep(0.02)
    await steps.close()
    assert not done.with_name("afterwards.not").exists()


@pytest.mark.parametrize(("held_back", "waits"), [(30.0, True), (0.1, False)])
async def test_what_is_run_afterwards_takes_nothing_from_other_steps_but_does_not_wait_for_a_long_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_back: float, waits: bool
) -> None:
    place = Place("dash", tmp_path)
    monkeypatch.setattr(durable_steps, "AFTER", 0.01)
    monkeypatch.setattr(durable_steps, "HELD_BACK", held_back)
    steps, done = DurableSteps(place.transport, place.shells()), place.folder / "afterwards"
    steps.stand_by((AWAY,))
    restart = place.step(f"while [ ! -e '{done}' ] && [ ! -e '{place.folder}/end' ]; do sleep 0.02; done", name="restart", is_quick=False)
    restarting = asyncio.ensure_future(steps.perform(AWAY, restart, lambda _: None))
    await asyncio.sleep(0)
    await steps.perform(AWAY, place.step(":", afterwards=f": > '{done}'"), lambda _: None)
    if waits:
        await asyncio.sleep(0.2)
        assert not done.exists()
        (place.folder / "end").touch()
    assert (await restarting).status == "done"
    while not done.exists():
        await asyncio.sleep(0.02)
    await steps.close()


async def test_other_steps_let_quick_ones_pass_but_do_not_wait_for_a_slow_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place("dash", tmp_path)
    steps, ended = DurableSteps(place.transport, place.shells()), list[str]()
    steps.stand_by((AWAY,))

    async def perform(step: RemoteStep) -> None:
        await steps.perform(AWAY, step, lambda _: None)
        ended.append(step.name)

    monkeypatch.setattr(durable_steps, "LETS_PASS", 30.0)
    quick = asyncio.ensure_future(perform(place.step("sleep 0.5", name="quick")))
    await asyncio.sleep(0)
    await perform(place.step(":", name="other", is_quick=False))
    await quick
    monkeypatch.setattr(durable_steps, "LETS_PASS", 0.01)
    go_on = place.folder / "go-on"
    slow = asyncio.ensure_future(perform(place.step(f"while [ ! -e '{go_on}' ]; do sleep 0.02; done", name="slow")))
    await asyncio.sleep(0)
    await perform(place.step(":", name="impatient", is_quick=False))
    go_on.touch()
    await slow
    assert ended == ["quick", "other", "impatient", "slow"]


OLD, NEW = "20261123T071407Z-aaaaaaa", "20261124T071407Z-bbbbbbb"


@pytest.mark.parametrize(("answer", "scripts_first"), [("moved", 0), ("unknown, made", 1), ("unknown, not made", 1), ("not-sent", 1)])
async def test_a_move_is_made_once_and_written_down_whatever_becomes_of_its_answer(tmp_path: Path, answer: str, scripts_first: int) -> None:
    place = Place("dash", tmp_path)
    for release in (OLD, NEW):
        (place.app / "releases" / release).mkdir(parents=True)
    for release, before in ((OLD, ""), (NEW, OLD)):
        switch = place.step(release_scripts.switch(str(place.app), f"{RUN}.1", release, before), name=f"{release}/switch")
        assert (await place.performed(switch, None))[0].status == "done"
    shells = place.shells()
    shells.moves = [answer]
    steps = DurableSteps(place.transport, shells)
    steps.stand_by((AWAY,))
    releases = place.app / "releases"
    move = Move(release_scripts.link_back(str(place.app), f"{RUN}.1"), f"{place.app}/current", str(releases / OLD), str(releases / NEW))
    back = place.step(release_scripts.switch(str(place.app), f"{RUN}.1", OLD, NEW, back=True), move=move)
    assert (await steps.perform(AWAY, back, lambda _: None)).status == "done"
    assert shells.asked == scripts_first
    assert os.path.samefile(place.app / "current", releases / OLD)
    await steps.noted((AWAY,))
    assert (await steps.perform(AWAY, back, lambda _: None)).status == "done"
    await steps.close()
    assert place.claim().read_text().splitlines()[1] == "000"
    lines = [line.split("\t")[2:] for line in (place.app / ".deploy" / "history").read_text().splitlines()]
    assert lines == [["switch", OLD, "-"], ["switch", NEW, OLD], ["rollback", OLD, NEW]]


async def test_a_move_is_written_down_before_anything_else_runs_there(tmp_path: Path) -> None:
    place = Place("dash", tmp_path)
    made, noted = place.app / "made", place.folder / "noted"
    made.mkdir()
    (place.app / "link").symlink_to(made)
    (place.app / "current").symlink_to(place.app)
    shells = place.shells()
    shells.moves = ["moved"]
    steps = DurableSteps(place.transport, shells)
    steps.stand_by((AWAY,))
    move = Move(str(place.app / "link"), str(place.app / "current"), str(made), str(place.app))
    await steps.perform(AWAY, place.step(f"sleep 0.3; : > '{noted}'", move=move), lambda _: None)
    result = await steps.perform(AWAY, place.step(f"[ -e '{noted}' ]", name="restart", is_quick=False), lambda _: None)
    await steps.close()
    assert result.status == "done"


async def test_a_move_is_written_down_once_something_else_is_to_run_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_steps, "NOTED_AFTER", 1000.0)
    place = Place("dash", tmp_path)
    made = place.app / "made"
    made.mkdir()
    (place.app / "link").symlink_to(made)
    (place.app / "current").symlink_to(place.app)
    shells = place.shells()
    shells.moves = ["moved"]
    steps = DurableSteps(place.transport, shells)
    steps.stand_by((AWAY,))
    move = Move(str(place.app / "link"), str(place.app / "current"), str(made), str(place.app))
    await steps.perform(AWAY, place.step(":", move=move), lambda _: None)
    for _ in range(100):
        await asyncio.sleep(0)
    assert shells.asked == 0  # the run's own record goes first
    async with asyncio.timeout(20):
        await steps.noted((AWAY,))
    assert shells.asked == 1
    await steps.close()
