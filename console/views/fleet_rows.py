"""The fleet: a row, a cell or a letter for each host, by the room there is, and the counts in words. Pure."""

import re
from collections import Counter
from collections.abc import Callable

from console.core.traffic.bluegreen_sides import is_idle, standing_by
from console.core.words.sizes import counted_hosts
from console.core.words.threshold_words import metric_name
from console.model.log_kinds import LogLevel
from console.model.state import HostCondition, HostState, RunState
from console.views.filter import Filter, FilterSubject
from console.views.grid import LOAD_FROM, Grid, grid_for
from console.views.progress import Newest, is_late, usual_seconds
from console.views.styled_text import Line, MarkName, Span, Tone, cell, clipped, mark, mark_tone
from console.views.times import seconds_in_words
from console.views.traffic_words import drain_time, drain_words, held_words, traffic_note

Load = Callable[[str], tuple[float | None, float | None]]
"""(host) to its newest cpu and memory, as shares."""


_WORDS: dict[HostCondition, tuple[MarkName, str]] = {
    "old": ("waiting", "old"),
    "updating": ("busy", "updating"),
    "new": ("done", "new"),
    "returning": ("back", "going back"),
    "back": ("back", "back"),
    "failed": ("failed", "failed"),
    "unreachable": ("failed", "unreachable"),
    "unknown": ("unknown", "unknown"),
    "skipped": ("skipped", "skipped"),
    "owed": ("owed", "owed"),
    "left-out": ("skipped", "left out"),
}

STATES = tuple(words for _, words in _WORDS.values())
"""What `state:` may name in a filter of the fleet."""

_ORDER: tuple[HostCondition, ...] = (
    "failed", "unreachable", "unknown", "owed", "new", "updating", "returning", "back", "skipped", "left-out", "old"
)  # fmt: skip

_LETTERS: dict[HostCondition, str] = {
    "old": "·", "updating": "u", "new": "N", "returning": "b", "back": "B", "failed": "F", "unreachable": "X", "unknown": "?",
    "skipped": "s", "owed": "O", "left-out": "-",
}  # fmt: skip
_PREPARING = ("p", "preparing", mark_tone("busy"))
_LOST = ("l", "link lost", mark_tone("unknown"))
_ABOVE = ("A", "new, above a limit", mark_tone("failed"))
_SIGNS: dict[HostCondition, tuple[str, str, Tone]] = {condition: (_LETTERS[condition], words, mark_tone(sign)) for condition, (sign, words) in _WORDS.items()}

_URGENCY: dict[str, int] = {letter: place for place, letter in enumerate(("F", "X", "?", "l", "O", "A", "b", "B", "u", "p", "s", "N", "-", "·"))}
"""What needs eyes first: the letter that a group shows."""

_STEP_WORDS = {
    "ship": "receiving", "fetch": "receiving", "install": "installing", "hook": "running a hook", "stop": "stopping",
    "switch": "activating", "restart": "restarting", "gate": "health gate", "remove": "removing", "prune": "pruning",
    "admit": "returning to traffic", "weigh": "getting its weight",
}  # fmt: skip

_AT_REST: dict[HostCondition, str] = {"unknown": "drift", "unreachable": "not reached", "failed": "not healthy", "old": "not verified"}
_REST_SIGNS = {condition: (letter, _AT_REST.get(condition, "live"), tone) for condition, (letter, _, tone) in _SIGNS.items()}

_IN_A_CELL = {"returning to traffic": "to traffic", "back, drained": "drained", "idle, no requests": "idle", "live, no requests": "no requests"}
_LEAST = 4
"""Cells below which a short row's right column is not made narrower for its words."""
_LEFT = re.compile(r" requests? left$")


def condition_words(condition: HostCondition) -> tuple[MarkName, str]:
    """Mark and word of a host's condition."""
    return _WORDS[condition]


def _above(state: RunState) -> dict[str, str]:
    """New hosts that a metric above its limit was measured on, each with what it is called."""
    over = (known for known in state.thresholds.values() if known.is_over) if state.phase in ("running", "rolling-back") else ()
    named = ((state.hosts.get(host), known.threshold.metric) for known in over for host in known.verdict.hosts)
    return {host.name: metric_name(metric) for host, metric in named if host is not None and host.condition == "new"}


