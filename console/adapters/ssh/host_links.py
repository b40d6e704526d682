"""The connections to an environment's hosts: one for each, and further ones, opened when first needed, through jump hosts where they are named.

A refused login or key is not tried again by itself. It must not know what runs on a connection.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from console.adapters.ssh.config import Refused, Way, Ways
from console.adapters.ssh.connect_attempts import ConnectAttempts
from console.adapters.ssh.link import Link, Opened
from console.adapters.ssh.login_problems import unreached
from console.adapters.ssh.proxy_jump import written_jump
from console.model.host import Host, Ssh
from console.model.values import changed
from console.ports.hosts import Unreached

FURTHER = 3
"""Connections to a host beside its own, where it takes fewer commands on one than are to run there; the last is for work alone."""
CLOSING = 1.0
"""Seconds that a goodbye may take."""

Key = tuple[str, str, int, str, str, bool, int]


class HostLinks:
    """Every host's. `jumps` are hosts that others name in `jump`; `environment` is for what is said to people."""

    def __init__(self, ssh: Ssh, jumps: tuple[Host, ...], environment: str, config: Path | None) -> None:
        self._jumps = {jump.name: jump for jump in jumps}
        self._ways = Ways(ssh, config) if config else Ways(ssh)
        self._handshakes = ConnectAttempts(ssh, environment)
        self.known_of = self._handshakes.known_of
        self._links: dict[Key, Link] = {}
        self._jump_links: list[Link] = []
        self._is_closed = False

    def of(self, host: Host, *, is_jump: bool = False, number: int = 0) -> Link:
        """Return the place of a connection to a host: its own, or a further one by its number."""
        key = _key(host, is_jump=is_jump, number=number)
        found = self._links.get(key)
        if found is None:
            found = self._links[key] = Link(host, is_jump=is_jump)
            if is_jump:
                self._jump_links.append(found)
        return found

    def used_for(self, host: Host) -> Iterator[Link]:
        """Yield what there is of the host's own links, and those to all jump hosts."""
        own = (self._links.get(_key(host, number=number)) for number in range(1 + FURTHER + 1))
        yield from (link for link in own if link)
        yield from self._jump_links

    async def connected(self, link: Link, chain: tuple[str, ...] = ()) -> Opened:
        """Return the connection, opened where it does not stand; or why not. `chain`: hosts that wait for it, since they are reached through it."""
        if link.live is not None:
            return link.live
        if self._is_closed:
            return _letting_go(link.host)
        if link.opening is None:
            if self._handshakes.refresh():
                self._forget_keys()
            if link.refused:
                return link.refused
            link.opening = asyncio.create_task(self._open(link, chain))
            link.opening.add_done_callback(lambda _: setattr(link, "opening", None))
        return await _opened(link.host, link.opening)

    async def way(self, link: Link, chain: tuple[str, ...] = ()) -> tuple[Way, asyncssh.SSHClientConnection | None] | Unreached:
        """Return the way to a host, with the live connection to its jump host if it has one."""
        host = link.host
        try:
            way = await self._ways.to(host, is_jump=link.is_jump)
            jump = self._jump_of(host, way, chain)
        except Refused as fault:
            return unreached(host, "unreachable", str(fault), fault.hint)
        except ValueError as fault:
            return unreached(host, "unreachable", str(fault), "look at jump in hosts.toml and at ProxyJump")
        if jump is None:
            return way, None
        tunnel = await self.connected(jump, (*chain, host.name))
        if isinstance(tunnel, Unreached):
            return unreached(host, tunnel.kind, f"through {jump.host.name}: {tunnel.message}", tunnel.hint)
        return way, tunnel

    async def close(self) -> None:
        """Let go of every connection; those behind a jump host first. A dead one is not waited for."""
        self._is_closed = True
        going_on = [task for link in self._links.values() for task in (link.opening, link.serving) if task]
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        for are_jumps in (False, True):
            await _said_goodbye([link.connection for link in self._links.values() if link.connection and link.is_jump is are_jumps])
        self._links.clear()
        self._jump_links.clear()

    def _forget_keys(self) -> None:
        """Other keys are known now: judge again those that were refused by theirs."""
        for link in self._links.values():
            if link.refused and link.refused.kind != "login":
                link.forget()

    async def _open(self, link: Link, chain: tuple[str, ...]) -> Opened:
        found = await self.way(link, chain)
        if isinstance(found, Unreached):
            return found
        way, tunnel = found
        try:
            jump = next((jump for jump in self._jump_links if tunnel is not None and jump.connection is tunnel), None)
            link.jump = jump.host.name if jump else ""
            opened = await self._handshakes.open(link, way, tunnel, jump.through if jump else None)
        except Refused as fault:
            return unreached(link.host, "login", str(fault), fault.hint)
        if isinstance(opened, Unreached):
            link.remember(opened)
            if link.jump and opened.kind == "unreachable":
                return unreached(link.host, "unreachable", f"through {link.jump}: {opened.message}", opened.hint)
        return opened

    def _jump_of(self, host: Host, way: Way, chain: tuple[str, ...]) -> Link | None:
        """The last of the jump hosts that are named; those before it are its own."""
        before, _, last = way.jump.rpartition(",")
        if not last:
            return None
        jump = self._jumps.get(last.strip()) or written_jump(last.strip())
        if before:
            jump = changed(jump, jump=before)
        if (jump.address or jump.name, jump.port or 22) == (host.address or host.name, host.port or 22):
            return None
        if jump.name in (*chain, host.name):
            raise Refused(f"{host.name} is reached through {jump.name}, which is reached through {host.name}", "look at jump in hosts.toml and at ProxyJump")
        return self.of(jump, is_jump=True)


async def _opened(host: Host, opening: asyncio.Task[Opened]) -> Opened:
    """Wait for it. When the links are let go of it is cancelled, and who waits for it is not: that one was not reached."""
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if not opening.cancelled() or own is None or own.cancelling():
            raise
        return _letting_go(host)


def _letting_go(host: Host) -> Unreached:
    return unreached(host, "unreachable", "the console is letting go of its connections")


def _key(host: Host, *, is_jump: bool = False, number: int = 0) -> Key:
    return host.name, host.address, host.port, host.user, host.jump, is_jump, number


async def _said_goodbye(connections: list[asyncssh.SSHClientConnection]) -> None:
    for connection in connections:
        connection.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await asyncio.gather(*(connection.wait_closed() for connection in connections), return_exceptions=True)
    for connection in connections:
        if not connection.is_closed():
            connection.abort()
