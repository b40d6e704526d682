"""Sizes as people read them. Pure."""

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def counted(count: int, thing: str) -> str:
    """Return `1 commit`, `3 commits`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def size_words(count: int) -> str:
    """Return bytes in the unit that fits: `512 B`, `1.5 MiB`, `98 MiB`."""
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in _UNITS:
        size /= 1024
        if size < 1024 or unit == _UNITS[-1]:
            break
    return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
