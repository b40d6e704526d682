"""What the engine needs of the outside, as Protocols. Each has a real adapter and a scripted one, and one contract suite for both.

Remote failure is a value here, never an exception; every call that touches the outside ends by its deadline (seconds).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from console.model.board import Board, BoardRelease, Candidate
from console.model.checks import Finding
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.database import Migration, TableFacts
from console.model.events import AnyEvent
from console.model.facts import HostFacts, LockHolder
from console.model.fleet import CheckSpec, Environment, HealthCheck, Host
from console.model.pending import Between
from console.model.release import Package, Release, Revision
from console.model.request import Request
from console.text import SafeText

Sink = Callable[[bytes], None]
"""Takes output as it comes, in pieces of any size."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A host that answers: what it calls itself, and how long a round trip takes (seconds)."""

    host: str
    round_trip: float = 0.0


ProblemKind = Literal["unreachable", "unknown-key", "changed-key", "login", "channel", "late"]


@dataclass(frozen=True, slots=True)
class Unreached:
    """A host that does not, and why: what was seen, and what to type next."""

    host: str
    kind: ProblemKind
    message: SafeText
    hint: SafeText = SafeText("")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command on a host that ended. `status` is None when the link died under it: it may still be running."""

    status: int | None
    out: bytes = b""
    err: bytes = b""
    problem: Unreached | None = None

    @property
    def ok(self) -> bool:
        """Only an exit status of zero is success."""
        return self.status == 0


class Stream(Protocol):
    """A byte stream to something that a host can reach."""

    async def read(self, limit: int) -> bytes:
        """Return what came, at most `limit` bytes; empty at its end."""

    async def write(self, data: bytes) -> None:
        """Send."""

    async def close(self) -> None:
        """Let go."""


class Transport(Protocol):
    """Commands and streams on hosts. One connection a host, kept warm, opened when first needed."""

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, or say why not. A refused login or key is not tried again by itself."""

    async def run(
        self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None
    ) -> Ran:
        """Run a POSIX sh script, whatever the login shell, with `data` as its standard input.

        The script stands in an argv: it carries no secret. With a `sink`, standard output goes there and not into `out`;
        `out` and `err` are capped at 1 MiB each.
        """

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> Stream | Unreached:
        """Open a connection from the host to an address that it can reach."""

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands now."""

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last answer took; None when nothing is known."""

    async def close(self) -> None:
        """Let go of every connection."""


@dataclass(frozen=True, slots=True)
class RemoteStep:
    """A durable step for a host. `script` is sent by standard input and may hold secrets; the rest is plain."""

    path: str
    """The application's folder on the host."""
    run: str
    epoch: str
    """The lock's folder name that must be there (RUN.N)."""
    name: str
    attempt: int
    script: str
    timeout: float
    """Seconds from its start on the host."""
    cancel: str = ""
    """The command's own way of being cancelled."""
    idempotent: bool = False


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a durable step ended."""

    status: Literal["done", "failed", "unknown", "cancelled", "unreachable"]
    code: int | None = None
    detail: SafeText = SafeText("")
    hint: SafeText = SafeText("")


class Steps(Protocol):
    """Durable steps: each runs at most once an attempt, however often the link dies."""

    async def perform(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        """Carry the step out, or take up the attempt that is already there, and follow it to its end."""

    async def cancel(self, host: Host, step: RemoteStep) -> StepResult:
        """End an attempt that runs: its own `cancel`, else TERM, a wait, KILL for its session."""


class HostLock(Protocol):
    """The runs' lock on a host, and a person's note."""

    async def take(self, host: Host, path: str, holder: LockHolder) -> LockHolder | Unreached | None:
        """Hold the host under `holder.epoch`; None when it is held now, else who holds it."""

    async def take_over(self, host: Host, path: str, old: str, new: str) -> LockHolder | Unreached | None:
        """Exchange one epoch for the next, if the first still holds."""

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        """Give a sign of life on all."""

    async def release(self, host: Host, path: str, epoch: str) -> Unreached | None:
        """Let go, if this epoch still holds."""

    async def break_for(self, host: Host, path: str, run: str, young: float) -> LockHolder | Unreached | None:
        """Take the lock from a run that is dead; who holds the host, where it is another, or one that gave a sign less than `young` seconds ago."""

    async def close_for(self, host: Host, path: str, note: LockHolder) -> Unreached | None:
        """Leave a person's note."""

    async def open_again(self, host: Host, path: str) -> Unreached | None:
        """Remove a person's note."""


class Shipper(Protocol):
    """Releases onto hosts."""

    async def ship(self, host: Host, path: str, epoch: str, release: str, package: Package, *, deadline: float) -> StepResult:
        """Bring the release to the host whole, or not at all; done already is done."""


