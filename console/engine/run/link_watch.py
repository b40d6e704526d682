"""Says when a host's link is lost and when it stands again. What that means for the run is `core`'s; who makes links anew is the transport's."""

from collections.abc import Callable

from console.engine.run.runner import Runner
from console.model.events import Event, LinkLost, LinkRestored
from console.model.host import Host
from console.ports.clock import Clock
from console.safe_text import SafeText

INTERVAL = 0.1
"""Seconds between two looks; each costs no round trip."""
GOES_ON = frozenset({"locking", "running", "rolling-back"})


class LinkEvents:
    """The links of a run's hosts, as long as it goes on. A host that this engine never reached has no link to lose."""

    def __init__(self, hosts: tuple[Host, ...], is_linked: Callable[[Host], bool], runner: Runner, clock: Clock) -> None:
        self._hosts = hosts
        self._is_linked = is_linked
        self._runner = runner
        self._clock = clock
        self._reached: set[str] = set()

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            news = [event for host in self._hosts if (event := self._look(host))]
            if news and self._runner.state.phase in GOES_ON:
                self._runner.record(*news)
            await self._clock.sleep(INTERVAL)

    def _look(self, host: Host) -> Event | None:
        known, stands = self._runner.state.hosts[host.name], self._is_linked(host)
        if stands:
            self._reached.add(host.name)
            return None if known.linked else LinkRestored(host=host.name)
        if not known.linked or host.name not in self._reached:
            return None
        ran = known.steps.get(known.step)
        busy = ran is not None and ran.status == "running"
        return LinkLost(host=host.name, detail=SafeText("its running steps continue, and their result is read when it answers" if busy else ""))
