"""docs/recipes/recreate.md, as it stands, before a real HAProxy: while everything stops and starts, a client gets the application or the page, and nothing else."""

import shutil
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.recipes.recipe import Reader, blocks, commands
from tests.recipes.test_balancers import PORT, answers, own_folder, prepared, reader_of

pytestmark = pytest.mark.real


class Client:
    """Asks the balancer again and again, each time on a connection of its own."""

    def __init__(self, address: str) -> None:
        self.seen: list[str] = []
        self._address = address
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._over.is_set():
            asking = HTTPConnection(self._address, PORT, timeout=60)
            try:
                asking.request("GET", "/")
                answer = asking.getresponse()
                body = answer.read().decode()
                self.seen.append("served" if answer.status == 200 else "page" if "Back soon" in body else f"{answer.status} {body[:60]}")
            except (OSError, HTTPException) as fault:
                self.seen.append(f"lost: {fault}")
            finally:
                asking.close()
            time.sleep(0.02)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def reader(tmp_path: Path):
    if shutil.which("haproxy") is None:
        pytest.skip("needs haproxy (Debian: haproxy)")
    with Fleet(3, tmp_path / "fleet", names=("web01", "web02", "lb01")) as fleet:
        reader = reader_of("recreate", fleet, tmp_path)
        (config,), (files,) = blocks("haproxy", "haproxy"), blocks("haproxy", "sh")
        own_folder(fleet, "/etc/haproxy", {"haproxy.cfg": config})
        fleet.exec_in("lb01", f"sed 's/^haproxy:.*/&{fleet.user}/' /etc/group > /run/group; mount --bind /run/group /etc/group")
        prepared(fleet, files)
        fleet.exec_in(
            "lb01", "mkdir /run/haproxy; cd /; haproxy -W -D -f /etc/haproxy/haproxy.cfg >/run/haproxy.log 2>&1 || { cat /run/haproxy.log >&2; exit 1; }"
        )
        yield reader
        reader.leaves()
        fleet.exec_in("lb01", "pkill -x haproxy || :", check=False)


def test_the_recipe(reader: Reader):
    first, second, back, status = commands("recreate")
    assert "succeeded" in reader.types(first)
    assert answers(reader.fleet)
    client = Client(reader.fleet["lb01"].address)
    try:
        said = reader.types(second)
        assert "succeeded" in said
        assert "declared 5m" in said
        assert "rolled back" in reader.types(back)
    finally:
        client.stop()
    assert set(client.seen) == {"served", "page"}, {one: client.seen.count(one) for one in set(client.seen)}
    assert "maintenance is off (1 balancer)" in reader.types(status)
