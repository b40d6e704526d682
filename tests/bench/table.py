"""What was measured, beside its peer and its goal: lines of a table at once, and all of it as Markdown and JSON at the end. Nothing here judges a number."""

import json
import os
import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass
class Row:
    """One thing that was measured, several times."""

    name: str
    unit: str = "ms"
    values: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    def __str__(self) -> str:
        return f"  {self.name:<64} {min(self.values):>10,.2f} {self.middle:>10,.2f} {max(self.values):>10,.2f} {self.unit:<9} n={len(self.values)}"


@dataclass(frozen=True)
class Goal:
    """What is wanted, and what was seen: at most `limit` (`at_least`: no less)."""

    id: str
    what: str
    seen: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it was reached in this run."""
        return self.seen >= self.limit if self.at_least else self.seen <= self.limit

    @property
    def wanted(self) -> str:
        """The goal as it is written."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}".strip()


def at_most(goal: str, what: str, row: Row, limit: float, *, of: Row | None = None) -> Goal | None:
    """A goal for the median of a row, or for its share of another's; none where one of them was not measured."""
    if not row.values or (of is not None and not of.values):
        return None
    return Goal(goal, what, row.middle / of.middle if of else row.middle, limit, "" if of else row.unit)


@dataclass
class _Part:
    title: str
    rows: list[Row]
    goals: list[Goal]
    has_peer: bool


_parts: list[_Part] = []


def print_rows(rows: list[Row], title: str = "", goals: tuple[Goal | None, ...] = ()) -> None:
    """Print rows that have no peer."""
    _print(title, rows, goals, has_peer=False)


def print_table(title: str, rows: list[Row], goals: tuple[Goal | None, ...] = ()) -> None:
    """Print rows under their title; the first is what the others are compared with."""
    _print(title, rows, goals, has_peer=True)


def _print(title: str, rows: list[Row], goals: tuple[Goal | None, ...], *, has_peer: bool) -> None:
    part = _Part(title, rows, [goal for goal in goals if goal is not None], has_peer and bool(rows[0].values))
    _parts.append(part)
    if title:
        print(f"\n{title}")
    print(f"  {'':<64} {'min':>10} {'median':>10} {'max':>10}")
    for row in rows:
        print(f"{row}  {_times(part, row)}" if row.values else f"  {row.name:<64} not measured", flush=True)
    for goal in part.goals:
        print(f"  {goal.id}: {goal.what}: {goal.seen:,.2f}, wanted {goal.wanted}{'' if goal.is_met else '  <- missed'}", flush=True)


def _times(part: _Part, row: Row) -> str:
    if not part.has_peer or row is part.rows[0] or not part.rows[0].middle or row.unit != part.rows[0].unit:
        return ""
    return f"x{row.middle / part.rows[0].middle:.2f}"


def write_report(folder: Path, began: float) -> None:
    """Write `bench.md` and `bench.json` of all that was printed so far. `began` is the wall time of the start."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    facts = {
        "date": time.strftime("%Y-%m-%d", time.gmtime(began)), "machine": machine, "command": "make bench", "load": round(os.getloadavg()[0], 1),
        "minutes": round((time.time() - began) / 60, 1),
    }  # fmt: skip
    (folder / "bench.json").write_text(json.dumps({**facts, "parts": [_as_object(part) for part in _parts]}, indent=1, ensure_ascii=False) + "\n")
    lines = [f"Measured on {facts['date']} on {machine}; load {facts['load']} at the end.", ""]
    for part in _parts:
        lines += _as_markdown(part)
    (folder / "bench.md").write_text("\n".join(lines) + "\n")
    print(f"\n{folder}/bench.md and bench.json")


def _as_object(part: _Part) -> dict[str, Any]:
    rows = [
        {"name": row.name, "unit": row.unit, "n": len(row.values), "times": _times(part, row).removeprefix("x")}
        | ({"min": min(row.values), "median": row.middle, "max": max(row.values)} if row.values else {})
        for row in part.rows
    ]
    return {"title": part.title, "rows": rows, "goals": [{**asdict(goal), "is_met": goal.is_met} for goal in part.goals]}


def _as_markdown(part: _Part) -> list[str]:
    lines = [f"### {part.title}", "", "| | min | median | max | | times |", "| --- | ---: | ---: | ---: | --- | ---: |"]
    for row in part.rows:
        numbers = f"{min(row.values):,.2f} | **{row.middle:,.2f}** | {max(row.values):,.2f}" if row.values else "| not measured |"
        lines.append(f"| {row.name} | {numbers} | {row.unit} | {_times(part, row)} |")
    if part.goals:
        lines += ["", "| goal | | seen | wanted | |", "| --- | --- | ---: | ---: | --- |"]
        lines += [f"| {goal.id} | {goal.what} | {goal.seen:,.2f} | {goal.wanted} | {'met' if goal.is_met else 'missed'} |" for goal in part.goals]
    return [*lines, ""]
