"""When a run needs a person, and for what: the sentence that calls them. Pure."""

from typing import NamedTuple

from console.model.state import RunState


class NeedsPerson(NamedTuple):
    """A person is wanted: the same `key` for as long as it is for the same thing."""

    key: str
    words: str
    next: str
    """What to type."""


def next_words(state: RunState) -> str:
    """Return what to type so that a paused run goes on."""
    if state.pausing is None or state.pausing.cause != "inconclusive":
        return f"deploy continue {state.run}"
    return f"deploy promote {state.run}, or deploy rollback {state.environment}; deploy continue {state.run}, to watch on"


def wanted(state: RunState) -> NeedsPerson | None:
    """Return what the run waits for a person for; None while it goes on by itself, or has ended with nothing open."""
    name = f"{state.app} {state.environment}"
    if state.phase == "deciding" and state.go is None and not state.request.yes:
        return NeedsPerson("decide", f"{name}: run {state.run} waits for GO or no-go", f"deploy attach {state.run}")
    if state.phase == "running" and state.pausing is not None:
        return NeedsPerson(f"pause {state.pausing.since}", f"{name}: run {state.run} is paused: {state.pausing.reason}", f"deploy attach {state.run}")
    owed = sorted(host.name for host in state.hosts.values() if host.condition == "owed")
    if state.phase == "ended" and owed:
        listed = ", ".join(owed[:5]) + (f" and {len(owed) - 5} more" if len(owed) > 5 else "")
        return NeedsPerson("owed", f"{name}: run {state.run} has ended ({state.outcome}) and owes {listed}", f"deploy status {state.environment}")
    return None
