"""What viewers get of a run on a thousand hosts: frames under their limit, and every event, once and in order, whatever else is said."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from console.client.engine_connection import connect
from console.core.secrets.masking import Masking
from console.engine.queries.fleet_status import host_rows
from console.engine.server.connection import AT_A_TIME
from console.engine.server.outgoing_frames import OutgoingFrames
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord, HostRecord
from console.model.host_facts import HostFacts
from console.model.number_of_hosts import NumberOfHosts
from console.model.values import changed
from console.ports.feed import Output, Sample
from console.safe_text import SafeText, hide
from console.wire import codec
from console.wire.frames import TO_CLIENT
from console.wire.messages import item_message, reply_bytes
from tests.core.simulation import an_environment, opening
from tests.core.test_work_for_each_event import Calls
from tests.engine.scripted import ScriptedBrain
from tests.engine.test_serve import engine

HOSTS = 1000
FORMS = {
    "one by one": (NumberOfHosts(count=1),),
    "one, then all": (NumberOfHosts(count=1), NumberOfHosts(share=1.0)),
    "in tenths": (NumberOfHosts(share=0.1),),
    "all": (NumberOfHosts(share=1.0),),
}


def a_fleet(form: str) -> Environment:
    bare = an_environment(HOSTS)
    return changed(bare, rolling=changed(bare.rolling, batch=FORMS[form]))


def a_run(form: str) -> tuple[ev.Event, ...]:
    """A run's events up to the last step of every host."""
    events = list(opening(a_fleet(form)))
    plan = next(event.plan for event in events if isinstance(event, ev.PlanMade))
    events += [event for step in plan.steps for event in (ev.StepStarted(step=step.name, host=step.about), ev.StepFinished(step=step.name, host=step.about))]
    return tuple(ev.stamped(event, number, "2026-01-02T00:00:00Z", float(number), "boot") for number, event in enumerate(events, 1))


@pytest.mark.parametrize("form", FORMS)
def test_every_frame_of_a_run_stays_far_under_the_limit(form: str) -> None:
    largest = max((len(reply_bytes(item_message(1, event))), type(event).__name__) for event in a_run(form))
    assert largest[0] < TO_CLIENT // 4, largest


async def go_on(brain: ScriptedBrain, events: tuple[ev.Event, ...]) -> None:
    """Say what comes, with output and numbers of every host between."""
    for number, event in enumerate(events):
        brain.broadcast.publish(event)
        for one in range(3):
            brain.broadcast.tell(Output("t", f"web{number % HOSTS + 1}", "restart", SafeText(f"line {one} " + "x" * 200)))
            brain.broadcast.tell(Sample(f"web{(number + one) % HOSTS + 1}", float(number), 0.5, 0.5, 1.0))
        if number % 20 == 0:
            await asyncio.sleep(0)


async def seqs(items: AsyncIterator[object], last: int, pause: float = 0.0) -> list[int]:
    """The numbers of all events, read as fast as they come, or with pauses; then the connection is closed."""
    found = list[int]()
    async with aclosing(items):  # type: ignore[type-var] # it is a generator
        async for item in items:
            if isinstance(item, ev.Event):
                found.append(item.seq)
                if item.seq == last:
                    break
                if pause and item.seq % 500 == 0:
                    await asyncio.sleep(pause)
    return found


async def test_whoever_joins_at_any_moment_misses_no_event_however_slowly_it_reads(state: str) -> None:
    events = a_run("in tenths")
    half, last = len(events) // 2, len(events)
    brain = ScriptedBrain()
    async with engine(state, brain) as (path, _):
        client = await connect(path)
        brain.open_run_id, brain.busy = "r1", True
        brain.broadcast.publish(*events[:half])
        late = events[half - 1].seq
        followers = [
            asyncio.ensure_future(seqs(client.follow("r1", 0), last)), asyncio.ensure_future(seqs(client.follow("r1", 0), last, pause=0.02)),
            asyncio.ensure_future(seqs(client.follow("r1", late, samples=False), last)),
        ]  # fmt: skip
        await go_on(brain, events[half:])
        async with asyncio.timeout(120):
            whole, slow, joined = await asyncio.gather(*followers)
        await client.close()
    assert whole == slow == list(range(1, last + 1))
    assert joined == list(range(late + 1, last + 1))


async def test_the_engine_answers_while_a_viewer_catches_up(state: str) -> None:
    events = a_run("all")
    brain = ScriptedBrain()
    async with engine(state, brain) as (path, _):
        client, another = await connect(path), await connect(path)
        brain.open_run_id, brain.busy = "r1", True
        brain.broadcast.publish(*events)
        catching_up = asyncio.ensure_future(seqs(client.follow("r1", 0), len(events)))
        answered = 0
        while not catching_up.done():
            assert (await another.query("status", {}))["open"] == "r1"
            answered += 1
        assert len(await catching_up) == len(events)
        assert answered > 10
        await client.close()
        await another.close()


async def test_five_who_join_at_once_cost_one_packed_plan_and_few_sends(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events, brain = a_run("all"), ScriptedBrain()
    plans, sends = list[object](), list[int]()
    pack, send = codec.packed, OutgoingFrames._send

    def counted(frames: OutgoingFrames) -> None:
        sends.append(len(frames._unsent))
        send(frames)

    monkeypatch.setattr(codec, "packed", lambda steps: plans.append(steps) or pack(steps))
    monkeypatch.setattr(OutgoingFrames, "_send", counted)
    async with engine(state, brain) as (path, _):
        clients = [await connect(path) for _ in range(5)]
        brain.open_run_id, brain.busy = "r1", True
        brain.broadcast.publish(*events)
        async with asyncio.timeout(120):
            seen = await asyncio.gather(*(seqs(client.follow("r1", 0), len(events)) for client in clients))
        for client in clients:
            await client.close()
    assert all(one == list(range(1, len(events) + 1)) for one in seen)
    assert len(plans) == 1
    assert max(sends) < 2 * AT_A_TIME
    assert sum(map(bool, sends)) < 2 * 5 * len(events) / AT_A_TIME


def test_what_status_says_of_a_host_costs_as_much_on_many_hosts_as_on_few() -> None:
    def calls_for_each_host(hosts: int) -> float:
        facts = tuple(HostFacts(host=host.name) for host in an_environment(hosts).hosts)
        record = EnvironmentRecord(hosts={fact.host: HostRecord(drained=("lb",)) for fact in facts})
        calls = Calls()
        assert len(calls(host_rows, an_environment(hosts), record, facts)) == hosts
        return calls.count / hosts

    few, many = calls_for_each_host(25), calls_for_each_host(100)
    assert many < few * 1.25, (few, many)


def test_a_plan_that_was_sent_is_looked_through_again_once_there_is_another_secret() -> None:
    plan = next(event for event in a_run("all") if isinstance(event, ev.PlanMade))
    steps = tuple(changed(step, expects="hunter2-hunter2") for step in plan.plan.steps)
    told = item_message(1, changed(plan, plan=changed(plan.plan, steps=type(plan.plan.steps)(steps))))
    assert b"hunter2-hunter2" in reply_bytes(told)
    hide(Masking(["hunter2-hunter2"]))
    assert b"hunter2-hunter2" not in reply_bytes(told)
