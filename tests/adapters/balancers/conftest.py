"""Web servers, machines and balancers that more than one file of tests starts from."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.adapters.balancers import rigs
from tests.adapters.balancers.rigs import NAMES, Rig
from tests.adapters.test_transport_contract import host_of, transport_of
from tests.balancing import Machine, Web, here
from tests.balancing.machine import on

KINDS = [
    "haproxy here", pytest.param("haproxy over ssh", marks=pytest.mark.real), "nginx here", pytest.param("nginx over ssh", marks=pytest.mark.real),
    "command here", pytest.param("command over ssh", marks=pytest.mark.real),
]  # fmt: skip
MADE = {"haproxy": rigs.haproxy, "nginx": rigs.nginx, "command": rigs.command}


def needed(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program} (Debian: {program})")


@pytest.fixture
def webs() -> Iterator[dict[str, Web]]:
    """A web server for each host."""
    started = {name: Web(name) for name in NAMES}
    yield started
    for web in started.values():
        web.stop()


@pytest.fixture
def machine() -> Iterator[Machine]:
    """This machine, with a folder for one test."""
    made = here()
    yield made
    made.remove()


@pytest.fixture(params=["scripted", "demo", *KINDS])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each kind, and each way to it."""
    kind = request.param
    if kind == "scripted":
        yield rigs.scripted()
        return
    if kind == "demo":
        made, ended = rigs.demo(request.getfixturevalue("tmp_path"), request.getfixturevalue("webs"))
        yield made
        ended()
        return
    name = kind.split()[0]
    needed("nginx" if name == "nginx" else "haproxy")
    webs = request.getfixturevalue("webs")
    if kind.endswith("here"):
        made, real = MADE[name](request.getfixturevalue("machine"), None, webs=webs)
        yield made
        real.stop()
        await made.balancer.close()
        return
    fleet = request.getfixturevalue("fleet")
    transport, place = transport_of(fleet), on(fleet, "web01")
    made, real = MADE[name](place, host_of(fleet), transport, webs=webs)
    yield made
    real.stop()
    await made.balancer.close()
    await transport.close()
    place.remove()
