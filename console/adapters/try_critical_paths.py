"""Critical paths, tried through a host's own connection or from this machine: requests one after another, or a command. Implements `ports.CriticalPaths`.

One client for each try keeps its cookies. What is sent, and what an answer is worth, is `core/checks/http_sequence.py`'s; how often it is tried, the run's.
"""

from collections.abc import Mapping

import httpcore
import httpx

from console.adapters.ask_health_gates import place_of
from console.adapters.checks.command_check import seen_of
from console.adapters.checks.dispatch import within
from console.adapters.checks.http_check import BODY, beginning
from console.adapters.checks.one_question import SPARE, Reveal, RunCommand
from console.adapters.host_http import NotOpened, client_through
from console.core.checks.http_sequence import HttpAnswer, HttpSequence, StepFailure, answered, request_of, unanswered
from console.errors import ConsoleError
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host import Host
from console.ports.gates import PathSeen
from console.ports.hosts import Transport
from console.safe_text import SafeText


class CriticalWalks:
    """The critical paths of an environment. `run_command` runs a path's command; `reveal` has the secrets."""

    def __init__(self, transport: Transport, run_command: RunCommand, reveal: Reveal) -> None:
        self._transport = transport
        self._run_command = run_command
        self._reveal = reveal

    async def walk(self, environment: Environment, path: CriticalPath, host: Host, values: Mapping[str, str]) -> PathSeen:
        """Try the path once for that host."""
        place = place_of(environment, host, path)
        if path.kind == "http":
            return await _HttpWalk(self._transport, place, HttpSequence(path, values), self._reveal).ended()
        if path.command is None:
            return PathSeen("error", "", SafeText(f"{path.name} is nothing that the console can try"))
        try:
            ran = await within(path.timeout + SPARE, self._run_command(place, path.command, values, path.timeout))
        except TimeoutError:
            return PathSeen("error", "", SafeText(f"its command did not end within {path.timeout:g} s"))
        except ConsoleError as fault:
            return PathSeen("error", "", SafeText(f"cannot be tried: {fault}"))
        seen = seen_of(self._transport, place, ran)
        verdicts = {"ok": "passed", "bad": "failed", "error": "error"}
        return PathSeen(verdicts[seen.kind], "", seen.seen)  # type: ignore[arg-type]


class _HttpWalk:
    """One try of a sequence, from one place."""

    def __init__(self, transport: Transport, place: Host, sequence: HttpSequence, reveal: Reveal) -> None:
        self._transport = transport
        self._place = place
        self._sequence = sequence
        self._reveal = reveal

    async def ended(self) -> PathSeen:
        """Take the steps until one is not answered as expected, or none is left."""
        seconds = self._sequence.path.timeout
        try:
            failed = await within(seconds, self._taken())
        except TimeoutError:
            failed = unanswered(self._sequence, f"the path was not over within {seconds:g} s")
        if failed is None:
            return PathSeen("passed", "", SafeText(f"{len(self._sequence.path.steps)} requests answered as expected"))
        return PathSeen(failed.verdict, failed.where, failed.seen)

    async def _taken(self) -> StepFailure | None:
        async with client_through(self._transport, self._place, timeout=self._sequence.path.timeout + SPARE) as client:
            while not self._sequence.is_over:
                found = await self._step(client)
                if isinstance(found, StepFailure):
                    return found
                self._sequence = found
        return None

    async def _step(self, client: httpx.AsyncClient) -> HttpSequence | StepFailure:
        seconds = self._sequence.step.timeout
        try:
            return answered(self._sequence, await within(seconds, self._sent(client)))
        except TimeoutError:
            return unanswered(self._sequence, f"no answer within {seconds:g} s")
        except NotOpened as fault:
            hint = f": {fault.problem.hint}" if fault.problem.kind == "forwarding" else ""
            return unanswered(self._sequence, f"{fault.problem.message}{hint}")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as fault:
            return unanswered(self._sequence, str(fault) or type(fault).__name__)
        except (ConsoleError, httpx.InvalidURL, httpcore.UnsupportedProtocol, ValueError) as fault:
            return unanswered(self._sequence, f"cannot be sent: {fault}")

    async def _sent(self, client: httpx.AsyncClient) -> HttpAnswer:
        sent = request_of(self._sequence, self._reveal)
        async with client.stream(sent.method, sent.url, headers=list(sent.headers), content=sent.body or None) as response:
            body = await beginning(response, BODY)
            return HttpAnswer(response.status_code, body, response.headers.get("location", ""))
