"""A thousand hosts in memory behind the real adapters: what each script of the console's is answered with. Knows nothing of what is measured."""

import asyncio
import random
import time
from collections.abc import Mapping
from pathlib import Path

from console.adapters.ask_health_gates import HostGates
from console.adapters.durable_steps import DurableSteps
from console.adapters.host_inspection import END, HostScout
from console.adapters.host_lock import HostLocks
from console.adapters.metrics.proc_sampler import METRICS
from console.adapters.scripted_hosts import Call, ScriptedAnswer, ScriptedTransport
from console.adapters.send_release import HostShipper
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import RealOutside, open_outside
from console.core.host.receive_release import LOOKED
from console.model.application_metrics import MACHINE
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.measurements import Measurement
from console.model.secret import Secret
from console.ports.metric_source import Take

OLD = "20260101T000000Z-aaaaaaa"
STEP = (0.5, 1.5)
"""Seconds that a step takes on a host, at least and at most."""
SAMPLED = 1.0
"""Seconds between two samples of a host."""


def written_hosts_toml(folder: Path, repository: Path, count: int, batch: str) -> Path:
    """Write a file of so many hosts that reaches none of them, and return its path."""
    hosts = "\n".join(f'  {{ name = "web{number:04}", address = "192.0.{2 + number // 250}.{number % 250 + 1}" }},' for number in range(1, count + 1))
    file = folder / "hosts.toml"
    file.write_text(
        f'[app]\nname = "shop"\npath = "/srv/shop"\nrepository = "{repository}"\n\n[app.commands]\nrestart = "bin/restart"\n\n'
        f"[environments.production]\nprotected = false\nclosed = []\nhosts = [\n{hosts}\n]\n\n"
        f'[environments.production.rolling]\nbatch = "{batch}"\n\n[environments.production.monitor]\nwindow = "10m"\n'
    )
    return file


class Sampled:
    """Numbers of every host once a second, as a real source gives them."""

    name, interval, metrics = MACHINE, SAMPLED, METRICS

    def __init__(self, hosts: tuple[Host, ...]) -> None:
        self._hosts, self._clock = hosts, SystemClock()

    async def follow(self, take: Take) -> None:
        async with asyncio.TaskGroup() as every:
            for host in self._hosts:
                every.create_task(self._sample(host, take))

    async def _sample(self, host: Host, take: Take) -> None:
        await asyncio.sleep(random.random() * SAMPLED)
        while True:
            at, values = self._clock.mono(), (random.random(), 0.5, 1.0, 0.4, 1e5, 1e4)
            take(tuple(Measurement(metric, host.name, at, 0.0, value) for metric, value in zip(METRICS, values, strict=True)))
            await asyncio.sleep(SAMPLED)


def looked(call: Call) -> ScriptedAnswer:
    """What a look prints of a host with one release, live and whole."""
    return ScriptedAnswer(
        0, f"now {int(time.time())}\nboot b\nblocks /dev/x 9 9 900000000 1% /\ncurrent {OLD}\nrelease {OLD}\tmanifest\t{'a' * 40}\tv0.9.0\n{END}\n".encode()
    )


def stepped(call: Call) -> ScriptedAnswer:
    """A step that prints a few lines and is done."""
    return ScriptedAnswer(0, b"stopping\nstarting\nstarted\n", b"\ndeploy-step done 0\n", random.uniform(*STEP))


def opened(environment: Environment, state: str, secrets: Mapping[str, Secret]) -> RealOutside:
    """Open the ports of an environment whose hosts are in memory."""
    real = open_outside(environment, state, secrets)
    hosts = ScriptedTransport(seconds=0.002)
    hosts.answer("say boot", looked)
    hosts.answer("deploy-step %s", stepped)
    hosts.say_first(f"echo {LOOKED}", f"{LOOKED}\n".encode())
    parts = {name: getattr(real, name) for name in RealOutside.__dataclass_fields__}
    parts |= {
        "transport": hosts, "sources": (Sampled(environment.hosts),), "scout": HostScout(hosts), "locks": HostLocks(hosts), "steps": DurableSteps(hosts),
        "shipper": HostShipper(hosts), "gates": HostGates(hosts),
    }  # fmt: skip
    return RealOutside(**parts)