above: Newest[RunState, dict[str, str]] = Newest(_above)
"""(state) to the new hosts that a metric above its limit was measured on: a host that passed its gate is not well for that."""


def host_mark(state: RunState, host: HostState) -> Span:
    """Return the mark of a host as it is now."""
    if is_cut(host):
        return mark("unknown")
    if host.name in above(state):
        return mark("failed")
    if host.condition == "old" and is_busy(host):
        return mark("busy")
    return mark(_WORDS[host.condition][0])


def is_cut(host: HostState) -> bool:
    """Return whether a host that was reached has no link now. One that is said to be lost anyway needs no other word."""
    return not host.linked and host.condition not in ("unreachable", "unknown", "failed", "owed", "left-out")


def is_busy(host: HostState) -> bool:
    """Return whether a step runs on the host now."""
    ran = host.steps.get(host.step)
    return ran is not None and ran.status == "running"


def is_tried_later(state: RunState, host: HostState) -> bool:
    """Whether a host is to be tried again once the run, which is paused, goes on."""
    ran = host.steps.get(host.step)
    return state.pausing is not None and host.condition == "updating" and ran is not None and ran.status == "pending"


def _common_version(state: RunState) -> str:
    found = Counter(str(host.version) for host in state.hosts.values() if host.version).most_common(1)
    return found[0][0] if found else ""


_commonest: Newest[RunState, str] = Newest(_common_version)
"""(state) to the version that most hosts have."""


resting: Newest[RunState, frozenset[str]] = Newest(lambda state: frozenset(name for name in standing_by(state) if state.hosts[name].is_out))
"""(state) to the hosts of the side that the traffic has left: they stand by."""


def _is_bare(host: HostState) -> bool:
    """Return whether a host was read, and no release is live on it."""
    return host.condition == "old" and not host.release


def _doing(state: RunState, host: HostState, now: float) -> tuple[str, str]:
    """The step that a host is at, and for how long; between two steps the one before."""
    step = state.index.get(host.step)
    ran = host.steps.get(host.step)
    if host.condition == "returning" and step and step.phase != "rollback" and not is_busy(host):
        step = None
    words = _STEP_WORDS.get(step.kind, str(step.title)) if step else _WORDS[host.condition][1]
    if step and ran and ran.status == "held":
        return held_words(host), seconds_in_words(now - ran.started)
    if step and step.kind == "drain" and ran and ran.status == "running":
        return drain_words(host), drain_time(step, now - ran.started)
    if not host.linked:
        words = "link lost"
    elif is_tried_later(state, host):
        words = "waits for continue"
    started = ran.started if ran and ran.status == "running" else host.since
    return words, seconds_in_words(now - started)


def host_words(state: RunState, host: HostState, now: float) -> tuple[str, str]:
    """Return what a host is doing, and its right-hand column: a version, or for how long."""
    if host.condition in ("updating", "returning") or is_busy(host):
        return _doing(state, host, now)
    if is_idle(state, host):
        return "idle, no requests", str(host.version)
    words = _WORDS[host.condition][1] if state.run else "none live" if _is_bare(host) else _AT_REST.get(host.condition, "live")
    if not state.run and host.is_out and not is_cut(host):
        return f"{words}, no requests", str(host.version)
    if not state.run and words == "live" and host.version and host.version != _commonest(state):
        words = f"live {host.version}"
    if state.run and host.name in resting(state):
        return "stands by", str(host.version)
    if not is_cut(host) and (metric := above(state).get(host.name)):
        return f"new, {metric} high", str(host.version)
    note = traffic_note(host) if state.run else ""
    return "link lost" if is_cut(host) else f"{words}, {note}" if note else words, str(host.version)


def sign_of(state: RunState, host: HostState) -> tuple[str, str, Tone]:
    """Return the letter of a host, its state in words, and its tone."""
    at_rest = not state.run
    if is_cut(host):
        return _LOST
    if host.name in above(state):
        return _ABOVE
    if host.condition == "old" and host.step and is_busy(host):
        return _PREPARING
    return (_REST_SIGNS if at_rest else _SIGNS)[host.condition]


