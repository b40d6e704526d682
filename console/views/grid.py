"""Where each host of a fleet stands in a panel, by the room there is, and where the arrows lead. Pure; knows names and cells alone."""

from typing import Literal, NamedTuple

Mode = Literal["rows", "cells", "heat", "groups"]

LOAD_FROM = 62
"""Cells beside a name from which a row also has the machine's load."""
_GAP = 3
_MARK = 4
_WORDS = 20
"""More cells for a row that has the load, so that no words of its state are cut."""


class Grid(NamedTuple):
    """How hosts are laid out: rows and cells run down the columns, letters along the rows. A group's letter is for `each` hosts."""

    mode: Mode
    columns: int
    rows: int
    cells: int
    """Cells that one host (one letter) takes."""
    name: int
    """Cells that a name takes."""
    hosts: int
    each: int = 1

    def place(self, index: int) -> tuple[int, int]:
        """Row and column of the host with that index."""
        if self.mode in ("heat", "groups"):
            return divmod(index // self.each, self.columns)
        column, row = divmod(index, self.rows)
        return row, column

    def index_at(self, x: int, y: int) -> int | None:
        """Return the host under that cell, the first one of a group; None where there is none."""
        column = x // (self.cells + (0 if self.mode in ("heat", "groups") else _GAP))
        if not (0 <= column < self.columns and 0 <= y < self.rows):
            return None
        index = (y * self.columns + column) * self.each if self.mode in ("heat", "groups") else column * self.rows + y
        return index if index < self.hosts else None

    def move(self, index: int, key: str) -> int:
        """Return the index that an arrow or a page key leads to; an arrow that leads out stays."""
        down, across, page = {
            "rows": (1, self.rows, self.rows),
            "cells": (1, self.rows, self.rows),
            "heat": (self.columns, 1, self.columns * max(1, self.rows // 2)),
            "groups": (self.each, 1, self.columns * self.each),
        }[self.mode]
        by = {"up": -down, "down": down, "left": -across, "right": across, "pageup": -page, "pagedown": page}.get(key, 0)
        moved = index + by
        if key.startswith("page"):
            return min(max(0, moved), self.hosts - 1)
        return moved if 0 <= moved < self.hosts else index


def grid_for(names: tuple[str, ...], width: int, height: int) -> Grid:
    """Return the most telling layout that shows every host in that room."""
    hosts, longest = max(1, len(names)), max((len(name) for name in names), default=1)
    name, height, width = min(longest, 24), max(1, height), max(1, width)
    columns = -(-hosts // height)
    size = (width - _GAP * (columns - 1)) // columns
    rows = -(-hosts // columns)
    if size >= name + _MARK + 15:
        return Grid("rows", columns, rows, min(size, name + LOAD_FROM + _WORDS), name, len(names))
    if size >= name + _MARK:
        return Grid("cells", columns, rows, min(size, name + 16), name, len(names))
    if hosts <= width * height:
        return Grid("heat", min(width, hosts), -(-hosts // width), 1, name, len(names))
    each = -(-hosts // (width * height))
    letters = -(-hosts // each)
    return Grid("groups", min(width, letters), -(-letters // width), 1, name, len(names), each)
