"""Output and numbers of a run as text, for engines of other machines that show it. The form is that of the socket's messages."""

from collections.abc import Iterable
from dataclasses import replace

from console.ports.feed import Output, Sample
from console.safe_text import SafeText
from console.wire import codec
from console.wire.messages import Printed, Sampled, item_message, message_item

_Items = tuple[Printed | Sampled, ...]
_decoded = codec.decoder(_Items)


def shown_text(items: Iterable[Output | Sample]) -> str:
    """Return those items as one text, without the secrets that the process knows."""
    return codec.encode(codec.gated(tuple(item_message(0, item) for item in items))).decode()


def shown_items(text: str) -> tuple[Output | Sample, ...]:
    """Return the items of a text, harmless to a terminal, whoever wrote it into the record. Raises `DecodeError`."""
    found: _Items = _decoded(text.encode())
    return tuple(_harmless(item) for message in found if isinstance(item := message_item(message), Output | Sample))


def _harmless(item: Output | Sample) -> Output | Sample:
    if isinstance(item, Output):
        return Output(SafeText(item.at), SafeText(item.host), SafeText(item.step), item.text)
    return replace(item, host=SafeText(item.host), extra={str(SafeText(name)): value for name, value in item.extra.items()})
