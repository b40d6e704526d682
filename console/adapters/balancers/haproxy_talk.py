"""One talk with HAProxy over its Unix socket: commands in, one answer for each. Knows the form of the talk, and no command.

The form is that of its management guide (section 9.3): after `prompt`, an answer ends with an empty line and `> `, the master's with `master> `.
"""

import asyncio
import re

from console.model.host import Host
from console.ports.hosts import Stream, Transport, Unreached
from console.safe_text import SafeText

MOST = 4 * 2**20
"""Bytes of answers that are read: a thousand servers have under 1 MiB."""
_PROMPT = re.compile(r"^(?:master|\d+)?> ", re.MULTILINE)


async def talk(transport: Transport, host: Host, socket: str, commands: list[str], *, deadline: float) -> list[str] | Unreached:
    """Say the commands, and return the answer to each, without the empty line at its end. An answer that is cut short is none. `deadline` is seconds."""
    started = asyncio.get_running_loop().time()
    stream = await transport.open_socket(host, socket, deadline=deadline)
    if isinstance(stream, Unreached):
        return stream
    try:
        async with asyncio.timeout(deadline - (asyncio.get_running_loop().time() - started)):
            await stream.write("".join(f"{line}\n" for line in ("prompt", *commands, "quit")).encode())
            said = await _all_of(stream)
    except TimeoutError:
        return Unreached(host.name, "late", SafeText(f"{socket}: no answer within {deadline:.3g} s"))
    except OSError as fault:
        return Unreached(host.name, "channel", SafeText(f"{socket}: {fault}"))
    finally:
        await stream.close()
    answers = _PROMPT.split(said)[1:]
    if len(answers) <= len(commands):
        words = f"{socket}: its answer ended after {max(len(answers) - 1, 0)} of {len(commands)} commands"
        return Unreached(host.name, "channel", SafeText(words))
    return [answer.strip("\n") for answer in answers[: len(commands)]]


async def _all_of(stream: Stream) -> str:
    said = bytearray()
    while len(said) < MOST and (piece := await stream.read(65536)):
        said += piece
    return said.decode("utf-8", "replace")
