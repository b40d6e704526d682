"""What one who follows a run as lines is told besides the run itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.cli.follow_as_lines import QUIET, LineFollower
from console.cli.invocation import Invocation
from console.cli.responsibility import Departure, Responsibility
from console.model.state import RunState
from console.ports.feed import Presence
from console.views.staleness import UNSEEN


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