def host_cell(state: RunState, host: HostState, grid: Grid, now: float, *, selected: bool = False, load: Load | None = None) -> Line:
    """One host in its place, where it has a row or a cell of its own."""
    sign = host_mark(state, host)
    name = Span(cell(host.name, grid.name), "selected" if selected else "plain")
    head = (name, Span(" "), sign, Span(" " if sign.text == "⌛" else "  "))
    room = grid.cells - grid.name - 4
    words, right = host_words(state, host, now)
    if grid.mode == "cells":
        return (*head, Span(cell(words if len(words) <= room else _in_short(words), max(0, room)), sign.tone))
    if room < 36:
        side = min(9, max(0, room - 11))
        words = words if len(words) < room - side else _in_short(words)
        left = room - len(words) - 1
        right = right if len(right) <= left else re.split(" of |, ", right)[0]
        side = min(left, max(side, len(right))) if left >= _LEAST else side
        return (*head, Span(cell(words, room - side), sign.tone), Span(cell(right, side, right=True), "dim"))
    shares = _load_words(load(host.name) if load else (None, None)) if room >= LOAD_FROM - 4 else ""
    known = str(host.version or host.release)
    since = right if right != known else seconds_in_words(now - host.since) if host.since else ""
    left = room - 9 - len(shares)
    version = min(18, left // 2)
    late, usual = step_pace(state, host, now)
    pace = f"usual {seconds_in_words(usual)}, now {since}" if usual is not None else since
    pace = pace if len(known) + 1 + len(pace) <= version + 9 else since
    times = max(9, len(pace))
    beside = (Span(cell(known, version + 9 - times)), Span(cell(pace, times, right=True), "warn" if late else "dim"))
    return (*head, Span(cell(words, left - version), sign.tone), *beside, Span(shares, "dim"))


def _in_short(words: str) -> str:
    """What a host does in as few words as say it."""
    return _IN_A_CELL.get(words, _LEFT.sub(" left", words.removeprefix("new, ")))


def step_pace(state: RunState, host: HostState, now: float) -> tuple[bool, float | None]:
    """Whether the step that runs on a host is late, and what it usually takes (seconds); None: not known, or nothing runs."""
    step, ran = state.index.get(host.step), host.steps.get(host.step)
    if step is None or ran is None or ran.status != "running":
        return False, None
    usual = usual_seconds(state, step.kind)
    return is_late(now - ran.started, usual), usual


def _load_words(shares: tuple[float | None, float | None]) -> str:
    """`  cpu  12 %  mem  61 %`; blanks where there is no number."""
    return "".join(f"  {kind} {value * 100:3.0f} %" if value is not None else " " * 11 for kind, value in zip(("cpu", "mem"), shares, strict=True))


def subject_of(state: RunState, host: HostState) -> FilterSubject:
    """Return what a filter looks at: name, state in words, version, and what runs on it."""
    step = state.index.get(host.step)
    doing = str(step.title) if step and is_busy(host) else ""
    level: LogLevel = "error" if host.condition in ("failed", "unreachable", "unknown") else "warn" if host.condition == "owed" else "info"
    return FilterSubject(host.name, f"{host.version or host.release} {doing} {host.detail}", level, _WORDS[host.condition][1])


def kept_names(state: RunState, wanted: Filter) -> tuple[str, ...]:
    """Return the hosts that a filter keeps, in the fleet's order."""
    if not wanted:
        return tuple(state.hosts)
    return tuple(name for name, host in state.hosts.items() if wanted.keeps(subject_of(state, host)))


def fleet_lines(
    state: RunState, names: tuple[str, ...], width: int, height: int, now: float, selected: str = "", load: Load | None = None
) -> tuple[Line, ...]:  # fmt: skip
    """Return those hosts in that room. `now` is on the boot-time clock."""
    grid = grid_for(names, width, height)
    if grid.mode in ("heat", "groups"):
        return letter_lines(state, names, grid, selected)
    table: list[list[Span]] = [[] for _ in range(grid.rows)]
    for index, name in enumerate(names):
        row, column = grid.place(index)
        if column:
            table[row].append(Span(" │ ", "dim"))
        table[row].extend(host_cell(state, state.hosts[name], grid, now, selected=name == selected, load=load))
    return tuple(clipped(tuple(row), width) for row in table)


def letter_lines(state: RunState, names: tuple[str, ...], grid: Grid, selected: str = "") -> tuple[Line, ...]:
    """Return a letter for each host, or for each group: the worst of its states. Neighbours of one tone are one span."""
    hosts, each, out = state.hosts, grid.each, []
    row: list[Span] = []
    said, tone, column = "", "plain", 0
    for start in range(0, len(names), each):
        group = names[start : start + each]
        letter, _, its = sign_of(state, hosts[group[0]]) if each == 1 else _worst(state, group)
        if selected in group:
            its = "selected"
        if its != tone and said:
            row.append(Span(said, tone))  # type: ignore[arg-type]
            said = ""
        said, tone, column = said + letter, its, column + 1
        if column == grid.columns:
            out.append((*row, Span(said, its)))
            row, said, column = [], "", 0
    if said:
        out.append((*row, Span(said, tone)))  # type: ignore[arg-type]
    return tuple(out)


def _worst(state: RunState, group: tuple[str, ...]) -> tuple[str, str, Tone]:
    return min((sign_of(state, state.hosts[name]) for name in group), key=lambda sign: _URGENCY[sign[0]])


def legend(state: RunState, names: tuple[str, ...], room: int) -> str:
    """Return how many hosts there are in which state, with the letters, in the fullest words that the room (cells) has.

    `300 hosts: N 4 new, · 296 old`, else `300: N 4 · 296`, else `N4 ·296`.
    """
    count: dict[tuple[str, str, Tone], int] = {}
    for name in names:
        sign = sign_of(state, state.hosts[name])
        count[sign] = count.get(sign, 0) + 1
    found = sorted(count.items(), key=lambda pair: _URGENCY[pair[0][0]])
    words = f"{counted_hosts(len(names))}: " + ", ".join(f"{letter} {number:,} {word}" for (letter, word, _), number in found)
    short = f"{len(names):,}: " + " ".join(f"{letter} {number:,}" for (letter, _, _), number in found)
    return next((told for told in (words, short) if len(told) <= room), " ".join(f"{letter}{number}" for (letter, _, _), number in found))


def host_line(state: RunState, name: str, now: float) -> str:
    """Return one host in a line, for where it has no more than a letter: `web0123 updating: restarting, 3 s`."""
    host = state.hosts[name]
    words, right = host_words(state, host, now)
    state_words = sign_of(state, host)[1]
    if words.startswith("live "):
        words = state_words
    if not state.run and _is_bare(host):
        state_words = words
    told = state_words if words in (state_words, _WORDS[host.condition][1]) else f"{state_words}: {words}"
    usual = step_pace(state, host, now)[1]
    return f"{name} {told}" + (f", {right}" if right else "") + (f" (usual {seconds_in_words(usual)})" if usual is not None else "")


def fleet_counts(state: RunState) -> tuple[tuple[HostCondition, int], ...]:
    """How many hosts are in each condition, what needs eyes first."""
    count = dict.fromkeys(_ORDER, 0)
    for host in state.hosts.values():
        count[host.condition] += 1
    return tuple((condition, number) for condition, number in count.items() if number)


def counts_in_words(state: RunState) -> str:
    """`12 hosts: 4 new, 1 updating, 7 old`."""
    hosts = len(state.hosts)
    words = {condition: word for condition, (_, word) in _WORDS.items()} | ({} if state.run else {"new": "live", **_AT_REST})
    bare = sum(_is_bare(host) for host in state.hosts.values()) if not state.run else 0
    ready = len(resting(state)) if state.run else 0
    counts = [(words[condition], number - bare - ready if condition == "old" else number) for condition, number in fleet_counts(state)]
    found = (("none live", bare), *counts, ("stand by" if ready > 1 else "stands by", ready))
    parts = ", ".join(f"{number} {told}" for told, number in found if number)
    cut = sum(is_cut(host) for host in state.hosts.values()) if state.phase != "ended" else 0
    out = sum(host.is_out for host in state.hosts.values()) if not state.run else 0
    parts += (f", {cut} without a link" if cut else "") + (f", {out} without requests" if out else "")
    return counted_hosts(hosts) + (f": {parts}" if parts else "")
