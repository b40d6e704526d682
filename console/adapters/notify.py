"""Messages to people over Apprise's services. Implements `ports.Notifier`. Addresses may be secrets: what is said of one is masked.

It knows services by their addresses; nothing of why somebody is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from console.adapters.discord_webhook import DiscordWebhook, Posted
from console.ports.people import NOTHING, Delivery
from console.safe_text import SafeText

if TYPE_CHECKING:
    import apprise


TRIES = 3
BETWEEN = 1.0
"""Seconds between two tries of a channel that failed."""


class AppriseNotifier:
    """Tells every address, each on its own, so that one that fails holds no other up."""

    def __init__(self, addresses: Callable[[], Iterable[str]]) -> None:
        self._addresses = addresses

    async def tell(self, title: str, body: str, *, deadline: float, changes: Mapping[str, str] = NOTHING) -> tuple[Delivery, ...]:
        """Send, and say of each address whether it was taken within so many seconds. `changes`: messages whose place it takes, by channel."""
        return tuple(await asyncio.gather(*(self._told(address, title, body, deadline, changes) for address in self._addresses())))

    async def channels(self) -> tuple[SafeText, ...]:
        """Return their names, without their secrets."""
        addresses = tuple(self._addresses())
        return await asyncio.to_thread(lambda: tuple(_service(address)[1] for address in addresses))

    async def _told(self, address: str, title: str, body: str, deadline: float, changes: Mapping[str, str]) -> Delivery:
        service, shown = _service(address)
        if service is None:
            return Delivery(shown, SafeText("no service of Apprise has such an address"))
        if (webhook := _changeable(service)) is not None:
            return await _put(webhook, shown, title, body, deadline, changes.get(shown, ""))
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


def _changeable(service: "apprise.NotifyBase") -> DiscordWebhook | None:
    """The channel, where a message in it can be changed later; None: Apprise posts to it."""
    from apprise.plugins.discord import NotifyDiscord

    if not isinstance(service, NotifyDiscord):
        return None
    return DiscordWebhook(f"{service.notify_url}/{service.webhook_id}/{service.webhook_token}", str(service.thread_id or ""), str(service.user or ""))


async def _put(webhook: DiscordWebhook, shown: SafeText, title: str, body: str, deadline: float, message: str) -> Delivery:
    problem = SafeText(f"no answer within {deadline:g} s")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline):
            for turn in range(TRIES):
                try:
                    posted = await webhook.put(title, body, message)
                except httpx.HTTPError as fault:
                    posted = Posted(problem=SafeText(str(fault) or type(fault).__name__, 200))
                if not posted.problem:
                    return Delivery(shown, message=posted.message)
                problem = posted.problem
                await asyncio.sleep(max(BETWEEN, posted.wait) if turn < TRIES - 1 else 0)
    return Delivery(shown, problem)


def _sent(service: "apprise.NotifyBase", title: str, body: str) -> bool | str:
    import apprise

    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = service.notify(title=title, body=body)
        return True if taken else log.getvalue().strip().rpartition("\n")[2].split(" - ", 2)[-1].rstrip(".")
