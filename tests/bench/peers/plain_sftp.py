"""The same switch on every host over SFTP channels that are open already, by plain asyncssh: a link made and renamed over `current`, sent back to back."""

import asyncio
import json
import resource
import sys
import time

import asyncssh

AT_ONCE = 64
ROUNDS = 5
FOLDER = "/tmp/bench-sftp"


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def switched(sftp: asyncssh.SFTPClient, release: str) -> None:
    fresh = f"{FOLDER}/fresh"
    await asyncio.gather(sftp.symlink(release, fresh), sftp.posix_rename(fresh, f"{FOLDER}/current"))


async def main(places: str, user: str, key: str, known: str) -> None:
    with open(places, encoding="utf-8") as lines:
        hosts = [line.split() for line in lines]
    known_hosts, ramp = asyncssh.read_known_hosts(known), asyncio.Semaphore(AT_ONCE)

    async def opened(address: str, port: int) -> asyncssh.SFTPClient:
        async with ramp:
            connection = await asyncssh.connect(address, port, config=None, username=user, client_keys=[key], known_hosts=known_hosts, agent_path=None)
            sftp = await connection.start_sftp_client()
            await sftp.makedirs(FOLDER, exist_ok=True)
            return sftp

    channels = await asyncio.gather(*(opened(address, int(port)) for _, address, port in hosts))
    took, cpu = [], []
    for number in range(ROUNDS):
        began, before = time.perf_counter(), used()
        await asyncio.gather(*(switched(sftp, f"releases/{number}") for sftp in channels))
        took.append(time.perf_counter() - began)
        cpu.append(used() - before)
    print(json.dumps({"seconds": sorted(took)[ROUNDS // 2], "cpu": sorted(cpu)[ROUNDS // 2]}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
