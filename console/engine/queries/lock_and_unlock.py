"""What an engine does about locks beside its runs: a person's note on every host, and the lock of a run that is dead.

Knows the port `HostLock` and which run goes on here; nothing of plans or steps. When a run's lock is dead is decided in `core/host/stale_lock.py`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from console.core.host.stale_lock import ANY_AGE, DEAD_AFTER, stale_lock
from console.engine.catch_up.leftover_locks import is_over
from console.engine.context import QueryContext
from console.engine.pacing import on_each
from console.engine.queries.inspect import look_at, look_at_all
from console.engine.run.run_record import RunRecord
from console.errors import Locked, RecordAway
from console.model.events import LocksReleased, NoteAdded, RunOpened
from console.model.host_facts import HostFacts, LockHolder
from console.model.request import Person
from console.ports.hosts import Unreached
from console.safe_text import SafeText


def holder_row(holder: LockHolder) -> dict[str, Any]:
    """A holder as `status` says it."""
    return {
        "run": holder.run or None, "by": holder.by, "since": holder.since, "from": holder.came_from, "reason": holder.reason,
        "until": holder.until or None,
    }  # fmt: skip


async def answer_lock(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Leave a person's note on every host, for `seconds` or (0) until it is taken away; the hosts that could not be told."""
    now, seconds = fleet.clock.now(), float(argument.get("seconds", 0.0))
    note = LockHolder(
        by=SafeText(person.name), since=_said(now), reason=SafeText(str(argument["reason"])), came_from=SafeText(person.claims),
        until=_said(now + timedelta(seconds=seconds)) if seconds else SafeText(""),
    )  # fmt: skip
    locks, environment = fleet.outside.locks, fleet.environment
    failed = await on_each(environment.hosts, lambda host: locks.close_for(host, environment.path_on(host), note))
    if None in failed:  # one host at least is closed
        await fleet.journal.keep_note(environment.app, environment.name, note)
    return {"until": note.until or None, "failed": _failed_hosts(failed)}


async def answer_unlock(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Take a person's note from every host: where one was, which run holds hosts all the same, and the hosts that could not be told."""
    locks, environment = fleet.outside.locks, fleet.environment
    facts = await look_at(fleet, environment.hosts)
    failed = await on_each(environment.hosts, lambda host: locks.open_again(host, environment.path_on(host)))
    if None in failed:
        await fleet.journal.keep_note(environment.app, environment.name, None)
    held = {fact.lock.run: holder_row(fact.lock) for fact in facts if fact.lock}
    return {
        "opened": [fact.host for fact in facts if fact.closed], "held_by": next(iter(held.values()), None), "goes_on": fleet.run in held,
        "failed": _failed_hosts(failed),
    }  # fmt: skip


async def note_seen(fleet: QueryContext, facts: Iterable[HostFacts]) -> None:
    """Keep the person's note that hosts which answer have, or that none has one, for those who look without asking a host; not where the record itself did not
    say what it has."""
    known = [fact for fact in facts if not fact.problem]
    note = next((fact.closed for fact in known if fact.closed), None)
    environment = fleet.environment
    before, is_confirmed = await fleet.known()
    if is_confirmed and (note or len(known) == len(environment.hosts)) and _words(note) != _words(before.note):
        await fleet.journal.keep_note(environment.app, environment.name, note)


def _words(note: LockHolder | None) -> tuple[str, ...]:
    return () if note is None else (str(note.by), str(note.reason), str(note.until))


async def answer_break(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Break a dead run's lock on every host that it holds. `known`: it is in the record or on a host.

    Raises Locked where it is not known to be dead; then every lock is as it was.
    """
    run, reason = str(argument["run"]), str(argument["reason"])
    if fleet.run == run:
        raise Locked(f"run {run} is alive: its engine answers", f"deploy abort {run}")
    is_ours = bool(await fleet.journal.of_type(run, RunOpened))
    dead_after = ANY_AGE if is_ours and await _is_left(fleet, run) else DEAD_AFTER
    environment = fleet.environment
    facts = await look_at_all(fleet, environment.hosts)
    holding, gone = stale_lock(facts, run, dead_after, environment.name, is_ours=is_ours)
    held = [host for host in environment.hosts if host.name in holding]
    answers = await on_each(held, lambda host: fleet.outside.locks.break_for(host, environment.path_on(host), run, dead_after, gone.get(host.name, "")))
    failed = [Unreached(fact.host, "unreachable", fact.problem, fact.hint) for fact in facts if fact.problem]
    failed += [_refused(host, answer) for host, answer in zip(holding, answers, strict=True) if answer is not None]
    broken = [host for host, answer in zip(holding, answers, strict=True) if answer is None]
    if is_ours and broken:
        await asyncio.shield(_ended(fleet, run, SafeText(f"its lock was broken by {person.name}: {reason}"), tuple(broken), person))
    return {"run": run, "known": is_ours or bool(holding), "broken": broken, "failed": _failed_hosts(failed)}


async def _is_left(fleet: QueryContext, run: str) -> bool:
    """Whether it is known that no engine carries a run of this record. Raises Locked where one of another machine does."""
    try:
        carrier = await fleet.carrier(run)
    except RecordAway:
        return False
    if carrier is not None:
        raise Locked(f"run {run} is carried by {carrier}", f"deploy attach {run}")
    return True


async def _ended(fleet: QueryContext, run: str, reason: SafeText, broken: tuple[str, ...], person: Person) -> None:
    """Write down that a run's lock was broken; one that had not ended ends with it."""
    if await is_over(fleet.journal, run):
        try:
            await fleet.note(run, NoteAdded(by=person, text=reason), LocksReleased(hosts=broken))
        except RecordAway as fault:
            raise RecordAway(f"the lock of {run} is broken on {', '.join(broken)}, and that is not on record: {fault.message}", fault.hint) from fault
    else:
        async with fleet.writing_idle:
            record = await RunRecord.of(fleet.journal, fleet.clock, run)
            await record.end(reason, person, broken)


def _refused(host: str, answer: LockHolder | Unreached) -> Unreached:
    if isinstance(answer, Unreached):
        return answer
    return Unreached(host, "channel", SafeText(f"it is held by {answer.run or answer.by}, which gave a sign {answer.heartbeat_age:.0f} s ago"))


def _said(moment: datetime) -> SafeText:
    return SafeText(moment.isoformat(timespec="seconds").replace("+00:00", "Z"))


def _failed_hosts(answers: Iterable[Unreached | None]) -> list[dict[str, str]]:
    return [{"host": each.host, "message": each.message, "hint": each.hint} for each in answers if each is not None]
