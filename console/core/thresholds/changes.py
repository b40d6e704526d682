"""When a run tells of a threshold: where its verdict has become another one, and never at each look. Pure."""

from collections.abc import Iterable, Mapping

from console.model.events import Event, ThresholdBreached, ThresholdCrossed, ThresholdJudged, ThresholdRecovered
from console.model.thresholds import (
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Threshold,
    ThresholdState,
    Unmeasured,
    Verdict,
    Within,
)

QUIET = 10.0
"""Seconds between two of those verdicts that nothing follows from: with little traffic they come and go."""


def told(known: Mapping[str, ThresholdState], found: Iterable[tuple[Threshold, Verdict]], since: float, now: float) -> tuple[Event, ...]:
    """Return what is to be said of those verdicts. `since`: the first switch, shortly after which there is nothing to conclude from yet."""
    return tuple(
        _event(threshold, verdict, known.get(threshold.key)) for threshold, verdict in found if _is_news(known.get(threshold.key), verdict, since, now)
    )


def _is_news(known: ThresholdState | None, verdict: Verdict, since: float, now: float) -> bool:
    if known is None:
        return not isinstance(verdict, Inconclusive) or now - since >= QUIET
    before = known.verdict
    if type(before) is type(verdict):
        return False
    if isinstance(before, Breached | BothSides) and isinstance(verdict, Unmeasured | Inconclusive | Crossed):
        return False  # a gap is no recovery
    is_urgent = isinstance(before, Crossed | Breached | BothSides) or isinstance(verdict, Crossed | Breached | BothSides)
    return is_urgent or now - known.told >= QUIET


def _event(threshold: Threshold, verdict: Verdict, known: ThresholdState | None) -> Event:
    if isinstance(verdict, Breached | BothSides):
        return ThresholdBreached(threshold=threshold, verdict=verdict)
    if isinstance(verdict, Crossed):
        return ThresholdCrossed(threshold=threshold, verdict=verdict)
    if isinstance(verdict, Within) and known is not None and known.is_over:
        return ThresholdRecovered(threshold=threshold, verdict=verdict)
    return ThresholdJudged(threshold=threshold, verdict=verdict)
