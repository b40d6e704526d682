"""Any other balancer, by three commands on its machine: drain, restore, and state, which is read back after each. Implements `ports.BalancerPort`.

`state` prints, on its last line, one word: `in`, `drained` or `out`; and may print a number after it: the requests that are under way there.
"""

import asyncio

from console.adapters.attended_commands import run_attended
from console.adapters.balancers.call_time import CallTime
from console.core.host.shell import deploy_variables, exports, filled
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.host_commands import Command
from console.model.traffic import Admission, BalancerProblem, BalancerSeen, ServerCounts, ServerTraffic
from console.ports.hosts import Transport
from console.safe_text import SafeText

AT_ONCE = 8
"""Commands at once on the balancer's machine."""
POLL = 0.2
WORDS: dict[str, Admission] = {"in": "in", "drained": "drained", "out": "out"}


class CommandBalancer:
    """One balancer that is known by its commands alone."""

    def __init__(self, balancer: Balancer, hosts: tuple[Host, ...], transport: Transport, environment: str) -> None:
        self._balancer = balancer
        self._served = {host.name: host for host in balancer.served(hosts)}
        self._transport = transport
        self._host = balancer.host or Host("localhost")
        self._environment = environment
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def name(self) -> str:
        """Its machine, and that it is a command."""
        return self._balancer.name

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it serves."""
        return frozenset(self._served)

    async def look(self, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Ask for the state of every host. `deadline` is seconds."""
        time = CallTime(deadline)
        found = await asyncio.gather(*(self._state(host, time) for host in self._served.values()))
        servers = tuple(one for one in found if isinstance(one, ServerTraffic))
        return next((one for one in found if isinstance(one, BalancerProblem)), BalancerSeen(self.name, servers))

    async def drain(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Run `drain` for each that is in, and read back that none is."""
        return await self._turned(hosts, self._balancer.drain, is_in=False, time=CallTime(deadline))

    async def cut(self, host: str, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Nothing is done: there is no command for it."""
        return await self.look(deadline=deadline)

    async def admit(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Run `restore` for each that is not in, and read back that all are."""
        return await self._turned(hosts, self._balancer.restore, is_in=True, time=CallTime(deadline))

    @property
    def highest_weight(self) -> int:
        """Return 0: weights are not asked of a command."""
        return 0

    async def weigh(self, weights: dict[str, int], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Return a problem: a command has no weights, so a canary by weight is refused before GO."""
        return self._problem("a balancer of the kind command has no weights", "by hosts, or with HAProxy", reached=True)

    async def maintain(self, *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Return a problem that names the hosts' own maintenance commands."""
        hint = "maintenance_on and maintenance_off are the hosts' own commands"
        return self._problem("a balancer of the kind command has no maintenance page", hint, reached=True)

    async def maintained(self, *, deadline: float) -> bool | BalancerProblem | None:
        """Return None: a command shows no maintenance page."""
        return None

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """Return nothing: it has no counters."""
        return ()

    async def close(self) -> None:
        """Do nothing: each command is a process of its own, and no link is kept."""

    async def _turned(self, hosts: tuple[str, ...], command: Command | None, *, is_in: bool, time: CallTime) -> BalancerSeen | BalancerProblem:
        seen = await self.look(deadline=time.least())
        if isinstance(seen, BalancerProblem) or command is None:
            return seen
        wanted = [host for host in hosts if (server := seen.server(host)) and (server.admission == "in") is not is_in]
        problems = await asyncio.gather(*(self._run(self._served[host], command, time) for host in wanted))
        if problem := next((problem for problem in problems if isinstance(problem, BalancerProblem)), None):
            return problem
        while True:
            seen = await self.look(deadline=time.least())
            if isinstance(seen, BalancerProblem):
                return seen
            wrong = [host for host in hosts if (server := seen.server(host)) and (server.admission == "in") is not is_in]
            if not wrong:
                return seen
            if time.left() <= POLL:
                words = f"{', '.join(wrong)} {'is not in' if is_in else 'still gets requests'} after {command.run}"
                return self._problem(words, f"run it by hand on {self._host.name}", reached=True)
            await asyncio.sleep(POLL)

    async def _state(self, host: Host, time: CallTime) -> ServerTraffic | BalancerProblem:
        if self._balancer.state is None:
            return self._problem("it has no command state", "state in hosts.toml", reached=True)
        said = await self._run(host, self._balancer.state, time)
        if isinstance(said, BalancerProblem):
            return said
        line = said.strip().rpartition("\n")[2]
        word, _, rest = line.partition(" ")
        sessions = rest.strip()
        if word not in WORDS or (sessions and not (sessions.isascii() and sessions.isdigit())):
            words = f'state of {host.name}: expected in, drained or out, and maybe a number; it printed "{SafeText(line, 60)}"'
            return self._problem(words, f"{self._typed(host, self._balancer.state)} on {self._host.name}", reached=True)
        return ServerTraffic(host.name, host.server or host.name, WORDS[word], sessions=int(sessions) if sessions else None, words=SafeText(line, 60))

    async def _run(self, host: Host, command: Command, time: CallTime) -> str | BalancerProblem:
        """Run a command for a host, again as often as it may be; its output."""
        typed = self._typed(host, command)
        body = f"set -eu\n{exports(deploy_variables(self._values(host)))}{typed}\n"
        for _ in range(command.retries + 1):
            async with self._room:
                ran = await run_attended(self._transport, self._host, body, command.run_as, deadline=min(command.timeout, time.least()))
            if ran.ok:
                return ran.out.decode("utf-8", "replace")
        if ran.problem:
            return BalancerProblem(self.name, ran.problem.message, ran.problem.hint or SafeText(f"{typed} on {self._host.name}"))
        said = SafeText((ran.err or ran.out).decode("utf-8", "replace").strip().rpartition("\n")[2], 200)
        return self._problem(f"{typed} ended with {ran.status}: {said}", f"run it by hand on {self._host.name}", reached=True)

    def _values(self, host: Host) -> dict[str, str]:
        return {"host": host.name, "address": host.address or host.name, "server": host.server or host.name, "env": self._environment}

    def _typed(self, host: Host, command: Command) -> str:
        """The command as it is run for that host."""
        return filled(command.run, self._values(host))

    def _problem(self, message: str, hint: str, *, reached: bool = False) -> BalancerProblem:
        return BalancerProblem(self.name, SafeText(message, 400), SafeText(hint, 200), reached)
