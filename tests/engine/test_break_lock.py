"""The lock of a dead run, broken by a person: what is known of its engine decides how long is waited."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.engine.context import QueryContext
from console.engine.queries.lock_and_unlock import answer_break, answer_lock, answer_unlock
from console.errors import Locked, RecordAway
from console.model.configured_environment import Environment
from console.model.events import LocksReleased, RunEnded
from console.model.host import Host
from console.model.host_facts import HostFacts, LockHolder
from console.model.request import Person
from console.model.values import changed
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.adapters.journal.test_contract import opened
from tests.recorded import record

ADA = Person("ada", 1)
SHOP = Environment("shop", "production", "/srv/shop", (Host("web01"), Host("web02")))
LOCK = LockHolder(SafeText("ada"), run="r1", epoch="r1.1", heartbeat_age=3.0, is_gone=True)
DEAD = changed(LOCK, heartbeat_age=90.0)


class Hosts:
    """Two hosts that a run holds, whose engine gave its last sign 3 s ago."""

    def __init__(self, *locks: LockHolder | None) -> None:
        self.locks: dict[str, Any] = dict(zip(("web01", "web02"), locks, strict=True))
        self.broken: list[tuple[str, str]] = []

    async def look(self, environment: Environment, host: Host, *, deadline: float, asks: Any = None) -> HostFacts:
        return HostFacts(host.name, lock=self.locks[host.name])

    async def break_for(self, host: Host, path: str, run: str, young: float, gone: str = "") -> LockHolder | None:
        if self.locks[host.name].heartbeat_age < young and gone != self.locks[host.name].epoch:
            return self.locks[host.name]
        self.broken.append((host.name, gone))
        return None


async def fleet(hosts: Hosts, *, ours: bool = True) -> QueryContext:
    journal = MemoryJournal()
    if ours:
        await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))

    async def away(run: str) -> None:
        raise RecordAway("the database does not answer")

    outside: Any = SimpleNamespace(scout=hosts, locks=hosts)
    return QueryContext(SHOP, outside, SetClock(datetime(2026, 1, 1, tzinfo=UTC), 9.0), None, "", journal, None, carrier=away)  # type: ignore[arg-type]


ASKED = {"run": "r1", "reason": "its machine had to be restarted"}


async def test_while_the_record_is_away_the_end_of_an_engine_of_this_machine_is_not_waited_for():
    hosts = Hosts(LOCK, LOCK)
    known = await fleet(hosts)
    answer: Any = await answer_break(known, ASKED, ADA)
    assert (answer["broken"], hosts.broken) == (["web01", "web02"], [("web01", "r1.1"), ("web02", "r1.1")])
    (ended,) = await known.journal.of_type("r1", RunEnded)
    assert ended.outcome == "interrupted"
    assert await known.journal.of_type("r1", LocksReleased)


@pytest.mark.parametrize(
    ("second", "ours"),
    [(changed(LOCK, is_gone=False), True), (LOCK, False)],
    ids=["another engine took it over on a host", "a run that the record here does not know"],
)
async def test_what_is_not_known_to_be_dead_is_waited_for(second: LockHolder, ours: bool):
    hosts = Hosts(LOCK, second)
    with pytest.raises(Locked, match="heard from it 3 s ago, and it counts as dead after 60 s") as refused:
        await answer_break(await fleet(hosts, ours=ours), ASKED, ADA)
    assert str(refused.value.hint) == "deploy unlock production --run r1 --reason TEXT"
    assert hosts.broken == []


@pytest.mark.parametrize(("ours", "lock", "known"), [(True, DEAD, True), (False, DEAD, True), (True, None, True), (False, None, False)])
async def test_whether_anybody_knows_the_run_is_told(ours: bool, lock: LockHolder | None, known: bool):
    answer: Any = await answer_break(await fleet(Hosts(lock, lock), ours=ours), ASKED, ADA)
    assert (answer["known"], bool(answer["broken"])) == (known, lock is not None)


@pytest.mark.parametrize(("answers", "is_closed"), [((True, True), True), ((False, True), True), ((False, False), False)])
async def test_a_note_that_no_host_has_taken_is_not_on_record(answers: tuple[bool, bool], is_closed: bool):
    """Those who look without asking a host would be told that the environment is closed, which it is nowhere; and open, where every host still has the note."""

    class Noted(Hosts):
        async def close_for(self, host: Host, path: str, note: LockHolder) -> Unreached | None:
            return None if answers[int(host.name[-1]) - 1] else Unreached(host.name, "unreachable", SafeText("no route"))

        async def open_again(self, host: Host, path: str) -> Unreached | None:
            return await self.close_for(host, path, LOCK)

    known = await fleet(Noted(None, None))
    await answer_lock(known, {"reason": "audit"}, ADA)
    assert ((await known.journal.environment("shop", "production")).note is not None) == is_closed
    await known.journal.keep_note("shop", "production", LOCK)
    await answer_unlock(known, {"reason": "over"}, ADA)
    assert ((await known.journal.environment("shop", "production")).note is None) == is_closed
