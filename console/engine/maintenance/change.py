"""Maintenance mode switched by a person, or because its time is over: one at a time, on record as a run of its own kind that holds no host.

It goes on beside releases, whoever carries them: an administrator's word is never held up. What came of it is read back from the hosts and the balancers.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from console.core.maintenance_state import hosts_with_page, is_configured, left_on, state_of, without_end
from console.core.words.moments import moment_words
from console.engine.context import QueryContext
from console.engine.maintenance.switch import GLANCE, MaintenanceSwitch, Switched
from console.engine.run.run_names import new_run
from console.engine.run.run_record import RunRecord
from console.errors import NoGo, UsageFault
from console.exit_codes import Exit
from console.model.events import Event, MaintenanceChanged, RunEnded, RunOpened, StepFinished, StepStarted
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import Maintenance, MaintenanceSeen, MaintenanceVerb, PlaceSeen
from console.model.request import Person, Request
from console.model.values import changed
from console.safe_text import SafeText

CONFIGURED_BY = '[app.commands] maintenance_on = "…" and maintenance_off = "…", or [[environments.{environment}.balancer]] maintenance = true'


async def answer_maintenance_seen(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> MaintenanceSeen:
    """Say whether users are shown a maintenance page, read from the hosts and the balancers now. Raises UsageFault where there is none to show."""
    refuse_without_page(fleet, ends=False)
    seen, _ = await read_maintenance(fleet)
    return seen


async def answer_maintenance(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Switch it on or off everywhere. `expects`: the mark of what the caller saw; NoGo where somebody else was first and left it otherwise."""
    verb: MaintenanceVerb = "on" if argument["verb"] == "on" else "off"
    refuse_without_page(fleet, ends=verb == "on")
    message, seconds = SafeText(str(argument.get("message", ""))), float(argument.get("seconds", 0.0))
    async with fleet.switching:
        seen, facts = await read_maintenance(fleet)
        expects = str(argument.get("expects", ""))
        if expects and expects != seen.mark:
            return _second(fleet, verb, seen)
        return await switch_everywhere(fleet, verb, _noted(fleet, verb, seen, person, message, seconds), seen, facts, person)


def refuse_without_page(fleet: QueryContext, *, ends: bool) -> None:
    """Raise UsageFault where users could be shown nothing, or (`ends`) could be shown it for ever."""
    environment = fleet.environment
    if not is_configured(environment):
        where = f"{environment.app} has no maintenance page in {environment.file or 'hosts.toml'}"
        raise UsageFault(where, CONFIGURED_BY.format(environment=environment.name))
    endless = without_end(environment) if ends else ()
    if endless:
        raise UsageFault(f"{', '.join(endless[:3])} could be switched on and never off: no command maintenance_off", '[app.commands] maintenance_off = "…"')


def switch_of(fleet: QueryContext) -> MaintenanceSwitch:
    """The maintenance pages of what the question is about."""
    return MaintenanceSwitch(fleet.environment, fleet.outside, fleet.clock, fleet.secrets)


async def read_maintenance(fleet: QueryContext, facts: tuple[HostFacts, ...] | None = None) -> tuple[MaintenanceSeen, tuple[HostFacts, ...]]:
    """Look, and have the record say what the fleet does: another console may have switched it. Where the record itself does not say what it has, a look changes
    nothing in it. `facts`: looks that were taken already, for somebody who only wants to know: a balancer that is silent does not hold that up."""
    environment, switch = fleet.environment, switch_of(fleet)
    known = await switch.facts() if facts is None else facts
    places = await (switch.look(known) if facts is None else switch.look(known, GLANCE))
    record, is_confirmed = await fleet.known()
    kept = record.maintenance
    after = kept or left_on(known)
    if places and all(place.shows == "off" for place in places) and facts is None and not (kept and kept.run):
        after = None
    if is_confirmed and after != kept and (facts is None or not fleet.switching.locked()):
        await fleet.journal.keep_maintenance(environment.app, environment.name, after)
    return MaintenanceSeen(state_of(places, after), places, after, said(fleet)), known


