"""What this machine says of its users, where it is slow, dead, or of another mind after a while."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.engine.server import client_rights, user_directory
from console.engine.server.client_rights import ClientRights
from console.engine.server.user_directory import AT_ONCE, FRESH, HOLDS, ListedUser, UserDirectory, Who
from console.model.configured_environment import Access

RULES = Access(operators=("@deploy",))
ADA = ListedUser(1000, "ada", frozenset({"@deploy"}))


class Machine:
    """Answers once it is let; `now` is its clock."""

    def __init__(self, found: ListedUser = ADA) -> None:
        self.found = found
        self.now = 0.0
        self.asked: list[Who] = []
        self.answers = threading.Event()
        self.directory = UserDirectory(self.look, lambda: self.now)

    def look(self, who: Who, access: Access | None) -> ListedUser:
        self.asked.append(who)
        assert self.answers.wait(60)
        return self.found


async def known(machine: Machine) -> ListedUser | None:
    """What is known once everything that was asked is answered."""
    async with asyncio.timeout(60):
        while machine.directory._open:
            await asyncio.sleep(0.01)
    return machine.directory.known(1000, RULES)


async def test_a_dead_directory_holds_nobody_else_up_and_its_silence_is_no_answer():
    machine, began = Machine(), time.monotonic()
    asking = asyncio.create_task(machine.directory.look(1000, RULES, 60.0))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not asking.done()
    assert await machine.directory.look(1000, RULES, 0.01) is None
    assert machine.directory.known(1000, RULES) is None
    assert (machine.asked, time.monotonic() - began < 60) == ([1000], True)
    machine.answers.set()
    assert await asking == await known(machine) == ADA


async def test_an_answer_that_comes_late_counts_for_what_is_asked_next():
    machine = Machine()
    assert await machine.directory.look(1000, RULES, 0.0) is None
    machine.answers.set()
    assert await known(machine) == ADA
    assert await machine.directory.look(1000, RULES) == ADA
    assert machine.asked == [1000]


async def test_an_answer_is_asked_anew_after_a_while_and_counts_no_longer_where_none_comes():
    machine = Machine()
    machine.answers.set()
    assert await machine.directory.look(1000, RULES, 60.0) == ADA
    machine.now = FRESH
    assert await machine.directory.look(1000, RULES, 60.0) == ADA
    assert machine.asked == [1000]
    machine.now, machine.found = FRESH + 1, ListedUser(1000, "ada")
    assert await machine.directory.look(1000, RULES, 60.0) == ListedUser(1000, "ada")
    machine.answers.clear()
    machine.now += HOLDS
    assert await machine.directory.look(1000, RULES, 0.0) == ListedUser(1000, "ada")
    machine.now += 1
    assert await machine.directory.look(1000, RULES, 0.0) is None
    assert machine.directory.known(1000, RULES, float("inf")) is not None
    machine.answers.set()
    await known(machine)


async def test_questions_that_hang_are_few():
    machine = Machine()
    for uid in range(3 * AT_ONCE):
        assert await machine.directory.look(uid, RULES, 0.0) is None
    assert len(machine.directory._open) == AT_ONCE
    machine.answers.set()
    await known(machine)
    assert await machine.directory.look(3 * AT_ONCE, RULES, 60.0) == ADA


async def test_a_machine_that_fails_has_not_answered(monkeypatch: pytest.MonkeyPatch):
    def fail(uid: int) -> None:
        raise OSError("the directory is broken")

    monkeypatch.setattr(user_directory.pwd, "getpwuid", fail)
    assert await UserDirectory().look(1000, RULES, 60.0) is None


async def test_who_needs_nothing_but_a_name_waits_for_it_once(monkeypatch: pytest.MonkeyPatch):
    """A key that ends a run is not to wait for a directory that has no say in it."""
    monkeypatch.setattr(client_rights, "ANSWER", 0.0)
    machine = Machine()
    rights = ClientRights(cast("Any", SimpleNamespace(service=SimpleNamespace(access=RULES), owner=1000, users=machine.directory)), 1000)
    await rights.look_up()
    async with asyncio.timeout(60):
        await rights.look_up(600.0)
    assert (rights.role, rights.person.name) == ("operator", "uid 1000")
    machine.answers.set()
    await known(machine)
    await rights.look_up()
    assert rights.person.name == "ada"
