"""Whoever is told."""

from dataclasses import dataclass
from typing import Protocol

from console.text import SafeText


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one channel, named without its secrets; `problem` is empty when the channel took it."""

    channel: SafeText
    problem: SafeText = SafeText("")


class Notifier(Protocol):
    """The channels that people are told by."""

    async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
        """Send to every channel within so many seconds, and say how each one took it."""

    async def channels(self) -> tuple[SafeText, ...]:
        """Their names, without their secrets. Nothing is sent; a channel whose secret is not there is not among them."""
