"""The applications of a large demo, all in one process: each answers on its host's address with what its host's `shared/running` names.

A process a host would need more memory than a demo may take. It knows releases' folders and the shop; nothing of deployments.
"""

import asyncio
import contextlib
import time
from pathlib import Path

from console.demo.app.app import LONGEST, Reply, Shop

PATIENCE = 10.0
"""Seconds that a customer has to ask."""
REASONS = {200: "OK", 302: "Found", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error", 503: "Service Unavailable"}


class Applications:
    """Every host's application. `open` one, `close` all."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []

    async def open(self, tree: Path, address: str, port: int) -> None:
        """Serve the host with that tree. Raises OSError where the address cannot be had."""
        tenant = _Tenant(tree)
        self._servers.append(await asyncio.start_server(tenant.serve, address, port))

    def close(self) -> None:
        """Stop serving every host's application."""
        for server in self._servers:
            server.close()
        self._servers.clear()


class _Tenant:
    """One host's application: another shop, from its start, whenever `running` was written anew."""

    def __init__(self, tree: Path) -> None:
        self._running = tree / "shared" / "running"
        self._mark = (0, 0)
        self._shop: Shop | None = None

    def shop(self) -> Shop | None:
        """What runs now; None where nothing was ever started."""
        with contextlib.suppress(OSError, ValueError):
            seen = self._running.stat()
            mark = (seen.st_mtime_ns, seen.st_ino)
            if mark != self._mark:
                self._shop, self._mark = Shop(Path(self._running.read_text(encoding="utf-8").strip())), mark
        return self._shop

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of one host's application."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii", "replace")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}
                length = headers.get("content-length", "")
                form = await reader.readexactly(min(int(length), LONGEST)) if length.isdecimal() else b""
                method, path = ([*head.split(" ", 2)[:2], "", ""])[:2]
                await self._answer(method, path, headers.get("cookie", ""), form.decode("utf-8", "replace"), writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, cookie: str, form: str, writer: asyncio.StreamWriter) -> None:
        began, shop = time.monotonic(), self.shop()
        if shop is not None and path != "/metrics":
            await asyncio.sleep(shop.latency)
        status, body, more = shop.reply(method, path, cookie, form) if shop else Reply(503, "nothing was started here\n")
        data = body.encode()
        head = f"HTTP/1.0 {status} {REASONS.get(status, '')}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in more)
        writer.write(head.encode() + b"\r\n" + data)
        await writer.drain()
        if shop is not None and path == "/":
            shop.count(status, time.monotonic() - began)
