"""A run that is taken up on another boot, by another machine or after a reboot: its moments are on a clock that has gone with the boot before. Pure.

Moments keep their distance from each other and from the last event, as if no time had gone by between the two engines. What running steps began at is not
known here: they are orphaned, and begin anew. Steps, a pause, the opening and the decision may have been before this boot: their moments are below zero then.
"""

from console.model.paged_table import Table
from console.model.state import HostState, RunState, StepState
from console.model.thresholds import Crossed, ThresholdState
from console.model.values import changed

_SOON = 1e-3
"""Seconds after a boot: no moment is at or before 0, which means that there is none."""


def on_clock_of_another_boot(state: RunState, mono: float) -> RunState:
    """Return the state with its moments on the clock that says `mono` now.

    Of the release, nothing before now is judged: who has measured it until then is not this engine. For it the first change is now, behind every other one.
    """
    later = mono - state.mono
    return changed(
        state, hosts=state.hosts.put_all({host.name: _host(host, later) for host in state.hosts.values()}), continued=_moved(state.continued, later),
        thresholds={key: _threshold(known, later) for key, known in state.thresholds.items()}, steps=Table(_steps(dict(state.steps.items()), later)),
        pausing=changed(state.pausing, since=_before(state.pausing.since, later)) if state.pausing else None,
        opened=_before(state.opened, later), decided=_before(state.decided, later), sending=None, taken_late=_moved(state.taken_late, later),
        switched=mono if state.switched else 0.0, changed_at=mono + _SOON if state.changed_at else 0.0,
    )  # fmt: skip


def _moved(moment: float, later: float) -> float:
    return max(_SOON, moment + later) if moment else 0.0


def _before(moment: float, later: float) -> float:
    """The same for a moment that may lie before this boot; 0 stays for none."""
    return (moment + later or _SOON) if moment else 0.0


def _steps(steps: dict[str, StepState], later: float) -> dict[str, StepState]:
    return {name: changed(known, started=_before(known.started, later)) for name, known in steps.items()}


def _host(host: HostState, later: float) -> HostState:
    return changed(host, since=_moved(host.since, later), lost=_moved(host.lost, later), steps=_steps(host.steps, later))


def _threshold(known: ThresholdState, later: float) -> ThresholdState:
    verdict = known.verdict
    if isinstance(verdict, Crossed):
        verdict = changed(verdict, due=_moved(verdict.due, later))
    return changed(known, verdict=verdict, told=_moved(known.told, later))
