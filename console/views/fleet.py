"""The fleet: a row, a cell or a letter for each host, by the room there is, and the counts in words. Pure."""

from dataclasses import dataclass
from typing import Literal

from console.model.state import HostCondition, HostState, RunState
from console.views.filter import Filter, Level, Subject
from console.views.spans import Line, MarkName, Span, cell, clipped, line, mark, mark_tone
from console.views.times import seconds_in_words

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

_STEP_WORDS = {
    "ship": "receiving", "fetch": "receiving", "install": "installing", "hook": "running a hook", "stop": "stopping",
    "switch": "activating", "restart": "restarting", "gate": "health gate", "remove": "removing", "prune": "pruning",
}  # fmt: skip

_AT_REST: dict[HostCondition, str] = {"unknown": "drift", "unreachable": "not reached", "old": "not verified"}

Mode = Literal["rows", "cells", "heat", "groups"]


@dataclass(frozen=True, slots=True)
class Grid:
    """How hosts are laid out: `columns` of `cells` width; hosts run down the columns, letters along the rows."""

    mode: Mode
    columns: int
    rows: int
    cells: int
    name: int

    def place(self, index: int) -> tuple[int, int]:
        """Row and column of the host with that index."""
        if self.mode == "heat":
            return divmod(index, self.columns)
        column, row = divmod(index, self.rows)
        return row, column


def condition_words(condition: HostCondition) -> tuple[MarkName, str]:
    """Mark and word of a host's condition."""
    return _WORDS[condition]


def grid_for(names: tuple[str, ...], width: int, height: int) -> Grid:
    """Return the most telling layout that shows every host in that room."""
    hosts, longest = max(1, len(names)), max((len(name) for name in names), default=1)
    name, height, width = min(longest, 24), max(1, height), max(1, width)
    columns = -(-hosts // height)
    size = (width - 3 * (columns - 1)) // columns
    rows = -(-hosts // columns)
    if size >= name + 19:
        return Grid("rows", columns, rows, min(size, name + 38), name)
    if size >= name + 3:
        return Grid("cells", columns, rows, min(size, name + 16), name)
    if hosts <= width * height:
        return Grid("heat", min(width, hosts), -(-hosts // width), 1, name)
    return Grid("groups", 1, height, width, name)


def host_mark(host: HostState) -> Span:
    """Return the mark of a host as it is now."""
    if host.condition == "updating" and not host.linked:
        return mark("unknown")
    if host.condition == "old" and is_busy(host):
        return mark("busy")
    return mark(_WORDS[host.condition][0])


def is_busy(host: HostState) -> bool:
    """Return whether a step runs on the host now."""
    ran = host.steps.get(host.step)
    return ran is not None and ran.status == "running"


def host_words(state: RunState, host: HostState, now: float) -> tuple[str, str]:
    """Return what a host is doing, and its right-hand column: a version, or for how long."""
    if host.condition in ("updating", "returning") or is_busy(host):
        step = state.index.get(host.step)
        ran = host.steps.get(host.step)
        words = _STEP_WORDS.get(step.kind, str(step.title)) if step else _WORDS[host.condition][1]
        if not host.linked:
            words = "link lost"
        started = ran.started if ran and ran.status == "running" else host.since
        return words, seconds_in_words(now - started)
    return (_WORDS[host.condition][1] if state.run else _AT_REST.get(host.condition, "live")), str(host.version)


def host_cell(state: RunState, host: HostState, grid: Grid, now: float, *, selected: bool = False) -> Line:
    """One host in its place."""
    sign = host_mark(host)
    tone = sign.tone
    if grid.mode == "heat":
        return (Span(_LETTERS[host.condition], "selected" if selected else tone),)
    name = Span(cell(host.name, grid.name), "selected" if selected else "plain")
    head = (name, Span(" "), sign, Span(" " if sign.text == "⌛" else "  "))
    words, right = host_words(state, host, now)
    room = grid.cells - grid.name - 4
    if grid.mode == "cells":
        return (*head, Span(cell(words, max(0, room)), tone))
    side = min(9, max(0, room - 11))
    return (*head, Span(cell(words, room - side), tone), Span(cell(right, side, right=True), "dim"))


def subject_of(state: RunState, host: HostState) -> Subject:
    """Return what a filter looks at: name, state in words, version, and what runs on it."""
    step = state.index.get(host.step)
    doing = str(step.title) if step and is_busy(host) else ""
    level: Level = "error" if host.condition in ("failed", "unreachable", "unknown") else "warn" if host.condition == "owed" else "info"
    return Subject(host.name, f"{host.version or host.release} {doing} {host.detail}", level, _WORDS[host.condition][1])


def kept_names(state: RunState, wanted: Filter) -> tuple[str, ...]:
    """Return the hosts that a filter keeps, in the fleet's order."""
    if not wanted:
        return tuple(state.hosts)
    return tuple(name for name, host in state.hosts.items() if wanted.keeps(subject_of(state, host)))


def fleet_lines(state: RunState, names: tuple[str, ...], width: int, height: int, now: float, selected: str = "") -> tuple[Line, ...]:
    """Return those hosts in that room. `now` is on the boot-time clock."""
    grid = grid_for(names, width, height)
    if grid.mode == "groups":
        return group_lines(state, width, height)
    table: list[list[Span]] = [[] for _ in range(grid.rows)]
    for index, name in enumerate(names):
        row, column = grid.place(index)
        if column and grid.mode != "heat":
            table[row].append(Span(" │ ", "dim"))
        table[row].extend(host_cell(state, state.hosts[name], grid, now, selected=name == selected))
    return tuple(clipped(tuple(row), width) for row in table)


def group_lines(state: RunState, width: int, height: int) -> tuple[Line, ...]:
    """One mark and size a wave: its worst state first."""
    waves = state.plan.waves if state.plan else (tuple(state.hosts),)
    rows: list[list[Span]] = [[]]
    room = width
    for number, wave in enumerate(waves, 1):
        found: list[HostCondition] = [state.hosts[name].condition for name in wave if name in state.hosts]
        worst = min(found, key=_ORDER.index) if found else "old"
        words = f"{number}:{_LETTERS[worst]}{len(wave)} "
        if len(words) > room and len(rows) < height:
            rows.append([])
            room = width
        rows[-1].append(Span(words, mark_tone(_WORDS[worst][0])))
        room -= len(words)
    return tuple(clipped(tuple(row), width) for row in rows)


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
    parts = ", ".join(f"{number} {words[condition]}" for condition, number in fleet_counts(state))
    return f"{hosts} {'host' if hosts == 1 else 'hosts'}" + (f": {parts}" if parts else "")


def counts_line(state: RunState) -> Line:
    """Return the counts with their marks, for the smallest screens."""
    spans: list[Span] = []
    for condition, number in fleet_counts(state):
        sign, word = _WORDS[condition]
        spans += [mark(sign), Span(f" {number} {word}  ")]
    return line(*spans)
