"""Work on many hosts begins a few at a time, in order, and nobody is left out."""

import asyncio
from collections import Counter

import pytest

from console.engine.pacing import AT_ONCE, LONGEST, HoldLimit, Turns, on_each


class Loop:
    """Counts the turns of the loop while it is watched."""

    def __init__(self) -> None:
        self.turn = 0
        self.over = False

    def count(self) -> None:
        self.turn += 1
        if not self.over:
            asyncio.get_running_loop().call_soon(self.count)


async def test_a_thousand_begin_a_few_in_each_turn_and_their_answers_keep_their_order() -> None:
    loop, began = Loop(), Counter[int]()
    loop.count()

    async def act(number: int) -> int:
        began[loop.turn] += 1
        await asyncio.sleep(0.001 * (number % 7))
        return number

    assert await on_each(range(1000), act) == list(range(1000))
    loop.over = True
    assert began.total() == 1000
    assert max(began.values()) <= AT_ONCE
    assert len(began) >= 1000 // AT_ONCE


async def test_others_have_a_turn_once_a_piece_of_work_has_gone_on_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    loop, hold = Loop(), HoldLimit()
    loop.count()
    before = loop.turn
    await hold.pause_if_due()
    assert loop.turn == before, "nothing was held yet"
    now += 2 * LONGEST
    await hold.pause_if_due()
    assert loop.turn == before + 1
    await hold.pause_if_due()
    loop.over = True
    assert loop.turn == before + 1, "it counts anew"


async def test_who_gives_up_takes_nobodys_turn() -> None:
    turns, passed = Turns(2), list[int]()

    async def passing(number: int) -> None:
        await turns.mine()
        passed.append(number)

    tasks = [asyncio.ensure_future(passing(number)) for number in range(9)]
    await asyncio.sleep(0)
    for number in (2, 4, 5):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert passed == [0, 1, 3, 6, 7, 8]
    await asyncio.wait_for(turns.mine(), 60)


async def test_what_one_raises_is_raised() -> None:
    async def act(number: int) -> None:
        if number == 40:
            raise LookupError(number)

    with pytest.raises(LookupError):
        await on_each(range(100), act)


async def test_nothing_to_do_is_done() -> None:
    async def act(number: int) -> int:
        return number

    assert await on_each((), act) == []
