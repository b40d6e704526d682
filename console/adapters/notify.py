"""Messages to people over Apprise's services. Implements `ports.Notifier`. Addresses may be secrets: what is said of one is masked.

It knows services by their addresses; nothing of why somebody is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.ports.people import Delivery
from console.text import SafeText

if TYPE_CHECKING:
    import apprise


TRIES = 3
BETWEEN = 1.0
"""Seconds between two tries of a channel that failed."""


class AppriseNotifier:
    """Tells every address, each on its own, so that one that fails holds no other up."""

    def __init__(self, addresses: Callable[[], Iterable[str]]) -> None:
        self._addresses = addresses

    async def tell(self, title: str, body: str, *, deadline: float) -> tuple[Delivery, ...]:
        """Send, and say of each address whether it was taken within so many seconds."""
        return tuple(await asyncio.gather(*(self._told(address, title, body, deadline) for address in self._addresses())))

    async def channels(self) -> tuple[SafeText, ...]:
        """Return their names, without their secrets."""
        addresses = tuple(self._addresses())
        return await asyncio.to_thread(lambda: tuple(_service(address)[1] for address in addresses))

    async def _told(self, address: str, title: str, body: str, deadline: float) -> Delivery:
        service, shown = _service(address)
        if service is None:
            return Delivery(shown, SafeText("no service of Apprise has such an address"))
        taken: bool | str = f"no answer within {deadline:g} s"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                for turn in range(TRIES):
                    await asyncio.sleep(BETWEEN if turn else 0)
                    taken = await asyncio.to_thread(_sent, service, title, body)
                    if taken is True:
                        break
        return Delivery(shown, SafeText("" if taken is True else taken or "refused by the service", 200))


def _service(address: str) -> "tuple[apprise.NotifyBase | None, SafeText]":
    """The service of an address, if there is one, and how the address may be shown."""
    import apprise

    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        return None, SafeText(f"{address.partition('://')[0]}://…")
    shown = SafeText(str(service.url(privacy=True)).partition("?")[0])  # type: ignore[no-untyped-call]
    return service, shown if "://" in shown else SafeText(f"{address.partition('://')[0]}://{urlsplit(address).hostname or ''}/…")


def _sent(service: "apprise.NotifyBase", title: str, body: str) -> bool | str:
    import apprise

    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = service.notify(title=title, body=body)
        return True if taken else log.getvalue().strip().rpartition("\n")[2].split(" - ", 2)[-1].rstrip(".")
