"""What a pre-flight check found. Values only; who judges is `core/policy.py` and `core/preflight.py`."""

from typing import Literal

import msgspec

from console.text import SafeText

CheckStatus = Literal["passed", "failed", "error", "warning", "skipped", "waiting", "overridden"]

NEVER_OVERRIDABLE = frozenset({"reach", "key", "login", "lock"})


class Check(msgspec.Struct, frozen=True):
    """One check of the pre-flight: what was found, and what to type when it is in the way."""

    id: str
    title: SafeText
    status: CheckStatus
    blocking: bool = True
    detail: SafeText = SafeText("")
    remedy: SafeText = SafeText("")

    @property
    def blocks(self) -> bool:
        """Whether GO is refused because of it."""
        return self.blocking and self.status in ("failed", "error", "waiting")
