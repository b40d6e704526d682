"""Reads an application's metrics through its host's connection: one HTTP request, a whole body, strictly read. Implements `ports.Scraper`.

What the text means is `core/metrics/`. A body is believed where its end is known: by its length, its chunks, or `# EOF`.
"""

import asyncio

import httpcore
import httpx

from console.adapters.host_http import NotOpened, client_through
from console.core.metrics.exposition import series_of
from console.model.application_metrics import Series, Unreadable
from console.model.host import Host
from console.ports.hosts import Transport
from console.safe_text import SafeText

MOST = 16 * 2**20
"""Bytes of a body that are read."""
ACCEPT = "text/plain;version=0.0.4"


class HttpScraper:
    """Scrapes hosts over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        """Return the samples of those names; or why there are none."""
        try:
            async with asyncio.timeout(deadline):
                body = await self._body(host, url, deadline)
        except TimeoutError:
            return _unreadable(f"{url} did not answer within {deadline:g} s")
        except NotOpened as fault:
            return _unreadable(f"{url}: {fault}")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
            return _unreadable(f"{url}: {fault or type(fault).__name__}")
        if isinstance(body, Unreadable):
            return body
        found = await asyncio.to_thread(series_of, body, names)
        return _unreadable(f"{url}: {found.reason}") if isinstance(found, Unreadable) else found

    async def _body(self, host: Host, url: str, deadline: float) -> bytes | Unreadable:
        async with client_through(self._transport, host, timeout=deadline) as client, client.stream("GET", url, headers={"Accept": ACCEPT}) as response:
            if response.status_code != 200:
                return _unreadable(f"{url} answered {response.status_code}")
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MOST:
                    return _unreadable(f"{url} has more than {MOST // 2**20} MiB of metrics")
            is_bounded = "content-length" in response.headers or response.headers.get("transfer-encoding", "").lower() == "chunked"
            if not is_bounded and not bytes(body).rstrip().endswith(b"# EOF"):
                return _unreadable(f"{url}: its answer has neither a length nor an end, so it may be cut short")
            return bytes(body)


def _unreadable(words: str) -> Unreadable:
    return Unreadable(SafeText(words))
