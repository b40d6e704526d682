"""Output and numbers of a run as text, for engines of other machines that show it. The form is that of the socket's messages."""

from collections.abc import Iterable

from console.ports.feed import Output, Sample
from console.wire import codec
from console.wire.messages import Printed, Sampled, item_message, message_item

_Items = tuple[Printed | Sampled, ...]
_decoded = codec.decoder(_Items)


def shown_text(items: Iterable[Output | Sample]) -> str:
    """Return those items as one text, without the secrets that the process knows."""
    return codec.encode(codec.gated(tuple(item_message(0, item) for item in items))).decode()


def shown_items(text: str) -> tuple[Output | Sample, ...]:
    """Return the items of a text. Raises `DecodeError`."""
    found: _Items = _decoded(text.encode())
    return tuple(item for message in found if isinstance(item := message_item(message), Output | Sample))
