"""The demo's balancer as a process: `python -m console.demo.balancer FOLDER` reads FOLDER/balancer.json and says `ready` once it takes requests.

It stands between the demo's customers and its hosts, and is steered through FOLDER/balancer.sock as HAProxy is.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from console.demo.balancer.customer_proxy import Proxy
from console.demo.balancer.runtime_api import RuntimeApi
from console.demo.balancer.servers import DRAIN, BackendServer, Servers

SOCKET, MAP, PLAN = "balancer.sock", "maintenance.map", "balancer.json"


def _server(described: dict[str, Any], port: int) -> BackendServer:
    return BackendServer(described["name"], described["address"], described.get("port", port), DRAIN if described.get("drained") else 0)


async def run(folder: Path) -> None:
    """Serve until the process is ended."""
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    servers = Servers([_server(each, plan["app"]) for each in plan["hosts"]])
    proxy = Proxy(servers)
    api = RuntimeApi(plan["backend"], servers, folder / MAP, int(time.time()), proxy.cut)
    proxy.is_closed = api.is_closed
    steered = await asyncio.start_unix_server(api.serve, folder / SOCKET)
    front = await asyncio.start_server(proxy.serve, plan["address"], plan["app"])
    async with steered, front:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await proxy.check()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
