"""hosts.toml and the state folder, found for a command. Slow parts are imported when used; knows no engine."""

import os
from typing import TYPE_CHECKING

from console.cli.invocation import Invocation
from console.errors import NoGo, UsageFault

if TYPE_CHECKING:
    from console.config.load import ConfigFile
    from console.model.configured_environment import Environment


def state() -> str:
    """Return the state folder, made where it is missing."""
    from console.adapters.statefolder import prepared, state_folder

    folder = state_folder(os.environ)
    prepared(folder)
    return folder


def config(how: Invocation) -> "ConfigFile":
    """Load hosts.toml. Raises UsageFault with every problem in it."""
    found = config_if_any(how)
    if found is None:
        raise UsageFault("there is no hosts.toml here or in a folder above: name one, or write one as hosts.toml.example shows", "deploy -c FILE")
    return found


def config_if_any(how: Invocation) -> "ConfigFile | None":
    """Load hosts.toml; None where there is none. Raises UsageFault with every problem in it."""
    from console.config.load import load_file

    path = file_meant(how)
    return load_file(path) if path else None


def file_meant(how: Invocation) -> str:
    """Return the absolute path of the hosts.toml that is meant; empty: there is none."""
    from console.config.file_place import find_file

    return find_file(how.file or None, os.environ, os.getcwd()) or ""


def environment(how: Invocation, name: str, *, gated: bool = False) -> "Environment":
    """Resolve an environment of the file. `gated`: keys that are still to come are a no-go."""
    file = config(how)
    found = file.environment(name, how.app)
    later = file.not_yet(found.name, how.app) if gated else ()
    if later:
        raise NoGo("hosts.toml names what this console cannot do yet", "take the keys out, or wait for the version that has them", later)
    return found
