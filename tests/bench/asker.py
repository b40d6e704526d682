"""A client of an engine, in a process of its own: reads words on standard input, says each to the engine, prints how long the answer took (ms)."""

import asyncio
import sys
import time

from console.client.engine_connection import Client, connect
from console.model import commands as cmd
from console.model.commands import AnyCommand

COMMANDS: dict[str, AnyCommand] = {"pause": cmd.Pause(), "continue": cmd.Continue(), "rollback": cmd.RollBack(), "abort": cmd.Abort(leave=True)}


async def _said(client: Client, run: str, word: str) -> str:
    began = time.perf_counter()
    answer = await (client.submit(run, COMMANDS[word]) if word in COMMANDS else client.query(word, {}))
    took = 1000 * (time.perf_counter() - began)
    return f"{took:.1f} {type(answer).__name__}"


async def _serve(socket: str) -> None:
    client = await connect(socket)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            run, word = line.split()
            print(await _said(client, run, word), flush=True)
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
