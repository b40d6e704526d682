"""Two suites on one machine get no port and no address twice."""

import json
import subprocess
import sys

from tests.reserved import free_addresses, free_port

ASK = "import json; from tests.reserved import *; print(json.dumps([[free_port() for _ in range(2000)], free_addresses(300, 2200)])); input()"


def test_another_process_gets_other_ports_and_addresses():
    with subprocess.Popen([sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        ports, addresses = json.loads(other.stdout.readline())
        assert len(set(ports)) == 2000
        assert len(set(addresses)) == 300
        assert not set(ports) & {free_port() for _ in range(200)}
        blocks = {address.rpartition(".")[0] for address in addresses}
        assert not blocks & {address.rpartition(".")[0] for _ in range(50) for address in free_addresses(3, 2200)}
        other.communicate(b"\n")
