"""What is owed to a host, as a value."""

import msgspec

from console.safe_text import SafeText


class Debt(msgspec.Struct, frozen=True):
    """A host that is behind what the environment is, since that run. `since` is when the run ended."""

    host: str
    run: str
    reason: SafeText
    since: str = ""
    next: SafeText = SafeText("")
    """What comes of it, or what a person is asked."""
    left_out: bool = False
    """A person left it out of that run, with a reason; it may have answered all the while."""
