"""What a search of the engine's for garbage leaves out while it is busy, and what goes at rest."""

import asyncio
import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from console.engine.server import garbage_collection
from console.engine.server.garbage_collection import GarbageSearch


class Knot:
    """An object that is garbage as soon as nobody holds it, and that only a search finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _searched_as_in_a_process_of_its_own() -> Iterator[None]:
    """As often as Python does by itself; after the test again as seldom, and in as little, as all tests do."""
    seldom = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*seldom)


async def test_what_lives_is_left_out_while_something_goes_on_and_goes_at_rest() -> None:
    busy = True
    search = GarbageSearch(lambda: busy)
    held = Knot()
    seen = ref(held)
    gc.unfreeze()
    with search.in_pieces():
        gc.collect()
        assert gc.get_freeze_count() > 0
        del held
        gc.collect()
        search.rest()
        assert seen() is not None
        busy = False
        search.rest()
    assert seen() is None


async def test_all_is_searched_once_nobody_waits_or_after_a_long_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, watched = True, True
    search = GarbageSearch(lambda: busy, lambda: watched)
    held, other = Knot(), Knot()
    seen, seen_later = ref(held), ref(other)
    gc.unfreeze()
    with search.in_pieces():
        gc.collect()
        del held
        busy = False
        search.rest()
        assert seen() is not None, "somebody looks on"
        watched = False
        search.rest()
        assert seen() is None
        busy = watched = True
        gc.collect()
        del other
        search.rest()
        busy = False
        search.rest()
        assert seen_later() is not None
        monkeypatch.setattr(garbage_collection, "QUIET", 0.0)
        search.rest()
        assert seen_later() is None


async def test_at_rest_nothing_is_left_out() -> None:
    gc.unfreeze()
    with GarbageSearch(lambda: False).in_pieces():
        gc.collect()
        assert gc.get_freeze_count() == 0


async def test_what_is_garbage_goes_at_once_all_the_same() -> None:
    with GarbageSearch(lambda: True).in_pieces():
        knot = Knot()
        seen = ref(knot)
        del knot
        gc.collect()
    assert seen() is None


async def test_whole_searches_come_often_enough_to_be_short() -> None:
    gc.collect()
    gc.freeze()
    found, made = list[int](), list[list[int]]()
    with GarbageSearch(lambda: True).in_pieces():
        gc.callbacks.append(note := lambda phase, info: found.append(info["generation"]) if phase == "stop" else None)
        try:
            for _ in range(400):
                made.append([list[int]() for _ in range(1000)])  # type: ignore[misc] # lists that live
                await asyncio.sleep(0)
        finally:
            gc.callbacks.remove(note)
    assert found.count(2) >= found.count(1) // 2 >= 1
