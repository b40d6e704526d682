"""A machine of the fleet, and how it is reached, as hosts.toml says it. Knows no connection."""

import msgspec


class Host(msgspec.Struct, frozen=True):
    """One machine of the fleet. Empty fields are filled from `Ssh`, then from the user's SSH configuration."""

    name: str
    address: str = ""
    port: int = 0
    user: str = ""
    tags: tuple[str, ...] = ()
    jump: str = ""
    color: str = ""
    server: str = ""
    """What balancers call it; empty: by its name."""

    @property
    def is_local(self) -> bool:
        """Whether it is the machine that the console runs on, reached without SSH."""
        return (self.address or self.name) == "localhost"


class Ssh(msgspec.Struct, frozen=True):
    """How hosts are reached. Times are seconds."""

    user: str = ""
    port: int = 0
    identity: str = ""
    known_hosts: tuple[str, ...] = ()
    """Files of known host keys; empty: the user's and the system's."""
    jump: str = ""
    jump_limit_rate: int = 0
    """Bytes a second of releases through each jump host; 0: as fast as it goes."""
    connect_timeout: float = 10.0
    keepalive: float = 4.0
    """A link is dead after four of these without an answer."""
