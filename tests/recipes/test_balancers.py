"""docs/recipes/haproxy.md, nginx.md, command.md and canary.md, as they stand: what they put on the balancer's machine, and what they have typed, while clients ask."""

import asyncio
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.balancing.load import Load
from tests.fleet import Fleet, make_repository
from tests.recipes.recipe import Reader, blocks, commands

pytestmark = pytest.mark.real
NAMES = ("web01", "web02", "lb01")
PORT = 8000


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with Fleet(len(NAMES), tmp_path / "fleet", names=NAMES) as fleet:
        yield fleet


def reader_of(name: str, fleet: Fleet, folder: Path) -> Reader:
    return Reader(name, fleet, make_repository(folder / "shop"), folder / "home")


def own_folder(fleet: Fleet, path: str, files: dict[str, str]) -> None:
    """Give the balancer's machine a folder of its own in the place of a package's, with these files."""
    fleet.exec_in("lb01", f"mount -t tmpfs -o mode=755 own {path}")
    for name, text in files.items():
        fleet.exec_in("lb01", f"mkdir -p $(dirname {path}/{name}); cat > {path}/{name} <<'WRITTEN'\n{text}WRITTEN")


def prepared(fleet: Fleet, script: str) -> None:
    """Run what a recipe says as root; the login has another name here."""
    fleet.exec_in("lb01", script.replace("deploy:", f"{fleet.user}:").replace("'deploy ALL", f"'{fleet.user} ALL"))


def answers(fleet: Fleet) -> bool:
    try:
        with socket.create_connection((fleet["lb01"].address, PORT), 2) as probe:
            probe.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b" 200 " in probe.recv(100)
    except OSError:
        return False


async def followed(reader: Reader, name: str, fleet: Fleet) -> Load:
    """Type what the recipe has typed; from the second release on clients ask all the time, until the page is shown."""
    first, check, second, back, *maintenance = commands(name)
    assert "succeeded" in await asyncio.to_thread(reader.types, first)
    end = time.monotonic() + 300
    while not answers(fleet):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)
    assert "2 of 2 hosts serve" in await asyncio.to_thread(reader.types, check)
    async with Load(PORT, address=fleet["lb01"].address, clients=3) as load:
        assert "succeeded" in await asyncio.to_thread(reader.types, second)
        assert "rolled back" in await asyncio.to_thread(reader.types, back)
    for verb in maintenance:
        await asyncio.to_thread(reader.types, verb)
        assert answers(fleet) is (" off " in verb)
    assert load.answered > 100
    return load


async def test_haproxy(fleet: Fleet, tmp_path: Path):
    if shutil.which("haproxy") is None:
        pytest.skip("needs haproxy (Debian: haproxy)")
    reader = reader_of("haproxy", fleet, tmp_path)
    (config,), (files,) = blocks("haproxy", "haproxy"), blocks("haproxy", "sh")
    own_folder(fleet, "/etc/haproxy", {"haproxy.cfg": config})
    fleet.exec_in("lb01", f"sed 's/^haproxy:.*/&{fleet.user}/' /etc/group > /run/group; mount --bind /run/group /etc/group")
    prepared(fleet, files)
    fleet.exec_in("lb01", "mkdir /run/haproxy; cd /; haproxy -W -D -f /etc/haproxy/haproxy.cfg >/run/haproxy.log 2>&1 || { cat /run/haproxy.log >&2; exit 1; }")
    try:
        load = await followed(reader, "haproxy", fleet)
        assert load.failed == []
        assert fleet.exec_in("lb01", "cat /etc/haproxy/maintenance.map") == "shop off\n"
    finally:
        reader.leaves()


async def test_nginx(fleet: Fleet, tmp_path: Path):
    if shutil.which("nginx") is None:
        pytest.skip("needs nginx (Debian: nginx)")
    reader = reader_of("nginx", fleet, tmp_path)
    (upstream, site), (rights,) = blocks("nginx", "nginx"), blocks("nginx", "sh")
    main = "worker_processes 2; pid /run/nginx.pid; events {}\nhttp { access_log off; include /etc/nginx/conf.d/*.conf; }\n"
    own_folder(fleet, "/etc/nginx", {"nginx.conf": main, "upstreams/shop.conf": upstream, "conf.d/shop.conf": site})
    fleet.exec_in("lb01", "mount -t tmpfs -o mode=755 own /etc/sudoers.d; mount -t tmpfs own /var/log/nginx; mount -t tmpfs own /var/lib/nginx")
    prepared(fleet, rights)
    fleet.exec_in("lb01", "PATH=$PATH:/usr/sbin; nginx >/run/nginx.log 2>&1 || { cat /run/nginx.log >&2; exit 1; }")
    try:
        load = await followed(reader, "nginx", fleet)
        assert load.failed == []
        assert fleet.exec_in("lb01", "cat /etc/nginx/upstreams/shop.conf") == upstream
    finally:
        reader.leaves()


async def test_command(fleet: Fleet, tmp_path: Path):
    reader = reader_of("command", fleet, tmp_path)
    (tool,) = blocks("command", "sh")
    reader.install("lb01", "lb", tool)
    first, check, second, back = commands("command")
    try:
        assert "succeeded" in await asyncio.to_thread(reader.types, first)
        assert "2 of 2 hosts serve" in await asyncio.to_thread(reader.types, check)
        assert "succeeded" in await asyncio.to_thread(reader.types, second)
        assert "rolled back" in await asyncio.to_thread(reader.types, back)
        pool = fleet.exec_in("lb01", "cd /srv/pool; grep . *")
        assert pool == "".join(f"{name}.example.net:in\n" for name in NAMES[:2])
    finally:
        reader.leaves()


async def test_canary(fleet: Fleet, tmp_path: Path):
    if shutil.which("haproxy") is None:
        pytest.skip("needs haproxy (Debian: haproxy)")
    reader = reader_of("canary", fleet, tmp_path)
    (config,), (files,) = blocks("haproxy", "haproxy"), blocks("haproxy", "sh")
    own_folder(fleet, "/etc/haproxy", {"haproxy.cfg": config})
    fleet.exec_in("lb01", f"sed 's/^haproxy:.*/&{fleet.user}/' /etc/group > /run/group; mount --bind /run/group /etc/group")
    prepared(fleet, files)
    fleet.exec_in("lb01", "mkdir /run/haproxy; cd /; haproxy -W -D -f /etc/haproxy/haproxy.cfg >/run/haproxy.log 2>&1 || { cat /run/haproxy.log >&2; exit 1; }")
    first, check, second, back = commands("canary")
    try:
        assert "succeeded" in await asyncio.to_thread(reader.types, first)
        assert "2 of 2 hosts serve" in await asyncio.to_thread(reader.types, check)
        async with Load(PORT, address=fleet["lb01"].address, clients=3) as load:
            said = await asyncio.to_thread(reader.types, second)
            assert "rolled back" in await asyncio.to_thread(reader.types, back)
        assert "errors new 0.00 %  old 0.00 %, ratio unknown" in said
        assert "succeeded" in said
        assert load.failed == []
    finally:
        reader.leaves()
