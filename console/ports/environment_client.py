"""An environment between runs, as the screens ask for it."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from console.model.events import AnyEvent
from console.model.fleet_snapshot import Candidate, CiMark, FleetSnapshot, SnapshotRelease, Verified
from console.model.maintenance_mode import MaintenanceSeen, MaintenanceVerb
from console.model.number_history import NumbersSeen
from console.model.request import Request
from console.model.run_summary import RunSummary
from console.ports.feed import Feed, FeedItem, LogPage, SamplePage
from console.safe_text import SafeText


class RunArchive(Protocol):
    """What is kept of runs: the journal, and the files beside it. Every method raises ConsoleError for what a person can be told."""

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        """Every event of a run, from the journal."""

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        """At most so many lines of what a run's steps printed, on that host (empty: on all, by time), before that place.

        Places come with pages. An empty one is the end; `@MOMENT` (RFC 3339) stands behind every line of that moment.
        """

    async def log_on(self, run: str, host: str, after: str, limit: int) -> LogPage:
        """The same from that place on; an empty one is the beginning."""

    async def samples(self, run: str, after: str, limit: int) -> SamplePage:
        """The machines' numbers during a run from that place on, `at` in seconds since 1970; an empty place is the beginning, `@MOMENT` as for the log."""


class EnvironmentClient(RunArchive, Protocol):
    """An environment between runs, and the door to its runs. Every method raises ConsoleError for what a person can be told."""

    app: str
    environment: str
    protected: bool

    @property
    def suggested(self) -> str:
        """The version that is to be offered first; empty: the newest."""

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that can be gone to from here, this one among them."""

    def beside(self, environment: str) -> "EnvironmentClient":
        """Another environment of the same application."""

    async def read_again(self) -> None:
        """Take up what was changed in hosts.toml since it was read. Raises ConsoleError with every problem in it."""

    async def board(self) -> FleetSnapshot:
        """What runs where, read from the hosts."""

    def numbers(self) -> AsyncIterator[FeedItem]:
        """Samples of the hosts, for as long as they are read."""

    async def numbers_before(self, span: float, host: str = "", new: Mapping[str, float] | None = None) -> NumbersSeen:
        """How every metric went for so many seconds up to now, of the fleet or of that host. `new`: by host, since when it has been on the new release."""

    async def candidates(self, board: FleetSnapshot) -> tuple[Candidate, ...]:
        """What could be released, newest first."""

    async def verified(self, candidates: tuple[Candidate, ...]) -> Verified:
        """Which of them were verified in the environment that has to have had them first, by the record."""

    async def ci(self, candidate: Candidate) -> CiMark:
        """What the checks that judge a commit say of that one, within seconds."""

    async def preview(self, request: Request) -> tuple[AnyEvent, ...]:
        """The events of a pre-flight that is no run."""

    async def channels(self) -> tuple[SafeText, ...]:
        """The channels that people are told of a release by, without their secrets; none: nobody is told."""

    async def releases(self, host: str) -> tuple[SnapshotRelease, ...]:
        """What a host has on its disk, newest first."""

    def visit(self, host: str) -> tuple[str, ...]:
        """The argv of an interactive shell on that host, in its live release. UsageFault where there is no such way."""

    async def maintenance(self) -> MaintenanceSeen:
        """Whether users are shown a maintenance page, read from the hosts and the balancers. UsageFault where there is none to show."""

    async def switch_maintenance(self, verb: MaintenanceVerb, message: str, seconds: float, expects: str) -> tuple[MaintenanceSeen, tuple[str, ...]]:
        """Switch it everywhere; what was read back, and what is wrong where. `expects`: the mark of what was seen; NoGo where somebody else was first."""

    async def history(self, limit: int, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Runs, newest first: a page of them after that one, of those that hold these words (as `Journal.runs`)."""

    async def open(self, request: Request) -> Feed:
        """Open a run and follow it."""

    async def open_back(self, run: str, how: str, reason: str = "") -> Feed:
        """Begin the way back from a release that has ended, `at-once`, in `halves` or as planned (no word).

        No name: from the last one; where a rollback goes on already, that is joined. NoGo where it is not the last one any more.
        """

    async def attach(self, run: str) -> Feed:
        """Join a run that goes on."""
