"""How many hosts `1` or `"25%"` in hosts.toml is: the size of a batch, of a canary's step."""

import msgspec


class NumberOfHosts(msgspec.Struct, frozen=True):
    """A count of hosts, or a share of a fleet (0 < share <= 1)."""

    count: int = 0
    share: float = 0.0

    def of_fleet(self, hosts: int) -> int:
        """Return how many that is of so many hosts: a share is rounded down, to one at least."""
        return self.count if self.count else max(1, int(hosts * self.share + 1e-9))
