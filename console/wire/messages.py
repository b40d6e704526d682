"""What an engine and its clients say to each other beside questions: the model, runs, commands, and what is followed.

Knows the model and the feed's items; nothing of sockets or of what a message leads to. How they greet each other, and questions, are `questions`'.
"""

import msgspec

from console.model.application_metrics import MACHINE
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Environment
from console.model.events import AnyEvent
from console.model.request import Request
from console.ports.feed import Heard, Output, Presence, Sample
from console.safe_text import SafeText, mask
from console.wire import codec
from console.wire.frames import TO_CLIENT, TO_ENGINE, framed
from console.wire.questions import Answer, Failed, Hello, Query, ToClient, ToEngine, Welcome

ALWAYS = frozenset({"pause", "continue", "abort", "roll-back"})
"""Commands, by tag, that every version of an engine takes."""

PLANS_KEPT = 4
"""Plans of which the encoded form is kept."""

READS = frozenset({
    "status", "check", "pending", "facts", "logs", "board", "versions", "preview", "releases", "numbers", "people", "doctor", "channels", "verified", "ci",
    "maintenance-seen",
})  # fmt: skip
"""Questions that change nothing; all others need an operator."""


class Configure(ToEngine, frozen=True, tag="configure"):
    """The resolved model that the next run is made with, and its secrets by name."""

    environment: Environment
    digest: str
    secrets: dict[str, str] = msgspec.field(default_factory=dict)

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


class Told(ToClient, frozen=True, tag="told"):
    """What a run made of a command."""

    result: Accepted | Refusal


class Ended(ToClient, frozen=True, tag="ended"):
    """The run has ended; nothing more follows on this feed."""


class Happened(ToClient, frozen=True, tag="event"):
    """An event of a run that is followed."""

    event: AnyEvent


class Carried(ToClient, frozen=True, tag="event"):
    """The same for who sends it: an event that is encoded already."""

    event: msgspec.Raw


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
    extra: dict[str, float | None] = msgspec.field(default_factory=dict)
    source: str = MACHINE
    counts: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    problem: SafeText = SafeText("")


class Present(ToClient, frozen=True, tag="presence"):
    """The people who follow the run now."""

    names: tuple[str, ...] = ()
    round_trip: float | None = None
    me: str = ""
    logins: tuple[str, ...] = ()
    every: float = 0.0
    record_away: bool = False


Said = Welcome | Answer | Told | Failed | Ended | Happened | Printed | Sampled | Present


_asked = codec.decoder(Asked)
_said = codec.decoder(Said)


def request_bytes(message: Asked) -> bytes:
    """Return the frame of a request. Raises `FrameError` when it is over a frame's limit."""
    return framed(codec.encode(message), TO_ENGINE)


def reply_bytes(message: Said) -> bytes:
    """Return the frame of an answer, without the secrets that the process knows. Raises `FrameError` when it is over a frame's limit."""
    if isinstance(message, Happened) and codec.has_steps(message.event):
        return framed(codec.encode(Carried(id=message.id, event=_encoded_steps(message.event))), TO_CLIENT)
    data = codec.encode(message)
    if codec.holds_secret(data):
        data = codec.encode(codec.gated(message))
    return framed(data, TO_CLIENT)


_kept: list[tuple[AnyEvent, object, msgspec.Raw]] = []
"""Of the last events with a plan: the event, what hid secrets when it was encoded, and its bytes."""


def _encoded_steps(event: AnyEvent) -> msgspec.Raw:
    """Return the bytes of an event with a plan, which are made once for all who follow: on a thousand hosts that takes 20 ms."""
    now = mask()
    for kept, hid, data in _kept:
        if kept is event and hid is now:
            return data
    made = msgspec.Raw(codec.encode(codec.compact(codec.gated(event))))
    _kept[:] = [*_kept[1 - PLANS_KEPT :], (event, now, made)]
    return made


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
        case Presence(names, round_trip, me, logins, every, record_away):
            return Present(id=request, names=names, round_trip=round_trip, me=me, logins=logins, every=every, record_away=record_away)
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
            return Presence(message.names, message.round_trip, message.me, message.logins, message.every, message.record_away)
        case _:
            return None
