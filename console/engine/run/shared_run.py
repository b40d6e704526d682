"""What goes on for machines that share the record while this engine carries a run: it says so, takes what is said to the run there, and shows it to them.

In a record of one machine nothing does.
"""

from collections.abc import Awaitable, Callable

from console.engine.run.run_lease import RunLease
from console.engine.run.shown_elsewhere import RunRelay
from console.engine.server.broadcast import Broadcast
from console.engine.tasks import Background
from console.model.carrier import Carrier
from console.model.commands import Accepted, Refusal
from console.model.onlooker import Onlooker
from console.ports.journal import Journal
from console.ports.sharing_machines import SentCommand


class RunSharing:
    """Of one run. `submit`: takes what was said elsewhere; `here`: who looks on at this engine; `hears`: told who does on other machines."""

    def __init__(
        self, lease: RunLease, journal: Journal, carrier: Carrier, submit: Callable[[str, SentCommand], Awaitable[Accepted | Refusal]],
        here: Callable[[str], tuple[Onlooker, ...]], hears: Callable[[str, tuple[Onlooker, ...]], object],
    ) -> None:  # fmt: skip
        self._lease = lease
        self._journal = journal
        self._carrier = carrier
        self._submit = submit
        self._here = here
        self._hears = hears
        self._watching = Background()

    def begin(self, run: str, broadcast: Broadcast, lost: Callable[[Carrier], object]) -> None:
        """Begin. `lost` is told who has taken the run up, believing this engine dead."""
        if not self._journal.is_shared:
            return
        relay = RunRelay(self._journal, run, self._carrier, broadcast, self._here, self._hears)
        self._watching.start(lambda: self._lease.keep(lost), lambda: self._lease.hear(self._submit), relay.show)

    async def end(self) -> None:
        """End it, and say that this engine carries the run no more."""
        await self._watching.stop()
        await self._lease.end()
