"""Whoever is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from console.safe_text import SafeText

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one channel, named without its secrets; `problem` is empty when the channel took it."""

    channel: SafeText
    problem: SafeText = SafeText("")
    message: str = ""
    """The message's id there, where it can be changed later; empty: it cannot."""


class Notifier(Protocol):
    """The channels that people are told by."""

    async def tell(self, title: str, body: str, *, deadline: float, changes: Mapping[str, str] = NOTHING) -> tuple[Delivery, ...]:
        """Send to every channel within so many seconds, and say how each one took it.

        `changes`: by channel, the id of a message that this one takes the place of, where the channel can do that; all others get a new one.
        """

    async def channels(self) -> tuple[SafeText, ...]:
        """Their names, without their secrets. Nothing is sent; a channel whose secret is not there is not among them."""
