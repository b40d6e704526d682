"""The one key of hosts.toml that a command needs which only reads the record: quickly, since the rest is not its concern.

It knows nothing of the file's other keys; `load` judges them all.
"""

from typing import TYPE_CHECKING

from console.config.file_place import absolute

if TYPE_CHECKING:
    from console.model.secret import Variable


def journal_of_file(path: str) -> "Variable":
    """Return what the file says of the record's place; empty: nothing. Raises UsageFault where that cannot be read: no other record is taken for it."""
    import tomllib

    try:
        with open(path, "rb") as file:
            found = tomllib.load(file).get("journal", "")
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


def _judged(path: str) -> "Variable":
    """Read the whole file, which says every problem in it."""
    from console.config.load import load_file

    found = load_file(path)
    return next(iter(found.resolved.values())).journal
