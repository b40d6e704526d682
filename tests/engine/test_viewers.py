import asyncio

from hypothesis import given
from hypothesis import strategies as st

from console.engine.server.broadcast import Broadcast
from console.model.events import NoteAdded, RunEnded
from console.model.request import Person
from console.ports.feed import Output, Presence, Sample
from console.safe_text import SafeText


def note(seq):
    return NoteAdded(seq=seq, by=Person("ada"), text=SafeText(str(seq)))


def end(seq):
    return RunEnded(seq=seq, exit=0, outcome="succeeded")


def line(text, host="web01"):
    return Output("t", host, "s", SafeText(text))


async def heard(broadcast, after=0):
    return [item async for item in broadcast.follow(after)]


async def test_everything_after_a_number_and_then_what_comes():
    broadcast = Broadcast([note(1), note(2)])
    early, late = asyncio.create_task(heard(broadcast)), asyncio.create_task(heard(broadcast, 2))
    await asyncio.sleep(0)
    broadcast.publish(note(3))
    await asyncio.sleep(0)
    broadcast.publish(end(4))
    assert [event.seq for event in await early] == [1, 2, 3, 4]
    assert [event.seq for event in await late] == [3, 4]
    assert [event.seq for event in await heard(broadcast, 3)] == [4]
    assert await heard(broadcast, 4) == []
    assert await heard(broadcast, 99) == []


async def test_what_is_still_said_after_the_end_is_heard_and_then_all_may_go():
    broadcast = Broadcast([note(1)])
    broadcast.expect_more()
    following = asyncio.create_task(heard(broadcast))
    broadcast.publish(end(2))
    await asyncio.sleep(0.01)
    assert not following.done()
    broadcast.publish(note(3))
    broadcast.rest()
    assert [event.seq for event in await asyncio.wait_for(following, 60)] == [1, 2, 3]
    assert [event.seq for event in await asyncio.wait_for(heard(broadcast, 2), 60)] == [3]


async def test_rest_does_not_end_a_run_that_goes_on():
    broadcast = Broadcast([note(1)])
    broadcast.expect_more()
    following = asyncio.create_task(heard(broadcast))
    broadcast.rest()
    await asyncio.sleep(0.01)
    assert not following.done()
    broadcast.publish(end(2))
    assert [event.seq for event in await asyncio.wait_for(following, 60)] == [1, 2]


async def test_output_stands_between_the_events_where_it_was_printed():
    broadcast = Broadcast()
    following = asyncio.create_task(heard(broadcast))
    await asyncio.sleep(0)
    for item in (note(1), line("a"), line("b"), note(2), line("c"), end(3)):
        broadcast.tell(item) if isinstance(item, Output) else broadcast.publish(item)
    assert [str(getattr(item, "text", "end")) for item in await following] == ["1", "a", "b", "2", "c", "end"]


async def test_a_slow_viewer_misses_output_with_a_mark_and_no_event():
    broadcast = Broadcast(kept=3)
    items = broadcast.follow()
    broadcast.publish(note(1))
    assert (await anext(items)).seq == 1
    for number in range(10):
        broadcast.tell(line(str(number)))
        broadcast.tell(Sample("web01", float(number)))
        broadcast.publish(note(number + 2))
    broadcast.publish(end(12))
    rest = [item async for item in items]
    assert [event.seq for event in rest if isinstance(event, NoteAdded | RunEnded)] == list(range(2, 13))
    assert [str(item.text) for item in rest if isinstance(item, Output)] == [
        "… 7 lines are not shown here; they are in the host's log",
        "7",
        "8",
        "9",
    ]
    assert [item.at for item in rest if isinstance(item, Sample)] == [9.0]


async def test_the_last_presence_alone_is_heard():
    broadcast = Broadcast()
    items = broadcast.follow()
    first = asyncio.create_task(anext(items))
    await asyncio.sleep(0)
    broadcast.tell(Presence(("ada",)))
    broadcast.tell(Presence(("ada", "bob")))
    assert await first == Presence(("ada", "bob"))
    await items.aclose()


async def test_one_who_leaves_is_forgotten():
    broadcast = Broadcast([note(1)])
    items = broadcast.follow()
    await anext(items)
    assert len(broadcast._viewers) == 1
    await items.aclose()
    assert not broadcast._viewers


@given(st.lists(st.sampled_from("eoty"), max_size=60), st.integers(0, 20), st.integers(1, 5))
def test_no_event_is_ever_missing_whatever_comes_between(script, after, kept):
    async def run():
        broadcast = Broadcast(kept=kept)
        following = asyncio.create_task(heard(broadcast, after))
        for step in script:
            match step:
                case "e":
                    broadcast.publish(note(broadcast.seq + 1))
                case "o":
                    broadcast.tell(line("x"))
                case "t":
                    broadcast.tell(Sample("web01", 1.0))
                case "y":
                    await asyncio.sleep(0)
        broadcast.publish(end(broadcast.seq + 1))
        if broadcast.seq <= after:
            await asyncio.wait_for(following, 60)
            return
        items = await asyncio.wait_for(following, 60)
        assert [item.seq for item in items if isinstance(item, NoteAdded | RunEnded)] == list(range(after + 1, broadcast.seq + 1))

    asyncio.run(run())
