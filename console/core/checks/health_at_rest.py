"""Whether what is live on a host is well, for a fleet at rest: by what the host showed, and by what its gate said last. Pure.

True is said only where somebody verified it and nothing has spoken against it since; what nobody can say is None.
"""

from collections.abc import Iterable
from typing import Final, Literal

from console.model.events import AnyEvent, HostFailed, StepFinished
from console.model.host_facts import HostFacts

Said = Literal["passed", "failed", "unknown"]

_SPEAKS: Final = frozenset({"gate", "restart", "stop", "switch", "remove"})
"""The steps of a host that say how it is, by the last part of their names."""


def said_last(events: Iterable[AnyEvent], gated: frozenset[str]) -> dict[str, Said]:
    """What a run's events say last of each host that it worked on. `gated`: hosts with health checks, of which a restart alone says nothing."""
    found: dict[str, Said] = {}
    for event in events:
        if isinstance(event, HostFailed):
            found[event.host] = "failed" if event.condition == "failed" else "unknown"
        elif isinstance(event, StepFinished) and (event.lost or event.step.rpartition("/")[2] in _SPEAKS):
            found[event.host] = _said(event, gated)
    found.pop("", None)
    return found


def _said(event: StepFinished, gated: frozenset[str]) -> Said:
    if event.status == "failed" and not event.lost:
        return "failed"
    if event.status != "done" or event.lost:
        return "unknown"
    kind = event.step.rpartition("/")[2]
    return "passed" if kind == "gate" or (kind == "restart" and event.host not in gated) else "unknown"


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
