"""Where releases have tickets."""

from collections.abc import Mapping
from typing import Any, Protocol

from console.safe_text import SafeText


class TicketSystem(Protocol):
    """Closes the ticket of a release, as the file says: by a command on this machine, or by a URL."""

    async def close_ticket(self, values: Mapping[str, str], told: Mapping[str, Any], *, deadline: float) -> SafeText:
        """Run the command with the placeholders' `values`, or post `told` to the URL, once and within so many seconds. Why it failed; empty: it did not."""
