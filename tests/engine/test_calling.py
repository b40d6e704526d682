"""When a person is called, and that it is once for one thing."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from console.adapters.system_clock import SetClock
from console.core.run.person_wanted import wanted
from console.engine.run.person_caller import PersonCaller
from console.model import commands as cmd
from console.model import events as ev
from console.ports.people import Delivery
from console.safe_text import SafeText
from tests.core.plans import a_run, failing, say
from tests.core.simulation import ADA


class Channel:
    def __init__(self, problem: str = "") -> None:
        self.told: list[str] = []
        self._problem = problem

    async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
        self.told.append(title)
        return (Delivery(SafeText("json://ops"), SafeText(self._problem)),)

    async def channels(self) -> tuple[SafeText, ...]:
        return (SafeText("json://ops"),)


def paused():
    run = a_run(4, failing("web02"), on_failure="pause")
    run.run()
    return run


async def test_a_pause_calls_once_and_the_next_one_again():
    run, clock, channel = paused(), SetClock(datetime(2026, 11, 24, tzinfo=UTC)), Channel()
    caller = PersonCaller(channel, 60.0, clock, lambda: run.state, run.record)
    await caller.look()
    await clock.advance(59.0)
    await caller.look()
    assert channel.told == []
    await clock.advance(1.0)
    for _ in range(3):
        await caller.look()
    assert len(channel.told) == 1
    assert "is paused" in channel.told[0]
    called = run.events[-1]
    assert isinstance(called, ev.PersonCalled)
    assert called.told == ("json://ops",)
    assert say(run, cmd.Continue()) is None
    await caller.look()
    assert len(channel.told) == 1


async def test_a_channel_that_fails_is_in_the_record():
    run, clock, channel = paused(), SetClock(datetime(2026, 11, 24, tzinfo=UTC)), Channel("503")
    caller = PersonCaller(channel, 0.0, clock, lambda: run.state, run.record)
    await caller.look()
    assert isinstance(run.events[-1], ev.PersonCalled)
    assert run.events[-1].problems == ("json://ops: 503",)


async def test_a_debt_calls_when_the_run_has_ended():
    run, clock, channel = a_run(3, failing("web02", kind="restart", status="unknown"), max_failures=1), SetClock(datetime(2026, 11, 24, tzinfo=UTC)), Channel()
    run.run()
    caller = PersonCaller(channel, 60.0, clock, lambda: run.state, run.record)
    await caller.end()
    await caller.end()
    assert len(channel.told) == 1
    assert "owes web02" in channel.told[0]
    assert isinstance(run.events[-1], ev.RunEnded)


@given(st.integers(1, 5), st.sampled_from(["rollback", "pause", "stop"]))
def test_a_run_that_goes_on_by_itself_wants_nobody(hosts: int, on_failure: str):
    run = a_run(hosts, on_failure=on_failure)
    while run.state.phase != "ended":
        assert wanted(run.state) is None or run.state.phase == "deciding"
        if not run.turn():
            running = [step for step in run.state.index.values() if run.state.step_state(step).status == "running"]
            run.finish(running[0])
    assert wanted(run.state) is None


async def test_where_nobody_has_heard_of_it_it_is_called_for_again():
    run, clock, channel = paused(), SetClock(datetime(2026, 11, 24, tzinfo=UTC)), Channel("503")
    caller = PersonCaller(channel, 60.0, clock, lambda: run.state, run.record)
    await caller.look()
    for turn in range(1, 4):
        await clock.advance(60.0)
        for _ in range(3):
            await caller.look()
        assert len(channel.told) == turn
    channel._problem = ""
    for _ in range(3):
        await clock.advance(60.0)
        await caller.look()
    assert len(channel.told) == 4


async def test_a_mistake_in_a_call_is_not_the_end_of_all_calls():
    class Wrong(Channel):
        async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
            await super().tell(title, body, deadline=deadline)
            if len(self.told) == 1:
                raise RuntimeError("a bug")
            return ()

    run, clock, channel = paused(), SetClock(datetime(2026, 11, 24, tzinfo=UTC)), Wrong()
    caller = PersonCaller(channel, 0.0, clock, lambda: run.state, run.record)
    caller.start()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(channel.told) == 1
    run.now += 5.0
    run.record(ev.Continued(by=ADA), ev.Paused(reason=SafeText("again"), cause="operator"))
    await clock.advance(1.0)
    assert len(channel.told) == 2
    caller.stop()
