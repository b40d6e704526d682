"""Shells, and channels for files, that are kept open on hosts: the port `Standby` over a transport's own connections. Opens no connection itself."""

import asyncio
import posixpath
import time
from collections.abc import Callable

import asyncssh

from console.adapters.ssh.kept_files import KeptFiles, look, read_link, real_path, rename
from console.adapters.ssh.kept_shell import KeptShell
from console.adapters.ssh.link import Link
from console.adapters.ssh.login_problems import unreached
from console.model.host import Host
from console.ports.hosts import Move, Moved, Ran


class SshStandby:
    """One shell, and one channel for files, for each host, on its own connection. `keepalive` is seconds."""

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
            link.shell, link.files = KeptShell(connection, link.note_heard), KeptFiles(connection, link.note_heard)
            link.serving = asyncio.create_task(_serve(link, opening))

        link.greet = greet
        if link.live is not None and link.proven is link.live:
            greet(link.live)

    def has_spoken(self, host: Host) -> bool:
        """Whether its connection stands, and something came over it within the keepalive."""
        link = self._link_of(host)
        return link.live is not None and link.proven is link.live and time.monotonic() - link.heard <= self._keepalive

    async def move(self, host: Host, move: Move, *, deadline: float) -> Moved:
        """Rename one path over another, within so many seconds, if both lead where they should."""
        files = self._link_of(host).files
        if files is None or not files.is_ready:
            return "not-sent"
        try:
            async with asyncio.timeout(deadline):
                return await _moved(files, move)
        except TimeoutError:
            files.give_up()
            return "unknown"

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


async def _serve(link: Link, opening: str) -> None:
    assert link.shell is not None
    assert link.files is not None
    await asyncio.gather(link.shell.serve(link.channels, opening), link.files.serve(link.channels))


async def _moved(files: KeptFiles, move: Move) -> Moved:
    """Look where both lead; then rename. A rename that the host says is done put the link that was read in its place: nothing is left to look at."""
    whole, now, next_one = await files.ask(look(f"{move.leads_to}/."), real_path(move.target), read_link(move.source))
    if not (whole and now and next_one and whole.is_done and _is_named(now.path, move.replaces) and _says(next_one.path, move)):
        return "not-sent"
    (renamed,) = await files.ask(rename(move.source, move.target))
    if renamed is None:
        return "unknown"
    return "moved" if renamed.is_done else "not-sent"


def _is_named(path: str, folder: str) -> bool:
    """Whether a path that was followed to its end is a folder of that name: the application's folder itself may be reached through a link."""
    return posixpath.basename(path) == posixpath.basename(folder) != ""


def _says(text: str, move: Move) -> bool:
    """Whether a link with that text leads to the folder from where it will be."""
    return text != "" and posixpath.normpath(posixpath.join(posixpath.dirname(move.target), text)) == posixpath.normpath(move.leads_to)
