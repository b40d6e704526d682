"""The words that values of the model are made of: tags of events and commands, names of phases, states and kinds. It holds no text of people."""

from functools import cache
from typing import Any

import msgspec.inspect

from console.model.commands import AnyCommand
from console.model.configured_environment import Environment
from console.model.events import AnyEvent
from console.model.state import RunState


@cache
def structural_words() -> frozenset[str]:
    """Return every word that stands for itself in an event, a command, a model or a state."""
    found: set[str] = set()
    seen: set[int] = set()
    for info in msgspec.inspect.multi_type_info([AnyEvent, AnyCommand, Environment, RunState]):
        _collect(info, found, seen)
    return frozenset(found)


def _collect(info: Any, found: set[str], seen: set[int]) -> None:  # noqa: ANN401 (msgspec's own types of types)
    if id(info) in seen or not isinstance(info, msgspec.inspect.Type):
        return
    seen.add(id(info))
    if isinstance(info, msgspec.inspect.LiteralType):
        found.update(value for value in info.values if isinstance(value, str))
    elif isinstance(info, msgspec.inspect.StructType):
        found.add(str(info.tag or ""))
        for field in info.fields:
            _collect(field.type, found, seen)
    for name in ("types", "item_types"):
        for part in getattr(info, name, ()):
            _collect(part, found, seen)
    for name in ("item_type", "key_type", "value_type"):
        _collect(getattr(info, name, None), found, seen)
