"""The keys of hosts.toml that a command needs which only reads the record: quickly, since the rest is not its concern.

It knows nothing of the file's other keys; `load` judges them all.
"""

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from console.config.file_place import absolute

if TYPE_CHECKING:
    from console.model.secret import Variable


def journal_of_file(path: str) -> "Variable":
    """Return what the file says of the record's place; empty: nothing. Raises UsageFault where that cannot be read: no other record is taken for it."""
    try:
        found = _tree(path).get("journal", "")
    except (OSError, ValueError, RecursionError):
        return _judged(path)
    if isinstance(found, str):
        return found
    from console.model.secret import SecretRef

    match found:
        case {"file": str(name)} if len(found) == 1:
            return SecretRef("file", absolute(name, path))
        case {"env": str(name)} if len(found) == 1:
            return SecretRef("env", name)
        case {"command": str(name)} if len(found) == 1:
            return SecretRef("command", name)
    return _judged(path)


def app_of_file(path: str) -> str:
    """Return the application of a file that has one alone; empty: it has several, or cannot be read."""
    try:
        tree = _tree(path)
    except (OSError, ValueError, RecursionError):
        return ""
    one, several = tree.get("app"), tree.get("apps")
    name = one.get("name") if isinstance(one, dict) else next(iter(several)) if isinstance(several, dict) and len(several) == 1 else ""
    return name if isinstance(name, str) else ""


def _tree(path: str) -> dict[str, Any]:
    seen = os.stat(path)
    return _parsed(path, (seen.st_ino, seen.st_size, seen.st_mtime_ns))


@lru_cache(maxsize=1)
def _parsed(path: str, version: tuple[int, ...]) -> dict[str, Any]:
    """Read the file once as long as it is as it was: a screen lives longer than that."""
    import tomllib

    with open(path, "rb") as file:
        return tomllib.load(file)


def _judged(path: str) -> "Variable":
    """Read the whole file, which says every problem in it."""
    from console.config.load import load_file

    found = load_file(path)
    return next(iter(found.resolved.values())).journal
