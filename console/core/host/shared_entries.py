"""Entries of `shared`: what outlives releases and is linked into each. Says which entries may stand together, and where a commit is in their way.

Pure: texts in, texts out. The rule behind both: a release reaches a shared thing through one link, the entry's own; a link on the way to an entry
would make what is done "in the release" happen to data outside of it.
"""

from collections.abc import Mapping

from console.errors import UsageFault

OWN = ".deploy-"
"""What the console keeps at the top of a release begins with that."""


def shared_path(entry: str) -> str:
    """Return an entry without its last slash. Raises UsageFault for one that is no plain path inside the release."""
    parts = entry.rstrip("/").split("/")
    if any(part in ("", ".", "..") for part in parts) or "\n" in entry or parts[0].startswith(OWN):
        raise UsageFault(f"shared: {entry!r} must be a path inside the release", 'as in shared = ["log/", ".env"]')
    return "/".join(parts)


def clash(entries: tuple[str, ...], number: int) -> str:
    """Say why an entry cannot stand beside the ones before it: it is one of them again, holds one, or lies in one. Empty: it can."""
    entry = shared_path(entries[number])
    for other in entries[:number]:
        path = shared_path(other)
        if entry == path:
            return f"{entries[number]} is {other} again"
        outer, inner = (other, entries[number]) if entry.startswith(f"{path}/") else (entries[number], other)
        if shared_path(inner).startswith(f"{shared_path(outer)}/"):
            return f"{inner} lies in {outer}, which is linked as a whole"
    return ""


def ways_to(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders of a release that lead to its shared entries, outermost first."""
    parts = [shared_path(entry).split("/") for entry in entries]
    return tuple(dict.fromkeys("/".join(names[:depth]) for names in parts for depth in range(1, len(names))))


def blocked_ways(entries: tuple[str, ...], kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Say which entries a commit cannot be linked for. `kinds`: what stands in it, by path: `link` or `file`; a folder, or nothing, is in nobody's way."""
    found = {}
    for entry in entries:
        for way in ways_to((entry,)):
            if kinds.get(way) in ("link", "file"):
                found[entry] = f"{entry} is in shared, but {way} is a {kinds[way]} in the commit"
                break
    return tuple(found.values())
