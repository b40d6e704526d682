"""A balancer that exists in memory alone, for tests and simulations: it can be away, keep sessions, forget a drain, or refuse. Implements `ports.BalancerPort`.

It keeps no time but what `clock` says.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from console.model.traffic import Admission, BalancerProblem, BalancerSeen, ServerCounts, ServerTraffic
from console.safe_text import SafeText


@dataclass(slots=True)
class ScriptedServer:
    """What the balancer knows of one host."""

    admission: Admission = "in"
    up: bool | None = True
    weight: int | None = 100
    sessions: int = 0
    """Under way while it gets requests."""
    keeps: float = 0.0
    """Seconds for which they go on once it is drained; infinite: until they are cut."""
    until: float = 0.0
    """When they end; meant while it is drained."""
    requests: int = 0
    bad: int = 0
    name: str = ""
    """What the balancer calls it; empty: as the fleet does."""


@dataclass(slots=True)
class ScriptedBalancer:
    """Every host is in at first, unless it was said to be out. `calls` notes what it was told, in order, with the hosts."""

    hosts: frozenset[str]
    name: str = "lb01/shop"
    clock: Callable[[], float] = time.monotonic
    servers: dict[str, ScriptedServer] = field(default_factory=dict)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    problem: BalancerProblem | None = None
    """What every call is answered with, until `mend`."""
    page: bool | None = None
    """Whether its maintenance page is shown; None: it has none."""
    incarnation: str = "1"
    highest_weight: int = 256
    strangers: dict[str, ScriptedServer] = field(default_factory=dict)
    """Its servers that are no host of the fleet, by their names."""
    warnings: tuple[SafeText, ...] = ()
    loses: set[str] = field(default_factory=set)
    """Hosts whose drain is forgotten once it was read back: somebody reloads."""
    _forgotten: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for host in sorted(self.hosts):
            self.servers.setdefault(host, ScriptedServer())

    def leave(self, message: str = "no answer within 5 s", *, reached: bool = False) -> None:
        """Answer every call with a problem, until `mend`."""
        self.problem = BalancerProblem(self.name, SafeText(message), SafeText("look at it there"), reached)

    def mend(self) -> None:
        """Answer again after `leave`, as if nothing had been."""
        self.problem = None

    def keep(self, host: str, sessions: int, seconds: float = float("inf")) -> None:
        """Have so many sessions under way there, which go on for so long after a drain."""
        self.servers[host].sessions, self.servers[host].keeps = sessions, seconds

    def put(self, admission: Admission, hosts: Iterable[str]) -> None:
        """Change hosts behind the console's back, as a person at the balancer does."""
        for host in hosts:
            self._set(host, admission)

    async def look(self, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Say what it knows; a drain that it was told to lose is gone from the second look on."""
        return self._answer("look", ())

    async def drain(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Drain them; one that is out stays out."""
        if self.problem is None:
            for host in hosts:
                if self.servers[host].admission == "in":
                    self._set(host, "drained")
        return self._answer("drain", hosts)

    async def cut(self, host: str, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """End what is under way on a drained host."""
        if self.problem is None and self.servers[host].admission != "in":
            self.servers[host].until = self.clock()
        return self._answer("cut", (host,))

    async def admit(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Put them in; a host that is down stays as it is, and that is the problem."""
        down = [host for host in hosts if self.servers[host].up is False]
        if self.problem is None:
            for host in hosts:
                if host not in down:
                    self._set(host, "in")
        seen = self._answer("admit", hosts)
        if down and isinstance(seen, BalancerSeen):
            return BalancerProblem(self.name, SafeText(f"{', '.join(down)}: its checks do not pass"), SafeText("look at the host"), reached=True)
        return seen

    async def weigh(self, weights: dict[str, int], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Set the weights of servers by name; those that are not named keep theirs."""
        named = {server.name or host: server for host, server in (*self.servers.items(), *self.strangers.items())}
        if self.problem is None:
            for name, weight in weights.items():
                named[name].weight = weight
        return self._answer("weigh", tuple(f"{name}={weight}" for name, weight in weights.items()))

    async def maintain(self, *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Show its page, or end that. One that has none says so."""
        self.calls.append(("maintain", ("on" if on else "off",)))
        if self.problem is None and self.page is not None:
            self.page = on
        return self.problem or (self.page if self.page is not None else BalancerProblem(self.name, SafeText("has no maintenance page"), reached=True))

    async def maintained(self, *, deadline: float) -> bool | BalancerProblem | None:
        """Whether its page is shown."""
        return self.problem or self.page

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """Its counters, as they were set."""
        self.calls.append(("count", ()))
        return self.problem or tuple(
            ServerCounts(host, self.incarnation, server.requests, server.bad) for host, server in self.servers.items()
        )  # fmt: skip

    async def close(self) -> None:
        """Note that it was closed, for the contract suite."""
        self.calls.append(("close", ()))

    def _set(self, host: str, admission: Admission) -> None:
        server = self.servers[host]
        if server.admission == "in" and admission != "in":
            server.until = self.clock() + server.keeps
        server.admission = admission

    def _answer(self, call: str, hosts: tuple[str, ...]) -> BalancerSeen | BalancerProblem:
        self.calls.append((call, hosts))
        if self.problem is not None:
            return self.problem
        for host in [host for host in self._forgotten if call == "look"]:
            self._forgotten.discard(host)
            self.servers[host].admission = "in"
        self._forgotten |= {host for host in self.loses if self.servers[host].admission == "drained"}
        self.loses -= self._forgotten
        others = (self._traffic("", name, server) for name, server in self.strangers.items())
        return BalancerSeen(self.name, tuple(self._traffic(host, host, server) for host, server in self.servers.items()), self.warnings, tuple(others))

    def _traffic(self, host: str, name: str, server: ScriptedServer) -> ServerTraffic:
        goes_on = server.admission == "in" or self.clock() < server.until
        return ServerTraffic(host, server.name or name, server.admission, server.up, server.sessions if goes_on else 0, server.weight)
