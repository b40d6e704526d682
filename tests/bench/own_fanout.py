"""One command on every host of a hosts.toml by the console's own transport, in a process of its own: cold, then warm. Measures itself."""

import asyncio
import json
import resource
import sys
import time

from console.adapters.statefolder import prepared
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.model.configured_environment import Environment


def used() -> float:
    """Seconds of CPU of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measure(environment: Environment, state: str, command: str) -> dict[str, float]:
    """Say how long it took."""
    prepared(state)
    transport = open_outside(environment, state, {}).transport
    took: dict[str, float] = {}
    for how in ("cold", "warm"):
        began, before = time.perf_counter(), used()
        ran = await asyncio.gather(*(transport.run(host, command, deadline=120) for host in environment.hosts))
        assert all(each.ok for each in ran), next(each for each in ran if not each.ok)
        took |= {how: time.perf_counter() - began, f"{how}_cpu": used() - before}
    await transport.close()
    return took


def main(file: str, name: str, state: str, command: str) -> None:
    """Print what was measured."""
    print(json.dumps(asyncio.run(measure(load_file(file).environment(name), state, command))))


if __name__ == "__main__":
    main(*sys.argv[1:])
