"""Each kind of balancer with what a contract needs to do at it: ask as a client, keep a request under way, meddle, take it away."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console.adapters.balancers.command_balancer import CommandBalancer
from console.adapters.balancers.haproxy import HaproxyBalancer
from console.adapters.balancers.nginx import NginxBalancer
from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.adapters.this_machine import LocalTransport
from console.model.balancer import Balancer as Spec
from console.model.host import Host
from console.model.host_commands import Command
from console.model.traffic import BalancerSeen
from console.ports.balancer_port import BalancerPort
from console.ports.hosts import Transport
from tests.balancing import Haproxy, Machine, Nginx, Web, ask
from tests.reserved import free_port

HOSTS = (Host("web01"), Host("web02.example.net", server="two"), Host("web03"))
NAMES = tuple(host.name for host in HOSTS)
ONE, TWO, THREE = NAMES


@dataclass
class Rig:
    """A balancer of web01 to web03; the second one is called `two` there."""

    balancer: BalancerPort
    webs: dict[str, Web] = field(default_factory=dict)
    """By host."""
    port: int = 0
    meddle: Callable[[str], None] = lambda host: None
    """Take a host out, behind the console's back."""
    leave: Callable[[], None] = lambda: None
    """Take the balancer away."""
    has_checks: bool = True
    has_page: bool = True
    has_counts: bool = True
    can_cut: bool = True
    can_weigh: bool = True
    out: str = "out"
    """What a host is that somebody took out there."""
    is_reached_when_away: bool = False
    """Its machine answers, and says that the balancer does not."""
    patience: float = 60.0

    async def look(self) -> BalancerSeen:
        seen = await self.balancer.look(deadline=self.patience)
        assert isinstance(seen, BalancerSeen), seen
        return seen

    async def admissions(self) -> list[str]:
        return [server.admission for server in (await self.look()).servers]

    async def served(self, requests: int = 30) -> set[str]:
        """Which hosts answer so many clients; every request is answered."""
        if isinstance(self.balancer, ScriptedBalancer):
            return {server.host for server in (await self.look()).servers if server.serves}
        answers = [await asyncio.to_thread(ask, self.port) for _ in range(requests)]
        assert {status for status, _ in answers} == {200}, answers
        return {name for _, name in answers}

    @asynccontextmanager
    async def under_way(self, host: str) -> AsyncIterator[Callable[[], None]]:
        """A request that is under way there, and ends well when what is yielded is called, at the latest at the end."""
        if isinstance(self.balancer, ScriptedBalancer):
            self.balancer.keep(host, 1)
            yield lambda: self.balancer.keep(host, 0)  # type: ignore[attr-defined]
            return
        asked = []
        while not self.webs[host].waiting:  # whichever host it comes to; those of others wait too
            asked.append(asyncio.ensure_future(asyncio.to_thread(ask, self.port, "/slow")))
            await asyncio.sleep(0.1)

        def release() -> None:
            for web in self.webs.values():
                web.release()

        yield release
        release()
        assert {status for status, _ in await asyncio.gather(*asked)} == {200}


def scripted() -> Rig:
    balancer = ScriptedBalancer(frozenset(NAMES), page=False)
    for name, host in zip(NAMES, HOSTS, strict=True):
        balancer.servers[name].name = host.server
    return Rig(balancer, meddle=lambda host: balancer.put("out", [host]), leave=balancer.leave)


