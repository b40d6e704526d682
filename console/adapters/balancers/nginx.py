"""nginx by the file of its upstream: a host's line is set `down` and back, tested, and reloaded; processes are counted, as a reload says nothing.

Implements `ports.BalancerPort`. Changes that come together are one reload: each reload closes connections that wait for their next request, unless its
configuration asks for the flag `closing`. Requests that were
under way stay with the old workers, which end with the last of them: so many of those as there are is what is still under way. nginx asks no server for its
health, counts nothing for each server, and its weights are left alone.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.adapters.balancers.call_time import CallTime
from console.adapters.balancers.nginx_file import Line, Upstream, lines_of, read_upstream, rewritten
from console.adapters.balancers.nginx_scripts import NginxSeen, change_script, flag_script, look_script, put_back_script, read_look
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.traffic import Admission, BalancerProblem, BalancerSeen, ServerCounts, ServerTraffic
from console.ports.hosts import Transport
from console.safe_text import SafeText

TOGETHER = 0.05
"""Seconds in which changes that come together become one reload."""
APART = 1.0
"""Seconds between two reloads."""
PROOF = 10.0
"""Seconds in which new workers must have taken the place of the old ones."""
SETTLE = 1
"""Seconds in which a client that keeps its connection has had an answer that ends it."""
POLL = 0.1
CHANGED, UNTESTED, UNLOADED = 3, 4, 5
"""How a change ends that was not made."""


@dataclass(eq=False)
class Batch:
    """Changes that are made by one reload."""

    down: dict[str, bool]
    until: float
    task: "asyncio.Task[NginxSeen | BalancerProblem] | None" = field(default=None)


class NginxBalancer:
    """One upstream of one nginx."""

    def __init__(self, balancer: Balancer, hosts: tuple[Host, ...], transport: Transport) -> None:
        self._balancer = balancer
        self._served = balancer.served(hosts)
        self._transport = transport
        self._host = balancer.host or Host("localhost")
        self._flag = balancer.flag or f"{balancer.file}.maintenance"
        self._one = asyncio.Lock()
        self._next: Batch | None = None
        self._again = 0.0

    @property
    def name(self) -> str:
        """Its machine and its upstream."""
        return self._balancer.name

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that it serves."""
        return frozenset(host.name for host in self._served)

    async def look(self, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Read the file and the processes. `deadline` is seconds."""
        found = await self._read(CallTime(deadline))
        return found if isinstance(found, BalancerProblem) else self._seen(found)

    async def drain(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Set their lines down; what is under way stays with the workers of before."""
        return await self._change(dict.fromkeys(hosts, True), CallTime(deadline))

    async def cut(self, host: str, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Nothing is done: an old worker serves every host, and cannot be ended for one."""
        return await self.look(deadline=deadline)

    async def admit(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Set their lines back. nginx does not ask whether they are well: the host's own gate has."""
        return await self._change(dict.fromkeys(hosts, False), CallTime(deadline))

    @property
    def highest_weight(self) -> int:
        """0: each change would be a reload."""
        return 0

    async def weigh(self, weights: dict[str, int], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Say that it cannot: each step would be a reload."""
        return self._problem("weights of nginx are not changed: each change would be a reload", "by hosts, or with HAProxy", reached=True)

    async def maintain(self, *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Make or remove the flag that its configuration asks for at each request; no reload."""
        time = CallTime(deadline)
        found = await self._read(time)
        if isinstance(found, BalancerProblem):
            return found
        if not found.has_page:
            return self._problem(f"its configuration does not mention {self._flag}, so it has no maintenance page", "docs/recipes/nginx.md", reached=True)
        ran = await self._transport.run(self._host, flag_script(self._flag, on=on), deadline=time.least())
        is_shown = ran.out.decode("utf-8", "replace").strip() == "shown"
        if ran.ok and is_shown is on:
            return is_shown
        said = ran.problem.message if ran.problem else _last(ran.err)
        words = f"{self._flag} could not be {'made' if on else 'removed'}: {said}"
        return self._problem(words, f"let the login write {_folder(self._flag)}", reached=ran.problem is None)

    async def maintained(self, *, deadline: float) -> bool | BalancerProblem | None:
        """Whether the flag is there; None: its configuration does not ask for it."""
        found = await self._read(CallTime(deadline))
        return found if isinstance(found, BalancerProblem) else found.is_shown if found.has_page else None

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """Return nothing: it has no counters for each server."""
        return ()

    async def close(self) -> None:
        """Let a change that goes on come to its end: half of one would be worse."""
        if self._next and self._next.task:
            await asyncio.gather(self._next.task, return_exceptions=True)

    # -- one look -----------------------------------------------------------------------------------------------------------------

    async def _read(self, time: CallTime) -> NginxSeen | BalancerProblem:
        file = self._balancer.file
        ran = await self._transport.run(self._host, look_script(file, self._balancer.pid, self._flag), deadline=time.least())
        if ran.problem:
            return BalancerProblem(self.name, ran.problem.message, ran.problem.hint or SafeText(f"reach {self._host.name}, then look again"))
        found = read_look(ran.out)
        if found is None:
            return self._problem(f"the look at {file} ended early: {_last(ran.err) or ran.status}", f"ls -l {file} on {self._host.name}")
        if found.unreadable_by:
            return self._problem(f"{found.unreadable_by} cannot read {file} on {self._host.name}", f"ls -l {file} there; file in hosts.toml", reached=True)
        if not found.workers:
            return self._problem(f"nginx does not run on {self._host.name}: {self._balancer.pid} names no process with workers", "systemctl status nginx")
        upstream = self._upstream(found)
        missing = [host for host, lines in lines_of(upstream, self._served).items() if not lines]
        if upstream.problem:
            return self._problem(f"{file}: {upstream.problem}", "file and upstream in hosts.toml", reached=True)
        if missing:
            words = f"{file}: no server line for {', '.join(missing)}; it has {', '.join(line.address for line in upstream.lines)}"
            return self._problem(words, 'server = "ADDRESS:PORT" in its table in hosts, or its name in a comment behind its line', reached=True)
        return found

    def _upstream(self, found: NginxSeen) -> Upstream:
        return read_upstream(found.text, self._balancer.upstream)

    def _seen(self, found: NginxSeen) -> BalancerSeen:
        lines = lines_of(self._upstream(found), self._served)
        timeout = f"worker_shutdown_timeout {found.timeout}: requests that take longer are cut by each reload"
        return BalancerSeen(
            self.name, tuple(_traffic(host, lines[host.name], len(found.old)) for host in self._served), (SafeText(timeout),) if found.timeout else ()
        )  # fmt: skip

    # -- a change -----------------------------------------------------------------------------------------------------------------

    async def _change(self, down: Mapping[str, bool], time: CallTime) -> BalancerSeen | BalancerProblem:
        """Make it with what others ask for at the same time, and answer with what is there afterwards."""
        until = asyncio.get_running_loop().time() + time.seconds
        if self._next is None:
            self._next = Batch({}, until)
            self._next.task = asyncio.create_task(self._carried(self._next))
        batch = self._next
        batch.down |= down
        batch.until = max(batch.until, until)
        assert batch.task is not None
        try:
            async with asyncio.timeout(time.least()):
                found = await asyncio.shield(batch.task)
        except TimeoutError:
            return self._problem(f"its reload did not come to its end within {time.seconds:g} s", "look at its error log")
        if isinstance(found, BalancerProblem):
            return found
        seen = self._seen(found)
        wrong = [server.host for server in seen.servers if server.host in down and (server.admission != "in") != down[server.host]]
        return self._problem(f"{', '.join(wrong)} is not as it was told afterwards", f"look at {self._balancer.file}", reached=True) if wrong else seen

    async def _carried(self, batch: Batch) -> NginxSeen | BalancerProblem:
        loop = asyncio.get_running_loop()
        async with self._one:
            await asyncio.sleep(max(TOGETHER, self._again - loop.time()))
            self._next = None if self._next is batch else self._next
            for _ in range(2):  # somebody may write the file in the same moment, once
                found = await self._made(batch.down, CallTime(max(1.0, batch.until - loop.time())))
                if found is not None:
                    return found
        return self._problem(f"{self._balancer.file} is changed by somebody else again and again", "wait until they are done", reached=True)

    async def _made(self, down: Mapping[str, bool], time: CallTime) -> NginxSeen | BalancerProblem | None:
        """Write, test, reload and prove it; None: the file was another one by then."""
        before = await self._read(time)
        if isinstance(before, BalancerProblem):
            return before
        text = rewritten(before.text, lines_of(self._upstream(before), self._served), down)
        if text == before.text:
            return before
        script = change_script(self._balancer.file, before.digest, self._balancer.test, self._balancer.reload, SETTLE if before.closes else 0)
        ran = await self._transport.run(self._host, script, text.encode("utf-8", "surrogateescape"), deadline=time.least())
        self._again = asyncio.get_running_loop().time() + APART
        if ran.problem:
            return BalancerProblem(self.name, ran.problem.message, ran.problem.hint or SafeText(f"look at {self._balancer.file}"))
        if ran.status == CHANGED:
            return None
        if not ran.ok:
            return self._not_made(ran.status, _last(ran.out) or _last(ran.err))
        return await self._proven(before, time)

    async def _proven(self, before: NginxSeen, time: CallTime) -> NginxSeen | BalancerProblem:
        """Wait until workers that were not there before have taken over; else bring back the file of before."""
        proof = CallTime(min(PROOF, max(1.0, time.left() * 0.7)))
        while True:
            found = await self._read(CallTime(5.0))
            if isinstance(found, NginxSeen) and found.workers and not found.workers & before.workers:
                return found
            if proof.left() == 0:
                break
            await asyncio.sleep(POLL)
        if isinstance(found, NginxSeen):
            await self._transport.run(self._host, put_back_script(self._balancer.file, found.digest, self._balancer.reload), deadline=5.0)
        words = f"its reload had no effect: the workers are those of before after {proof.seconds:.0f} s; {self._balancer.file} is put back"
        return self._problem(words, f"nginx's error log on {self._host.name} says why", reached=True)

    def _not_made(self, status: int | None, said: str) -> BalancerProblem:
        file = self._balancer.file
        if status == UNTESTED:
            return self._problem(f"its own test refuses the change, so {file} is put back: {said}", f"{self._balancer.test} on {self._host.name}", reached=True)
        if status == UNLOADED:
            return self._problem(f"it could not be reloaded, so {file} is put back: {said}", f"{self._balancer.reload} on {self._host.name}", reached=True)
        return self._problem(f"{file} could not be written: {said}", f"let the login write {file} and its folder {_folder(file)}", reached=True)

    def _problem(self, message: str, hint: str = "", *, reached: bool = False) -> BalancerProblem:
        return BalancerProblem(self.name, SafeText(message, 400), SafeText(hint, 200), reached)


def _traffic(host: Host, lines: tuple[Line, ...], old: int) -> ServerTraffic:
    admissions = {line.admission for line in lines}
    admission: Admission = "in" if "in" in admissions else "drained" if "drained" in admissions else "out"
    words = SafeText("; ".join(" ".join((line.address, *line.parameters)) for line in lines), 80)
    weight = sum(line.weight for line in lines)
    return ServerTraffic(host.name, host.server or host.name, admission, sessions=None if admission == "in" else old, weight=weight, words=words)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _last(said: bytes) -> SafeText:
    return SafeText(said.decode("utf-8", "replace").strip().rpartition("\n")[2], 200)