class Repository(Protocol):
    """The source of releases."""

    async def resolve(self, ref: str) -> Revision:
        """Fetch, and pin REF to a commit. Raises UsageFault for an unknown REF, NoGo where it cannot be read."""

    async def candidates(self, live: Mapping[str, int], limit: int) -> tuple[Candidate, ...]:
        """Fetch, and say what could be released, newest first: tags, then commits of HEAD that nothing live holds.

        `live`: commits with the number of hosts that have them. Raises NoGo where the repository cannot be read.
        """

    async def between(self, live: str, commit: str, migrations: str) -> Between:
        """Say what one commit has that a live one has not; `migrations` is a glob of files. Fetches nothing."""

    async def text(self, commit: str, path: str) -> str:
        """Return a file of the commit as text, what is no UTF-8 replaced. Raises NoGo where it cannot be read."""

    async def export(self, revision: Revision, folder: str) -> None:
        """Write a clean copy of the commit. Raises NoGo for what cannot be shipped as it stands."""


class Workshop(Protocol):
    """The console's own machine, where a release is made."""

    async def build(self, environment: Environment, revision: Revision, release: Release, sink: Sink) -> StepResult:
        """Export the commit and run its build."""

    async def pack(self, environment: Environment, revision: Revision, release: Release) -> Package | StepResult:
        """Pack what was built, or the commit itself, once for all hosts."""


class Attended(Protocol):
    """Commands that end with whoever hears them."""

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        """Run a sh script as that user (empty: the login's own), its output and errors merged into `sink`; cancelled, it is ended on the host."""


