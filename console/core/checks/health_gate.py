"""When a health gate is passed, failed, or could not be measured. Pure: observations and elapsed seconds in, a verdict out.

It must not know how anything is asked, nor which clock the seconds are from.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from console.model.configured_checks import HealthCheck
from console.safe_text import SafeText

GateVerdict = Literal["passed", "failed", "error"]

STILL: Final = 5.0
"""Seconds that a try or a wait may come late because much is going on."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One try: right, wrong, or (`error`) not measured at all. Nothing listening is wrong; a lost link is not measured."""

    kind: Literal["ok", "bad", "error"]
    seen: SafeText
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class GateState:
    """How far a gate is: right answers in a row, and how often it was asked, answered wrongly, or could not be measured."""

    passes: int = 0
    tries: int = 0
    wrong: int = 0
    unmeasured: int = 0
    blind: int = 0
    """How often in a row it could not be measured, up to now."""
    seen: SafeText = SafeText("")
    """The last thing seen."""
    wrong_seen: SafeText = SafeText("")
    """The last wrong answer."""


@dataclass(frozen=True, slots=True)
class GateEnd:
    """How a gate ended, with the numbers that it was judged by. `seconds` since it began."""

    verdict: GateVerdict
    passes: int
    needed: int
    seconds: float
    seen: SafeText


def needed(check: HealthCheck) -> int:
    """Right answers in a row that pass the gate; at least one."""
    return max(1, check.passes)


def judge(check: HealthCheck, state: GateState, observation: Observation, elapsed: float) -> GateState | GateEnd:
    """Add an observation that ended `elapsed` seconds after the gate began: a verdict, or the state to go on with."""
    state = _added(state, observation)
    if state.passes >= needed(check):
        return _verdict(check, state, "passed", elapsed)
    if elapsed >= check.deadline:
        return _at_deadline(check, state, elapsed)
    return state


def _added(state: GateState, observation: Observation) -> GateState:
    right, wrong = observation.kind == "ok", observation.kind == "bad"
    return replace(
        state,
        passes=state.passes + 1 if right else 0,
        tries=state.tries + 1,
        wrong=state.wrong + wrong,
        unmeasured=state.unmeasured + (not right and not wrong),
        blind=0 if right or wrong else state.blind + 1,
        seen=observation.seen,
        wrong_seen=observation.seen if wrong else state.wrong_seen,
    )


def _at_deadline(check: HealthCheck, state: GateState, elapsed: float) -> GateEnd:
    if (state.unmeasured and not state.wrong) or state.blind >= max(2, needed(check)):
        words = f"{state.seen}; before that: {state.wrong_seen}" if state.wrong else state.seen
        return _verdict(check, replace(state, seen=SafeText(words)), "error", elapsed)
    return _verdict(check, replace(state, seen=state.wrong_seen or state.seen), "failed", elapsed)


def _verdict(check: HealthCheck, state: GateState, verdict: GateVerdict, elapsed: float) -> GateEnd:
    return GateEnd(verdict, state.passes, needed(check), elapsed, state.seen)


def counted(took: float, allowed: float) -> float:
    """Return the seconds of something that was allowed so many: where it took far longer, this machine or process stood still, which is not the host's."""
    return allowed if took > allowed + STILL else took


def next_wait(check: HealthCheck, elapsed: float, spent: float) -> float:
    """Seconds to wait before the next try, when the last one took `spent`: tries begin an interval apart, and none after the deadline."""
    return max(0.0, min(check.interval - spent, check.deadline - elapsed))


def next_patience(check: HealthCheck, elapsed: float) -> float:
    """Seconds that the next try may take: its time-out, or what is left until the deadline, but always a moment."""
    return max(0.1, min(check.timeout, check.deadline - elapsed))
