"""Where hosts.toml is, and the one key of it that a command needs which only reads the record: quickly, since the rest is not its concern.

It knows nothing of the file's other keys; `load` judges them all.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.model.fleet import Variable

NAME = "hosts.toml"


def find_file(explicit: str | None, env: Mapping[str, str], cwd: str) -> str | None:
    """Return the file's absolute path: the explicit one, else $DEPLOY_CONFIG, else hosts.toml in `cwd` or a folder above; None: nowhere.

    A file that was named is not looked for: `load_file` says so when it isn't there.
    """
    named = explicit or env.get("DEPLOY_CONFIG")
    if named:
        return os.path.abspath(os.path.join(cwd, os.path.expanduser(named)))
    folder = os.path.abspath(cwd)
    while not os.path.isfile(os.path.join(folder, NAME)):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return os.path.join(folder, NAME)


def absolute(path: str, file: str) -> str:
    """Return a path of the file's: `~` is the caller's home, a relative one starts at the file's folder."""
    return os.path.normpath(os.path.join(os.path.dirname(file), os.path.expanduser(path)))


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
