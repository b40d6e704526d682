"""Ports and addresses of loopback for one test process alone, whatever other suites run on the machine.

A reservation is a name among Linux's abstract sockets: nobody else can have it while the process lives, and nothing is left when it ends, however it ends.
"""

import random
import socket
from itertools import chain

PORTS = range(10_000, 20_000)
"""Below what the kernel gives to connections that go out, and below what the demo takes."""
BLOCKS = range(201, 251)
"""127.201 to 127.250; the demo's are 127.1 to 127.200."""
_held: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that no other test process is given."""
    begin = random.randrange(len(PORTS))
    for port in chain(PORTS[begin:], PORTS[:begin]):
        if _reserve(f"port/{port}") and is_free("127.0.0.1", port):
            return port
    raise RuntimeError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


def free_addresses(count: int, port: int) -> list[str]:
    """So many addresses of loopback in a row, with that port free on them, that no other test process is given."""
    for _ in range(1000):
        begins = (127 << 24) + (random.choice(BLOCKS) << 16) + (random.randint(0, 200) << 8)
        found = [socket.inet_ntoa((begins + 1 + number).to_bytes(4, "big")) for number in range(count)]
        blocks = sorted({address.rpartition(".")[0] for address in found})
        if all(_reserve(f"block/{block}") for block in blocks) and (not found or (is_free(found[0], port) and is_free(found[-1], port))):
            return found
    raise RuntimeError(f"no block of {count} free loopback addresses on port {port}")


def is_free(address: str, port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _reserve(name: str) -> bool:
    """Take a name for as long as this process lives."""
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0deploy-console-tests/{name}")
    except OSError:
        holder.close()
        return False
    _held.append(holder)
    return True
