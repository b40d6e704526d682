"""One command on every host by asyncssh's public options at their best, without a console around it: what the console may cost more is its own."""

import asyncio
import json
import resource
import sys
import time

import asyncssh

AT_ONCE = 64


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def ran(connection: asyncssh.SSHClientConnection, command: str) -> None:
    done = await connection.run(command, encoding=None, stdin=asyncssh.DEVNULL)
    assert done.exit_status == 0


async def main(places: str, user: str, key: str, known: str, command: str) -> None:
    with open(places, encoding="utf-8") as lines:
        hosts = [line.split() for line in lines]
    began, before = time.perf_counter(), used()
    options = asyncssh.SSHClientConnectionOptions(
        config=None, username=user, client_keys=[asyncssh.read_private_key(key)], known_hosts=asyncssh.read_known_hosts(known), agent_path=None,
        gss_host=None, kex_algs="curve25519-sha256", encryption_algs="aes128-gcm@openssh.com", server_host_key_algs="ssh-ed25519", compression_algs=None,
        preferred_auth="publickey",
    )  # fmt: skip
    ramp, connections = asyncio.Semaphore(AT_ONCE), []

    async def one(address: str, port: int) -> None:
        async with ramp:
            connection = await asyncssh.connect(address, port, config=None, options=options)
        connections.append(connection)
        await ran(connection, command)

    await asyncio.gather(*(one(address, int(port)) for _, address, port in hosts))
    cold, cpu = time.perf_counter() - began, used() - before
    began, before = time.perf_counter(), used()
    await asyncio.gather(*(ran(connection, command) for connection in connections))
    print(json.dumps({"cold": cold, "cold_cpu": cpu, "warm": time.perf_counter() - began, "warm_cpu": used() - before}))
    for connection in connections:
        connection.abort()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
