"""When a run, or what runs have left open, needs a person, and for what: the sentence that calls them. Pure."""

from typing import NamedTuple

from console.core.run.breaches import blocking_breach
from console.core.run.command_refusals import Alternative, first_taken, ways_on
from console.core.words.moments import moment_words
from console.core.words.shortened_list import shortened
from console.core.words.threshold_words import breach_words
from console.model.commands import RollBack
from console.model.environment_record import EnvironmentRecord
from console.model.state import RunState


class NeedsPerson(NamedTuple):
    """A person is wanted: the same `key` for as long as it is for the same thing."""

    key: str
    words: str
    next: str
    """What to type."""
    was_called: bool = False
    """Somebody was called for it when its run ended."""


def command_to_go_on(state: RunState) -> str:
    """Return what to type so that a paused run goes on."""
    if state.pausing is None and blocking_breach(state) is not None:
        return _answer_to_breach(state)
    return first_taken(ways_on(state), state)


def _answer_to_breach(state: RunState) -> str:
    return first_taken((Alternative(f"deploy rollback {state.environment}", RollBack()), *ways_on(state)), state)


def wanted(state: RunState) -> NeedsPerson | None:
    """Return what the run waits for a person for; None while it goes on by itself, or has ended with nothing open."""
    name = f"{state.app} {state.environment}"
    if state.phase == "deciding" and state.go is None and not state.request.yes:
        return NeedsPerson("decide", f"{name}: run {state.run} waits for GO or no-go", f"deploy attach {state.run}")
    if state.phase == "running" and state.pausing is not None:
        return NeedsPerson(f"pause {state.pausing.since}", f"{name}: run {state.run} is paused: {state.pausing.reason}", f"deploy attach {state.run}")
    breach = blocking_breach(state)
    if breach is not None and breach.is_breached:
        told = breach_words(breach.threshold, breach.verdict)
        words = f"{name}: run {state.run} waits, as a metric is above its limit: {told}; roll back, or continue"
        return NeedsPerson(f"threshold {breach.threshold.key} {breach.breached}", words, _answer_to_breach(state))
    owed = sorted(host.name for host in state.hosts.values() if host.condition == "owed")
    if state.phase == "ended" and owed:
        return NeedsPerson("owed", f"{name}: run {state.run} has ended ({state.outcome}) and owes {shortened(owed)}", f"deploy status {state.environment}")
    return None


def stays_open(record: EnvironmentRecord, run: str) -> tuple[NeedsPerson, ...]:
    """Return what stays open though no run works on it. `run`: the one that goes on, whose own page is no debt; empty: none.

    A maintenance page with an end goes by itself; where it does not, whoever ends it calls a person.
    """
    name, kept = f"{record.app} {record.environment}", record.maintenance
    out = []
    if kept is not None and not kept.until and not (kept.run and kept.run == run):
        words = f"{name}: users are shown the maintenance page by {kept.by} since {moment_words(kept.since)}, without an end"
        out.append(NeedsPerson(f"maintenance {kept.since}", words, f"deploy maintenance {record.environment} off"))
    owed = sorted({one.debt.host for one in record.debts.owed})
    if owed:
        out.append(NeedsPerson(f"owed {','.join(owed)}", f"{name}: still owed: {shortened(owed)}", f"deploy status {record.environment}", was_called=True))
    return tuple(out)
