"""What sends requests to hosts, as hosts.toml says it. How it is asked is its adapter's."""

from typing import Literal

import msgspec

from console.model.host import Host
from console.model.host_commands import Command


class Balancer(msgspec.Struct, frozen=True):
    """What sends requests to hosts of the fleet. What is not its kind's own stays empty. Times are seconds."""

    kind: Literal["haproxy", "nginx", "command"]
    host: Host | None = None
    """The machine that it runs on; None: this one."""
    socket: str = ""
    """For `haproxy`: its socket of level admin, a path on its machine."""
    backend: str = ""
    map: str = ""
    """For `haproxy`: the file of the map that says whether the maintenance page is shown; empty: the one called maintenance.map."""
    file: str = ""
    """For `nginx`: the file that holds the upstream, and nothing of anybody else's that changes by itself."""
    upstream: str = ""
    test: str = "nginx -t"
    """For `nginx`: the command that tests its configuration."""
    reload: str = "nginx -s reload"
    pid: str = "/run/nginx.pid"
    """For `nginx`: where its master process writes its number."""
    flag: str = ""
    """For `nginx`: the file that is there while the maintenance page is shown; empty: `file` with `.maintenance` after it."""
    drain: Command | None = None
    restore: Command | None = None
    state: Command | None = None
    drain_timeout: float = 30.0
    """How long requests that are under way may take once a host is drained."""
    on_drain_timeout: Literal["pause", "proceed"] = "pause"
    maintenance: bool = False
    """Maintenance mode is set here too."""
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""

    @property
    def name(self) -> str:
        """The name that checks, messages and the record give it."""
        part = self.backend or self.upstream or self.kind
        return f"{self.host.name if self.host else 'localhost'}/{part}"

    def served(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Those of the hosts that it sends requests to."""
        return tuple(host for host in hosts if not self.tags or set(self.tags) & set(host.tags))
