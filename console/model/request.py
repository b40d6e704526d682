"""What a caller asks an engine to do: the command line, or the screen's form, as a value."""

from typing import Literal

import msgspec

from console.model.declared_impact import Impact
from console.model.strategy_names import Strategy

RunKind = Literal["deploy", "rollback", "restart", "exec", "restore", "catch-up", "maintenance"]
"""`catch-up`: an owed host that answers again is brought up to date; the engine opens it by itself."""


class Person(msgspec.Struct, frozen=True):
    """Who acts: the uid's name, proven by the socket, and what that login claims about itself."""

    name: str
    uid: int = -1
    claims: str = ""
    """Login name, SSH client and terminal, as the caller says."""

    def __str__(self) -> str:
        return self.name

    @property
    def login(self) -> str:
        """The name and the claims: two terminals of one person are two logins."""
        return f"{self.name} {self.claims}".strip()


class Request(msgspec.Struct, frozen=True):
    """One run that is asked for."""

    kind: RunKind = "deploy"
    ref: str = ""
    """REF to deploy, the release to go back to or to catch up with, the run whose backup is restored, or `on` and `off`; empty: HEAD, or the one before."""
    hosts: str = ""
    """A host pattern; empty: all."""
    without: tuple[tuple[str, str], ...] = ()
    """(host, reason) of hosts that are left out."""
    overrides: tuple[tuple[str, str], ...] = ()
    """(check id, reason)."""
    acks: tuple[str, ...] = ()
    """Manual checks that are ticked off with it."""
    hotfix: str = ""
    command: str = ""
    """What an exec runs, secrets masked."""
    at_once: bool = False
    halves: bool = False
    yes: bool = False
    """Confirmations and the typed name are answered already; checks are not."""
    wait_for_person: float | None = 0.0
    """Seconds that a question stays open, and that checks are waited for; None: for as long as somebody is there."""
    reason: str = ""
    """Why a rollback is asked for, as its person says it."""
    impact: Impact = Impact()
    """What is said about the release; for the record."""
    strategy: Literal["", Strategy] = ""
    """Of a release; empty: the file's."""
    limit_rate: int = 0
    """Bytes a second that are sent, all hosts together; 0: the file's."""
