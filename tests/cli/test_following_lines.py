"""What one who follows a run as lines is told besides the run itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.cli.follow import _continue_when_settled
from console.cli.follow_as_lines import QUIET, LineFollower
from console.cli.invocation import Invocation
from console.cli.responsibility import NOT_HEARD, Departure, Responsibility
from console.errors import EngineLost
from console.model import commands as cmd
from console.model.plan import Plan, Steps
from console.model.state import RunState
from console.model.values import changed
from console.ports.feed import Presence
from console.safe_text import SafeText
from console.views.staleness import UNSEEN
from tests.core.builders import a_state, paused


class Feed:
    """A run on another machine, of which the engine here says whether its record answers."""

    state = RunState(run="r1", phase="running")

    def __init__(self, *away: bool) -> None:
        self._away = away

    async def follow(self) -> AsyncIterator[Presence]:
        for away in self._away:
            yield Presence(record_away=away)


async def test_that_nothing_new_is_known_of_a_run_of_another_machine_is_said_once_and_again_after_a_while(monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    feed: Any = Feed(False, True)
    follower = LineFollower(Invocation(plain=True), feed, Responsibility(), Departure())
    monkeypatch.setattr(follower, "_tell", told.append)
    follower._say_unseen(1000.0)
    assert told == []
    await follower._hear()
    for now in (1001.0, 1002.0, 1001.0 + QUIET):
        follower._say_unseen(now)
    assert told == 2 * [f"deploy: {UNSEEN}"]
    follower._outlet.close()


class Undecided:
    """A run that waits for its decision, and what is made of the words that are said to it: `answer` may end it, or let it go on."""

    run = "r1"
    taken_up = False

    def __init__(self, answer: Any) -> None:
        self.state = RunState(run="r1", seq=7, phase="deciding", plan=Plan("rolling", (), Steps(()), "d1"))
        self.said: list[cmd.AnyCommand] = []
        self.over = asyncio.Event()
        self._answer = answer

    async def submit(self, command: cmd.AnyCommand) -> cmd.Accepted | cmd.Refusal:
        self.said.append(command)
        answer: cmd.Accepted | cmd.Refusal = self._answer(self, command)
        return answer

    async def follow(self) -> AsyncIterator[Presence]:
        await self.over.wait()
        for item in ():
            yield item


def end(run: Undecided) -> None:
    run.state = changed(run.state, phase="ended", exit=0, outcome="succeeded")
    run.over.set()


def decided_elsewhere(run: Undecided, command: cmd.AnyCommand) -> cmd.Refusal:
    run.state = changed(run.state, go=True, phase="running")
    asyncio.get_running_loop().call_later(0.1, end, run)
    return cmd.Refusal(SafeText("there is nothing to decide now"))


def silent(run: Undecided, command: cmd.AnyCommand) -> cmd.Refusal:
    raise EngineLost("the engine did not answer")


async def followed(feed: Any, monkeypatch: pytest.MonkeyPatch, leaving: Departure) -> tuple[int, list[str]]:
    follower = LineFollower(Invocation(plain=True, wait_for_person=0.0), feed, Responsibility(drives=True), leaving)
    told: list[str] = []
    monkeypatch.setattr(follower, "_tell", told.append)
    monkeypatch.setattr(follower, "_say", told.append)
    async with asyncio.timeout(60):
        return await follower.follow(), told


async def test_a_go_from_another_terminal_when_patience_ends_has_the_run_followed_to_its_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.cli.follow_as_lines.PARTING", 0.0)
    feed = Undecided(decided_elsewhere)
    code, _ = await followed(feed, monkeypatch, Departure())
    assert (code, [type(one) for one in feed.said]) == (0, [cmd.Decide])


async def test_who_leaves_an_undecided_run_whose_engine_is_silent_is_not_told_that_nothing_was_changed(monkeypatch: pytest.MonkeyPatch):
    leaving = Departure()
    leaving.event.set()
    code, told = await followed(Undecided(silent), monkeypatch, leaving)
    assert (code, any(NOT_HEARD in line for line in told)) == (7, True)


async def test_a_run_on_the_screen_is_continued_once_a_host_that_answers_late_is_known(monkeypatch: pytest.MonkeyPatch):
    """It was given up on at the first quiet moment in which something was not known yet."""
    monkeypatch.setattr("console.cli.follow.SETTLED", 0.0)
    feed = Undecided(lambda run, command: cmd.Accepted())
    unknown = a_state("unknown", "old", pausing=paused("its engine was gone", "taken-up"))
    feed.state = unknown
    continuing = asyncio.create_task(_continue_when_settled(feed))  # type: ignore[arg-type]
    for _ in range(50):
        await asyncio.sleep(0)
    assert (feed.said, continuing.done()) == ([], False)
    feed.state = a_state("old", "old", pausing=unknown.pausing)
    async with asyncio.timeout(60):
        await continuing
    assert [type(one) for one in feed.said] == [cmd.Continue]
