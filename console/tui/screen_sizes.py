"""The sizes at which the layout changes, in cells and rows. Knows no screen."""

NARROW = 110
"""Columns below which panels give way to one another."""
MIDDLE = 150
"""Columns below which there is no room for everything beside everything."""


def is_tiny(width: int, height: int) -> bool:
    """Return whether there is room for words and keys alone."""
    return height < 14 or width < 50
