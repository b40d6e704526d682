"""Whether a host answers at all, asked for as long as it may be silent. Knows the port `Gates` and the run's clock; what silence means is `core`'s."""

from typing import Final

from console.model.host import Host
from console.ports.clock import Clock
from console.ports.gates import Gates
from console.safe_text import SafeText

PACE: Final = 1.0
"""Seconds between two questions."""
PATIENCE: Final = 30.0
"""Seconds that a host may be silent where nothing else says how long."""
SETTLED: Final = frozenset({"login", "unknown-key", "changed-key"})
"""Refusals that are not asked for again at once: an sshd bans an address that fails logins."""


async def why_silent(gates: Gates, clock: Clock, host: Host, patience: float = PATIENCE) -> SafeText | None:
    """Why the host does not answer, and has not for so many seconds; None: it does. A refusal is asked for once more, at the end."""
    until = clock.mono() + patience
    while seen := await gates.unreached(host):
        left = until - clock.mono()
        if left <= 0:
            return seen.message
        await clock.sleep(left if seen.kind in SETTLED else min(PACE, left))
    return None
