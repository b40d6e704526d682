"""What a search of the engine's for garbage leaves out while it is busy, and what goes at rest."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from console.engine.server.garbage import GarbageSearch


class Knot:
    """An object that is garbage as soon as nobody holds it, and that only a search finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _all_is_searched_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_lives_is_left_out_while_something_goes_on_and_goes_at_rest() -> None:
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


def test_at_rest_nothing_is_left_out() -> None:
    gc.unfreeze()
    with GarbageSearch(lambda: False).in_pieces():
        gc.collect()
        assert gc.get_freeze_count() == 0


def test_what_is_garbage_goes_at_once_all_the_same() -> None:
    with GarbageSearch(lambda: True).in_pieces():
        knot = Knot()
        seen = ref(knot)
        del knot
        gc.collect()
    assert seen() is None
