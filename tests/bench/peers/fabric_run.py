"""One command on every host by Fabric's threads, cold and on the connections that stand: run by the peers' Python, measures itself. It checks no host key."""

import json
import resource
import sys
import time

from fabric import Connection, ThreadingGroup


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run(group: ThreadingGroup, command: str) -> tuple[float, float]:
    """Seconds, and seconds of CPU, until the last host has answered."""
    began, before = time.perf_counter(), used()
    assert all(each.ok for each in group.run(command, hide=True, in_stream=False).values())
    return time.perf_counter() - began, used() - before


def main(places: str, user: str, key: str, command: str) -> None:
    with open(places, encoding="utf-8") as lines:
        hosts = [line.split() for line in lines]
    options = {"key_filename": key, "look_for_keys": False, "allow_agent": False, "banner_timeout": 60, "auth_timeout": 60}
    group = ThreadingGroup.from_connections(
        Connection(address, user=user, port=int(port), connect_timeout=60, connect_kwargs=options) for _, address, port in hosts
    )
    cold, cold_cpu = run(group, command)
    warm, warm_cpu = run(group, command)
    print(json.dumps({"cold": cold, "cold_cpu": cold_cpu, "warm": warm, "warm_cpu": warm_cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
