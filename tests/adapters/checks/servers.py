"""Real servers for checks, each in a folder of its own on a free port; and a stub of an HTTP service that answers by path."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.reserved import free_port

PASSWORD = "s3cret-pw"


def postgres_bin(name: str) -> str:
    """Return the path of a program of PostgreSQL; empty: it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or ""


def _wait(address: str, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} does not take connections on {port}")


@contextmanager
def running(*argv: str, port: int, cwd: Path, user: str = "", address: str = "127.0.0.1") -> Iterator[int]:
    """Run a server until the block ends, as that user where this is root."""
    account = user if user and os.getuid() == 0 else None
    with (cwd / "server.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=account, extra_groups=[] if account else None)
    try:
        _wait(address, port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgres(folder: Path, listen: str = "127.0.0.1") -> Iterator[str]:
    """Yield the URL of a PostgreSQL with a password; only this machine is let in."""
    data, pw, port = folder / "data", folder / "pw", free_port()
    pw.write_text(PASSWORD)
    as_root = os.getuid() == 0
    if as_root:
        for path in (folder, pw):
            shutil.chown(path, "postgres", "postgres")
        for parent in folder.parents:
            if parent.owner() == "root" and str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
    user = "postgres" if as_root else None
    initdb = [postgres_bin("initdb"), "-D", str(data), "-U", "shop", "-A", "scram-sha-256", f"--pwfile={pw}", "-N"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=user, extra_groups=[] if user else None)
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "key", "-out", "certificate"]
    subprocess.run([*key, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True, cwd=data, user=user, extra_groups=[] if user else None)
    (data / "key").chmod(0o600)
    tls = ("-c", "ssl=on", "-c", "ssl_cert_file=certificate", "-c", "ssl_key_file=key")
    argv = (postgres_bin("postgres"), *tls, "-D", str(data), "-p", str(port), "-k", str(folder), "-c", f"listen_addresses={listen}", "-c", "fsync=off")
    try:
        with running(*argv, port=port, cwd=folder, user="postgres"):
            yield f"postgresql://shop:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:  # one that a test has started again is nobody's child
        again = [postgres_bin("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(again, check=False, capture_output=True, cwd=folder, user=user, extra_groups=[] if user else None)


class Service:
    """Answers by path: (status, body, headers), None hangs. `answers[path]` may be a list, one for each time it is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.requests: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, path: str, value: object, status: int = 200, **headers: str) -> None:
        self.answers[path] = (status, value if isinstance(value, bytes) else json.dumps(value).encode(), headers)

    def _answer(self, path: str) -> object:
        fitting = [name for name in self.answers if path.partition("?")[0].endswith(name)]
        found = self.answers[max(fitting, key=len)] if fitting else (404, b'{"message": "Not Found"}', {})
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head)
                answer = self._answer(head.split(b" ")[1].decode())
                if answer is None:
                    await reader.read()
                    return
                status, body, headers = answer  # type: ignore[misc]
                told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode() + body)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    one = Service()
    tasks: set[asyncio.Task[None]] = set()
    start: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None] = lambda r, w: tasks.add(asyncio.ensure_future(one.serve(r, w)))  # noqa: E731
    listening = await asyncio.start_server(start, "127.0.0.1", 0)
    one.port = listening.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
