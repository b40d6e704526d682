"""What a pre-flight check found. Values only; they are judged in `core/checks/`, a file for each family."""

from typing import Literal

import msgspec

from console.safe_text import SafeText

CheckStatus = Literal["passed", "failed", "error", "warning", "skipped", "waiting", "overridden"]

NEVER_OVERRIDABLE = frozenset({"reach", "key", "login", "lock"})

OVERRIDABLE = (
    "branch", "tree", "content", "direction", "behind", "staging", "backup", "migrations", "team", "sudo", "tools", "space", "clock", "way-back", "closed",
    "freeze", "announcement", "balancer",
)  # fmt: skip
"""Built-in checks that a reason overrides. A configured check is called by its name, and overridden in the same way."""


class Finding(msgspec.Struct, frozen=True):
    """What one look of a configured check found, from one place. Not measured at all is an `error`; `waiting` may still come true."""

    status: Literal["passed", "failed", "error", "waiting"]
    seen: SafeText
    remedy: SafeText = SafeText("")
    since: str = ""
    """UTC, RFC 3339; empty: not known."""
    again: float = 5.0
    """Seconds after which it makes sense to ask again."""


class Check(msgspec.Struct, frozen=True):
    """One check of the pre-flight: what was found, and what to type when it blocks."""

    id: str
    title: SafeText
    status: CheckStatus
    blocking: bool = True
    detail: SafeText = SafeText("")
    remedy: SafeText = SafeText("")
    kind: str = ""
    """Of a configured check: `github`, `manual`, …; empty: built in."""
    since: str = ""
    """Since when it is as it says: UTC, RFC 3339; empty: not known."""
    by: str = ""
    """Who ticked it off."""
    firm: bool = False
    """No reason overrides what it found this time: it cannot be done at all."""

    @property
    def is_open(self) -> bool:
        """Whether somebody may tick it off now."""
        return self.kind == "manual" and self.status == "waiting"

    @property
    def blocks(self) -> bool:
        """Whether GO is refused because of it."""
        return self.blocking and self.status in ("failed", "error", "waiting")
