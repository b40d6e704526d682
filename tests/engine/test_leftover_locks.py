"""What becomes of locks that were met: those of runs that have ended, that were interrupted here, and that others carry."""

from console.engine.catch_up.leftover_locks import without_leftovers
from console.model.events import RunEnded, RunOpened
from console.model.host_facts import HostFacts, LockHolder
from console.safe_text import SafeText

ENDED, LEFT, ALIVE, ANOTHERS = "r-ended", "r-left", "r-alive", "r-anothers"


class Record:
    async def of_type(self, run: str, kind: type) -> tuple[object, ...]:
        known = {RunOpened: (ENDED, LEFT, ALIVE), RunEnded: (ENDED,)}
        return (kind,) if run in known[kind] else ()


def held(run: str, *, gone: bool) -> HostFacts:
    return HostFacts(f"host-of-{run}", lock=LockHolder(SafeText("ada"), run=run, is_gone=gone))


async def test_a_lock_of_an_interrupted_run_of_this_record_can_be_resumed_and_no_other():
    seen = (held(ENDED, gone=True), held(LEFT, gone=True), held(ALIVE, gone=False), held(ANOTHERS, gone=True), HostFacts("free"))
    found = await without_leftovers(Record(), seen)  # type: ignore[arg-type]
    assert [fact.lock.is_left if fact.lock else None for fact in found] == [None, True, False, False, None]
    assert [fact.lock.is_unknown if fact.lock else None for fact in found] == [None, False, False, True, None]


async def test_a_person_s_lock_is_no_unknown_run():
    (found,) = await without_leftovers(Record(), (held("", gone=False),))  # type: ignore[arg-type]
    assert found.lock is not None
    assert not found.lock.is_unknown