def said(fleet: QueryContext, seconds: float = 0.0) -> str:
    """The time now, or so many seconds later, as records have it."""
    return (fleet.clock.now() + timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


def _noted(fleet: QueryContext, verb: MaintenanceVerb, seen: MaintenanceSeen, person: Person, message: SafeText, seconds: float) -> Maintenance:
    """What is left on the hosts. Switched on once more without another word, it stays what it was: that mends hosts which missed it."""
    kept = seen.kept if verb == "on" else None
    if kept and not kept.run and not message and not seconds and (not kept.until or str(kept.until) > said(fleet)):
        return kept
    until = said(fleet, seconds) if seconds else ""
    return Maintenance(SafeText(person.name), SafeText(said(fleet)), message or (kept.message if kept else SafeText("")), SafeText(until))


def _second(fleet: QueryContext, verb: MaintenanceVerb, seen: MaintenanceSeen) -> object:
    """Tell whoever comes second. What was wanted is so: fine; else it is for a person to look again."""
    who = f"{seen.kept.by} was first" if seen.kept else "somebody was first"
    words = f"{who}: maintenance of {fleet.environment.name} is {seen.state}" + (f" since {moment_words(seen.kept.since)}" if seen.kept else "")
    if seen.state != verb:
        raise NoGo(words, f"deploy maintenance {fleet.environment.name}")
    return _answer(seen, "", 0, [{"message": words, "hint": ""}])


async def switch_everywhere(
    fleet: QueryContext, verb: MaintenanceVerb, note: Maintenance, seen: MaintenanceSeen, facts: tuple[HostFacts, ...], person: Person,
) -> dict[str, Any]:  # fmt: skip
    """Do it, and answer with what was read back. It is on record before anything is sent, so that an engine that dies leaves nothing on unseen."""
    run, record = await new_run(fleet.journal, fleet.clock, fleet.environment.name), RunRecord(fleet.journal, fleet.clock)
    with fleet.writing(run, record):
        return await _switched(fleet, verb, note, seen, facts, person, run, record)


async def _switched(
    fleet: QueryContext, verb: MaintenanceVerb, note: Maintenance, seen: MaintenanceSeen, facts: tuple[HostFacts, ...], person: Person,
    run: str, record: RunRecord,
) -> dict[str, Any]:  # fmt: skip
    environment, switch = fleet.environment, switch_of(fleet)
    step, hosts = f"maintenance-{verb}", tuple(host.name for host in hosts_with_page(environment))
    opened = RunOpened(
        run=run, kind="maintenance", app=environment.app, environment=environment.name, protected=environment.protected, by=person,
        request=Request(kind="maintenance", ref=verb, yes=True), config_digest=fleet.digest, hosts=hosts, path=environment.path,
    )  # fmt: skip
    await record.write(opened, *(StepStarted(step=step, host=host) for host in hosts))
    before = seen.kept
    await fleet.journal.keep_maintenance(environment.app, environment.name, note if verb == "on" else changed(before or note, until=SafeText(said(fleet))))
    done = await switch.switch(verb, note, facts, lambda host, line: None)
    places = await switch.look(await switch.facts())
    after = note if verb == "on" else before
    state = state_of(places, after)
    if state == "off":
        after = None
        await fleet.journal.keep_maintenance(environment.app, environment.name, None)
    found = MaintenanceSeen(state, places, after, said(fleet))
    problems = _problems(environment.name, verb, done, places)
    code = Exit.DONE if state == verb and not problems else Exit.FAILED
    changed_now = MaintenanceChanged(by=person, now=after, missed=tuple(SafeText(one["message"]) for one in problems))
    reason = SafeText("" if code == Exit.DONE else f"maintenance is {state}: " + "; ".join(one["message"] for one in problems[:3]))
    ended = RunEnded(exit=int(code), outcome="succeeded" if code == Exit.DONE else "failed", reason=reason)
    await record.write(*(_finished(step, one) for one in done), changed_now, ended)
    if fleet.run:
        await fleet.note(fleet.run, changed_now)
    return _answer(found, run, int(code), problems)


def _finished(step: str, one: Switched) -> Event:
    status: Literal["done", "failed", "unreachable"] = "done" if not one.problem else "failed" if one.code is not None or one.is_balancer else "unreachable"
    if one.is_balancer:
        return StepFinished(step=f"{step} at {one.place}", status=status, detail=one.problem, hint=one.hint)
    return StepFinished(step=step, host=one.place, status=status, code=one.code, seconds=one.seconds, detail=one.problem, hint=one.hint)


def _problems(environment: str, verb: MaintenanceVerb, done: tuple[Switched, ...], places: tuple[PlaceSeen, ...]) -> list[dict[str, str]]:
    """Every place that is not as it was told to be, and what mends it."""
    mends = f"deploy maintenance {environment} {verb}"
    told = {one.place: one for one in done}
    found = []
    for place in places:
        known = told.get(place.place)
        if place.shows == verb and not (known and known.problem):
            continue
        words = (known.problem if known else None) or place.why or f"its page is {place.shows}"
        found.append({"message": f"{place.place}: {words}", "hint": mends})
    return found


def _answer(seen: MaintenanceSeen, run: str, code: int, problems: list[dict[str, str]]) -> dict[str, Any]:
    return {"seen": seen, "run": run, "exit": code, "problems": problems}
