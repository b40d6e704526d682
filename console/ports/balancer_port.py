"""Balancers: taking hosts out of the traffic and back into it. Knows no run, no step, and no balancer by name.

As in every port, remote failure is a value, never an exception, and each call ends by its deadline (seconds). State is read back: a call that changes
something answers with what the balancer said afterwards, or with a problem.
"""

from typing import Protocol

from console.model.traffic import BalancerProblem, BalancerSeen, ServerCounts


class Counts(Protocol):
    """A balancer, as far as it counts."""

    @property
    def name(self) -> str:
        """What people call it: its machine and its backend."""

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """The counters of every server. Empty: the balancer has none."""


class BalancerPort(Protocol):
    """One balancer of an environment. Hosts are named as in the fleet; one that it does not serve is never passed to it."""

    @property
    def name(self) -> str:
        """What people call it: its machine and its backend."""

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the fleet that it serves."""

    async def look(self, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Ask for the state of every server, and change nothing."""

    async def drain(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Send those hosts no new requests, and answer once that is read back: each is `drained` or `out` then, as the balancer has it.

        What is under way there goes on; it is in `sessions` of each look. A host that is out already is left as it is.
        """

    async def cut(self, host: str, *, deadline: float) -> BalancerSeen | BalancerProblem:
        """End what is still under way on a drained host, where the balancer can; where it cannot, nothing is done."""

    async def admit(self, hosts: tuple[str, ...], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Send those hosts requests again, each once the balancer itself has found it well (where it asks). Answers once that is read back.

        One that is not found well in time stays out, and is the problem; it holds no other one up.
        """

    @property
    def highest_weight(self) -> int:
        """The highest weight that a server can have; 0: this balancer's weights are not changed."""

    async def weigh(self, weights: dict[str, int], *, deadline: float) -> BalancerSeen | BalancerProblem:
        """Set weights of servers, by the names and in the units of its looks. Answers once that is read back; servers that are not named keep theirs."""

    async def maintain(self, *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Show the maintenance page to everybody but the balancers above and the health path, or end that. Answers with what was read back."""

    async def maintained(self, *, deadline: float) -> bool | BalancerProblem | None:
        """Whether it shows the maintenance page; None: it has none."""

    async def count(self, *, deadline: float) -> tuple[ServerCounts, ...] | BalancerProblem:
        """The counters of every server. Empty: the balancer has none."""

    async def close(self) -> None:
        """Let go of every connection. What hosts get of the traffic stays as it is."""
