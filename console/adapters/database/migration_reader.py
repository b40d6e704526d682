"""Migrations read for what they lock, in a process of its own (`migration_reading`) that may die or be too slow: what it did not read is said."""

import asyncio
import contextlib
import importlib.util
import os
import sys

from console.core.migrations.migration_set import Read, declared_old_code
from console.core.process_environment import program_environment
from console.model.database_facts import LintFinding, Migration, MigrationText
from console.safe_text import SafeText
from console.wire.codec import decoder, encode
from console.wire.frames import DecodeError

TRIES = 4
"""Processes that are started: each may die on one file."""
LINE = 64 * 2**20
"""Bytes that a file's answer may have."""

_read = decoder(Read)


async def read_texts(texts: tuple[MigrationText, ...], deadline: float) -> tuple[Read, ...]:
    """Return the files as they were read, in their order; those that were not say why."""
    if importlib.util.find_spec("postgast") is None:
        return tuple(_unread(one, "PostgreSQL's parser is not installed beside the console: pip install postgast") for one in texts)
    left: dict[SafeText, str] = {}
    found: dict[SafeText, Read] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline):
            for _ in range(TRIES):
                wanted = tuple(one for one in texts if one.path not in left)
                found = {}
                died = await _read_all(wanted, found)
                if not died:
                    break
                left[wanted[len(found)].path] = "PostgreSQL's parser ended on it"
    return tuple(found.get(one.path) or _unread(one, left.get(one.path, f"it was not read within {deadline:g} s")) for one in texts)


async def _read_all(texts: tuple[MigrationText, ...], found: dict[SafeText, Read]) -> bool:
    """Read them in one process; whether it died before the last one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.adapters.database.migration_reading", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, limit=LINE, env=program_environment(os.environ),
    )  # fmt: skip
    asked = asyncio.create_task(_ask(process, encode(texts)))
    try:
        for one in texts:
            try:
                found[one.path] = _read(await process.stdout.readline() if process.stdout else b"")
            except (DecodeError, ValueError):  # it ended, or its answer is longer than a line may be
                return True
        await asked
        return False
    finally:
        asked.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ask(process: asyncio.subprocess.Process, data: bytes) -> None:
    if process.stdin:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.close()


def _unread(one: MigrationText, why: str) -> Read:
    return Read(Migration(one.path, declared_old_code(one.text), unread=(LintFinding(0, "unread", SafeText(why)),), is_back=one.is_back), "")
