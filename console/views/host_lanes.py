"""What ran on which host, and when, for a chart of lanes: bars in seconds from the run's beginning. Pure."""

from dataclasses import dataclass
from typing import Literal

from console.model import events as ev
from console.model.plan import Step, StepKind
from console.model.state import RunState
from console.views.blocking_reason import step_words
from console.views.recording import Recording

LaneColour = Literal["prepare", "traffic", "switch", "restart", "gate", "close", "watch", "data"]
MOST = 40
"""Hosts that are drawn."""

_COLOURS: dict[StepKind, LaneColour] = {
    "build": "prepare", "pack": "prepare", "ship": "prepare", "fetch": "prepare", "install": "prepare", "hook": "prepare", "drain": "traffic",
    "admit": "traffic", "weigh": "traffic", "switch": "switch", "stop": "restart", "restart": "restart", "gate": "gate", "monitor": "watch", "backup": "data",
    "migrate": "data", "revert": "data", "restore": "data", "remove": "close", "prune": "close",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt at a step, from `start` to `end` in seconds. `status` is empty where it has not ended."""

    words: str
    colour: LaneColour
    start: float
    end: float
    status: str
    back: bool


@dataclass(frozen=True, slots=True)
class HostLane:
    """A host, or the console's own steps (an empty name), with its bars."""

    host: str
    bars: tuple[Bar, ...]
    state: str = ""


@dataclass(frozen=True, slots=True)
class LaneMark:
    """A moment that goes through all lanes; with an `end` it is a span."""

    words: str
    at: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class LaneChart:
    """All that is drawn, between two times. `hidden`: hosts that have no lane here."""

    start: float
    end: float
    lanes: tuple[HostLane, ...]
    marks: tuple[LaneMark, ...]
    hidden: int = 0


def lane_chart(recording: Recording, state: RunState, states: dict[str, str]) -> LaneChart | None:
    """Return the lanes; None where nothing ran. `states`: how each host ended. Of many hosts those are drawn that did not end well, then the first ones."""
    bars = _bars(recording, state)
    if not bars:
        return None
    hosts = [name for name in state.hosts if name in bars]
    bad = {name for name in hosts if any(bar.status not in ("done", "cancelled") for bar in bars[name])}
    chosen = set(sorted(hosts, key=lambda name: name not in bad)[:MOST])
    shown = [name for name in ("", *hosts) if name in bars and (not name or name in chosen)]
    start = min(bar.start for name in shown for bar in bars[name])
    end = max(start + 0.1, *(bar.end for name in shown for bar in bars[name]))
    lanes = tuple(HostLane(name, tuple(bars[name]), states.get(name, "")) for name in shown)
    return LaneChart(start, end, lanes, _marks(recording, start), len(hosts) - len(chosen))


def _bars(recording: Recording, state: RunState) -> dict[str, list[Bar]]:
    begun: dict[str, float] = {}
    found: dict[str, list[Bar]] = {}
    for event, seconds in zip(recording.events, recording.times, strict=True):
        step = state.index.get(event.step) if isinstance(event, ev.StepStarted | ev.StepFinished) else None
        if step is None or step.kind in ("wave", "mark"):
            continue
        if isinstance(event, ev.StepStarted):
            begun.setdefault(step.name, seconds)
        elif isinstance(event, ev.StepFinished) and step.name in begun:
            found.setdefault(step.about, []).append(_bar(step, begun.pop(step.name), seconds, event.status))
    for name, seconds in begun.items():
        step = state.index[name]
        found.setdefault(step.about, []).append(_bar(step, seconds, recording.seconds, ""))
    return found


def _bar(step: Step, start: float, end: float, status: str) -> Bar:
    return Bar(step_words(step), _COLOURS.get(step.kind, "prepare"), start, end, status, step.phase == "rollback")


def _marks(recording: Recording, start: float) -> tuple[LaneMark, ...]:
    out = [LaneMark("paused", since, until) for since, until in recording.pauses]
    for event, seconds in zip(recording.events, recording.times, strict=True):
        if isinstance(event, ev.RollbackBegan):
            out.append(LaneMark("rollback", seconds))
        if isinstance(event, ev.TakenUp):
            out.append(LaneMark("new engine", seconds))
    return tuple(mark for mark in out if mark.at >= start)
