"""The database of an environment, as the file says it: its commands. It opens no file and no connection."""

import os.path
from typing import Any

from console.config.file_problems import FilePlace
from console.config.host_entries import read_one
from console.model.configured_environment import Database
from console.model.host import Host
from console.model.host_commands import Command
from console.model.secret import SecretRef

Values = dict[str, Any]
_COMMANDS = ("backup", "migrate", "revert", "restore")
_LONG = {"backup": 1800.0, "migrate": 900.0, "revert": 900.0, "restore": 7200.0}
"""Seconds that they have, where the file says nothing else."""


def read_database(values: Values | None, hosts: tuple[Host, ...], place: FilePlace, file: str) -> Database | None:
    """Return the database; None where the file names none. Problems are recorded."""
    if not values or "kind" not in values:
        return None
    made: Values = {name: _command(name, values.get(name), place.at(name)) for name in _COMMANDS}
    made |= {name: values[name] for name in ("backup_within", "lock_timeout", "lock_tries") if name in values}
    host = read_one(values["host"], place.at("host"), hosts) if "host" in values else None
    return Database(values["kind"], _anchored(values.get("url", ""), file), host, **made)


def _anchored(url: str | SecretRef, file: str) -> str | SecretRef:
    if isinstance(url, SecretRef) and url.kind == "file":
        return SecretRef("file", os.path.normpath(os.path.join(os.path.dirname(file), os.path.expanduser(url.name))))
    return url


def _command(name: str, values: Values | None, place: FilePlace) -> Command | None:
    if values is None:
        return None
    if "run" not in values:
        place.wrong("has no run", 'a command is text, or a table such as { run = "…", timeout = "30m" }')
        return None
    return Command(**{"timeout": _LONG[name], **values})
