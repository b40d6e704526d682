"""Commands of the user's that run on hosts, and at which places of the plan, as hosts.toml says it."""

from typing import Literal

import msgspec


class Command(msgspec.Struct, frozen=True):
    """A command for a host, run by `sh -eu` in the release's folder. Times are seconds."""

    run: str
    run_as: str = ""
    """A user to become with `sudo -n`; empty: the login's own."""
    timeout: float = 120.0
    cancel: str = ""
    retries: int = 0


HookPlace = Literal["before release", "before host", "before switch", "after switch", "after host", "after release", "after rollback"]


class Hook(msgspec.Struct, frozen=True):
    """A command of the user's at a named place of the plan."""

    at: HookPlace
    command: Command
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""
    once: bool = False
    fatal: bool = True
