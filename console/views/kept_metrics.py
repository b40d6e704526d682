"""The numbers that were kept of a run, of machines and of what else was measured, before and after its change: means of new and old hosts. Pure.

Times are seconds from the run's beginning. A host is new from its first change on, and old again from the first step of its way back; in a rollback
that is a run of its own it is new until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from console.core.kinds.kind_table import kind_of
from console.core.words.threshold_words import amount
from console.model import events as ev
from console.model.measurements import IN_EACH_LOOK
from console.model.state import RunState
from console.ports.feed import Sample
from console.views.metric_names import said, scale_top
from console.views.metric_series import Point
from console.views.recording import Recording

COLUMNS = 160
"""Points of a curve at most."""
ERRORS: Final = "error_rate"
Cohort = Literal["new", "old"]
When = Literal["before", "on the new release", "after the rollback"]
NAMES = {"cpu": "CPU", "memory": "Memory", "load": "Load", "error_rate": "Errors", "latency": "Latency"}
MOST = 12
"""Kinds of numbers that are drawn."""


def name_of(kind: str) -> str:
    """Return what a kind of number is called; one of the file's by its own name."""
    return NAMES.get(kind, kind)


def value_words(kind: str, value: float) -> str:
    """Return a number as people say it."""
    return said(kind, value) if kind in IN_EACH_LOOK else amount(kind, value)


def top_of(kind: str, values: Iterable[float]) -> float:
    """Where the scale ends, which begins at zero."""
    found = list(values)
    return scale_top(kind, found) if kind in IN_EACH_LOOK else max(found, default=0.0) * 1.1 or 1.0


@dataclass(frozen=True, slots=True)
class KeptCurve:
    """One kind of number over time: the means of new hosts and of old ones."""

    kind: str
    new: tuple[Point, ...]
    old: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class KeptMetrics:
    """What is drawn, and the means of the hosts that were changed: by kind, then by when."""

    curves: tuple[KeptCurve, ...]
    means: dict[str, dict[When, float]]
    samples: int
    hosts: int
    end: float
    marks: tuple[tuple[str, float], ...]
    bad: dict[str, tuple[int, int]]
    """By host that was changed: the requests that it had while it was on the new release, and how many of them were errors. Where they are counted."""


@dataclass(slots=True)
class _Sum:
    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        self.total += value * weight
        self.weight += weight

    @property
    def mean(self) -> float:
        return self.total / self.weight


@dataclass(slots=True)
class _Spans:
    """When each host was changed, and when its way back began."""

    changed: dict[str, float] = field(default_factory=dict)
    back: dict[str, float] = field(default_factory=dict)

    def when(self, host: str, at: float) -> When:
        """`host` empty: the environment as a whole, by the first of its hosts."""
        if not host and self.changed:
            back = min(self.back.values(), default=at + 1)
            return "before" if at < min(self.changed.values()) else "after the rollback" if at >= back else "on the new release"
        if host not in self.changed or at < self.changed[host]:
            return "before"
        return "after the rollback" if at >= self.back.get(host, at + 1) else "on the new release"


@dataclass(slots=True)
class _Gathered:
    """What the samples of hosts, or those of the environment as a whole, come to."""

    sums: dict[tuple[str, Cohort, int], _Sum] = field(default_factory=dict)
    means: dict[tuple[str, When], _Sum] = field(default_factory=dict)

    def add(self, kind: str, value: float, weight: float, place: tuple[When, int], *, counts: bool) -> None:
        """`place`: when, and the column of a curve; `counts`: it is of a host that was changed."""
        when, column = place
        self.sums.setdefault((kind, _cohort(when), column), _Sum()).add(value, weight)
        if counts:
            self.means.setdefault((kind, when), _Sum()).add(value, weight)

    def kinds(self) -> set[str]:
        return {kind for kind, _, _ in self.sums}

    def curve(self, kind: str, cohort: Cohort, step: float) -> tuple[Point, ...]:
        found = ((column * step, value.mean) for (a_kind, a_cohort, column), value in self.sums.items() if (a_kind, a_cohort) == (kind, cohort))
        return tuple(sorted(found))

    def told(self, kind: str) -> dict[When, float]:
        return {when: value.mean for (a_kind, when), value in self.means.items() if a_kind == kind}


def _cohort(when: When) -> Cohort:
    return "new" if when == "on the new release" else "old"


def kept_metrics(samples: Iterable[Sample], recording: Recording, state: RunState) -> KeptMetrics | None:
    """Return what the samples come to; None where there are none. They are gone through once, and not kept.

    Where requests are counted each number weighs as many as it is of. The environment as a whole stands for what no host has a number of.
    """
    spans = _spans(recording, state)
    step = max(1.0, recording.seconds / COLUMNS)
    of_hosts, of_whole = _Gathered(), _Gathered()
    hosts, count, bad = set[str](), 0, dict[str, tuple[int, int]]()
    for sample in samples:
        at = recording.seconds_at(sample.at)
        when = spans.when(sample.host, at)
        hosts |= {sample.host} - {""}
        count += 1
        if sample.host in spans.changed and _cohort(when) == "new" and ERRORS in sample.counts:
            requests, failed = bad.get(sample.host, (0, 0))
            bad[sample.host] = (requests + sample.counts[ERRORS][0], failed + sample.counts[ERRORS][1])
        for kind, value in _numbers(sample):
            weight = float(max(1, sample.counts[kind][0])) if kind in sample.counts else 1.0
            gathered = of_hosts if sample.host else of_whole
            gathered.add(kind, value, weight, (when, int(at // step)), counts=not sample.host or sample.host in spans.changed)
    if not count:
        return None
    known = of_hosts.kinds()
    by_kind = {kind: of_hosts if kind in known else of_whole for kind in (*IN_EACH_LOOK, *NAMES, *sorted(known | of_whole.kinds()))}
    chosen = dict(list(by_kind.items())[:MOST])
    curves = tuple(KeptCurve(kind, one.curve(kind, "new", step), one.curve(kind, "old", step)) for kind, one in chosen.items())
    told = {kind: spread for kind, one in chosen.items() if (spread := one.told(kind))}
    return KeptMetrics(curves, told, count, len(hosts), recording.seconds, _marks(recording, spans), bad)


def _numbers(sample: Sample) -> Iterable[tuple[str, float]]:
    found = (*((kind, getattr(sample, kind)) for kind in IN_EACH_LOOK), *sample.extra.items())
    return ((kind, value) for kind, value in found if value is not None)


def _spans(recording: Recording, state: RunState) -> _Spans:
    spans = _Spans()
    for event, seconds in zip(recording.events, recording.times, strict=True):
        step = state.index.get(event.step) if isinstance(event, ev.StepStarted) else None
        if step is not None and step.about and step.changes:
            (spans.back if step.phase == "rollback" else spans.changed).setdefault(step.about, seconds)
    if kind_of(state).is_return:
        spans.changed.update(dict.fromkeys(spans.back, -1.0))
    return spans


def _marks(recording: Recording, spans: _Spans) -> tuple[tuple[str, float], ...]:
    back = next((seconds for event, seconds in zip(recording.events, recording.times, strict=True) if isinstance(event, ev.RollbackBegan)), None)
    back = min(spans.back.values(), default=None) if back is None else back
    first = min((seconds for seconds in spans.changed.values() if seconds >= 0), default=None)
    found = (("first change", first), ("rollback", back))
    return tuple((words, at) for words, at in found if at is not None)
