"""What a login says about itself to an engine: who somebody was before sudo, from where, on which terminal. Nothing of it is proof."""

import os
from collections.abc import Mapping


def claims_of(environ: Mapping[str, str]) -> str:
    """Return what this login says about itself: its name before sudo, its SSH client, its terminal."""
    login = environ.get("SUDO_USER") or environ.get("LOGNAME") or environ.get("USER", "")
    ssh = environ.get("SSH_CONNECTION", "").split(" ")[0]
    terminal = environ.get("SSH_TTY") or _terminal()
    return " ".join(part for part in (login, f"from {ssh}" if ssh else "", f"on {terminal}" if terminal else "") if part)


def _terminal() -> str:
    try:
        return os.ttyname(0)
    except OSError:
        return ""
