"""An application that shows its counters, and a Prometheus that reads them: both real."""

import asyncio
import contextlib
import shutil
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.adapters.checks.servers import running
from tests.reserved import free_port


class Exporter:
    """Counters over HTTP, as an application shows them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/metrics"
        self.good, self.bad, self.life, self.queue, self.asked = 100, 0, 7.0, 3.0, 0
        self.is_away = False

    def text(self) -> str:
        quick, every = self.good, self.good + self.bad
        return (
            f'process_start_time_seconds {self.life}\nhttp_total{{status="200"}} {self.good}\nhttp_total{{status="500"}} {self.bad}\nqueue_length {self.queue}\n'
            f'seconds_bucket{{le="0.1"}} {quick}\nseconds_bucket{{le="0.5"}} {every}\nseconds_bucket{{le="+Inf"}} {every}\nseconds_count {every}\n'
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            body = self.text().encode()
            status = "503 Service Unavailable" if self.is_away else "200 OK"
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def exporting() -> AsyncIterator[Exporter]:
    """An exporter that serves until the block ends."""
    one = Exporter()
    server = await asyncio.start_server(one.serve, "127.0.0.1", one.port)
    try:
        yield one
    finally:
        server.close()
        await server.wait_closed()


def has_prometheus() -> bool:
    return shutil.which("prometheus") is not None


@contextmanager
def prometheus(folder: Path, targets: dict[str, int | str]) -> Iterator[str]:
    """The URL of a Prometheus that reads those ports (or ADDRESS:PORT) twice a second; `targets` by what their label `host` says."""
    port = free_port()
    places = {name: at if isinstance(at, str) else f"127.0.0.1:{at}" for name, at in targets.items()}
    jobs = "\n".join(f"  - targets: ['{at}']\n    labels: {{host: {name}}}" for name, at in places.items())
    (folder / "p.yml").write_text(f"global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\nscrape_configs:\n- job_name: shop\n  static_configs:\n{jobs}\n")
    argv = ("prometheus", f"--web.listen-address=127.0.0.1:{port}", "--config.file=p.yml", "--storage.tsdb.path=data")
    with running(*argv, port=port, cwd=folder):
        for _ in range(1200):
            with socket.create_connection(("127.0.0.1", port)) as one:
                one.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
                if b" 200 " in one.recv(100):
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
