"""`deploy exec` and `deploy logs`: a command on many hosts, its output merged as it comes. Asks the engine; touches no host.

Left by ctrl+c, what still runs on the hosts is ended there.
"""

import asyncio
import re
import shlex
import signal
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import asked_to_act, asking_with_secrets, unsettled
from console.cli.output import OutputLost, say_json_done, say_while_read, tell, tell_equivalent, until_unread
from console.cli.prompt import confirm
from console.core.host_selection import meant_hosts
from console.errors import EngineLost, Problem, UsageFault
from console.exit_codes import Exit
from console.model.events import StepFinished
from console.model.request import Request
from console.plain.json_text import json_text
from console.plain.problem_json import problem_object
from console.ports.feed import Output

if TYPE_CHECKING:
    from console.client.engine_connection import Client

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def command_of(words: tuple[str, ...]) -> str:
    """Return the shell's text: one word is that text, several are one command with its arguments. Raises UsageFault where there is none."""
    if not "".join(words).strip():
        raise UsageFault("exec: a command is missing", "deploy exec ENV --hosts P -- COMMAND")
    return words[0] if len(words) == 1 else shlex.join(words)


async def execute(how: Invocation, name: str, hosts: str, command: str) -> int:
    """Run a command in the live release of those hosts: 0, 5 where it failed, 3 where a host is away, 6 where one is held."""
    found = environment_or_known(how, name)
    meant_hosts(found, Request(hosts=hosts))
    operator = replace(how, read_only=False)
    await confirm(how, f"run on {hosts} of {found.name}: {command} ?")
    client = await asking_with_secrets(operator, found, "exec")
    try:
        answer = await asked_to_act(client, "exec", {"hosts": hosts, "command": command, "read_only": how.read_only}, "deploy history")
        heard = _ExecOutput(how, answer["hosts"])
        left = await _hear(client, answer["feed"], heard)
    except OutputLost as lost:
        if not lost.left:
            tell(f"deploy: {lost.message}: what still ran on the hosts was ended")
        return int(Exit.INTERRUPTED)
    except EngineLost as lost:
        raise unsettled(lost, "deploy history") from None
    finally:
        await client.close()
    for row in heard.rows:
        if row["code"] != 0:
            tell(f"deploy: {row['host']}: {row['problem'] or 'exit code ' + str(row['code'])}")
    code = Exit.INTERRUPTED if left else Exit.FAILED if len(heard.good) < len(answer["hosts"]) else Exit.DONE
    if how.json:
        say_json_done({"type": "result", "exit": int(code), "run": answer["feed"], "hosts": heard.rows, "problems": heard.problems()})
    tell_equivalent("exec", found.name, "--hosts", hosts, "--read-only" if how.read_only else "", "--yes", "--", command)
    return int(code)


async def logs(how: Invocation, name: str, hosts: str, pattern: str, *, follow: bool) -> int:
    """Print the application's logs, merged, until they end or (`follow`) the reader leaves; 3 where a host is away, 5 where its command failed."""
    try:
        matching = re.compile(pattern)
    except re.error as fault:
        raise UsageFault(f"--grep {pattern}: {fault}", "a regular expression, as Python has them: --grep 'error|warn'") from None
    found = environment_or_known(how, name)
    meant_hosts(found, Request(hosts=hosts))
    client = await asking_with_secrets(how, found, "logs")
    try:
        answer = await client.query("logs", {"hosts": hosts, "follow": follow})
        if answer["without"]:
            tell(f"deploy: no command for logs on {', '.join(answer['without'])}")
        heard = _ExecOutput(how, answer["hosts"], matching)
        left = await _hear(client, answer["feed"], heard)
    finally:
        await client.close()
    for row in heard.rows:
        if row["code"] != 0:
            tell(f"deploy: {row['host']}: {row['problem']}")
    away = any(row["code"] is None for row in heard.rows)
    code = Exit.NO_GO if away else Exit.FAILED if any(row["code"] for row in heard.rows) else Exit.DONE if not left or follow else Exit.INTERRUPTED
    if how.json:
        say_json_done({"type": "result", "exit": int(code), "hosts": heard.rows, "problems": heard.problems()})
    return int(code)


def _say_object(value: dict[str, Any]) -> None:
    say_while_read(json_text(value))


class _ExecOutput:
    """What came of it: lines go out at once, ends are kept."""

    def __init__(self, how: Invocation, hosts: list[str], matching: "re.Pattern[str] | None" = None) -> None:
        self._json = how.json
        self._width = max(map(len, hosts), default=0)
        self._matching = matching
        self.rows: list[dict[str, Any]] = []

    @property
    def good(self) -> list[str]:
        """Hosts where it ended with 0."""
        return [row["host"] for row in self.rows if row["code"] == 0]

    def problems(self) -> list[dict[str, Any]]:
        """What went wrong, by host, as the contract has it."""
        bad = (row for row in self.rows if row["code"] != 0)
        return [problem_object(Problem(f"{row['host']}: {row['problem'] or 'exit code ' + str(row['code'])}", row["hint"])) for row in bad]

    def take(self, item: object) -> None:
        """Say a line, or keep an end."""
        if isinstance(item, StepFinished):
            self.rows.append({"host": item.host, "code": item.code, "seconds": item.seconds, "problem": str(item.detail), "hint": str(item.hint)})
            if self._json and item.seq:
                _say_object({"type": "ended", "at": item.at, "host": item.host, "code": item.code, "seconds": item.seconds, "problem": str(item.detail)})
        elif isinstance(item, Output) and (self._matching is None or self._matching.search(item.text)):
            if self._json:
                _say_object({"type": "output", "at": item.at, "host": item.host, "text": str(item.text)})
            else:
                say_while_read(f"{item.host:<{self._width}}  {item.text}")


async def _hear(client: "Client", feed: str, heard: _ExecOutput) -> bool:
    """Follow to the end; whether it was left before, by a signal. Raises OutputLost once nobody reads on."""
    loop = asyncio.get_running_loop()
    leaving = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, leaving.set)

    async def follow() -> None:
        async for item in client.follow(feed, samples=False):
            heard.take(item)

    following, left, unread = (asyncio.create_task(one) for one in (follow(), leaving.wait(), until_unread()))
    try:
        await asyncio.wait((following, left, unread), return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
        elif unread.done():
            unread.result()
    finally:
        for task in (following, left, unread):
            task.cancel()
        with suppress(Exception):
            await asyncio.gather(following, left, unread, return_exceptions=True)
        for number in SIGNALS:
            loop.remove_signal_handler(number)
    return following.cancelled()
