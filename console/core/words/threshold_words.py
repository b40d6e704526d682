"""What is said of a threshold: the metric, its value, the limit, the hosts, for how long. Pure."""

from console.core.words.canary_words import percent
from console.core.words.durations import duration_words
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted
from console.model.measurements import SHARES
from console.model.thresholds import (
    BadBefore,
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Judgement,
    Threshold,
    Unmeasured,
    Verdict,
    Within,
)

NAMED = 4
"""Hosts that a sentence names."""
_THEN = {"rollback": "rolled back by itself", "propose": "proposed to be rolled back", "warn": "only shown"}


def metric_name(metric: str) -> str:
    """Return what a metric is called in a sentence."""
    return "errors" if metric == "error_rate" else metric


def amount(metric: str, value: float | None) -> str:
    """Return a value of a metric with its unit."""
    if value is None:
        return "?"
    if metric in SHARES:
        return percent(value)
    return duration_words(round(value, 3)) if metric == "latency" else f"{value:.4g}"


def brief(metric: str, value: float | None) -> str:
    """Return the same in three digits at most: `4.1 %`."""
    return f"{100 * value:.3g} %" if value is not None and metric in SHARES else amount(metric, value)


def _margin(share: float) -> str:
    return f"{100 * share:g} %"


def limit_words(threshold: Threshold) -> str:
    """Return its limits: `above 1.00 %, or 50 % above old hosts, for 30s`."""
    words = []
    if threshold.above is not None:
        words.append(f"above {amount(threshold.metric, threshold.above)}")
    if threshold.above_baseline is not None:
        words.append(f"{_margin(threshold.above_baseline)} above the time before")
    if threshold.above_old is not None:
        words.append(f"{_margin(threshold.above_old)} above old hosts")
    return f"{', or '.join(words)}, for {duration_words(threshold.seconds)}"


def threshold_words(threshold: Threshold) -> str:
    """Return the whole threshold in a line, as the plan shows it."""
    least = f", from {counted(threshold.min_requests, 'request')} on" if threshold.min_requests else ""
    return f"{metric_name(threshold.metric)} {limit_words(threshold)}{least}: {_THEN[threshold.then]}"


def numbers_words(threshold: Threshold, seen: Judgement) -> str:
    """Return what was judged: `errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, before 0.10 %`."""
    of = " on new hosts" if seen.hosts else ""
    words = [f"{metric_name(threshold.metric)} {amount(threshold.metric, seen.value)}{of}"]
    if seen.limit is not None:
        against = {"above": "", "above_baseline": " by the time before", "above_old": " by old hosts"}[seen.bound]
        words.append(f"limit {amount(threshold.metric, seen.limit)}{against}")
    if seen.old is not None:
        words.append(f"old {amount(threshold.metric, seen.old)}")
    if seen.baseline is not None:
        words.append(f"before {amount(threshold.metric, seen.baseline)}")
    return ", ".join(words)


def hosts_words(names: tuple[str, ...]) -> str:
    """Return the hosts that it was measured on."""
    return shortened(names, NAMED)


def evidence_words(threshold: Threshold, seen: Judgement) -> str:
    """Return the numbers with how long, how many requests, and which hosts."""
    lasted = f", for {duration_words(round(seen.seconds))}" if seen.seconds >= 0.5 else ""
    requests = f", {counted(seen.requests, 'request')}" if seen.requests is not None else ""
    hosts = f" ({hosts_words(seen.hosts)})" if seen.hosts else ""
    return f"{numbers_words(threshold, seen)}{lasted}{requests}{hosts}"


def verdict_words(threshold: Threshold, verdict: Verdict) -> str:
    """Return what was found, in one sentence."""
    told = evidence_words(threshold, verdict)
    missing = f"; not measured: {hosts_words(verdict.unmeasured)} ({verdict.problem})" if verdict.unmeasured else ""
    match verdict:
        case Breached():
            return f"above its limit: {told}{missing}"
        case BothSides():
            return f"above its limit on new and on old hosts, which may be an outage: {told}{missing}"
        case Crossed():
            return f"above its limit, a breach after {duration_words(threshold.seconds)}: {told}{missing}"
        case BadBefore():
            return f"above its limit, as before the release, which has not made it worse: {told}{missing}"
        case Unmeasured():
            why = "" if missing else f": {verdict.problem}"
            return f"{metric_name(threshold.metric)} could not be measured{why}{missing}"
        case Inconclusive():
            return f"{metric_name(threshold.metric)} cannot be judged: {unclear_words(verdict)}{missing}"
        case Within() if is_above(verdict):
            return f"above its limit, not for long enough to count: {told}"
        case Within():
            return f"within its limit: {told}"


def is_above(verdict: Verdict) -> bool:
    """Whether what was measured lately is above the limit, though it may not have lasted."""
    return verdict.value is not None and verdict.limit is not None and verdict.value > verdict.limit


def recovery_words(threshold: Threshold, verdict: Verdict) -> str:
    """Return that a breach is over. The numbers are of the whole of `for`, and may still be above the limit."""
    return f"within its limit lately; over {duration_words(threshold.seconds)}" if is_above(verdict) else "not above its limit any more"


def unclear_words(verdict: Inconclusive) -> str:
    """Return why a threshold is neither kept nor broken: too few requests, or what could not be measured."""
    if verdict.needed:
        return f"{counted(verdict.requests or 0, 'request')} to new hosts, {verdict.needed} are needed"
    return str(verdict.problem)


def breach_words(threshold: Threshold, verdict: Verdict) -> str:
    """Return why hosts go back, or wait: the reason that is recorded."""
    told = f"{evidence_words(threshold, verdict)}"
    return f"{told}; old hosts are above it as well, which may be an outage" if isinstance(verdict, BothSides) else told
