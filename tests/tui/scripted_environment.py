"""An environment at rest in memory: what a test says is what the screens see."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from textual.css.query import NoMatches

from console.adapters.journal.run_search import holds
from console.errors import ConsoleError
from console.model.events import AnyEvent
from console.model.fleet_snapshot import Candidate, CiMark, FleetSnapshot, SnapshotHost, SnapshotRelease, Verified
from console.model.maintenance_mode import MaintenanceSeen, PlaceSeen
from console.model.number_history import NumbersSeen
from console.model.request import Request
from console.model.run_summary import RunSummary
from console.model.values import changed
from console.ports.feed import Feed, FeedItem, LogPage, Output, Sample, SamplePage
from console.safe_text import SafeText
from console.views.logbook import moment_of
from tests.tui.scripted import COMMIT, HOSTILE, ScriptedFeed


def a_board(hosts: int = 3, **fields: object) -> FleetSnapshot:
    rows = tuple(
        SnapshotHost(f"web{number:02}", release="20261101T000000Z-aaaaaaa", version=SafeText("v1.0.0"), commit="a" * 40, healthy=True)
        for number in range(1, hosts + 1)
    )
    return FleetSnapshot(**{"environment": "production", "app": "shop", "protected": True, "hosts": rows, "at": "2026-11-24T12:00:00Z", **fields})  # type: ignore[arg-type]


def a_summary(run: str, outcome: str | None = "succeeded", **fields: object) -> RunSummary:
    values = {
        "run": run, "app": "shop", "environment": "production", "kind": "deploy", "version": "v1.0.0", "commit": "a" * 40, "strategy": "rolling",
        "by": "ada", "started": "2026-11-24T11:00:00Z", "ended": "2026-11-24T11:05:00Z", "outcome": outcome, "exit": 0, **fields,
    }  # fmt: skip
    return RunSummary(**values)  # type: ignore[arg-type]


CANDIDATES = (
    Candidate(SafeText("v1.2.0"), COMMIT, is_tag=True, at="2026-11-23T10:00:00Z", by=SafeText("Lin"), subject=HOSTILE),
    Candidate(SafeText("v1.1.0"), "c" * 40, is_tag=True, at="2026-11-22T10:00:00Z", by=SafeText("Ada"), subject=SafeText("Basket")),
    Candidate(SafeText("v1.0.0"), "a" * 40, is_tag=True, at="2026-11-01T10:00:00Z", by=SafeText("Ada"), subject=SafeText("First"), live=3, ahead=False),
    Candidate(SafeText("ddddddd"), "d" * 40, at="2026-11-24T10:00:00Z", by=SafeText("Lin"), subject=SafeText("Work")),
)


def _set() -> asyncio.Event:
    found = asyncio.Event()
    found.set()
    return found


@dataclass
class ScriptedEnvironment:
    """The port `Station` in memory."""

    current: FleetSnapshot = field(default_factory=a_board)
    runs: tuple[RunSummary, ...] = ()
    records: dict[str, tuple[AnyEvent, ...]] = field(default_factory=dict)
    logs: dict[str, tuple[Output, ...]] = field(default_factory=dict)
    feed: ScriptedFeed = field(default_factory=ScriptedFeed)
    blocked: ConsoleError | None = None
    broken: ConsoleError | None = None
    """What is wrong with the file by now."""
    app: str = "shop"
    environment: str = "production"
    protected: bool = True
    suggested: str = ""
    way: tuple[str, ...] = ("true",)
    candidates_there: tuple[Candidate, ...] = CANDIDATES
    maintained: MaintenanceSeen = MaintenanceSeen("off", tuple(PlaceSeen(f"web{number:02}", "off") for number in range(1, 13)), at="2026-11-24T12:00:00Z")
    missed: tuple[str, ...] = ()
    reads: asyncio.Event = field(default_factory=_set)
    """Cleared: the hosts are slow to say what they show."""
    told_by: tuple[SafeText, ...] = (SafeText("slack://****/"), SafeText("json://ops.example/hook"))
    verified_there: Verified = Verified()
    marks: dict[str, CiMark] = field(default_factory=dict)
    kept: tuple[Sample, ...] = ()
    numbers_there: NumbersSeen = NumbersSeen()
    numbers_asked: list[tuple[float, str]] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)
    news: "asyncio.Queue[FeedItem]" = field(default_factory=asyncio.Queue)

    @property
    def environments(self) -> tuple[str, ...]:
        return ("production", "staging")

    def beside(self, environment: str) -> "ScriptedEnvironment":
        self.asked.append(("beside", environment))
        return ScriptedEnvironment(current=a_board(environment=environment, protected=False), environment=environment, protected=False)

    async def read_again(self) -> None:
        self.asked.append("read-again")
        if self.broken:
            raise self.broken

    async def board(self) -> FleetSnapshot:
        self.asked.append("board")
        if self.blocked:
            raise self.blocked
        return self.current

    async def numbers(self) -> AsyncIterator[FeedItem]:
        for host in self.current.hosts:
            yield Sample(host.host, 1.0, cpu=0.25, memory=0.5, load=1.0)
        while True:
            yield await self.news.get()

    async def numbers_before(self, span: float, host: str = "", new: Mapping[str, float] | None = None) -> NumbersSeen:
        self.numbers_asked.append((span, host))
        return self.numbers_there

    async def candidates(self, board: FleetSnapshot) -> tuple[Candidate, ...]:
        return self.candidates_there

    async def verified(self, candidates: tuple[Candidate, ...]) -> Verified:
        return self.verified_there

    async def ci(self, candidate: Candidate) -> CiMark:
        self.asked.append(("ci", candidate.commit))
        return self.marks.get(candidate.commit, CiMark(candidate.commit))

    async def preview(self, request: Request) -> tuple[AnyEvent, ...]:
        self.asked.append(request)
        if self.blocked:
            raise self.blocked
        return tuple(self.feed.run.events)

    async def channels(self) -> tuple[SafeText, ...]:
        self.asked.append("channels")
        if self.blocked:
            raise self.blocked
        return self.told_by

    async def releases(self, host: str) -> tuple[SnapshotRelease, ...]:
        self.asked.append(("releases", host))
        return (
            SnapshotRelease("20261101T000000Z-aaaaaaa", SafeText("v1.0.0"), "a" * 40, live=True, healthy=True),
            SnapshotRelease("20261001T000000Z-eeeeeee", SafeText("v0.9.0"), "e" * 40, healthy=True, whole=False),
        )

    def visit(self, host: str) -> tuple[str, ...]:
        return self.way

    async def maintenance(self) -> MaintenanceSeen:
        await self.reads.wait()
        if self.blocked:
            raise self.blocked
        return self.maintained

    async def switch_maintenance(self, verb: str, message: str, seconds: float, expects: str) -> tuple[MaintenanceSeen, tuple[str, ...]]:
        self.asked.append(("maintenance", verb, message, seconds, expects))
        places = tuple(changed(place, shows=verb) for place in self.maintained.places)
        self.maintained = changed(self.maintained, state=verb, places=places)
        return self.maintained, self.missed

    async def history(self, limit: int, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        self.asked.append(("history", limit, after.run if after else "", words))
        found = [run for run in self.runs if holds(run, words)]
        first = found.index(after) + 1 if after in found else 0
        return tuple(found[first : first + limit])

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        lines = [one for one in self.logs.get(run, ()) if host in ("", one.host)]
        end = _place(lines, before) if before else len(lines)
        start = max(0, end - limit)
        return LogPage(tuple(lines[start:end]), str(start) if start else "", str(end))

    async def log_on(self, run: str, host: str, after: str, limit: int) -> LogPage:
        lines = [one for one in self.logs.get(run, ()) if host in ("", one.host)]
        start = _place(lines, after) if after else 0
        end = min(len(lines), start + limit)
        return LogPage(tuple(lines[start:end]), str(start) if start else "", str(end))

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        return self.records.get(run, ())

    async def open(self, request: Request) -> Feed:
        self.asked.append(request)
        return self.feed

    async def open_back(self, run: str, how: str, reason: str = "") -> Feed:
        self.asked.append((run, how))
        return self.feed

    async def attach(self, run: str) -> Feed:
        self.asked.append(run)
        return self.feed

    async def samples(self, run: str, after: str, limit: int) -> SamplePage:
        start = (
            next((at for at, one in enumerate(self.kept) if one.at > (moment_of(after[1:]) or 0.0)), len(self.kept)) if after[:1] == "@" else int(after or 0)
        )
        found = self.kept[start : start + limit]
        return SamplePage(found, str(start + len(found)))


def _place(lines: list[Output], place: str) -> int:
    return sum(one.at <= place[1:] for one in lines) if place.startswith("@") else int(place)


def _holds(is_so: Callable[[], object]) -> bool:
    try:
        return bool(is_so())
    except NoMatches:
        return False


async def eventually(pilot, is_so: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until that is so, however slow the machine is; what asks a screen that is not laid out yet, is not so."""
    until = time.monotonic() + seconds
    while not _holds(is_so):
        assert time.monotonic() < until, "it never came to be"
        await pilot.pause(0.05)
