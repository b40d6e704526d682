"""What the demo's balancer knows of the hosts behind it: who gets requests, who is well, what was counted. It opens nothing and knows no protocol."""

from dataclasses import dataclass

RISE = FALL = 2
"""Checks in a row after which a server is up, or down."""
MAINT, DRAIN = 0x01, 0x08
"""Bits of HAProxy's srv_admin_state."""


@dataclass
class BackendServer:
    """One host behind the balancer."""

    name: str
    address: str
    port: int
    admin: int = 0
    up: bool = True
    weight: int = 100
    sessions: int = 0
    total: int = 0
    failed: int = 0
    """Answers of 5xx."""
    unreached: int = 0
    """Connections that could not be made."""
    broken: int = 0
    """Answers that were none."""
    _streak: int = 0
    _turn: float = 0.0

    @property
    def serves(self) -> bool:
        """Whether it gets new requests."""
        return self.admin == 0 and self.up and self.weight > 0

    def told(self, state: str) -> None:
        """Take `ready`, `drain` or `maint`. Who leaves maintenance is trusted at once, as HAProxy does."""
        if state == "ready" and self.admin & MAINT:
            self.up = True
        self.admin = {"ready": 0, "drain": DRAIN, "maint": MAINT}[state]

    def doubted(self) -> None:
        """Take it for down until its checks have passed anew."""
        self.up, self._streak = False, 0

    def checked(self, *, well: bool) -> None:
        """Take the verdict of one check."""
        if self.admin & MAINT:
            return
        self._streak = max(1, self._streak + 1) if well else min(-1, self._streak - 1)
        if self._streak >= RISE:
            self.up = True
        elif self._streak <= -FALL:
            self.up = False

    @property
    def words(self) -> str:
        """Its state as a person reads it."""
        if self.admin & MAINT:
            return "MAINT"
        return ("DRAIN" if self.admin & DRAIN else "UP") if self.up else "DOWN"


class Servers:
    """The servers of the one backend, by name."""

    def __init__(self, servers: list[BackendServer]) -> None:
        self.by_name = {server.name: server for server in servers}

    def next(self, tried: frozenset[str] = frozenset()) -> BackendServer | None:
        """Choose the server for a request: smooth weighted round robin over those that serve. None: nobody does."""
        ready = [server for server in self.by_name.values() if server.serves and server.name not in tried]
        if not ready:
            return None
        for server in ready:
            server._turn += server.weight
        chosen = max(ready, key=lambda server: server._turn)
        chosen._turn -= sum(server.weight for server in ready)
        return chosen
