"""A session of the demo's SSH server with a terminal of its own, for a person who looks around on a host. It knows nothing of releases."""

import asyncio
import fcntl
import os
import struct
import termios
from pathlib import Path

import asyncssh


async def serve_terminal(process: asyncssh.SSHServerProcess[bytes], folder: Path, environment: dict[str, str]) -> None:
    """Run what was asked for on a terminal of the size that the person has, until it ends or they are gone."""
    ours, theirs = os.openpty()
    width, height, *_ = process.term_size
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height or 24, width or 80, 0, 0))
    argv = ("-c", process.command) if process.command else ("-i",)
    try:
        shell = await asyncio.create_subprocess_exec(
            "setsid", "-c", "/bin/sh", *argv, cwd=folder, env={**environment, "TERM": process.term_type or "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs
        )
    finally:
        os.close(theirs)
    await process.redirect(stdin=os.dup(ours), stdout=ours, send_eof=False)
    gone = asyncio.ensure_future(process.wait_closed())
    ended = asyncio.ensure_future(shell.wait())
    await asyncio.wait((gone, ended), return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        shell.terminate()
    code = await ended
    process.exit(code if code >= 0 else 255)
    await gone
