"""Two runs side by side: what they were, where their time went, which checks and hosts came out differently. Pure; any two runs can be compared.

The one that the record has first stands at the left; a difference in time is what the later one took more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from console.core.run.evolve import evolve
from console.core.words.sizes import counted_hosts
from console.model import events as ev
from console.model.state import RunState
from console.views.environment_title import environment_title
from console.views.plan_words import names_in_words
from console.views.recording import times_of
from console.views.report_from_events import HostPart, Report, report_of
from console.views.run_standing import outcome_words
from console.views.styled_text import Line, Span, Tone, cell, clipped, line, sectioned
from console.views.times import clock_span, day_and_time, seconds_in_words

PARTS = ("pre-flight", "decision", "locks", "release", "paused", "watch", "way back")
"""What a run's time is spent on, in the order in which it comes."""
_LABEL = 14
_DELTA = 9
_MOST = 46
_NOTICED = 1.0
"""Seconds from which on a difference of time is one."""


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One of the two runs. `parts`: seconds spent on each of `PARTS` that there was."""

    report: Report
    parts: dict[str, float]

    @property
    def hosts(self) -> dict[str, HostPart]:
        """The run's hosts by name."""
        return {host.host: host for host in self.report.hosts}


def side_of(events: Sequence[ev.AnyEvent]) -> ComparedSide:
    """Return one side, from all events of a run."""
    return ComparedSide(report_of(events), parts_of(events))


def parts_of(events: Sequence[ev.AnyEvent]) -> dict[str, float]:
    """Return the seconds of a run by what they were spent on; together they are the whole run."""
    state, spent, watching = RunState(), dict[str, float](), set[str]()
    times = times_of(events)
    for place, event in enumerate(events):
        if place and state.phase != "ended":
            part = _part(state, watching=bool(watching))
            spent[part] = spent.get(part, 0.0) + times[place] - times[place - 1]
        state = evolve(state, event)
        if isinstance(event, ev.StepStarted) and (step := state.index.get(event.step)) and step.kind == "monitor":
            watching.add(event.step)
        elif isinstance(event, ev.StepFinished):
            watching.discard(event.step)
    return spent


def _part(state: RunState, *, watching: bool) -> str:
    match state.phase:
        case "preflight":
            return "pre-flight"
        case "deciding":
            return "decision"
        case "locking":
            return "locks"
        case "rolling-back":
            return "way back"
    return "paused" if state.pausing is not None else "watch" if watching else "release"


def compare_head(left: ComparedSide, right: ComparedSide, width: int) -> tuple[Line, ...]:
    """The lines on top: which two, and how to read it."""
    state = right.report.state
    took = right.report.seconds - left.report.seconds
    words = f"the later run took {seconds_in_words(abs(took))} {'more' if took > 0 else 'less'}" if abs(took) >= _NOTICED else "both took the same time"
    first = line(*environment_title(state.app, state.environment, protected=state.protected), Span("  two runs  ", "strong"), words)
    return clipped(first, width), clipped(line(Span(" * differs", "accent"), Span("   times: how much longer the later run took", "dim")), width)


def compare_lines(left: ComparedSide, right: ComparedSide, width: int, zone: tzinfo | None) -> tuple[Line, ...]:
    """Return both runs, section by section."""
    sections = (
        ("Runs", _runs(left, right, width, zone)), ("Time by part", _times(left, right, width)), ("Checks", _checks(left, right, width)),
        ("Hosts that differ", _states(left, right, width)), ("Time by host", _host_times(left, right, width)),
    )  # fmt: skip
    return sectioned(sections, width)


Words = tuple[str, Tone]


