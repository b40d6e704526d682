"""Names of runs, of which a release takes the time (`core/kinds/release.py`): the wall time, for people, and never the same twice.

A clock may be set back, and two runs may begin within a second: what a name says of the time is no order. Knows the journal.
"""

import secrets
from datetime import timedelta

from console.ports.clock import Clock
from console.ports.journal import Journal


async def new_run(journal: Journal, clock: Clock, environment: str) -> str:
    """Return the name of a run that begins now. No other run of this record begins with the same time, so neither do two releases of one commit."""
    at = clock.now()
    while await journal.find_run(stamp := f"{at:%Y%m%dT%H%M%SZ}"):
        at += timedelta(seconds=1)
    return f"{stamp}-{environment}-{secrets.token_hex(2)}"