def demo(folder: Path, webs: dict[str, Web]) -> tuple[Rig, Callable[[], None]]:
    """The balancer of `deploy demo`, by the adapter for HAProxy; and what ends it."""
    port = free_port()
    servers = [{"name": host.server or host.name, "address": "127.0.0.1", "port": webs[host.name].port} for host in HOSTS]
    (folder / "balancer.json").write_text(json.dumps({"backend": "shop", "address": "127.0.0.1", "app": port, "hosts": servers}))
    (folder / "maintenance.map").write_text("shop off\n")
    process = subprocess.Popen([sys.executable, "-m", "console.demo.balancer", str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"

    def end() -> None:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        (folder / "balancer.sock").unlink(missing_ok=True)

    path = str(folder / "balancer.sock")
    balancer = HaproxyBalancer(Spec("haproxy", socket=path, backend="shop"), HOSTS, LocalTransport())
    return Rig(balancer, webs, port, lambda name: _say(path, f"set server shop/{server_of(name)} state maint"), end), end


def _say(path: str, command: str) -> None:
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(path)
        talk.sendall(f"{command}\n".encode())
        assert talk.recv(100) == b"\n"


def haproxy(machine: Machine, host: Host | None, transport: Transport | None = None, *, webs: dict[str, Web], **more: str) -> tuple[Rig, Haproxy]:
    servers = {host.server or host.name: webs[host.name] for host in HOSTS}
    real = Haproxy(machine, servers, **more)  # type: ignore[arg-type]
    real.await_up()
    balancer = HaproxyBalancer(spec_of(real, host), HOSTS, transport or LocalTransport())
    rig = Rig(
        balancer, webs, real.port, lambda name: real.said(f"set server shop/{server_of(name)} state maint") and None, real.stop
    )  # fmt: skip
    return rig, real


def nginx(machine: Machine, host: Host | None, transport: Transport | None = None, *, webs: dict[str, Web]) -> tuple[Rig, Nginx]:
    real = Nginx(machine, {host.server or host.name: webs[host.name] for host in HOSTS})
    spec = Spec("nginx", host, file=real.file, upstream="shop", test=real.test, reload=real.reload, pid=real.pid)
    balancer = NginxBalancer(spec, HOSTS, transport or LocalTransport())
    rig = Rig(
        balancer, webs, real.port, lambda name: real.set_down(server_of(name)), real.stop,
        has_checks=False, has_counts=False, can_cut=False, can_weigh=False,
    )  # fmt: skip
    return rig, real


TOOL = r"""
import socket, sys
word, server = sys.argv[1:]
lines = {{"drain": f"set server shop/{{server}} state drain", "restore": f"set server shop/{{server}} state ready", "state": "show servers state shop; show stat shop 4 -1"}}
talk = socket.socket(socket.AF_UNIX)
talk.connect("{socket}")
talk.sendall(f"{{lines[word]}}\n".encode())
said = b""
while piece := talk.recv(65536):
    said += piece
if word != "state":
    sys.exit(said.decode().strip() or 0)
state = next(line.split() for line in said.decode().splitlines() if f" {{server}} " in line)
stat = next(line.split(",") for line in said.decode().splitlines() if line.startswith(f"shop,{{server}},"))
admin = int(state[6])
print("looking", "out" if admin & 1 else "drained" if admin & 8 else "in", sep="\n", end=f" {{int(stat[2]) + int(stat[4])}}\n")
"""


def command(machine: Machine, host: Host | None, transport: Transport | None = None, *, webs: dict[str, Web]) -> tuple[Rig, Haproxy]:
    rig, real = haproxy(machine, host, transport, webs=webs)
    tool = machine.write("tool.py", TOOL.format(socket=real.socket))
    words = {word: Command(f"/usr/bin/python3 -I -S {tool} {word} {{server}}", timeout=60.0) for word in ("drain", "restore", "state")}
    rig.balancer = CommandBalancer(Spec("command", host, **words), HOSTS, transport or LocalTransport(), "production")  # type: ignore[arg-type]
    rig.has_checks = rig.has_counts = rig.has_page = rig.can_cut = rig.can_weigh = False
    rig.is_reached_when_away = True
    return rig, real


def spec_of(real: Haproxy, host: Host | None = None, *, is_master: bool = False, backend: str = "shop") -> Spec:
    return Spec("haproxy", host, socket=real.master if is_master else real.socket, backend=backend, map=real.map)


def server_of(name: str) -> str:
    return next(host.server or host.name for host in HOSTS if host.name == name)
