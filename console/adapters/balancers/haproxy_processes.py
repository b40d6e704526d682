"""The processes of one HAProxy: all of them asked at once, and told. A master's socket has every worker, those of before a reload too. Knows no plan."""

import asyncio
from collections.abc import Callable

from console.adapters.balancers import haproxy_access as access
from console.adapters.balancers.call_time import CallTime
from console.adapters.balancers.haproxy_state import Process, questions, read_process, workers
from console.adapters.balancers.haproxy_talk import talk
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.traffic import BalancerProblem
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

READS = 3
"""Times that the processes are asked for anew, while old ones end under it."""

Processes = tuple[Process, ...]


def new_ones(processes: Processes) -> Processes:
    """Return those that take requests."""
    return tuple(process for process in processes if not process.is_old)


class HaproxyProcesses:
    """Those behind one socket. `servers` is by host: what the backend calls it."""

    def __init__(self, balancer: Balancer, servers: dict[str, str], host: Host, transport: Transport) -> None:
        self._balancer = balancer
        self._servers = servers
        self._host = host
        self._transport = transport

    async def read(self, time: CallTime) -> Processes | BalancerProblem:
        """Ask every process; the problem, where one that takes requests cannot be asked, or lacks a server."""
        for _ in range(READS):
            found = await self._asked(time)
            if isinstance(found, BalancerProblem):
                return found
            if not any(process.is_old and process.problem for process in found):
                return await self._judged(found, time)
        return access.refused(self._balancer, "show proc", "its old workers could not be asked")

    async def _asked(self, time: CallTime) -> Processes | BalancerProblem:
        first = await self._talk(["show proc", *questions(self._balancer.backend)], time)
        if isinstance(first, Unreached):
            return await access.unreached(self._transport, self._host, self._balancer, first, deadline=time.least())
        pids = workers(first[0])
        if pids is None:
            return (read_process(Process(""), first[1:], self._balancer.backend),)
        return tuple(await asyncio.gather(*(self._asked_worker(pid, is_old, time) for pid, is_old in pids)))

    async def _asked_worker(self, pid: str, is_old: bool, time: CallTime) -> Process:
        process = Process(pid, f"@!{pid} ", is_old)
        answers = await self._talk([process.prefix + line for line in questions(self._balancer.backend)], time)
        if isinstance(answers, Unreached):
            return Process(pid, process.prefix, is_old, is_lost=True, problem=answers.message)
        return read_process(process, answers, self._balancer.backend)

    async def _judged(self, found: Processes, time: CallTime) -> Processes | BalancerProblem:
        new = new_ones(found)
        if not new:
            return access.refused(self._balancer, "show proc", "it has no worker that takes requests")
        if lost := next((process for process in new if process.is_lost), None):
            return BalancerProblem(self._balancer.name, SafeText(lost.problem), SafeText(f"show proc on {self._balancer.socket}"))
        if silent := next((process for process in new if process.problem), None):
            answers = await self._talk([f"{silent.prefix}show backend"], time)
            known = () if isinstance(answers, Unreached) else tuple(line for line in answers[0].splitlines() if line and not line.startswith("#"))
            return access.no_backend(self._balancer, silent.problem, known)
        if low := next((process.level for process in new if process.level != "admin"), None):
            return access.no_admin(self._balancer, low)
        for process in new:
            if missing := {host: server for host, server in self._servers.items() if server not in process.servers}:
                return access.no_server(self._balancer, missing, tuple(process.servers))
        return found

    async def tell(self, processes: Processes, lines: Callable[[Process], list[str]], time: CallTime) -> BalancerProblem | None:
        """Say lines to each process. The problem, where one is answered with anything; an old process has none."""
        problems = await asyncio.gather(*(self._tell_one(process, lines(process), time) for process in processes))
        return next((problem for problem in problems if problem), None)

    async def _tell_one(self, process: Process, lines: list[str], time: CallTime) -> BalancerProblem | None:
        if not lines:
            return None
        answers = await self._talk([process.prefix + line.replace("; ", f"; {process.prefix}") for line in lines], time)
        if isinstance(answers, Unreached):
            return None if process.is_old else BalancerProblem(self._balancer.name, answers.message, answers.hint)
        if process.is_old:
            return None  # what is still under way there is read back
        wrong = next(((line, answer) for line, answer in zip(lines, answers, strict=True) if answer.strip()), None)
        return access.refused(self._balancer, *wrong) if wrong else None

    async def _talk(self, commands: list[str], time: CallTime) -> list[str] | Unreached:
        return await talk(self._transport, self._host, self._balancer.socket, commands, deadline=time.least())