class Scout(Protocol):
    """A look at a host that changes nothing."""

    async def look(self, environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        """Say what the host has; one that is not reached says why."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict with the numbers it judged; `seconds` is how long it took."""

    verdict: Literal["passed", "failed", "inconclusive", "error"]
    passes: int
    needed: int
    seconds: float
    seen: SafeText


class Gates(Protocol):
    """Health checks on hosts."""

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask until the check has passed often enough in a row, or its deadline is over."""

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask once."""


class Checks(Protocol):
    """Checks of the pre-flight that the file asks for. They change nothing."""

    async def ask(self, environment: Environment, check: CheckSpec, hosts: tuple[Host, ...], values: Mapping[str, str]) -> tuple[tuple[str, Finding], ...]:
        """Ask once from every place that the check names, within its time-out: (the host's name, or nothing for the console; what was found).

        `hosts` are the run's; `values` fill placeholders, those of a host are added.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one channel, named without its secrets; `problem` is empty when the channel took it."""

    channel: SafeText
    problem: SafeText = SafeText("")


class Notifier(Protocol):
    """The channels that people are told by."""

    async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
        """Send to every channel within so many seconds, and say how each one took it."""


class DatabaseView(Protocol):
    """What is to be known of a database, and where its commands stand on its host. What could not be read is a SafeText that says why."""

    async def review(self, texts: Mapping[SafeText, str], *, deadline: float) -> tuple[tuple[Migration, ...], tuple[SafeText, ...]]:
        """Read migrations for what they lock, and have a linter read them; the migrations, and what could not be done."""

    async def tables(self, host: Host, names: tuple[str, ...], *, deadline: float) -> tuple[TableFacts, ...] | SafeText:
        """How large those tables are, and who works on them now."""

    async def schema(self, host: Host, *, deadline: float) -> str | SafeText:
        """A digest of the schema (a plain text); the same twice: nothing in it changed meanwhile."""

    def waits(self, host: Host, application: str, *, deadline: float) -> AsyncIterator[tuple[SafeText, ...]]:
        """Who waits for whom, again and again; it ends by itself where it cannot be read, and its last word says why. `deadline`: for each look."""

    async def end(self, host: Host, application: str, *, deadline: float) -> SafeText:
        """End the sessions of that application; empty: done."""

    async def enter(self, host: Host, name: str, holder: LockHolder) -> str | StepResult:
        """Hold a folder of the console's own on that host, where no application is; its path. What is held for the same run is taken over."""

    async def leave(self, host: Host, path: str, epoch: str) -> None:
        """Let go of it."""


class MetricWatch(Protocol):
    """Looks at machines again and again, between `start` and `stop`."""

    def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End, and leave nothing running on the machines."""


class Outside(Protocol):
    """The ports of one environment, opened together and closed together."""

    @property
    def scout(self) -> Scout:
        """Looks."""

    @property
    def repository(self) -> Repository:
        """Where releases come from."""

    @property
    def locks(self) -> HostLock:
        """Holds hosts."""

    @property
    def steps(self) -> Steps:
        """Carries steps out."""

    @property
    def shipper(self) -> Shipper:
        """Brings releases."""

    @property
    def workshop(self) -> Workshop:
        """Makes releases."""

    @property
    def gates(self) -> Gates:
        """Asks for health."""

    @property
    def checks(self) -> Checks:
        """Asks before a release."""

    @property
    def notifier(self) -> Notifier:
        """Calls people when a run waits for one."""

    @property
    def announcer(self) -> Notifier:
        """Tells people of releases."""

    @property
    def database(self) -> DatabaseView:
        """Looks at the database."""

    @property
    def attended(self) -> Attended:
        """Runs a person's commands."""

    def watch(self, hosts: tuple[Host, ...], emit: Callable[["Sample"], None]) -> MetricWatch:
        """Sample hosts at the environment's interval, once started."""

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection to the host stands now."""

    async def close(self) -> None:
        """Let go of every connection."""


class Clock(Protocol):
    """Time. `mono` goes on through suspend and is comparable within one `boot`."""

    boot: str

    def now(self) -> datetime:
        """The wall time, in UTC."""

    def mono(self) -> float:
        """Seconds since the boot."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line of the history."""

    run: str
    app: str
    environment: str
    kind: str
    version: str
    commit: str
    strategy: str
    by: str
    started: str
    ended: str | None
    outcome: str | None
    exit: int | None = None


class Journal(Protocol):
    """The record of runs. One writer a run; readers by page."""

    def append(self, run: str, events: tuple[AnyEvent, ...]) -> None:
        """Write, all or nothing, and return only when it is on the disk."""

    def read(self, run: str, after: int = 0) -> tuple[AnyEvent, ...]:
        """Events of a run after that sequence number, whose chain was verified."""

    def of_type(self, run: str, kind: type[AnyEvent]) -> tuple[AnyEvent, ...]:
        """Events of a run of that type alone, in their order; the chain is not verified."""

    def runs(self, app: str = "", environment: str = "", limit: int = 100, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Newest first: those older than `after`, and whose line holds each of the words (`!word`: does not), in any case."""


@dataclass(frozen=True, slots=True)
class Output:
    """A line of what a step printed on a host; not an event, and not in the journal."""

    at: str
    host: str
    step: str
    text: SafeText


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of what a run's steps printed, oldest line first. `before`: the place from where to read further back; empty: there is no more."""

    lines: tuple[Output, ...]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a machine. Shares are 0..1; `at` is on the clock of the reader."""

    host: str
    at: float
    cpu: float | None = None
    memory: float | None = None
    load: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is connected to the engine."""

    names: tuple[str, ...] = ()
    round_trip: float | None = None
    me: str = ""
    """The login of the one who hears this, as the engine knows it."""
    logins: tuple[str, ...] = ()
    """Every login that is connected: one person may have several."""


FeedItem = AnyEvent | Output | Sample | Presence


class Feed(Protocol):
    """A run as something to follow and to speak to. A front end cannot tell the implementations apart."""

    def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Everything after that event, then what comes, until the run has ended."""

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Say something to the run."""


class Station(Protocol):
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

    def beside(self, environment: str) -> "Station":
        """Another environment of the same application."""

    async def board(self) -> Board:
        """What runs where, read from the hosts."""

    def numbers(self) -> AsyncIterator[FeedItem]:
        """Samples of the hosts, for as long as they are read."""

    async def candidates(self, board: Board) -> tuple[Candidate, ...]:
        """What could be released, newest first."""

    async def preview(self, request: Request) -> tuple[AnyEvent, ...]:
        """The events of a pre-flight that is no run."""

    async def releases(self, host: str) -> tuple[BoardRelease, ...]:
        """What a host has on its disk, newest first."""

    def visit(self, host: str) -> tuple[str, ...]:
        """The argv of an interactive shell on that host, in its live release. UsageFault where there is no such way."""

    async def history(self, limit: int, after: RunSummary | None = None, words: str = "") -> tuple[RunSummary, ...]:
        """Runs, newest first: a page of them after that one, of those that hold these words (as `Journal.runs`)."""

    async def record(self, run: str) -> tuple[AnyEvent, ...]:
        """Every event of a run, from the journal."""

    async def log(self, run: str, host: str, before: str, limit: int) -> LogPage:
        """At most so many lines of what a run's steps printed, on that host (empty: on all, by time), before that place (empty: from the end)."""

    async def open(self, request: Request) -> Feed:
        """Begin a run."""

    async def open_back(self, run: str, how: str) -> Feed:
        """Begin the way back from a release that has ended, `at-once` or `halves`. NoGo where it is not the last one any more."""

    async def attach(self, run: str) -> Feed:
        """Join a run that goes on."""
