"""Values as JSON bytes and back: events for the journal and for people's programs, environments, and anything else the model holds.

Owns how text from outside is restored as `SafeText` and `SafeLines`, and the second wall before secrets: a value that is kept or sent is looked
through once more (`gated`). Knows nothing of sockets, files or frames.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from console.model.configured_environment import Environment
from console.model.events import AnyEvent, PlanMade, RollbackBegan, StepsPlanned
from console.model.host_set import HostSet
from console.model.paged_table import Table
from console.model.plan import Steps
from console.model.values import changed
from console.safe_text import SafeLines, SafeText, hidden, knows_secrets
from console.wire.frames import DecodeError
from console.wire.packed_steps import packed, unpacked

T = TypeVar("T")


def plain(value: Any) -> Any:  # noqa: ANN401 (msgspec's hook)
    """Say what msgspec should encode in the place of a value that it does not know."""
    if isinstance(value, SafeText | SafeLines):
        return str(value)
    if isinstance(value, Table):
        return dict(value)
    if isinstance(value, HostSet):
        return list(value)
    raise NotImplementedError(f"{type(value).__name__} has no form on the wire")


def restored(kind: type, value: Any) -> Any:  # noqa: ANN401 (msgspec's hook)
    """Make a value of ours out of what stands in the JSON."""
    if kind is SafeText and isinstance(value, str):
        return SafeText(value)
    if kind is SafeLines and isinstance(value, str):
        return SafeLines(value)
    if kind is Steps:
        return unpacked(value)
    if get_origin(kind) is Table and isinstance(value, dict):
        (of,) = get_args(kind)
        return Table((name, msgspec.convert(one, of, dec_hook=restored)) for name, one in value.items())
    if kind is HostSet:
        return HostSet()  # what is counted follows from the rest: `recounted`
    raise NotImplementedError(f"{kind.__name__} has no form on the wire")


_encoder = msgspec.json.Encoder(enc_hook=plain)
_canonical = msgspec.json.Encoder(enc_hook=plain, order="deterministic")


def encode(value: object) -> bytes:
    """Return the value as JSON on one line."""
    return _encoder.encode(value)


def decoder(kind: Any) -> Callable[[bytes], Any]:  # noqa: ANN401 (a union is no type to mypy)
    """Return a function that decodes such values; msgspec looks through their types at its first call. It raises `DecodeError`."""
    made: list[msgspec.json.Decoder[Any]] = []

    def decode(data: bytes) -> Any:  # noqa: ANN401
        if not made:
            made.append(msgspec.json.Decoder(kind, dec_hook=restored))
        try:
            return made[0].decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
            raise DecodeError.of(problem) from None

    return decode


PLACES = frozenset({"type", "run", "seq", "at", "host", "step", "release", "epoch", "digest", "config_digest", "commit", "engine_id"})
"""Fields that say where and when: names and numbers of the console's own, by which a run is found again."""


def gated(value: T) -> T:
    """Return the value without the secrets that the process knows: what came in without passing `text`, a reason that a person typed among it."""
    return from_plain(without_secrets(as_plain(value)), type(value)) if knows_secrets() and holds_secret(_encoder.encode(value)) else value


def holds_secret(data: bytes) -> bool:
    """Whether a value that was encoded holds a secret that the process knows."""
    text = data.decode()
    return hidden(text) != text


def without_secrets(value: Any) -> Any:  # noqa: ANN401 (JSON is any)
    """Return a value of dictionaries, lists and texts without the secrets that the process knows."""
    if isinstance(value, dict):
        return {name: one if name in PLACES and isinstance(one, str) else without_secrets(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(one) for one in value]
    return hidden(value) if isinstance(value, str) else value


def encode_event(event: AnyEvent) -> bytes:
    """Return the canonical bytes of an event: what the journal stores, and what its chain of hashes covers."""
    return _canonical.encode(compact(event))


def has_steps(event: AnyEvent) -> bool:
    """Whether an event carries steps of a plan, so that it may be big."""
    return isinstance(event, PlanMade | RollbackBegan | StepsPlanned)


def compact(event: AnyEvent) -> Any:  # noqa: ANN401 (an event with a plan in another form is none of the model's)
    """Return what is written down and sent for an event: of a plan, what its hosts have in common stands once."""
    if isinstance(event, PlanMade | RollbackBegan):
        return changed(event, plan=changed(event.plan, steps=packed(event.plan.steps)))
    if isinstance(event, StepsPlanned):
        return changed(event, steps=packed(event.steps))
    return event


decode_event: Callable[[bytes], AnyEvent] = decoder(AnyEvent)
"""An event from its bytes. Fields that this version does not know are passed over."""


def encode_environment(environment: Environment) -> bytes:
    """Return the canonical bytes of a resolved environment."""
    return _canonical.encode(environment)


decode_environment: Callable[[bytes], Environment] = decoder(Environment)
"""An environment from its bytes."""


def as_plain(value: object) -> Any:  # noqa: ANN401 (JSON is any)
    """Return the value as dictionaries, lists, text and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    return msgspec.to_builtins(value, enc_hook=plain)


def from_plain(value: object, kind: type[T]) -> T:
    """Return a value of that kind made of dictionaries, lists, text and numbers. Raises `DecodeError`."""
    try:
        return msgspec.convert(value, kind, dec_hook=restored)
    except msgspec.MsgspecError as problem:
        raise DecodeError(f"not understood: {problem}") from None