def _row(width: int, label: str, left: Words, right: Words, delta: float | None = None) -> Line:
    """A row of both sides; a mark where they differ."""
    room = min(_MOST, max(6, (width - 2 - _LABEL - _DELTA - 2) // 2))
    differs = left[0] != right[0] if delta is None else abs(delta) >= _NOTICED
    told = "" if delta is None or abs(delta) < _NOTICED else f"{'+' if delta > 0 else '-'}{seconds_in_words(abs(delta))}"
    first, second = (Span(cell(words, room), tone if differs or tone != "plain" else "dim") for words, tone in (left, right))
    head = line(Span("* " if differs else "  ", "accent"), Span(cell(label, _LABEL), "dim"))
    return (*head, first, Span(" "), second, Span(f" {told:>{_DELTA}}", "warn" if delta is not None and delta > 0 else "good"))


def _runs(left: ComparedSide, right: ComparedSide, width: int, zone: tzinfo | None) -> tuple[Line, ...]:
    def row(label: str, *both: str) -> Line:
        return _row(width, label, (both[0], "plain"), (both[1], "plain"))

    one, two = left.report.state, right.report.state
    took = left.report.seconds, right.report.seconds
    commits = [state.revision.commit[:12] if state.revision else "" for state in (one, two)]
    return (
        row("run", one.run, two.run), row("began", day_and_time(one.opened_at, zone), day_and_time(two.opened_at, zone)),
        row("what", _what(one), _what(two)), row("version", left.report.version, right.report.version), row("commit", *commits),
        row("before", ", ".join(map(str, one.live)), ", ".join(map(str, two.live))),
        row("who", str(one.by), str(two.by)), row("GO by", _decided(left), _decided(right)),
        _row(width, "outcome", _outcome(one), _outcome(two)), row("why", str(one.reason), str(two.reason)),
        _row(width, "took", (clock_span(took[0]), "plain"), (clock_span(took[1]), "plain"), took[1] - took[0]),
    )  # fmt: skip


def _outcome(state: RunState) -> Words:
    return outcome_words(state) if state.phase == "ended" else ("not ended", "warn")


def _what(state: RunState) -> str:
    strategy = state.plan.strategy if state.plan else ""
    return f"{state.kind} {strategy}, {counted_hosts(len(state.hosts))}" if strategy != state.kind else state.kind


def _decided(side: ComparedSide) -> str:
    made = side.report.decision
    return "" if made is None else f"{made.by}" + ("" if made.go else ", no-go") + (f", {len(made.overrides)} overridden" if made.overrides else "")


def _time(seconds: float | None) -> Words:
    return ("none", "dim") if seconds is None else (seconds_in_words(seconds), "plain")


def _times(left: ComparedSide, right: ComparedSide, width: int) -> tuple[Line, ...]:
    there = [part for part in PARTS if part in left.parts or part in right.parts]
    return tuple(
        _row(width, part, _time(left.parts.get(part)), _time(right.parts.get(part)), right.parts.get(part, 0.0) - left.parts.get(part, 0.0)) for part in there
    )


def _checks(left: ComparedSide, right: ComparedSide, width: int) -> tuple[Line, ...]:
    """The checks whose verdict differs; a line that says so where none does."""
    one, two = ({check.id: _verdict(check.status, str(check.detail)) for check in side.report.state.checks} for side in (left, right))
    names = _names(one, two)
    if not names:
        return ()
    missing: Words = ("not asked", "dim")
    told = [(name, one.get(name, missing), two.get(name, missing)) for name in names]
    shown = tuple(_row(width, name, before, after) for name, before, after in told if before[0].partition(",")[0] != after[0].partition(",")[0])
    alike = line(Span(f"  {len(names) - len(shown)} of {len(names)} ended alike", "dim"))
    return (*shown, alike)


def _verdict(status: str, detail: str) -> Words:
    tones: dict[str, Tone] = {"passed": "good", "failed": "bad", "error": "unknown", "warning": "warn"}
    return (f"{status}, {detail}" if detail else status, tones.get(status, "dim"))


def _states(left: ComparedSide, right: ComparedSide, width: int) -> tuple[Line, ...]:
    """The hosts that came to another state, those that share both together; a line that says so where none did."""
    one, two = left.hosts, right.hosts
    names = _names(one, two)
    found: dict[tuple[Words, Words], list[str]] = {}
    for name in names:
        pair = _state(one.get(name)), _state(two.get(name))
        if pair[0][0].partition(":")[0] != pair[1][0].partition(":")[0]:
            found.setdefault(pair, []).append(name)
    out: list[Line] = []
    for (before, after), who in found.items():
        out.append(_row(width, who[0] if len(who) == 1 else counted_hosts(len(who)), before, after))
        out += [line(Span(" " * (2 + _LABEL) + names_in_words(tuple(who), 6), "dim"))] if len(who) > 1 else []
    return tuple(out) or (line(Span(f"  none: all {len(names)} ended in the same state", "dim")),)


def _state(host: HostPart | None) -> Words:
    tones: dict[str, Tone] = {"new": "good", "failed": "bad", "unreachable": "unknown", "unknown": "unknown", "owed": "owed", "skipped": "warn", "old": "plain"}
    if host is None:
        return "not part of it", "dim"
    return host.state + (f": {host.detail}" if host.detail not in ("", "done") else ""), tones.get(host.state, "plain")


def _host_times(left: ComparedSide, right: ComparedSide, width: int) -> tuple[Line, ...]:
    """What the hosts took that differ, those first that differ most; and which step makes most of it."""
    one, two = left.hosts, right.hosts
    took = {name: tuple(side[name].seconds if name in side else None for side in (one, two)) for name in _names(one, two)}
    deltas = {name: (after or 0.0) - (before or 0.0) for name, (before, after) in took.items()}
    out: list[Line] = []
    for name in sorted((name for name in took if abs(deltas[name]) >= _NOTICED), key=lambda name: -abs(deltas[name])):
        out.append(_row(width, name, _time(took[name][0]), _time(took[name][1]), deltas[name]))
        lost = _lost(one.get(name), two.get(name))
        if lost:
            out.append(line(Span(" " * (2 + _LABEL) + lost, "dim")))
    alike = sum(abs(delta) < _NOTICED for delta in deltas.values())
    out.append(line(Span(f"  {alike} of {len(took)} took the same time, within {_NOTICED:.0f} s", "dim")))
    return tuple(out)


def _lost(one: HostPart | None, two: HostPart | None) -> str:
    """The step that makes most of the difference, in words; nothing where there is none."""
    if one is None or two is None:
        return ""
    before, after = ({spent.words: spent.seconds for spent in host.spent} for host in (one, two))
    words = max(_names(before, after), key=lambda words: abs(after.get(words, 0.0) - before.get(words, 0.0)), default="")
    more = after.get(words, 0.0) - before.get(words, 0.0)
    return f"most of it: {words} {'+' if more > 0 else '-'}{seconds_in_words(abs(more))}" if abs(more) >= _NOTICED else ""


def _names(one: Iterable[str], two: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *two)))
