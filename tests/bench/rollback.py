"""P2: hosts back to the release before, over the engine's warm links, beside the same switch by a new channel on each warm link, over plain asyncssh's
SFTP channels (the floor), and by as many `ssh` that connect for it.

The application's restart is `true` and there is no health check: what is measured is the console, not an application.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import RealOutside, open_outside
from console.config.load import load_file
from console.engine.engine import Engine
from console.engine.server.garbage_collection import GarbageSearch
from console.model import commands as cmd
from console.model.configured_environment import Environment
from console.model.events import Event, StepFinished, StepStarted
from console.model.request import Person, Request
from console.model.secret import Secret
from console.ports.hosts import Transport
from tests.bench.peer_programs import told
from tests.bench.priority import goes_first
from tests.bench.table import Row, at_most, print_table
from tests.fleet import Fleet, make_repository

HOSTS = tuple(int(count) for count in os.environ.get("BENCH_HOSTS", "50,200").split(","))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SETTLES = 2.0
"""Seconds after a release in which the hosts come to rest."""
CLOCK = SystemClock()
ADA = Person("ada", os.getuid())
EXTRA = '[environments.production.commands]\nrestart = "true"\n[environments.production.monitor]\nwindow = "10m"\n'


class Rounds:
    """What was measured, round by round."""

    def __init__(self, fleet: Fleet, session: Engine, transport: Callable[[], Transport], environment: Environment) -> None:
        self.fleet = fleet
        self.session = session
        self.transport = transport
        self.environment = environment
        self.count = len(fleet.names)
        self.cold = Row(f"{self.count} cold ssh at once, until the last has ended")
        self.floor = Row(f"{self.count} switches over SFTP channels of plain asyncssh that are open already")
        self.channels = Row(f"{self.count} new channels on the warm links, until the last has ended")
        self.switched = Row("console, from the command to the last switch written down")
        self.ended = Row("console, from the command to the last restart and health gate")

    async def release(self, version: str, *, back: bool) -> str:
        """Release everywhere; with `back`, roll it back while the fleet is watched. Returns the release."""
        run = await self.session.open_run(Request(ref=version, yes=True), ADA)
        events: list[Event] = []
        asked = 0.0
        with ExitStack() as measured:
            async for item in self.session.follow(run, 0):
                if not isinstance(item, Event):
                    continue
                events.append(item)
                if isinstance(item, StepStarted) and item.step == "verify/monitor":
                    if back:
                        await asyncio.sleep(SETTLES)
                        measured.enter_context(goes_first())
                    asked = CLOCK.mono()
                    await self.session.submit(run, cmd.RollBack() if back else cmd.Abort(leave=True), ADA)
                    if not back:
                        break
        if back:
            self._note(asked, events)
        else:
            await self._left(run)
        return str(self.session.state(run).release.id)  # type: ignore[union-attr]

    async def _left(self, run: str) -> None:
        async for _ in self.session.follow(run, 10**9):
            pass

    def _note(self, asked: float, events: list[Event]) -> None:
        ends = [event for event in events if isinstance(event, StepFinished) and event.step.startswith("back/")]
        switches = [event for event in ends if event.step.endswith("/switch")]
        assert len(switches) == self.count, len(switches)
        assert all(event.status == "done" for event in ends)
        self.switched.values.append(1000 * (max(event.mono for event in switches) - asked))
        self.ended.values.append(1000 * (max(event.mono for event in ends) - asked))

    async def warm_channels(self, release: str) -> None:
        """Make the same switch on every host at once, by a command of its own on the link that the engine has."""
        began = time.perf_counter()
        ran = await asyncio.gather(*(self.transport().run(host, _switch(release), deadline=60) for host in self.environment.hosts))
        self.channels.values.append(1000 * (time.perf_counter() - began))
        assert all(each.ok for each in ran)

    def plain_sftp(self, places: Path) -> None:
        """Have plain asyncssh make such a switch everywhere, in a process of its own."""
        places.write_text("".join(f"{host.name} {host.address} {host.port}\n" for host in self.fleet.hosts.values()))
        argv = [sys.executable, str(Path(__file__).parent / "peers" / "plain_sftp.py"), str(places)]
        with goes_first():
            took = told([*argv, self.fleet.user, str(self.fleet.identity), str(self.fleet.known_hosts)])
        self.floor.values.append(1000 * took["seconds"])

    def cold_ssh(self, release: str) -> None:
        """Have plain OpenSSH make the same switch on every host at once."""
        switch = _switch(release)
        options = ["-F", "none", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={self.fleet.known_hosts}", "-o", "IdentitiesOnly=yes"]
        began = time.perf_counter()
        started = [
            subprocess.Popen(
                ["ssh", *options, "-i", str(self.fleet.identity), "-p", str(host.port), f"{host.user}@{host.address}", switch],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )
            for host in self.fleet.hosts.values()
        ]  # fmt: skip
        codes = [one.wait() for one in started]
        assert not any(codes)
        self.cold.values.append(1000 * (time.perf_counter() - began))


def _switch(release: str) -> str:
    return f"cd /srv/shop && ln -sfn releases/{release} .deploy/bench && mv -fT .deploy/bench current"


async def measure(folder: Path, count: int) -> None:
    """Measure on so many hosts, and print."""
    state = str(folder / "state")
    prepared(state)
    outside: list[RealOutside] = []

    def opened(environment: Environment, secrets: Mapping[str, Secret]) -> RealOutside:
        outside.append(open_outside(environment, state, secrets))
        return outside[-1]

    with Fleet(count, folder / "fleet") as fleet:
        file = fleet.hosts_toml(make_repository(folder / "shop"), batch=str(count), health=False, extra=EXTRA)
        environment = load_file(str(file)).environment("production")
        journal = SqlJournal.of(state)
        session = Engine(journal, CLOCK, opened, lambda name: None)
        await session.configure(environment, "digest", {}, ADA)
        rounds = Rounds(fleet, session, lambda: outside[-1].transport, environment)
        try:
            with GarbageSearch(lambda: True).in_pieces():  # as the engine's own process does
                old = await rounds.release("v1.0.0", back=False)
                for number in range(ROUNDS):
                    await rounds.release("v1.1.0", back=True)
                    await rounds.warm_channels(old)
                    if number == 0:  # it takes a minute, and is far from all others
                        await asyncio.to_thread(rounds.cold_ssh, old)
                    await asyncio.to_thread(rounds.plain_sftp, folder / "places")
        finally:
            await session.stop(ADA, force=True)
            await journal.close()
    goals = (
        at_most("P2", "from the command to the last of the switches written down", rounds.switched, 60),
        at_most("P2", "that, of own new channels", rounds.switched, 0.15, of=rounds.channels),
    )
    rows = [rounds.channels, rounds.floor, rounds.cold, rounds.switched, rounds.ended]
    print_table(f"rollback of {count} hosts, real sshd, all on this machine", rows, goals if count >= 200 else ())


def main() -> None:
    """Measure each size in a folder of its own."""
    for count in HOSTS:
        with TemporaryDirectory() as folder:
            asyncio.run(measure(Path(folder), count))
