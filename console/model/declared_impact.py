"""What the one who releases says about the release: what it does to data and to service, how dangerous it is, and its notes. Values only."""

from typing import Literal

import msgspec

from console.safe_text import SafeLines

YesNo = Literal["", "yes", "no"]
Risk = Literal["", "low", "medium", "high"]
OldCode = Literal["", "ok", "breaks", "unknown"]


class Impact(msgspec.Struct, frozen=True):
    """The answers. Empty, or None: nothing was said."""

    migration: YesNo = ""
    downtime: float | None = None
    """Seconds that are expected; 0: none."""
    breaking: YesNo = ""
    risk: Risk = ""
    old_code: OldCode = ""
    """How the code before it runs on the schema after it."""
    notes: SafeLines = SafeLines("")
