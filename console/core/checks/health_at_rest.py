"""Whether what is live on a host is well, for a fleet at rest: by what the host showed, and by what its gate said last. Pure.

True is said only where somebody verified it and nothing has spoken against it since; what nobody can say is None.
"""

from collections.abc import Iterable
from typing import Final, Literal

from console.model.environment_record import HostVerdict
from console.model.events import Event, HostFailed, StepFinished
from console.model.host_facts import HostFacts

Said = Literal["passed", "failed", "unknown"]

_SPEAKS: Final = frozenset({"gate", "restart", "stop", "switch", "remove"})
"""The steps of a host that say how it is, by the last part of their names."""
_WELL: Final[dict[str, HostVerdict]] = {"gate": "passed", "restart": "restarted"}


def verdicts(events: Iterable[Event]) -> dict[str, HostVerdict]:
    """What a run's events say last of each host that it worked on."""
    found: dict[str, HostVerdict] = {}
    for event in events:
        if isinstance(event, HostFailed):
            found[event.host] = "failed" if event.condition == "failed" else "unknown"
        elif isinstance(event, StepFinished) and (event.lost or event.step.rpartition("/")[2] in _SPEAKS):
            found[event.host] = _verdict(event)
    found.pop("", None)
    return found


def _verdict(event: StepFinished) -> HostVerdict:
    if event.status == "failed" and not event.lost:
        return "failed"
    if event.status != "done" or event.lost:
        return "unknown"
    return _WELL.get(event.step.rpartition("/")[2], "unknown")


def said_of(verdict: HostVerdict, *, has_gate: bool) -> Said | None:
    """What a verdict says of a host. `has_gate`: it has health checks, so that a restart alone says nothing. None: no run is known that worked on it."""
    if verdict == "restarted":
        return "unknown" if has_gate else "passed"
    return verdict or None


def is_healthy(fact: HostFacts, said: Said | None, *, owed: bool) -> bool | None:
    """Whether what is live is well. `said`: of it by the last run that worked on the host; None: no run is known here that did."""
    live = None if fact.problem else fact.release(fact.current)
    if live is None:
        return None
    if fact.current_broken or not live.whole or said == "failed":
        return False
    if owed or fact.drift or said == "unknown":
        return None
    return True if said == "passed" or live.healthy else None
