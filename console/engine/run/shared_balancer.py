"""One balancer that many steps speak to at once: what they want within a moment goes there together, and the order about each host is kept.

Knows the port. What is wanted, and why, is not known here.
"""

import asyncio
from typing import Literal

from console.core.traffic.serving import serving
from console.model.traffic import BalancerProblem, BalancerSeen
from console.ports.balancer_port import BalancerPort
from console.ports.clock import Clock
from console.safe_text import SafeText

GATHER = 0.05
"""Seconds in which hosts come together for one order: a reload for all of them, and not one for each."""
HURRIED = 3.0
"""Seconds that it has for that on a way back."""
LOOK = 10.0
"""Seconds that a balancer has to say how it is, or to cut what is under way on a host."""
ORDER = 30.0
"""Seconds that it has to drain hosts, or to put them back."""
Verb = Literal["drain", "admit"]
Answer = BalancerSeen | BalancerProblem


class SharedBalancer:
    """One balancer for all hosts of a run: orders that come together are sent as one, and looks are shared."""

    def __init__(self, port: BalancerPort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._open: dict[Verb, tuple[list[str], asyncio.Task[Answer]]] = {}
        self._busy: dict[str, asyncio.Task[Answer]] = {}
        self._look: asyncio.Task[Answer] | None = None
        self.is_silent = False
        """It gave no answer when it was asked last."""
        self._leaving: set[str] = set()
        """Hosts that this run takes out, or has taken out."""
        self.weighing = asyncio.Lock()
        """Held while weights are computed and set: of two who do, the second sees what the first has done."""

    @property
    def name(self) -> str:
        """The balancer's name in messages: its machine and its backend."""
        return self._port.name

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it serves."""
        return self._port.hosts

    async def look(self, deadline: float = LOOK) -> Answer:
        """Ask how all servers are, within so many seconds. Who asks while somebody else does gets the same answer, and waits no longer for it than said."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._port.look(deadline=deadline))
        done, _ = await asyncio.wait((self._look,), timeout=deadline)
        answer = self._look.result() if done else BalancerProblem(self.name, SafeText(f"it has not answered for {deadline:g} s"))
        self.is_silent = isinstance(answer, BalancerProblem) and not answer.reached
        return answer

    async def hurried_look(self) -> Answer:
        """The same on a way back, which waits for no balancer."""
        return await self.look(HURRIED)

    @property
    def highest_weight(self) -> int:
        """The highest weight of a server; 0: weights are not changed here."""
        return self._port.highest_weight

    async def weigh(self, weights: dict[str, int]) -> Answer:
        """Set weights, and read them back."""
        return await self._port.weigh(weights, deadline=ORDER)

    async def cut(self, host: str) -> Answer:
        """End what is under way on a drained host."""
        return await self._port.cut(host, deadline=LOOK)

    def may_leave(self, host: str, seen: BalancerSeen, *, anyway: bool) -> bool:
        """Whether the host may be drained: another one gets requests after that, or it gets none now. If so it counts as gone from here on."""
        others = serving(seen, {*self._leaving, host})
        if not anyway and not others and host in serving(seen):
            return False
        self._leaving.add(host)
        return True

    def stays(self, host: str) -> None:
        """The host is not to be drained after all."""
        self._leaving.discard(host)

    async def drain(self, host: str) -> Answer:
        """Drain a host, together with others that are to be drained now."""
        self._leaving.add(host)
        return await self._order("drain", host)

    async def admit(self, host: str) -> Answer:
        """Put a host back, together with others."""
        answer = await self._order("admit", host)
        if isinstance(answer, BalancerSeen):
            self._leaving.discard(host)
        return answer

    async def _order(self, verb: Verb, host: str) -> Answer:
        """What is wanted last of a host is what is done last."""
        for hosts, _ in (known for other, known in self._open.items() if other != verb):
            if host in hosts:
                hosts.remove(host)
        hosts, task = self._open.get(verb) or self._begin(verb)
        if host not in hosts:
            hosts.append(host)
        return await asyncio.shield(task)

    def _begin(self, verb: Verb) -> tuple[list[str], asyncio.Task[Answer]]:
        hosts = list[str]()
        self._open[verb] = (hosts, asyncio.create_task(self._carry_out(verb, hosts)))
        return self._open[verb]

    async def _carry_out(self, verb: Verb, hosts: list[str]) -> Answer:
        await self._clock.sleep(GATHER)
        _, own = self._open.pop(verb)
        before = {task for host in hosts if (task := self._busy.get(host)) and not task.done()}
        self._busy.update(dict.fromkeys(hosts, own))
        if before:
            await asyncio.wait(before)
        if not hosts:
            return await self._port.look(deadline=LOOK)
        order = self._port.drain if verb == "drain" else self._port.admit
        return await order(tuple(hosts), deadline=ORDER)
