"""A feed that is followed for the screen, over what interrupts it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from console.adapters.system_clock import SetClock
from console.errors import EngineLost, UsageFault
from console.model.events import Event
from console.model.request import Person
from console.model.state import RunState
from console.model.values import changed
from console.ports.feed import Presence
from console.tui.feed_follower import FeedFollower
from console.tui.run.run_news import RunNews
from tests.tui.past_runs import past_run

EVENTS = past_run(6)


class LeftFeed:
    """A run whose engine goes away behind an event, and that is taken up when a test says so."""

    run, joined_at = "r-1", 0

    def __init__(self, fault: Exception) -> None:
        self._fault = fault
        self.asked: list[int] = []
        self.is_carried = False

    async def follow(self, after: int = 0) -> AsyncIterator[Event]:
        self.asked.append(after)
        for event in EVENTS:
            if after < event.seq and (event.seq <= 8 or self.is_carried):
                yield event
        if not self.is_carried:
            raise self._fault


async def turns() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 24, tzinfo=UTC), 1000.0)


async def test_a_run_that_was_left_is_followed_on_once_it_is_taken_up(clock: SetClock):
    feed = LeftFeed(UsageFault("run r-1 was interrupted: no engine carries it", "deploy resume r-1"))
    follower, news = FeedFollower(feed, clock), RunNews()  # type: ignore[arg-type]
    follower.begin()
    for _ in range(3):
        await clock.advance(1.5)
        await turns()
    assert (follower.finished, follower.state.seq, follower.link_problem(clock.mono())) == (True, 8, "the engine is gone")
    assert [said and said[0][:28] for said in (news.of_end(follower), news.of_end(follower))] == ["run r-1 was interrupted: no ", None]
    feed.is_carried = True
    await clock.advance(1.5)
    await turns()
    assert (follower.state.seq, follower.state.phase, follower.problem) == (EVENTS[-1].seq, "ended", "")
    assert feed.asked[0] == 0
    assert set(feed.asked[1:]) == {8}
    lines = len(follower.take_lines())
    await clock.advance(5.0)
    await turns()
    assert (len(feed.asked), follower.take_lines()) == (len(feed.asked), ())
    assert lines > 0


async def test_that_it_is_carried_again_is_said_once(clock: SetClock):
    feed = LeftFeed(UsageFault("left"))
    follower, news = FeedFollower(feed, clock), RunNews()  # type: ignore[arg-type]
    follower.begin()
    await turns()
    assert news.of_end(follower) == ("left", "bad")
    follower.finished = False
    assert [news.of_end(follower) for _ in range(2)] == [("an engine carries the run again", "good"), None]
    follower.stop()


async def test_an_engine_that_cannot_be_had_is_not_asked_for_again_and_again(clock: SetClock):
    feed = LeftFeed(EngineLost("3 engines were lost", "deploy resume r-1"))
    follower = FeedFollower(feed, clock)  # type: ignore[arg-type]
    follower.begin()
    for _ in range(3):
        await clock.advance(1.5)
        await turns()
    assert (feed.asked, follower.finished, follower.problem) == ([0], True, "3 engines were lost; deploy resume r-1")


@pytest.mark.parametrize(
    ("state", "away", "words"),
    [
        (RunState(phase="running"), True, "the shared record is away: how the run goes on elsewhere is not known"),
        (RunState(phase="running"), False, ""),
        (RunState(phase="ended"), True, ""),
    ],
    ids=["elsewhere", "nothing is away", "it has ended"],
)
def test_of_a_run_elsewhere_it_is_said_that_its_record_is_away(clock: SetClock, state: RunState, away: bool, words: str):
    follower = FeedFollower(LeftFeed(UsageFault("left")), clock)  # type: ignore[arg-type]
    follower.state, follower.presence = state, Presence(("ada",), record_away=away)
    assert follower.link_problem(clock.mono()) == words


@pytest.mark.parametrize(
    ("claims", "names"), [("ssh from vm pts/1", ("bert",)), ("ssh from vm pts/1 (proven)", ("bert",)), ("ssh from vm pts/12", ("anna on vm", "bert"))]
)
def test_the_driver_at_another_machine_is_named_once(claims: str, names: tuple[str, ...]):
    follower = FeedFollower(LeftFeed(EngineLost("gone")), SetClock(datetime(2026, 11, 24, 12, tzinfo=UTC)))  # type: ignore[arg-type]
    follower.state = changed(RunState(run="r1"), by=Person("anna", claims=claims))
    follower.presence = Presence(("anna on vm", "bert"), me="bert pts/7", logins=("anna on vm ssh from vm pts/1", "bert pts/7"))
    assert follower.present == names
