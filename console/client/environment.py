"""An environment between runs, for the screen: asks its engine, begins runs and joins them. Implements `ports.EnvironmentClient`.

Knows how an engine is met, also after it has ended; nothing of what the screen shows or asks.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from console.client.asked_engine import AskedEngine
from console.client.engine_access import EngineAccess
from console.client.environment_history import Archive, EnvironmentHistory
from console.client.lasting_feed import LastingFeed
from console.core.host.login_command import visit
from console.core.run.evolve import fold
from console.errors import EngineLost, NoGo, UsageFault
from console.model.events import AnyEvent
from console.model.fleet_snapshot import Candidate, CiMark, FleetSnapshot, SnapshotRelease, Verified
from console.model.maintenance_mode import MaintenanceSeen, MaintenanceVerb
from console.model.number_history import NumbersSeen
from console.model.request import Request
from console.model.values import changed
from console.ports.feed import FeedItem
from console.safe_text import SafeText

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment


class LocalEnvironmentClient(EnvironmentHistory):
    """One environment. `suggested`: the version that is to be offered first."""

    def __init__(self, access: EngineAccess, archive: Archive, found: "Environment", suggested: tuple[str, ...] = ()) -> None:
        super().__init__(archive, found.app, found.name)
        self.protected = found.protected
        self._access = access
        self._found = found
        self._engine = AskedEngine(access, found)
        self._mark = _mark(found.file)
        self._suggested = list(suggested)
        self._feeds: list[LastingFeed] = []
        self._beside: list[LocalEnvironmentClient] = []

    @property
    def suggested(self) -> str:
        """The version that comes next in the list it was given; empty: none."""
        return self._suggested[0] if self._suggested else ""

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of the file; without a file, this one alone."""
        return self._access.environments() or (self.environment,)

    def beside(self, environment: str) -> "LocalEnvironmentClient":
        """Another environment of the same application. It is let go of with this one."""
        self._beside.append(LocalEnvironmentClient(self._access, self._archive, self._access.environment_or_known(environment)))
        return self._beside[-1]

    async def read_again(self) -> None:
        """Take up what was changed in the file since it was read. Raises UsageFault with every problem in it."""
        mark = _mark(self._found.file)
        if not self._found.file or mark == self._mark:
            return
        found = await asyncio.to_thread(self._access.environment, self.environment)
        self._mark = mark
        if found == self._found:
            return
        self._found = found
        await self._engine.meet_again_for(found)

    async def board(self) -> FleetSnapshot:
        """What runs where, read from the hosts."""
        return await self._engine.asked("board", {}, FleetSnapshot)

    async def numbers(self) -> AsyncIterator[FeedItem]:
        """Samples of the hosts, for as long as they are read; over the next engine too."""
        while True:
            await self._engine.tell_some()
            client = await self._engine.met()
            try:
                async for item in client.follow(""):
                    yield item
            except EngineLost:
                await asyncio.sleep(1.0)

    async def numbers_before(self, span: float, host: str = "", new: Mapping[str, float] | None = None) -> NumbersSeen:
        """How every metric went for so many seconds up to now, of the fleet or of that host."""
        return await self._engine.asked("numbers", {"span": span, "host": host, "new": dict(new or {})}, NumbersSeen)

    async def candidates(self, board: FleetSnapshot) -> tuple[Candidate, ...]:
        """What could be released, newest first."""
        live = Counter(host.commit for host in board.in_use if host.commit)
        return await self._engine.asked("versions", {"live": dict(live)}, tuple[Candidate, ...])

    async def verified(self, candidates: tuple[Candidate, ...]) -> Verified:
        """Which of them were verified in the environment that has to have had them first."""
        return await self._engine.asked("verified", {"trees": {one.commit: one.tree for one in candidates}}, Verified)

    async def ci(self, candidate: Candidate) -> CiMark:
        """What the checks that judge a commit say of that one."""
        await self._engine.tell_some()
        return await self._engine.asked("ci", {"commit": candidate.commit, "ref": str(candidate.ref)}, CiMark)

    async def preview(self, request: Request) -> tuple[AnyEvent, ...]:
        """The events of a pre-flight that is no run."""
        from console.wire.codec import as_plain

        await self._engine.tell_secrets("check" if request.kind == "deploy" else request.kind)
        return await self._engine.asked("preview", as_plain(request), tuple[AnyEvent, ...])

    async def channels(self) -> tuple[SafeText, ...]:
        """The channels that people are told of a release by, without their secrets."""
        await self._engine.tell_some()
        return await self._engine.asked("channels", {}, tuple[SafeText, ...])

    async def releases(self, host: str) -> tuple[SnapshotRelease, ...]:
        """What a host has on its disk, newest first."""
        return await self._engine.asked("releases", {"host": host}, tuple[SnapshotRelease, ...])

    def visit(self, host: str) -> tuple[str, ...]:
        """The argv of an interactive shell on that host, in its live release."""
        known = self._found.host(host)
        if known is None:
            raise UsageFault(f"{self.environment} has no host {host}", "deploy status")
        return visit(self._found, known)

    async def maintenance(self) -> MaintenanceSeen:
        """Whether users are shown a maintenance page, read from the hosts and the balancers now."""
        return await self._engine.asked("maintenance-seen", {}, MaintenanceSeen)

    async def switch_maintenance(self, verb: MaintenanceVerb, message: str, seconds: float, expects: str) -> tuple[MaintenanceSeen, tuple[str, ...]]:
        """Switch it everywhere; what was read back, and what is wrong where."""
        from console.wire.codec import from_plain

        await self._engine.tell_secrets("maintenance")
        argument = {"verb": verb, "message": message, "seconds": seconds, "expects": expects}
        answer = await (await self._engine.met()).query("maintenance", argument)
        return from_plain(answer["seen"], MaintenanceSeen), tuple(one["message"] for one in answer["problems"])

    async def open(self, request: Request) -> LastingFeed:
        """Begin a run, by the file as it is now. Raises Locked while another goes on, UsageFault for a file that is not sound any more."""
        self._found = self._engine.environment = await asyncio.to_thread(self._by_the_file, request)
        feed = await self._begun(request)
        if self._suggested and request.ref == self._suggested[0]:
            self._suggested.pop(0)
        return feed

    def _by_the_file(self, request: Request) -> "Environment":
        if self._access.environments() is None:
            return self._found
        return self._access.environment(self.environment, gated=request.kind == "deploy")

    async def open_back(self, run: str, how: str, reason: str = "") -> LastingFeed:
        """Begin the way back from a release that has ended; no name: from the last one. NoGo where it is not the last one any more."""
        if not run and (going := await self._rollback_that_goes_on()):
            return going
        last = await self.last_change() if run else ""
        if last != run:
            raise NoGo(f"run {last} came after this one; a rollback undoes that one", "deploy rollback")
        return await self._begun(Request(kind="rollback", halves=how == "halves", at_once=how == "at-once", yes=True, reason=reason))

    async def _rollback_that_goes_on(self) -> LastingFeed | None:
        """Join the rollback that the engine carries now; None: it carries none."""
        client = await self._access.meet(self._found)
        run = client.welcome.run
        if run and fold(await self.record(run)).kind == "rollback":
            return self._kept(client, run)
        await client.close()
        return None

    async def attach(self, run: str) -> LastingFeed:
        """Join a run that goes on, here or by the record on another machine. UsageFault where no engine carries it."""
        client = await self._access.meet(self._found)
        if not client.welcome.carries(run):
            await client.close()
            if not await self._access.is_carried_elsewhere(run):
                raise UsageFault(f"run {run} is carried by no engine: it has ended, or was interrupted; resume goes on with it", f"deploy resume {run}")
            self._feeds.append(LastingFeed(self._access, await self._access.meet_to_ask(self._found), run, None, samples=self._access.has_screen))
            return self._feeds[-1]
        return self._kept(client, run)

    async def _begun(self, request: Request) -> LastingFeed:
        client = await self._access.meet(self._found)
        try:
            await self._access.configure(client, self._found, request.kind)
            return self._kept(client, await client.open_run(changed(request, wait_for_person=self._access.patience)))
        except BaseException:
            await client.close()
            raise

    def _kept(self, client: "Client", run: str) -> LastingFeed:
        self._feeds.append(LastingFeed(self._access, client, run, self._found, samples=self._access.has_screen))
        return self._feeds[-1]

    async def close(self) -> None:
        """Let go of the engines that were met."""
        for station in self._beside:
            await station.close()
        for feed in self._feeds:
            await feed.close()
        await self._engine.close()


def _mark(file: str) -> tuple[int, int]:
    """What tells a file from one that was changed meanwhile; zeros where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
