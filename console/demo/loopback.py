"""What a fleet of the demo needs of this machine: enough open files, and free addresses. It knows nothing of hosts."""

import asyncio
import contextlib
import resource

from console.errors import NoGo

FILES = (64, 12)
"""Open files that a fleet needs, and so many more for each host: its listeners, links, pipes and customers."""


def files_for(hosts: int) -> int:
    """Return how many open files a fleet of so many hosts needs."""
    return FILES[0] + FILES[1] * hosts


def allow_many_files(needed: int) -> None:
    """Take as many open files as may be had. Raises NoGo where those are too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < needed:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
            return
        fewer = (most - FILES[0]) // FILES[1]
        words = f"the demo's hosts need {needed} open files, and this login may have {most}: allow more (limits.conf), or take fewer hosts"
        raise NoGo(words, f"deploy demo --hosts {fewer}" if fewer > 0 else f"ulimit -n {needed}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def can_listen(address: str, port: int) -> bool:
    """Whether that address is free, and this machine has it."""
    try:
        server = await asyncio.start_server(lambda *_: None, address, port)
    except OSError:
        return False
    server.close()
    await server.wait_closed()
    return True
