"""What an engine and its clients say to each other. The engine speaks first (`Welcome`), then the client (`Hello`); each request has an
id that its replies carry. Knows the model and the feed's items; nothing of sockets or of what a message leads to.
"""

from typing import Any

import msgspec

from console.errors import ConsoleError, Exit, Locked, NoGo, NotYet, Problem, UsageFault
from console.model.application_metrics import MACHINE
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AnyEvent
from console.model.fleet import Environment
from console.model.request import Request
from console.model.values import changed
from console.ports.feed import Heard, Output, Presence, Sample
from console.text import SafeText
from console.wire import codec
from console.wire.frames import TO_CLIENT, TO_ENGINE, framed

PROTOCOL = 2
"""Raised when an older end would misunderstand. What both ends always understand: Welcome, Hello, Stop, Query `status`, and Submit of
pause, continue, abort and roll-back."""

ALWAYS = frozenset({"pause", "continue", "abort", "roll-back"})
"""Commands, by tag, that every version of an engine takes."""

READS = frozenset({
    "status", "check", "pending", "facts", "logs", "board", "versions", "preview", "releases", "numbers", "people", "doctor", "channels", "verified", "ci",
    "maintenance-seen",
})  # fmt: skip
"""Questions that change nothing; all others need an operator."""


class ToEngine(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """A request. Its id is the client's own, above 0, and not in use."""

    id: int = 0


class Hello(ToEngine, frozen=True, tag="hello"):
    """The client's first: what its login claims about itself, and whether it promises only to look."""

    claims: str = ""
    read_only: bool = False
    protocol: int = PROTOCOL


class Configure(ToEngine, frozen=True, tag="configure"):
    """The resolved model that the next run is made with, and its secrets by name."""

    environment: Environment
    digest: str
    secrets: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Configure(id={self.id}, digest={self.digest!r}, secrets=[redacted])"


class OpenRunRequest(ToEngine, frozen=True, tag="open-run"):
    """Begin a run; the answer is its id."""

    request: Request


class Follow(ToEngine, frozen=True, tag="follow"):
    """Send all events of a run after `after`, then what comes, until it has ended. `samples`: metrics too."""

    run: str
    after: int = 0
    samples: bool = True


class Submit(ToEngine, frozen=True, tag="submit"):
    """Say something to a run."""

    run: str
    command: AnyCommand


class Query(ToEngine, frozen=True, tag="query"):
    """A question, or an act outside a run (lock, unlock, forgive), by name; answered with JSON."""

    name: str
    argument: dict[str, Any] = {}


class Resume(ToEngine, frozen=True, tag="resume"):
    """Take up an interrupted run."""

    run: str
    goes_back: bool = False
    """It is taken up to be rolled back: what only the way forward needs is not asked for."""


class Stop(ToEngine, frozen=True, tag="stop"):
    """End the engine. Refused while something is open, unless forced."""

    force: bool = False


class Forget(ToEngine, frozen=True, tag="forget"):
    """The answer to that request is of no interest any more."""

    request: int


Asked = Hello | Configure | OpenRunRequest | Follow | Submit | Query | Resume | Stop | Forget


class ToClient(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """An answer; `id` is that of the request."""

    id: int = 0


class Welcome(ToClient, frozen=True, tag="welcome"):
    """The engine's first: who it is, and what it carries."""

    protocol: int = PROTOCOL
    app: str = ""
    environment: str = ""
    engine_id: str = ""
    pid: int = 0
    uid: int = -1
    user: str = ""
    run: str = ""
    """The run that is open; empty: none."""
    seq: int = 0
    """Its last event."""
    digest: str = ""
    """Of the model it has; empty: none yet."""
    busy: bool = False
    role: str = ""
    """What the one who connected may do here: operator, viewer or none."""
    newer: str = ""
    """The release that was opened beside it, in its monitoring window; empty: none."""

    def carries(self, run: str) -> bool:
        """Whether the engine carries that run now."""
        return run in (self.run, self.newer)


class Answer(ToClient, frozen=True, tag="answer"):
    """The request was carried out; what came of it, as JSON."""

    value: Any = None


class Told(ToClient, frozen=True, tag="told"):
    """What a run made of a command."""

    result: Accepted | Refusal


class Failed(ToClient, frozen=True, tag="failed"):
    """The request was not carried out: what was wrong, and what to type next."""

    message: str
    hint: str = ""
    exit: int = int(Exit.CONSOLE_FAILED)
    problems: tuple[tuple[str, str, str, int, str], ...] = ()
    """(message, hint, file, line, key)."""
    not_yet: bool = False
    """It is still to come."""


class Ended(ToClient, frozen=True, tag="ended"):
    """The run has ended; nothing more follows on this feed."""


class Happened(ToClient, frozen=True, tag="event"):
    """An event of a run that is followed."""

    event: AnyEvent


class Printed(ToClient, frozen=True, tag="output"):
    """A line that a step printed."""

    at: str
    host: str
    step: str
    text: SafeText


class Sampled(ToClient, frozen=True, tag="sample", omit_defaults=True):
    """One host's numbers at one moment. What a source says is left out where it is what it mostly is."""

    host: str
    at: float
    cpu: float | None = None
    memory: float | None = None
    load: float | None = None
    extra: dict[str, float | None] = {}
    source: str = MACHINE
    counts: dict[str, tuple[int, int]] = {}
    problem: SafeText = SafeText("")


class Present(ToClient, frozen=True, tag="presence"):
    """The people who follow the run now."""

    names: tuple[str, ...] = ()
    round_trip: float | None = None
    me: str = ""
    logins: tuple[str, ...] = ()
    every: float = 0.0


Said = Welcome | Answer | Told | Failed | Ended | Happened | Printed | Sampled | Present


_asked = codec.decoder(Asked)
_said = codec.decoder(Said)


def request_bytes(message: Asked) -> bytes:
    """Return the frame of a request. Raises `FrameError` when it is over a frame's limit."""
    return framed(codec.encode(message), TO_ENGINE)


def reply_bytes(message: Said) -> bytes:
    """Return the frame of an answer, without the secrets that the process knows. Raises `FrameError` when it is over a frame's limit."""
    data = codec.encode(message)
    if codec.holds_secret(data):
        message = codec.gated(message)
        data = codec.encode(message)
    if isinstance(message, Happened) and (event := codec.compact(message.event)) is not message.event:
        data = codec.encode(changed(message, event=event))
    return framed(data, TO_CLIENT)


def read_request(body: bytes) -> Asked:
    """Return the request in a frame. Raises `DecodeError`."""
    message: Asked = _asked(body)
    return message


def read_reply(body: bytes) -> Said:
    """Return the answer in a frame. Raises `DecodeError`."""
    message: Said = _said(body)
    return message


def item_message(request: int, item: Heard) -> Said:
    """Return what is sent for an item of a feed."""
    match item:
        case Output(at, host, step, text):
            return Printed(id=request, at=at, host=host, step=step, text=text)
        case Sample():
            return Sampled(
                id=request, host=item.host, at=item.at, cpu=item.cpu, memory=item.memory, load=item.load, extra=dict(item.extra), source=item.source,
                counts=dict(item.counts), problem=item.problem,
            )  # fmt: skip
        case Presence(names, round_trip, me, logins, every):
            return Present(id=request, names=names, round_trip=round_trip, me=me, logins=logins, every=every)
        case event:
            return Happened(id=request, event=event)


def message_item(message: Said) -> Heard | None:
    """Return the item of a feed that was sent; None for another answer."""
    match message:
        case Happened():
            return message.event
        case Printed():
            return Output(message.at, message.host, message.step, message.text)
        case Sampled():
            return Sample(
                message.host, message.at, message.cpu, message.memory, message.load, message.extra, message.source, message.counts, message.problem
            )  # fmt: skip
        case Present():
            return Presence(message.names, message.round_trip, message.me, message.logins, message.every)
        case _:
            return None


def failure(request: int, error: ConsoleError) -> Failed:
    """Return the answer for an error."""
    problems = tuple((each.message, each.hint, each.file, each.line, each.key) for each in error.problems)
    return Failed(id=request, message=error.message, hint=error.hint, exit=int(error.exit), problems=problems, not_yet=isinstance(error, NotYet))


_KINDS: dict[int, type[ConsoleError]] = {Exit.USAGE: UsageFault, Exit.NO_GO: NoGo, Exit.LOCKED: Locked}


def error_of(message: Failed) -> ConsoleError:
    """Return the error that an answer stands for, of the kind that its exit code says."""
    kind = _KINDS.get(message.exit, ConsoleError)
    kind = NotYet if kind is UsageFault and message.not_yet else kind
    error = kind(message.message, message.hint, tuple(Problem(*each) for each in message.problems))
    if error.exit != message.exit and message.exit in list(Exit):
        error.exit = Exit(message.exit)
    return error
