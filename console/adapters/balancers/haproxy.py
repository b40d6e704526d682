"""HAProxy by its runtime API, on each of its processes: drains, returns by fresh checks, weights and counters. Implements `ports.BalancerPort`.

How long a drain is waited for, and when what is left of it is cut, is `engine/run/drain_and_admit.py`'s. What a server does is decided by srv_op_state
and srv_admin_state, never by a word of an answer; success of a command is an empty answer, and the state is read back. Through a master's socket every
worker is asked, through a worker's that one. A worker of before a reload takes no new requests, and no commands on servers ("Proxy is disabled."): only
what is still under way in it counts.
Source of commands, columns and bits: HAProxy's management guide, section 9.3.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from console.adapters.balancers import haproxy_access as access
from console.adapters.balancers.call_time import CallTime
from console.adapters.balancers.haproxy_maintenance import HaproxyPage
from console.adapters.balancers.haproxy_processes import HaproxyProcesses, Processes, new_ones
from console.adapters.balancers.haproxy_state import NOT_OURS, UP, Process, Server, number
from console.adapters.balancers.haproxy_warnings import ConfigWarnings
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen, ServerCounts, ServerTraffic
from console.ports.hosts import Transport
from console.safe_text import SafeText

HIGHEST_WEIGHT = 256
POLL = 0.2
"""Seconds between two looks while checks are waited for."""


class HaproxyBalancer:
    """One backend of one HAProxy."""

    def __init__(self, balancer: Balancer, hosts: tuple[Host, ...], transport: Transport) -> None:
        self._balancer = balancer
        self._names = {host.name: host.server or host.name for host in balancer.served(hosts)}
        machine = balancer.host or Host("localhost")
        self._processes = HaproxyProcesses(balancer, self._names, machine, transport)
        self._page = HaproxyPage(balancer, machine, transport)
        self._warnings = ConfigWarnings(balancer, machine, transport)

    @property
    def name(self) -> str:
        """Its machine and its backend."""
        return self._balancer.name

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it serves."""
        return frozenset(self._names)

    async def look(self, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Ask every process for every server. `deadline` is seconds."""
        return await self._look(CallTime(deadline))

    async def drain(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Take them out of the traffic. Clients that are kept on their servers (cookie, stick table) pass a drain: there it is maintenance."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        if isinstance(found, BalancerProblem):
            return found

        def lines(process: Process) -> list[str]:
            rows = (process.servers.get(self._names[host]) for host in hosts)
            return [self._set(row, f"state {_drained(process, row)}") for row in rows if row and row.admission == "in"]

        if problem := await self._processes.tell(new_ones(found), lines, time):
            return problem
        seen = await self._look(time)
        return seen if isinstance(seen, BalancerProblem) else self._confirmed(seen, hosts, lambda server: server.admission != "in", "is not drained")

    async def cut(self, host: str, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """End the sessions of a drained host on every process."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        if isinstance(found, BalancerProblem):
            return found
        server = self._names[host]
        if any(process.servers[server].admission == "in" for process in new_ones(found)):
            return access.refused(self._balancer, f"shutdown sessions server {server}", f"{host} is not drained")

        def lines(process: Process) -> list[str]:
            return [f"shutdown sessions server {self._balancer.backend}/{server}"] if server in process.servers else []

        return await self._processes.tell(found, lines, time) or await self._look(time)

    async def admit(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Send them requests again, each once HAProxy's own checks have passed anew while it was drained. A host whose checks do not pass stays drained."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        if isinstance(found, BalancerProblem):
            return found
        if foreign := [host for host in hosts if any(row.admin & NOT_OURS for row in self._rows(found, host))]:
            return access.refused(self._balancer, f"{', '.join(foreign)} cannot be set ready", "it follows another server's state, or its name has no address")
        if problem := await self._processes.tell(new_ones(found), lambda process: self._asked_anew(process, hosts), time):
            return problem
        if problem := await self._returned(hosts, time):
            return problem
        seen = await self._look(time)
        return seen if isinstance(seen, BalancerProblem) else self._confirmed(seen, hosts, _is_back, "is not in service")

    @property
    def highest_weight(self) -> int:
        """256, as its configuration has it."""
        return HIGHEST_WEIGHT

    async def weigh(self, weights: dict[str, int], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Set weights in every process. Whole numbers and never percents: HAProxy rounds those down, and 10 % of a weight of 1 becomes 0."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        if isinstance(found, BalancerProblem):
            return found

        def lines(process: Process) -> list[str]:
            rows = (process.servers.get(name) for name in weights)
            return [f"set weight {self._balancer.backend}/{row.name} {weights[row.name]}" for row in rows if row and row.weight != weights[row.name]]

        if problem := await self._processes.tell(new_ones(found), lines, time):
            return problem
        after = await self._processes.read(time)
        if isinstance(after, BalancerProblem):
            return after
        if left := [line for process in new_ones(after) for line in lines(process)]:
            return access.refused(self._balancer, left[0], "it has another weight afterwards")
        return self._seen(after)

    async def maintain(self, *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Set the map's value in every process, and in its file, so that a reload keeps it."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        return found if isinstance(found, BalancerProblem) else await self._page.turn(found, on=on, deadline=time.left())

    async def maintained(self, *, deadline: float) -> bool | BalancerProblem | None:
        """Whether the map's value is on; None: no such map is loaded."""
        time = CallTime(deadline)
        found = await self._processes.read(time)
        return found if isinstance(found, BalancerProblem) else await self._page.is_shown(found, deadline=time.left())

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """Requests, and bad ones (5xx of the server, failed connections, responses that were none), of the processes that take requests."""
        found = await self._processes.read(CallTime(deadline))
        if isinstance(found, BalancerProblem):
            return found
        new = new_ones(found)
        incarnation = "+".join(sorted(f"{process.pid}.{process.began}" for process in new))
        return tuple(
            ServerCounts(host, incarnation, _sum(rows, "stot"), _sum(rows, "hrsp_5xx", "econ", "eresp"))
            for host in self._names
            if (rows := self._rows(new, host))
        )

    async def close(self) -> None:
        """Nothing is kept open between two talks."""

    # -- one look -----------------------------------------------------------------------------------------------------------------

    async def _look(self, time: CallTime) -> BalancerSeen | BalancerProblem:
        found = await self._processes.read(time)
        if isinstance(found, BalancerProblem):
            return found
        await self._warnings.learn(found, deadline=time.left())
        return self._seen(found)

    def _seen(self, processes: Processes) -> BalancerSeen:
        new = new_ones(processes)
        servers = (self._traffic(host, name, _rows(new, name), _rows(processes, name)) for host, name in self._names.items())
        known = frozenset(self._names.values())
        strangers = dict.fromkeys(name for process in new for name, row in process.servers.items() if name not in known and not row.is_backup)
        others = (self._traffic("", name, _rows(new, name), _rows(processes, name)) for name in strangers)
        return BalancerSeen(self.name, tuple(servers), self._warnings.of(processes, known), tuple(others))

    def _traffic(self, host: str, name: str, new: list[Server], every: list[Server]) -> ServerTraffic:
        admissions = {row.admission for row in new}
        sessions = [row.sessions for row in every]
        is_checked = any(row.is_checked for row in new)
        is_up = all(row.op in UP for row in new)
        return ServerTraffic(
            host,
            name,
            "in" if "in" in admissions else "drained" if "drained" in admissions else "out",
            up=is_up if is_checked or not is_up else None,
            sessions=None if None in sessions else sum(one for one in sessions if one is not None),
            weight=min(row.weight for row in new),
            ramps=any(row.ramps for row in new),
            words=SafeText(" ".join(dict.fromkeys(row.stat.get("status", "") for row in new)), 60),
        )

    def _rows(self, processes: Processes, host: str) -> list[Server]:
        return _rows(processes, self._names[host])

    # -- what it is told ----------------------------------------------------------------------------------------------------------

    def _set(self, row: Server, what: str) -> str:
        return f"set server {self._balancer.backend}/{row.name} {what}"

    def _asked_anew(self, process: Process, hosts: Iterable[str]) -> list[str]:
        """Take a drained server for down until its checks have passed anew; from maintenance it is drained first, which has them asked."""
        rows = [row for host in hosts if (row := process.servers[self._names[host]]).is_checked and row.admission != "in"]
        return [("" if row.admission == "drained" else f"{self._set(row, 'state drain')}; ") + self._set(row, "health down") for row in rows]

    def _ready(self, process: Process, hosts: Iterable[str]) -> list[str]:
        return [self._set(row, "state ready") for host in hosts if (row := process.servers[self._names[host]]).admission != "in"]

    async def _returned(self, hosts: tuple[str, ...], time: CallTime) -> BalancerProblem | None:
        """Set each host ready as soon as every process that takes requests finds it well; the problem, where some are not by the end of the time."""
        waiting = set(hosts)
        while True:
            found = await self._processes.read(time)
            if isinstance(found, BalancerProblem):
                return found
            new = new_ones(found)
            down = {host: row for host in hosts if host in waiting for row in self._rows(new, host) if row.is_checked and row.op not in UP}
            well = tuple(host for host in hosts if host in waiting - down.keys())
            if problem := await self._processes.tell(new, partial(self._ready, hosts=well), time):
                return problem
            waiting -= set(well)
            if not waiting:
                return None
            if time.left() <= POLL:
                host, row = next(iter(down.items()))
                why = " ".join(filter(None, (row.stat.get(name, "") for name in ("check_status", "check_code", "last_chk"))))
                return access.refused(self._balancer, f"checks of {', '.join(down)}", f"not passed within {time.seconds:g} s; {host}: {why or 'no answer yet'}")
            await asyncio.sleep(POLL)

    def _confirmed(
        self, seen: BalancerSeen, hosts: tuple[str, ...], is_so: Callable[[ServerTraffic], bool], words: str
    ) -> BalancerSeen | BalancerProblem:  # fmt: skip
        wrong = [server for server in seen.servers if server.host in hosts and not is_so(server)]
        return access.refused(self._balancer, ", ".join(server.host for server in wrong), f"{words} afterwards ({wrong[0].words})") if wrong else seen


def _rows(processes: Processes, server: str) -> list[Server]:
    return [process.servers[server] for process in processes if server in process.servers]


def _is_back(server: ServerTraffic) -> bool:
    return server.admission == "in" and server.up is not False


def _drained(process: Process, row: Server) -> str:
    return "maint" if process.sticks or row.stat.get("cookie") else "drain"


def _sum(rows: list[Server], *names: str) -> int:
    return sum(number(row.stat, name) or 0 for row in rows for name in names)
