"""Thresholds on the screen: what is above its limit in the line under the header, each threshold above the metrics, and in the plan. Pure."""

from typing import TypeAlias

from console.core.plan.marks import WINDOW
from console.core.run.breaches import blocking_breach, counting_down
from console.core.run.command_refusals import may
from console.core.run.monitoring_window import window_left, window_seconds, window_that_runs
from console.core.words.durations import duration_words
from console.core.words.threshold_words import brief, evidence_words, is_above, metric_name, threshold_words, unclear_words
from console.model import commands as cmd
from console.model.state import RunState
from console.model.thresholds import BadBefore, BothSides, Breached, Crossed, Inconclusive, ThresholdState, Unmeasured
from console.views.styled_text import Line, Span, Tone, clipped, line
from console.views.times import clock_span, seconds_in_words

Keys: TypeAlias = tuple[tuple[str, str, str], ...]
"""Keys, what each does, and the id of that action."""

_TONES: tuple[tuple[type, Tone, str], ...] = (
    (Breached, "bad", "above its limit"), (BothSides, "bad", "above it on old hosts too"), (Crossed, "warn", "above its limit"),
    (BadBefore, "warn", "as before the release"), (Unmeasured, "unknown", "not measured"), (Inconclusive, "dim", ""),
)  # fmt: skip


def breach_words(state: RunState, now: float) -> Line:
    """Return what is above its limit, for how long, and what follows; empty: nothing holds the run up."""
    known = counting_down(state) or blocking_breach(state)
    if known is None:
        return ()
    threshold, verdict = known.threshold, known.verdict
    told = f"{evidence_words(threshold, _at(known, now))}"
    if isinstance(verdict, Crossed) and known is counting_down(state):
        left = seconds_in_words(max(0.0, verdict.due - now))
        return line(Span(f"ROLLING BACK IN {left}: ", "bad"), told)
    if isinstance(verdict, Crossed):
        return line(Span(f"! above its limit, {held_words(state)}: ", "warn"), told)
    both = " on old hosts too" if isinstance(verdict, BothSides) else ""
    return line(Span(f"! ABOVE ITS LIMIT{both}, {held_words(state)}: ", "bad"), told)


def held_words(state: RunState) -> str:
    """Return what a breach keeps from happening: whether the run goes on is what is asked first."""
    begins = any(host.condition == "old" and not host.touched for host in state.hosts.values())
    return "no host begins" if begins else "the run does not end"


def _at(known: ThresholdState, now: float) -> Breached:
    """What was judged, with the time that has gone by since."""
    seen = known.verdict
    seconds = seen.seconds + max(0.0, now - known.told)
    return Breached(bound=seen.bound, value=seen.value, limit=seen.limit, old=seen.old, baseline=seen.baseline, seconds=seconds, hosts=seen.hosts)


def short_breach_words(state: RunState, now: float, room: int = 0) -> str:
    """Return the same in as few words as have room, and say it: `no host begins: errors 4.1 %  old 0.1 %  limit 1 %  for 00:41`."""
    known = counting_down(state) or blocking_breach(state)
    if known is None:
        return ""
    metric, seen = known.threshold.metric, _at(known, now)
    old = f"  old {brief(metric, seen.old)}" if seen.old is not None else ""
    value, limit, since = f"{metric_name(metric)} {brief(metric, seen.value)}", f"  limit {brief(metric, seen.limit)}", f"  for {clock_span(seen.seconds)}"
    if isinstance(known.verdict, Crossed) and counting_down(state):
        head = f"back in {seconds_in_words(max(0.0, known.verdict.due - now))}: {value}"
        ways = (f"{head}{old}{limit}{since}", f"{head}{old}{limit}", f"{head}{limit}")
    else:
        ways = (f"{held_words(state)}: {value}{old}{limit}{since}", f"{held_words(state)}: {value}{limit}{since}", f"{value}{limit}{since}")
    return next((words for words in ways if len(words) <= room), ways[-1])


def breach_keys(state: RunState) -> Keys:
    """Return what may be said to a run that is held up by a metric."""
    hold = ("p", "hold", "pause") if may(cmd.Pause(), state) is None and counting_down(state) else None
    back = ("r", "roll back", "roll-back") if may(cmd.RollBack(), state) is None else None
    on = ("c", "go on", "continue") if may(cmd.Continue(), state) is None and not hold else None
    return tuple(one for one in (hold, back, on) if one)


def window_words(state: RunState, now: float) -> str:
    """Return how the monitoring window stands; empty: none goes on."""
    name = window_that_runs(state)
    if not name:
        return ""
    step = state.index[name]
    return f"monitoring, {clock_span(window_left(state, step, now))} left of {clock_span(window_seconds(state, step))}"


def threshold_rows(state: RunState, width: int) -> tuple[Line, ...]:
    """Return what each threshold came to last, for the rows above the metrics; none where nothing was judged yet."""
    if state.phase not in ("running", "rolling-back"):
        return ()
    return tuple(clipped(_row(known), width) for known in state.thresholds.values())


def _row(known: ThresholdState) -> Line:
    threshold, verdict = known.threshold, known.verdict
    tone, words = next(((tone, words) for kind, tone, words in _TONES if isinstance(verdict, kind)), ("good", ""))
    if tone == "good" and is_above(verdict):
        tone, words = "plain", "above, not for long"
    if isinstance(verdict, Inconclusive):
        words = unclear_words(verdict)
    words = f"{words}, tolerated" if known.tolerated else words
    value = line(Span(f" {brief(threshold.metric, verdict.value)}", "strong")) if verdict.value is not None else ()
    limit = f" limit {brief(threshold.metric, verdict.limit)}" if verdict.limit is not None else ""
    mark = Span({"good": "✓ ", "bad": "! ", "warn": "! ", "unknown": "? "}.get(tone, "· "), tone)
    return line(mark, metric_name(threshold.metric), *value, Span(limit, "dim"), "  ", Span(words, tone))


def planned_rows(state: RunState) -> tuple[Line, ...]:
    """Return the thresholds of a plan, and its monitoring window, as the plan shows them."""
    plan = state.plan
    if plan is None:
        return ()
    rows = [line(Span("threshold  ", "dim"), threshold_words(threshold)) for threshold in plan.thresholds]
    step = state.index.get(WINDOW)
    if step is not None:
        rows.append(line(Span("monitoring ", "dim"), f"for {duration_words(window_seconds(state, step))} behind the last host"))
    return tuple(rows)


def limits_in_words(state: RunState) -> str:
    """Return the thresholds that were not judged to the end: what is not known to be within its limit; empty: all is."""
    kinds: tuple[tuple[type, str], ...] = ((Unmeasured, "not measured"), (Inconclusive, "inconclusive"))
    found = [(known.threshold, words) for known in state.thresholds.values() for kind, words in kinds if isinstance(known.verdict, kind)]
    found += [(threshold, "not judged") for threshold in (state.plan.thresholds if state.plan else ()) if threshold.key not in state.thresholds]
    return ", ".join(f"{metric_name(threshold.metric)} {words}" for threshold, words in found)


def above_in_words(state: RunState) -> str:
    """Return what was above its limit to the end, as a person tolerated it or it is only shown; empty: nothing was."""
    return ", ".join(f"{metric_name(known.threshold.metric)} above its limit" for known in state.thresholds.values() if known.is_over)
