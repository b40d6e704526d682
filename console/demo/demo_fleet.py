"""A fleet on this machine, for `deploy demo` and for tests: hosts, their application, a repository, customers.

`python -m console.demo.demo_fleet --hosts N [--folder F]` is a process of its own: one line of JSON when all is there (or when it cannot
be), and nothing is left behind when it ends. It knows nothing of engines or screens: for a console this is a fleet like any other.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

import asyncssh

from console.demo import background, layout
from console.demo.applications import Applications
from console.demo.demo_host import MARK, DemoHost
from console.demo.demo_repository import FAILS, LIVE, SUCCEEDS, VERSIONS, make_repository
from console.demo.lifetime import until_told
from console.demo.traffic import Traffic, ask
from console.demo.undertaker import bury
from console.errors import ConsoleError, NoGo, UsageFault

MOST = 1000
"""Hosts at most."""
BLOCK = 250
"""Hosts with addresses in the same /24."""
LARGE = 24
"""Hosts above which one process serves all applications."""
VISITS = 48.0
"""Customers a second, at most, in all."""
NETWORKS = 200
FILES = (64, 12)
"""Open files that a fleet needs, and so many more for each host: its listeners, links, pipes and customers."""
BEHIND = "255.254"
"""The end of the balancer's address, beyond all hosts."""
LOOK = 30.0
"""Seconds between looks for a console, at most."""
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
        self.folder = layout.make_folder(folder)
        self.config = self.folder / "hosts.toml"
        self.state = self.folder / "state"
        self.repository = self.folder / "shop"
        self.hosts: tuple[DemoHost, ...] = ()
        self.ports = layout.Ports(0, 0)
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
        _allow_many_files(FILES[0] + FILES[1] * self.count)
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
        return layout.tree_of(self.folder, host.name)

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
        pairs = [layout.Ports(2222, 8080), *(layout.Ports(port, port + 1) for port in random.sample(range(20001, 32000, 2), 5))]
        for ports in pairs:
            for network in range(1, NETWORKS + 1):
                if await self._try_network(network, ports, client):
                    return
                if not await _can_listen("127.0.0.1", ports.app) or not await _can_listen("127.0.0.1", ports.ssh):
                    break
        raise NoGo("no free addresses on loopback: the demo needs 127.N.0.1 and up, as Linux has them", "ss -ltn")

    async def _try_network(self, network: int, ports: layout.Ports, client: str) -> bool:
        hosts = [self._make_host(number, network, client) for number in range(1, self.count + 1)]
        try:
            for host in hosts:
                await host.listen(ports.ssh)
        except OSError:
            pass
        else:
            fronts = (f"127.{network}.{BEHIND}",) if self.balanced else ()
            if all(await asyncio.gather(*(_can_listen(address, ports.app) for address in (*fronts, *(host.address for host in hosts))))):
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
            layout.place_first_release(self.tree(host), host.address, self.ports.app, commit, release)
        places = self._places()
        (self.folder / "known_hosts").write_text(layout.known_hosts(places, self.ports.ssh), encoding="utf-8")
        self.config.write_text(layout.hosts_toml(self.folder, places, self.ports, balanced=self.balanced), encoding="utf-8")

    def _places(self) -> tuple[layout.DemoPlace, ...]:
        blue = (self.count + 1) // 2 if self.sides else 0
        colors = ["blue"] * blue + ["green" if self.sides else ""] * (self.count - blue)
        return tuple(layout.DemoPlace(host.name, host.address, host.public_key(), color) for host, color in zip(self.hosts, colors, strict=True))

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
        layout.write_balancer(self.folder, self._places(), self._front(), self.ports)
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


def _allow_many_files(needed: int) -> None:
    """Take as many open files as may be had. Raises NoGo where those are too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < needed:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
            return
        fewer = (most - FILES[0]) // FILES[1]
        hint = f"ulimit -n {needed} (the most that a login may have stands in limits.conf)" + (f", or deploy demo --hosts {fewer}" if fewer > 0 else "")
        raise NoGo(f"the demo's hosts need {needed} open files, and this login may have {most}", hint)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _can_listen(address: str, port: int) -> bool:
    try:
        server = await asyncio.start_server(lambda *_: None, address, port)
    except OSError:
        return False
    server.close()
    await server.wait_closed()
    return True


def _last_words(said: bytes, tree: Path) -> str:
    try:
        log = (tree / "shared" / "shop.log").read_bytes()
    except OSError:
        log = b""
    return (said + log).decode(errors="replace").strip()[-500:]


async def _until_unused(place: Path, fleet: Path, idle: float) -> Literal[True]:
    """Return once no console was on the fleet for so many seconds."""
    used = asyncio.get_running_loop().time()
    while (now := asyncio.get_running_loop().time()) - used < idle:
        await asyncio.sleep(min(LOOK, idle / 4))
        if await asyncio.to_thread(background.is_used, place, fleet):
            used = now
    return True


async def _run(hosts: int, folder: str, stand: str, idle: float, *, balanced: bool, sides: bool) -> int:
    """The life of the process: ready, wait, gone. `stand`: where it is written down; it outlives then whoever started it."""
    async with until_told(alone=bool(stand)) as told:
        try:
            fleet = DemoFleet(hosts, folder, balanced=balanced, sides=sides)
        except ConsoleError as error:
            return _complain(error)
        with contextlib.ExitStack() as written:
            starting = asyncio.create_task(fleet.start())
            stopping = [asyncio.create_task(told.wait())]
            try:
                await asyncio.wait((starting, *stopping), return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                    if stand:
                        written.callback(os.close, background.stand(Path(stand), fleet.describe()))
                        stopping.append(asyncio.create_task(_until_unused(Path(stand), fleet.folder, idle)))
                    _say(fleet.describe())
                    await asyncio.wait(stopping, return_when=asyncio.FIRST_COMPLETED)
            except ConsoleError as error:
                return _complain(error)
            finally:
                for task in (starting, *stopping):
                    task.cancel()
                await asyncio.gather(starting, *stopping, return_exceptions=True)
                await fleet.stop()
    return 0


def _complain(error: ConsoleError) -> int:
    problems = [{"message": problem.message, "hint": problem.hint} for problem in error.problems]
    _say({"type": "error", "exit": int(error.exit), "problems": problems})
    return int(error.exit)


def _say(line: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def main() -> int:
    """Run a fleet until told to end."""
    parser = argparse.ArgumentParser(prog="console.demo.demo_fleet", description="A fleet of SSH hosts on loopback.")
    parser.add_argument("--hosts", type=int, default=12)
    parser.add_argument("--folder", default="", help="an empty folder; it is removed at the end")
    parser.add_argument("--stand", default="", help="a folder in which it is written down; it outlives then whoever started it")
    parser.add_argument("--idle", type=float, default=3600.0, help="seconds that it stands without a console")
    parser.add_argument("--balancer", action="store_true", help="a balancer before the hosts, where they are few")
    parser.add_argument("--sides", action="store_true", help="the same, and only half of the hosts get requests")
    chosen = parser.parse_args()
    return asyncio.run(_run(chosen.hosts, chosen.folder, chosen.stand, chosen.idle, balanced=chosen.balancer or chosen.sides, sides=chosen.sides))


if __name__ == "__main__":
    sys.exit(main())
