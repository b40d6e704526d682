"""What one look at a threshold comes to: its verdict, with the numbers that it judged. Pure.

Each limit is judged by itself, on new hosts together where requests are counted and on each of them where every host has a number of its own (how busy it
is, how full). A breach has to last; what was as bad before the release, or is as bad on old hosts, is told apart from it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from console.core.analysis.evidence import rate_so_far
from console.core.thresholds.pieces import (
    EPSILON,
    MeasuredSide,
    Piece,
    Slots,
    is_of_the_environment,
    is_share,
    mean_of,
    side_of,
    slot_seconds,
    slots_of,
    together,
)
from console.core.thresholds.rate_evidence import exceeds, is_shown_above, is_shown_worse
from console.core.thresholds.time_above_limit import BreachStretch, stretch_of
from console.model.measurements import Measurements
from console.model.thresholds import (
    BadBefore,
    BothSides,
    Bound,
    Breached,
    Crossed,
    Inconclusive,
    Mean,
    Threshold,
    Unmeasured,
    Verdict,
    Within,
)
from console.model.values import changed
from console.safe_text import SafeText

WORSE = 1.5
"""What was bad before, or is bad on old hosts too, is made worse by the release when new hosts have more than so many times as much."""
COUNTDOWN = 10.0
"""Seconds at the end of `for`, half of it at most, in which a person can hold what follows."""
SLACK = 0.25
"""Seconds by which two looks may come earlier than they should."""
REACH = 3.0
MORE = 120.0
"""So many times `for`, and so many seconds more, are looked back for where a breach began: it may have gaps."""

_RANK: tuple[type, ...] = (Within, Inconclusive, Unmeasured, BadBefore, Crossed, BothSides, Breached)


class View(NamedTuple):
    """What one look has before it."""

    measurements: Measurements
    new: Mapping[str, float]
    """Hosts with the new release, each with the moment from which on it has it."""
    old: Mapping[str, float]
    since: float
    """The first switch: nothing before it is judged."""
    now: float
    baseline: Mapping[str, Mean]
    """By host, what the metric was before the release."""
    patience: float
    """Seconds after which a host that was not measured is said to be unmeasured."""


class _Ask(NamedTuple):
    """One limit, and the sides that it is judged on."""

    threshold: Threshold
    bound: Bound
    new: MeasuredSide
    old: MeasuredSide
    baseline: Mapping[str, Mean]
    has_old: bool
    now: float
    patience: float
    is_wide: bool
    """It is one number for the whole environment."""
    is_short: bool
    """Only the last part was looked through: what is above the limit there may have begun before it."""


def countdown_of(threshold: Threshold) -> float:
    """Return how many seconds before a breach it is said that one is near."""
    return min(COUNTDOWN, threshold.seconds / 2)


def slack_of(threshold: Threshold) -> float:
    """Return by how much a breach may be shorter than `for`: sources are not punctual to the millisecond, and would be waited for once more."""
    return min(SLACK, threshold.seconds / 20)


def reach_of(threshold: Threshold, since: float, now: float) -> float:
    """Return from when on measurements may matter. `since`: the first switch."""
    return max(since, now - REACH * threshold.seconds - MORE)


def judged(threshold: Threshold, view: View) -> Verdict:
    """Return the verdict now.

    Most looks find nothing above a limit lately; then what is older cannot matter, and is not looked through.
    """
    longest = reach_of(threshold, view.since, view.now)
    lately = view.now - max(threshold.seconds, view.patience) - 2.0 * view.patience
    if threshold.above_old is None and lately > longest:
        verdict = judged_since(threshold, view, lately, is_short=True)
        if isinstance(verdict, Within):
            return verdict
    return judged_since(threshold, view, longest)


def judged_since(threshold: Threshold, view: View, since: float, *, is_short: bool = False) -> Verdict:
    """Return the verdict on what was measured since then. `is_short`: what is above the limit may have begun before it, so nothing is concluded from that."""
    window = view.measurements.window(threshold.metric, since, view.now)
    is_wide = is_of_the_environment(window)
    hosts = {"": view.since} if is_wide else {name: max(at, since) for name, at in view.new.items()}
    if not hosts:
        return Inconclusive(problem=SafeText("no host has the new release yet"))
    new = side_of(window, hosts, view.now, view.patience)
    old = MeasuredSide() if is_wide else side_of(window, {name: max(at, since) for name, at in view.old.items()}, view.now, view.patience)
    has_old = bool(view.old) and not is_wide
    asks = (_Ask(threshold, bound, new, old, view.baseline, has_old, view.now, view.patience, is_wide, is_short) for bound in threshold.bounds)
    return _named(_worst([verdict for ask in asks for verdict in _of_each(ask)]), new)


def _worst(verdicts: list[Verdict]) -> Verdict:
    """The one that matters most; others of the same kind and limit add their hosts."""
    first = max(verdicts, key=lambda one: (_RANK.index(type(one)), one.seconds))
    alike = [one for one in verdicts if type(one) is type(first) and one.bound == first.bound]
    return changed(first, hosts=tuple(dict.fromkeys(host for one in alike for host in one.hosts)))


def _named(verdict: Verdict, new: MeasuredSide) -> Verdict:
    """Name the hosts that could not be measured: where some were not, nothing else is said to be within its limit."""
    if not new.unmeasured:
        return verdict
    if isinstance(verdict, Within | Inconclusive):
        return Unmeasured(
            bound=verdict.bound, value=verdict.value, limit=verdict.limit, hosts=verdict.hosts, requests=verdict.requests,
            unmeasured=tuple(filter(None, new.unmeasured)), problem=new.problem,
        )  # fmt: skip
    return changed(verdict, unmeasured=tuple(filter(None, new.unmeasured)), problem=new.problem)


def _of_each(ask: _Ask) -> Iterable[Verdict]:
    """The verdicts on new hosts together, or on each."""
    if not ask.new.pieces:
        words = "no requests to new hosts" if not ask.new.unmeasured else "nothing was measured on new hosts"
        return [Inconclusive(bound=ask.bound, problem=SafeText(words))]
    if ask.new.is_counted or ask.bound == "above_old":
        return [_of(ask, ask.new.pieces, ask.baseline.values())]
    by_host: dict[str, list[Piece]] = {}
    for piece in ask.new.pieces:
        by_host.setdefault(piece.host, []).append(piece)
    return [_of(ask, tuple(pieces), [ask.baseline[host]] if host in ask.baseline else []) for host, pieces in by_host.items()]


def _of(ask: _Ask, pieces: tuple[Piece, ...], means: Iterable[Mean]) -> Verdict:
    until, seconds = max(piece.end for piece in pieces), ask.threshold.seconds
    width = slot_seconds(pieces, seconds)
    lately = [piece for piece in pieces if piece.end > until - max(seconds, width) + EPSILON]
    before = together(means)
    found = mean_of(lately)
    plain = Within(
        bound=ask.bound, value=found.value if found else None, baseline=before.value if before else None, requests=found.requests if found else None,
        hosts=_hosts(lately),
    )  # fmt: skip
    if until < ask.now - ask.patience - EPSILON or not found:
        return _unclear(changed(plain, requests=0 if ask.new.is_counted else None), f"no requests to new hosts for {ask.now - until:.0f} s")
    if ask.new.is_counted and (found.requests or 0) < ask.threshold.min_requests:
        return _unclear(plain, "", ask.threshold.min_requests)
    if ask.bound == "above_old":
        return _against_old(ask, pieces, plain, until, width)
    limit = _limit(ask, before)
    if limit is None:
        return _unclear(plain, "it was not measured before the release")
    return _against(ask, pieces, before, changed(plain, limit=limit), until, width)


def _limit(ask: _Ask, before: Mean | None) -> float | None:
    if ask.bound == "above":
        return ask.threshold.above
    if before is None or ask.threshold.above_baseline is None:
        return None
    rate = rate_so_far(before.bad, before.requests or 0) if is_share(before) else before.value
    return rate * (1.0 + ask.threshold.above_baseline)


def _unclear(plain: Within, words: str, needed: int = 0) -> Inconclusive:
    return Inconclusive(
        bound=plain.bound, value=plain.value, limit=plain.limit, old=plain.old, baseline=plain.baseline, seconds=plain.seconds, requests=plain.requests,
        hosts=plain.hosts, problem=SafeText(words), needed=needed,
    )  # fmt: skip


def _against(ask: _Ask, pieces: tuple[Piece, ...], before: Mean | None, plain: Within, until: float, width: float) -> Verdict:
    """The verdict on a limit that is a number."""
    limit = plain.limit or 0.0
    slots = slots_of(pieces, until, width)
    means = {number: mean_of(some) for number, some in slots.items()}
    above = {number: exceeds(mean.value, limit) for number, mean in means.items() if mean}
    stretch = stretch_of(slots, above.get, until, width, lambda piece: exceeds(piece.value, limit))
    if stretch is not None and ask.is_short:
        return _unclear(plain, "")
    if stretch is None or not _counts_down(stretch, ask.threshold):
        return plain
    now, old = _mean_in(slots, stretch), _old_beside(ask.old, stretch.since, until)
    if now is None:
        return plain
    seen = _numbers(plain, slots, stretch, now, old)
    if before is not None and _is_above(before, limit) and not _is_more(now, before):
        return BadBefore(**_fields(seen))
    is_everywhere = old is not None and exceeds(old.value, limit) and not _is_more(now, old)
    if is_everywhere:
        return BothSides(**_fields(seen)) if _has_lasted(stretch, ask.threshold) else plain
    return _lasting(ask, seen, until, stretch)


def _against_old(ask: _Ask, pieces: tuple[Piece, ...], plain: Within, until: float, width: float) -> Verdict:
    """The verdict on new hosts against old ones of the same time."""
    more = 1.0 + (ask.threshold.above_old or 0.0)
    if ask.is_wide:
        return _unclear(plain, "it is one number for the whole environment: its query names no hosts, so new and old ones cannot be compared")
    if not ask.has_old:
        return _unclear(plain, "no host has the old release any more")
    if not ask.old.pieces:
        return _unclear(plain, f"old hosts could not be measured: {ask.old.problem}" if ask.old.problem else "no requests to old hosts")
    slots, others = slots_of(pieces, until, width), slots_of(ask.old.pieces, until, width)
    news = {number: mean_of(some) for number, some in slots.items()}
    olds = {number: mean_of(some) for number, some in others.items()}

    def above(number: int) -> bool | None:
        new, old = news.get(number), olds.get(number)
        return exceeds(new.value, old.value * more) if new and old else None

    stretch = stretch_of(slots, above, until, width, lambda _: True)
    old = _mean_in(others, stretch) if stretch else together(mean for mean in olds.values() if mean)
    compared = changed(plain, old=old.value if old else None, limit=old.value * more if old else None)
    if stretch is None or not _counts_down(stretch, ask.threshold):
        return compared
    now = _mean_in(slots, stretch)
    if now is None or old is None:
        return compared
    seen = changed(_numbers(plain, slots, stretch, now, old), limit=old.value * more)
    if ask.new.is_counted and not is_shown_worse(slots, others, stretch.slots, more if is_share(now) else 1.0):
        return _unclear(seen, "the difference may be chance") if _has_lasted(stretch, ask.threshold) else compared
    return _lasting(ask, seen, until, stretch)


def _counts_down(stretch: BreachStretch, threshold: Threshold) -> bool:
    """Whether only the countdown is left of the time that a breach takes, or nothing."""
    return stretch.seconds >= threshold.seconds - countdown_of(threshold) - slack_of(threshold)


def _has_lasted(stretch: BreachStretch, threshold: Threshold) -> bool:
    """Whether the metric has been above its limit for as long as `for` says."""
    return stretch.seconds >= threshold.seconds - slack_of(threshold)


def _lasting(ask: _Ask, seen: Within, until: float, stretch: BreachStretch) -> Verdict:
    if _has_lasted(stretch, ask.threshold):
        return Breached(**_fields(seen))
    return Crossed(**_fields(seen), due=max(ask.now, until + ask.threshold.seconds - seen.seconds))


def _numbers(plain: Within, slots: Slots, stretch: BreachStretch, now: Mean, old: Mean | None) -> Within:
    hosts = _hosts(piece for number in stretch.slots for piece in slots[number])
    return changed(plain, value=now.value, requests=now.requests, old=old.value if old else None, seconds=round(stretch.seconds, 3), hosts=hosts)


def _fields(seen: Within) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in Within.__struct_fields__}


def _mean_in(slots: Slots, stretch: BreachStretch) -> Mean | None:
    return mean_of(piece for number in stretch.slots for piece in slots.get(number, ()) if piece.end > stretch.since + EPSILON)


def _old_beside(old: MeasuredSide, since: float, until: float) -> Mean | None:
    """What old hosts had in the time of a breach: all of them together, or the one that had most."""
    if not old.is_counted:
        highest = old.highest(since, until)
        return None if highest is None else Mean(highest)
    return mean_of(piece for piece in old.pieces if since + EPSILON < piece.end <= until + EPSILON)


def _is_above(before: Mean, limit: float) -> bool:
    """Whether it was above the limit before; where errors are counted, that has to be shown."""
    return is_shown_above(before.bad, before.requests or 0, limit) if is_share(before) else exceeds(before.value, limit)


def _is_more(now: Mean, than: Mean) -> bool:
    """Whether it is clearly more: a rate has to be shown to be."""
    if is_share(now) and is_share(than):
        return is_shown_above(now.bad, now.requests or 0, than.value * WORSE)
    return exceeds(now.value, than.value * WORSE)


def _hosts(pieces: Iterable[Piece]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.host for piece in pieces if piece.host))
