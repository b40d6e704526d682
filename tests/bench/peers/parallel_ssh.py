"""One command on every host by parallel-ssh, as fast as it goes: run by the peers' Python, measures itself. It checks no host key."""

import json
import resource
import sys
import time

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(places: str, user: str, key: str, command: str) -> None:
    with open(places, encoding="utf-8") as lines:
        hosts = [line.split() for line in lines]
    began, before = time.perf_counter(), used()
    client = ParallelSSHClient(
        [address for _, address, _ in hosts], host_config=[HostConfig(port=int(port)) for *_, port in hosts], user=user, pkey=key,
        pool_size=len(hosts), num_retries=1, allow_agent=False, timeout=60,
    )  # fmt: skip
    output = client.run_command(command)
    client.join(output)
    assert all(each.exit_code == 0 for each in output)
    cold, cpu = time.perf_counter() - began, used() - before
    began, before = time.perf_counter(), used()
    output = client.run_command(command)
    client.join(output)
    assert all(each.exit_code == 0 for each in output)
    print(json.dumps({"cold": cold, "cold_cpu": cpu, "warm": time.perf_counter() - began, "warm_cpu": used() - before}))


if __name__ == "__main__":
    main(*sys.argv[1:])
