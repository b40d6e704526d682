"""Which gates of a host its sshd lets nobody ask: found by opening, before anything changes, the connections that they will want.

Nothing is sent over them. It must not know what an answer means.
"""

import asyncio
from urllib.parse import urlsplit

from console.adapters.checks.one_question import Reveal
from console.core.host.shell import PLACEHOLDER, filled_url
from console.core.plan.lanes import gates_of
from console.errors import ConsoleError
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

PATIENCE = 5.0
"""Seconds for each; an application that does not answer is no sshd that forwards nothing."""
PORTS = {"http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379, "memcached": 11211}


async def unforwarded(
    transport: Transport, environment: Environment, host: Host, reveal: Reveal, *, deadline: float
) -> tuple[tuple[SafeText, str], ...]:  # fmt: skip
    """Return name and kind of each gate of the host that is refused its connection."""
    wanted = [(gate, place) for gate in gates_of(environment, host) if gate.on in ("host", host.name) and (place := _place(gate, environment, host, reveal))]
    places = list(dict.fromkeys(place for _, place in wanted))
    answers = await asyncio.gather(*(_is_refused(transport, host, *place, min(deadline, PATIENCE)) for place in places))
    refused = {place for place, answer in zip(places, answers, strict=True) if answer}
    return tuple((SafeText(gate.name), gate.kind) for gate, place in wanted if place in refused)


async def _is_refused(transport: Transport, host: Host, address: str, port: int, seconds: float) -> bool:
    stream = await transport.open_stream(host, address, port, deadline=seconds)
    if isinstance(stream, Unreached):
        return stream.kind == "forwarding"
    await stream.close()
    return False


def _place(gate: HealthCheck, environment: Environment, host: Host, reveal: Reveal) -> tuple[str, int] | None:
    """Where it asks; None where that is not known before a run, or where it asks by a command."""
    path = environment.path_on(host)
    values = {"host": host.name, "address": host.address or host.name, "server": host.server or host.name, "shared": f"{path}/shared", "env": environment.name}
    if gate.kind == "tcp":
        return PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group()), gate.address) or "localhost", gate.port
    url = gate.url if isinstance(gate.url, str) else reveal(f"{gate.label} url")
    if gate.kind == "command" or not url:
        return None
    try:
        parts = urlsplit(filled_url(url, values))
        port = parts.port or PORTS.get(parts.scheme)
    except (ValueError, ConsoleError):
        return None
    return (parts.hostname or "localhost", port) if port else None
