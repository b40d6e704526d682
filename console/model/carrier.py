"""Which engine carries a run. Knows nothing of how that is found out."""

import msgspec


class Carrier(msgspec.Struct, frozen=True):
    """An engine: never known by its machine's name alone, since names and process numbers are used again."""

    user: str = ""
    """Whose engine it is, by name."""
    host: str = ""
    boot: str = ""
    """The boot of that machine (its id)."""
    pid: int = 0
    started: str = ""
    """When its process started, in the clock ticks of that boot."""
    mark: str = ""
    """A random part."""

    def __str__(self) -> str:
        return f"{self.user}'s engine on {self.host} (process {self.pid})"
