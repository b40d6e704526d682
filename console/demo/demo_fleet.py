"""A fleet on this machine, for `deploy demo` and for tests: hosts, their application, a repository, customers.

Brings them up and ends them. It knows nothing of the process that it lives in (`fleet_process.py`), and nothing of engines or screens: for a console
this is a fleet like any other.
"""

import asyncio
import json
import os
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import asyncssh

from console.demo import demo_configuration, demo_folder
from console.demo.applications import Applications
from console.demo.customers import Traffic, ask
from console.demo.demo_host import DemoHost
from console.demo.demo_repository import FAILS, LIVE, SUCCEEDS, VERSIONS, make_repository
from console.demo.loopback import allow_many_files, can_listen, files_for
from console.demo.undertaker import MARK, bury
from console.errors import NoGo, UsageFault

MOST = 1000
"""Hosts at most."""
BLOCK = 250
"""Hosts with addresses in the same /24."""
LARGE = 24
"""Hosts above which one process serves all applications."""
VISITS = 48.0
"""Customers a second, at most, in all."""
NETWORKS = 200
BEHIND = "255.254"
"""The end of the balancer's address, beyond all hosts."""
START = 20.0
"""Seconds that an application has for its start."""


class DemoFleet:
    """Hosts on loopback with a live application each. Start it once; stop it, or use it in `async with`."""

    def __init__(self, hosts: int = 12, folder: str = "", *, visits: float = 2.0, balanced: bool = False, sides: bool = False) -> None:
        if not 1 <= hosts <= MOST:
            raise UsageFault(f"the demo can have 1 to {MOST} hosts, not {hosts}", "deploy demo --hosts 12")
        if sides and not 1 < hosts <= LARGE:
            raise UsageFault(f"a demo with two sides can have 2 to {LARGE} hosts, not {hosts}", "deploy demo --sides --hosts 12")
        self.count = hosts
        self.balanced = balanced and 1 < hosts <= LARGE
        """A balancer stands before the hosts: not before one alone, and not before many, as its checks would keep a small machine busy."""
        self.sides = sides
        """Half of the hosts are blue and get requests, the others are green and do not."""
        self._visits = min(2 * visits if balanced else visits, VISITS / hosts)
        self._house = Applications()
        self.folder = demo_folder.make_folder(folder)
        self.config = self.folder / "hosts.toml"
        self.state = self.folder / "state"
        self.repository = self.folder / "shop"
        self.hosts: tuple[DemoHost, ...] = ()
        self.ports = demo_folder.Ports(0, 0)
        self.traffic: Traffic | None = None
        self._balancer: asyncio.subprocess.Process | None = None
        self._undertaker: asyncio.subprocess.Process | None = None
        self._reporter: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Bring everything up. Raises ConsoleError, saying what is missing; `stop` is due in any case."""
        allow_many_files(files_for(self.count))
        await self._call_undertaker()
        self.state.mkdir(mode=0o700)
        client = self._make_client_key()
        commits, _ = await asyncio.gather(make_repository(self.repository), self._open_hosts(client))
        self._write_files(commits[LIVE.tag])
        if self.count > LARGE:
            await self._fill_house()
        else:
            await asyncio.gather(*(self._start_application(host) for host in self.hosts))
        if self.balanced:
            await self._start_balancer()
        self.traffic = self._customers()
        self.traffic.start()
        self._reporter = asyncio.create_task(self._report_traffic())

    async def stop(self) -> None:
        """End every process of the fleet and remove its folder. May be called again."""
        if self._reporter:
            self._reporter.cancel()
            await asyncio.gather(self._reporter, return_exceptions=True)
        if self.traffic:
            await self.traffic.stop()
        self._house.close()
        for host in self.hosts:
            host.hang_up()
        await asyncio.to_thread(bury, self.folder)
        await asyncio.gather(*(host.wait_ended() for host in self.hosts))
        await self._dismiss_undertaker()

    def tree(self, host: DemoHost) -> Path:
        """The application's folder on that host."""
        return demo_folder.tree_of(self.folder, host.name)

    def describe(self) -> dict[str, Any]:
        """Where everything is, for whoever uses the fleet."""
        return {
            "type": "ready",
            "folder": str(self.folder),
            "config": str(self.config),
            "state": str(self.state),
            "repository": str(self.repository),
            "environment": "production",
            "live": LIVE.tag,
            "succeeds": SUCCEEDS.tag,
            "fails": FAILS.tag,
            "versions": [{"tag": version.tag, "title": version.title} for version in VERSIONS],
            "front": f"http://{self._front()}:{self.ports.app}/" if self.balanced else "",
            "sides": self.sides,
            "ports": {"ssh": self.ports.ssh, "app": self.ports.app},
            "hosts": [{"name": host.name, "address": host.address, "path": str(self.tree(host))} for host in self.hosts],
        }

    def _make_client_key(self) -> str:
        key = asyncssh.generate_private_key("ssh-ed25519", comment="deploy demo")
        path = self.folder / "id_ed25519"
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
        return key.export_public_key().decode()

    async def _open_hosts(self, client: str) -> None:
        """Take a network for the fleet: the first host's listener holds it against other fleets."""
        pairs = [demo_folder.Ports(2222, 8080), *(demo_folder.Ports(port, port + 1) for port in random.sample(range(20001, 32000, 2), 5))]
        for ports in pairs:
            for network in range(1, NETWORKS + 1):
                if await self._try_network(network, ports, client):
                    return
                if not await can_listen("127.0.0.1", ports.app) or not await can_listen("127.0.0.1", ports.ssh):
                    break
        raise NoGo("no free addresses on loopback: the demo needs 127.N.0.1 and up, as Linux has them", "ss -ltn")

    async def _try_network(self, network: int, ports: demo_folder.Ports, client: str) -> bool:
        hosts = [self._make_host(number, network, client) for number in range(1, self.count + 1)]
        try:
            for host in hosts:
                await host.listen(ports.ssh)
        except OSError:
            pass
        else:
            fronts = (f"127.{network}.{BEHIND}",) if self.balanced else ()
            if all(await asyncio.gather(*(can_listen(address, ports.app) for address in (*fronts, *(host.address for host in hosts))))):
                self.hosts, self.ports = tuple(hosts), ports
                return True
        for host in hosts:
            host.hang_up()
        return False

    def _make_host(self, number: int, network: int, client: str) -> DemoHost:
        name = f"web{number:02d}"
        folder = self.folder / "hosts" / name
        folder.mkdir(parents=True, exist_ok=True)
        block, place = divmod(number - 1, BLOCK)
        return DemoHost(name, f"127.{network}.{block}.{place + 1}", folder, self.folder, client)

    def _write_files(self, commit: str) -> None:
        release = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%dT%H%M%SZ}-{commit[:7]}"
        for host in self.hosts:
            demo_folder.place_first_release(self.tree(host), host.address, self.ports.app, commit, release)
        places = self._places()
        (self.folder / "known_hosts").write_text(demo_folder.known_hosts(places, self.ports.ssh), encoding="utf-8")
        self.config.write_text(demo_configuration.hosts_toml(self.folder, places, self.ports, balanced=self.balanced), encoding="utf-8")
        demo_folder.write_password(self.folder)

    def _places(self) -> tuple[demo_folder.DemoPlace, ...]:
        blue = (self.count + 1) // 2 if self.sides else 0
        colors = ["blue"] * blue + ["green" if self.sides else ""] * (self.count - blue)
        return tuple(demo_folder.DemoPlace(host.name, host.address, host.public_key(), color) for host, color in zip(self.hosts, colors, strict=True))

    async def _fill_house(self) -> None:
        """Serve every host's application from here, its live release as if it had been restarted."""
        for host in self.hosts:
            tree = self.tree(host)
            (tree / "shared" / "house").touch()
            (tree / "shared" / "running").write_text(f"{(tree / 'current').resolve()}\n", encoding="utf-8")
            await self._house.open(tree, host.address, self.ports.app)

    async def _start_application(self, host: DemoHost) -> None:
        child = await asyncio.create_subprocess_exec(
            "/bin/sh", "bin/restart", cwd=self.tree(host) / "current", env=host.environment(), start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(child.communicate(), START)
        until = asyncio.get_running_loop().time() + START
        while await ask(host.address, self.ports.app, "/healthz") != 200:
            if child.returncode or asyncio.get_running_loop().time() > until:
                raise NoGo(f"{host.name}: the demo's application did not start: {_last_words(said, self.tree(host))}")
            await asyncio.sleep(0.05)

    async def _start_balancer(self) -> None:
        demo_folder.write_balancer(self.folder, self._places(), self._front(), self.ports)
        self._balancer = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.demo.balancer", str(self.folder), env={**os.environ, MARK: str(self.folder)}, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._balancer.stdout
        if await asyncio.wait_for(self._balancer.stdout.readline(), START) != b"ready\n":
            raise NoGo("the demo's balancer did not start", f"{sys.executable} -m console.demo.balancer {self.folder}")

    def _front(self) -> str:
        """The balancer's address."""
        return f"{self.hosts[0].address.rsplit('.', 2)[0]}.{BEHIND}"

    def _customers(self) -> Traffic:
        """Customers go to the balancer, where there is one, else to each host."""
        if self.balanced:
            return Traffic((self._front(),), self.ports.app, self._visits * self.count)
        return Traffic(tuple(host.address for host in self.hosts), self.ports.app, self._visits)

    async def _report_traffic(self) -> None:
        """Write what the customers got to `traffic.json`, each second."""
        assert self.traffic
        while True:
            fresh = self.folder / "traffic.json.new"
            fresh.write_text(json.dumps(self.traffic.summary()), encoding="utf-8")
            fresh.replace(self.folder / "traffic.json")
            await asyncio.sleep(1)

    async def _call_undertaker(self) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in (MARK, "DEPLOY_STATE")}
        self._undertaker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.demo.undertaker", str(self.folder), env=environment, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def _dismiss_undertaker(self) -> None:
        if self._undertaker and self._undertaker.stdin and self._undertaker.returncode is None:
            self._undertaker.stdin.close()
            await asyncio.wait_for(self._undertaker.wait(), 15)


def _last_words(said: bytes, tree: Path) -> str:
    try:
        log = (tree / "shared" / "shop.log").read_bytes()
    except OSError:
        log = b""
    return (said + log).decode(errors="replace").strip()[-500:]
