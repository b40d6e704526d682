"""Closes tickets by a command on this machine, or by posting JSON to a URL. Implements `ports.TicketSystem`. Knows no run, and not when it is time to."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpcore
import httpx

from console.adapters.checks.dispatch import CONSOLE
from console.adapters.checks.one_question import RunCommand
from console.adapters.host_http import client_through
from console.core.host.shell import filled_url
from console.core.run.ticket import is_url
from console.errors import ConsoleError
from console.model.host_commands import Command
from console.ports.hosts import Ran, Transport
from console.safe_text import SafeText, safe_end

SAID = 200
"""Characters of what a command or a server says that are kept."""
SPARE = 2.0
"""Seconds beyond a command's own, in which it is ended."""


class ConfiguredTickets:
    """`close`: the command or the URL, as it was read; None where its secret is not here. `run_command` runs a command on this machine."""

    def __init__(self, transport: Transport, run_command: RunCommand, close: Callable[[], str | None]) -> None:
        self._transport = transport
        self._run_command = run_command
        self._close = close

    async def close_ticket(self, values: Mapping[str, str], told: Mapping[str, Any], *, deadline: float) -> SafeText:
        """Close it, once, within so many seconds. Why it failed; empty: it did not."""
        close = self._close()
        if close is None:
            return SafeText("the secret that says how was not handed over")
        try:
            async with asyncio.timeout(deadline if is_url(close) else deadline + SPARE):
                if is_url(close):
                    return await self._post(filled_url(close, values), told, deadline)
                return _ended(await self._run_command(CONSOLE, Command(close), values, deadline))
        except TimeoutError:
            return SafeText(f"no answer within {deadline:g} s")
        except (ConsoleError, httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ValueError) as fault:
            return SafeText(str(fault) or type(fault).__name__, SAID)

    async def _post(self, url: str, told: Mapping[str, Any], deadline: float) -> SafeText:
        async with client_through(self._transport, CONSOLE, timeout=deadline) as client:
            response = await client.post(url, json=dict(told))
        return SafeText("" if response.is_success else f"the server answered {response.status_code}: {response.text.strip()}", SAID)


def _ended(ran: Ran) -> SafeText:
    """What came of a command: its last line, where it failed."""
    if ran.ok:
        return SafeText("")
    if ran.status is None:
        return ran.problem.message if ran.problem else SafeText("it is not known how it ended")
    lines = str(safe_end(ran.err or ran.out, SAID)).strip().splitlines()
    return SafeText(f"exit code {ran.status}" + (f": {lines[-1]}" if lines else ""), SAID)
