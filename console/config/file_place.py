"""Where hosts.toml is, and where a path in it leads. It reads no file."""

import os
from collections.abc import Mapping

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
