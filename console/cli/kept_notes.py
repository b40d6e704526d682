"""Persons' notes as this machine last saw them, kept in the state folder, so that a login is told of them without a host being asked.

Written by `lock`, `unlock` and `status`, which have just seen the hosts. Knows nothing of hosts itself.
"""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from console.cli.wiring import state
from console.model.fleet import Environment
from console.wire.address import path_part


def keep_note(found: Environment, note: dict[str, Any] | None) -> None:
    """Keep what closes an environment (by, reason, until), or that nothing does."""
    from console.adapters.statefolder import made_folder, modes_of

    folder = state()
    path = _path(folder, found.app, found.name)
    if note is None:
        with suppress(FileNotFoundError):
            os.remove(path)
        return
    modes = modes_of(folder)
    made_folder(os.path.dirname(path), modes)
    fresh = f"{path}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, modes.file), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), modes.file)
        json.dump({key: note.get(key) for key in ("by", "reason", "until")}, file)
    os.replace(fresh, path)


def kept_note(folder: str, app: str, environment: str) -> dict[str, Any] | None:
    """Return what closed an environment when it was last seen; None where nothing did, or its time is over."""
    try:
        with open(_path(folder, app, environment), encoding="utf-8") as file:
            note = json.load(file)
        until = note["until"]
        return None if until and datetime.fromisoformat(until) <= datetime.now(UTC) else note
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _path(folder: str, app: str, environment: str) -> str:
    return os.path.join(folder, "notes", f"{path_part(app)}@{path_part(environment)}.json")
