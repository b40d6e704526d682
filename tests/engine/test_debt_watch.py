"""Locks that ended runs have left are released by an engine, but those of a run that is at it by itself."""

from types import SimpleNamespace

from console.adapters.journal.memory import MemoryJournal
from console.engine.catch_up.debt_watch import DebtWatch
from console.errors import RecordAway
from console.model.environment_record import EnvironmentRecord
from console.model.events import LocksReleased, LocksTaken, RunEnded
from tests.adapters.journal.test_contract import opened
from tests.core.simulation import an_environment
from tests.recorded import record


class Locks:
    """Hosts that give any lock back."""

    async def clear(self, host: object, path: str, run: str) -> None:
        return None


async def test_a_run_that_lets_go_of_its_hosts_is_left_to_it_though_it_is_done_before_the_record_is_read() -> None:
    journal, holding, noted = MemoryJournal(), {"r1"}, []
    ended = RunEnded(seq=3, exit=0, outcome="succeeded", held=("web01",))
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"), LocksTaken(seq=2, epoch=1, hosts=("web01",)), ended))

    async def note(run: str, *events: object) -> None:
        noted.append((run, *events))

    class Slow(MemoryJournal):
        async def environment(self, app: str, environment: str) -> object:  # type: ignore[override]
            holding.clear()
            return await journal.environment(app, environment)

    outside = SimpleNamespace(locks=Locks())
    watch = DebtWatch(Slow(), None, lambda: (an_environment(1), outside), None, None, None, note, None, None, lambda: set(holding))  # type: ignore[arg-type, return-value]
    await watch.release_left()
    assert noted == []
    await watch.release_left()
    assert noted == [("r1", LocksReleased(hosts=("web01",)))]


async def test_whether_runs_have_left_something_is_said_once_the_record_was_read_and_not_where_it_cannot_be() -> None:
    journal = MemoryJournal()
    broken = [False]

    class Broken(MemoryJournal):
        async def environment(self, app: str, environment: str) -> EnvironmentRecord:
            if broken[0]:
                raise RecordAway("the database does not answer")
            return await journal.environment(app, environment)

    outside = SimpleNamespace(locks=Locks())
    watch = DebtWatch(Broken(), None, lambda: (an_environment(1), outside), None, None, None, None, lambda: True, None, set)  # type: ignore[arg-type, return-value]
    assert watch.left is None

    async def seen() -> bool | None:
        watch.changed()
        assert watch.left is None
        await watch.stop()
        return watch.left

    assert await seen() is False
    ended = RunEnded(seq=3, exit=0, outcome="succeeded", held=("web01",))
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"), LocksTaken(seq=2, epoch=1, hosts=("web01",)), ended))
    assert await seen() is True
    broken[0] = True
    assert await seen() is None
    assert not watch.has_work
