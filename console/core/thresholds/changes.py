"""When a run tells of a threshold: where its verdict has become another one, and never at each look. Pure."""

from collections.abc import Iterable, Mapping

from console.core.thresholds.threshold_verdict import countdown_of
from console.core.words.threshold_words import is_above
from console.model.events import Event, ThresholdBreached, ThresholdCrossed, ThresholdJudged, ThresholdRecovered
from console.model.thresholds import (
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Judgement,
    Threshold,
    ThresholdState,
    Unmeasured,
    Verdict,
    Within,
)

SHORT = 3.0
"""Seconds of the countdown of a breach that was not seen to come."""
QUIET = 10.0
"""Seconds between two of those verdicts that nothing follows from: with little traffic they come and go."""


def told(known: Mapping[str, ThresholdState], found: Iterable[tuple[Threshold, Verdict]], since: float, now: float) -> tuple[Event, ...]:
    """Return what is to be said of those verdicts. `since`: the first switch, shortly after which there is nothing to conclude from yet."""
    heard = ((threshold, verdict, _with_countdown(threshold, verdict, known.get(threshold.key), now)) for threshold, verdict in found)
    return tuple(
        _event(threshold, said, known.get(threshold.key))
        for threshold, verdict, said in heard
        if _is_own_now(known.get(threshold.key), verdict) or _is_news(known.get(threshold.key), said, since, now)
    )


def _is_own_now(known: ThresholdState | None, verdict: Verdict) -> bool:
    """Whether what old hosts had too is the new ones' alone now."""
    return known is not None and isinstance(known.verdict, BothSides) and isinstance(verdict, Breached)


def _with_countdown(threshold: Threshold, verdict: Verdict, known: ThresholdState | None, now: float) -> Verdict:
    """A breach that takes hosts back is announced before: where few requests let it come all at once, or old hosts had it too until now, there is a short
    countdown all the same."""
    if not isinstance(verdict, Breached) or threshold.then != "rollback" or (known is not None and isinstance(known.verdict, Breached)):
        return verdict
    due = known.verdict.due if known is not None and isinstance(known.verdict, Crossed) else now + min(SHORT, countdown_of(threshold))
    return verdict if now >= due else Crossed(**{name: getattr(verdict, name) for name in Judgement.__struct_fields__}, due=due)


def _is_news(known: ThresholdState | None, verdict: Verdict, since: float, now: float) -> bool:
    if known is None:
        return not isinstance(verdict, Inconclusive) or now - since >= QUIET
    before = known.verdict
    if type(before) is type(verdict):
        return False
    if isinstance(before, Breached | BothSides) and isinstance(verdict, Unmeasured | Inconclusive | Crossed):
        return False  # a gap is no recovery
    if isinstance(before, Breached | BothSides) and isinstance(verdict, Within) and is_above(verdict):
        return False  # nor is a moment without errors, where the whole of `for` is above the limit still
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
