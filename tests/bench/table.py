"""What was measured, beside its peer, as lines of a table; nothing here judges a number."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Row:
    """One thing that was measured, several times."""

    name: str
    unit: str = "ms"
    values: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        low, middle, high = min(self.values), median(self.values), max(self.values)
        return f"  {self.name:<58} {low:>10,.2f} {middle:>10,.2f} {high:>10,.2f} {self.unit:<9} n={len(self.values)}"


def print_rows(rows: list[Row]) -> None:
    """Print rows that have no peer."""
    print(f"  {'':<58} {'min':>10} {'median':>10} {'max':>10}")
    for row in rows:
        print(row if row.values else f"  {row.name:<58} not measured", flush=True)


def print_table(title: str, rows: list[Row]) -> None:
    """Print rows under their title; the first is what the others are compared with."""
    print(f"\n{title}\n  {'':<58} {'min':>10} {'median':>10} {'max':>10}")
    for row in rows:
        times = median(row.values) / median(rows[0].values)
        print(f"{row}  {'' if row is rows[0] else f'x{times:.2f}'}", flush=True)
