"""The fleet: a row or a cell for each host, by the room there is (letters: `fleet_letters`), and the counts in words. Pure."""

import re
from collections import Counter
from collections.abc import Callable

from console.core.traffic.bluegreen_sides import is_idle, standing_by
from console.core.words.sizes import counted_hosts
from console.model.log_kinds import LogLevel
from console.model.state import HostCondition, HostState, RunState
from console.views.condition_marks import AT_REST, FILTERED, WORDS, above, host_mark, is_busy, is_cut
from console.views.filter import Filter, FilterSubject
from console.views.fleet_letters import letter_lines, sign_of
from console.views.grid import LOAD_FROM, Grid, grid_for
from console.views.progress import Newest, is_late, usual_seconds
from console.views.styled_text import Line, Span, cell, clipped
from console.views.times import seconds_in_words
from console.views.traffic_words import drain_time, drain_words, held_words, traffic_note

Load = Callable[[str], tuple[float | None, float | None]]
"""(host) to its newest cpu and memory, as shares."""


_ORDER: tuple[HostCondition, ...] = (
    "failed", "unreachable", "unknown", "owed", "new", "updating", "returning", "back", "skipped", "left-out", "old"
)  # fmt: skip

_STEP_WORDS = {
    "ship": "receiving", "fetch": "receiving", "install": "installing", "hook": "running a hook", "stop": "stopping",
    "switch": "activating", "restart": "restarting", "gate": "health gate", "remove": "removing", "prune": "pruning",
    "admit": "returning to traffic", "weigh": "getting its weight",
}  # fmt: skip

_IN_A_CELL = {"returning to traffic": "to traffic", "back, drained": "drained", "idle, no requests": "idle", "live, no requests": "no requests"}
_LEAST = 4
"""Cells below which a short row's right column is not made narrower for its words."""
_LEFT = re.compile(r" requests? left$")


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
    words = _STEP_WORDS.get(step.kind, str(step.title)) if step else WORDS[host.condition][1]
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
    words = WORDS[host.condition][1] if state.run else "none live" if _is_bare(host) else AT_REST.get(host.condition, "live")
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
    words = "live" if words == f"live {known}" else words if len(words) < left - version else _in_short(words)
    return (*head, Span(f"{cell(words, left - version - 1)} ", sign.tone), *beside, Span(shares, "dim"))


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
    return FilterSubject(host.name, f"{host.version or host.release} {doing} {host.detail}", level, FILTERED[host.condition])


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


def host_line(state: RunState, name: str, now: float) -> str:
    """Return one host in a line, for where it has no more than a letter: `web0123 updating: restarting, 3 s`."""
    host = state.hosts[name]
    words, right = host_words(state, host, now)
    state_words = sign_of(state, host)[1]
    if words.startswith("live "):
        words = state_words
    if not state.run and _is_bare(host):
        state_words = words
    told = state_words if words in (state_words, WORDS[host.condition][1]) else f"{state_words}: {words}"
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
    words = {condition: word for condition, (_, word) in WORDS.items()} | ({} if state.run else {"new": "live", **AT_REST})
    bare = sum(_is_bare(host) for host in state.hosts.values()) if not state.run else 0
    ready = len(resting(state)) if state.run else 0
    counts = [(words[condition], number - bare - ready if condition == "old" else number) for condition, number in fleet_counts(state)]
    found = (("none live", bare), *counts, ("stand by" if ready > 1 else "stands by", ready))
    parts = ", ".join(f"{number} {told}" for told, number in found if number)
    cut = sum(is_cut(host) for host in state.hosts.values()) if state.phase != "ended" else 0
    out = sum(host.is_out for host in state.hosts.values()) if not state.run else 0
    parts += (f", {cut} without a link" if cut else "") + (f", {out} without requests" if out else "")
    return counted_hosts(hosts) + (f": {parts}" if parts else "")
