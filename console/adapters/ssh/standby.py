"""The shells that are kept open on hosts: the port `Standby` over a transport's own connections. Opens no connection itself."""

import asyncio
import time
from collections.abc import Callable

import asyncssh

from console.adapters.ssh.kept import KeptShell
from console.adapters.ssh.link import Link
from console.adapters.ssh.login_problems import unreached
from console.model.fleet import Host
from console.ports.hosts import Ran


class SshStandby:
    """One shell a host, on its own connection. `keepalive` is seconds."""

    def __init__(self, link_of: Callable[[Host], Link], keepalive: float) -> None:
        self._link_of = link_of
        self._keepalive = keepalive

    def stand_by(self, host: Host, opening: str) -> None:
        """Have a shell opened now, where a connection stands, and again on each new one."""
        link = self._link_of(host)

        def greet(connection: asyncssh.SSHClientConnection) -> None:
            if link.shell is not None and link.shell.stands_on(connection):
                return
            if link.serving is not None:
                link.serving.cancel()
            shell = link.shell = KeptShell(connection, link.note_heard)
            link.serving = asyncio.create_task(shell.serve(link.channels, opening))

        link.greet = greet
        if link.live is not None and link.proven is link.live:
            greet(link.live)

    def has_spoken(self, host: Host) -> bool:
        """Whether its connection stands, and something came over it within the keepalive."""
        link = self._link_of(host)
        return link.live is not None and link.proven is link.live and time.monotonic() - link.heard <= self._keepalive

    async def run_quick(self, host: Host, script: str, *, deadline: float) -> Ran | None:
        """Run a script in the host's shell, within so many seconds; None: none is free there."""
        link = self._link_of(host)
        shell = link.shell
        if shell is None or not shell.is_ready or shell.is_busy or link.live is None:
            return None
        ran = await shell.run(script, deadline)
        if ran.status is not None:
            return ran
        return Ran(None, problem=unreached(host, "unreachable", f"the shell that is kept open on {host.name} ended, or did not answer in time"))
