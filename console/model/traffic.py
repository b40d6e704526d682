"""What balancers say of the hosts of a fleet: who gets requests, and how many are under way. Values; what follows from them is in `core/traffic/`."""

from typing import Literal

import msgspec

from console.safe_text import SafeText

Admission = Literal["in", "drained", "out"]
"""What a balancer was told of a server. `in`: it gets new requests; `drained`: it gets none, and its health is still asked; `out`: it is taken out of service
altogether (maintenance, or so configured)."""


TrafficMark = Literal["in", "left", "draining", "drained", "overdue", "unread"]
"""What a run knows of a host at one balancer. `in`: put back by the run; `left`: it was out before, and is left so; `draining`: the run is about to
take it out; `drained`: that was read back; `overdue`: requests were still under way there when time was over; `unread`: it could not be read back."""


class HostTraffic(msgspec.Struct, frozen=True):
    """A host at one balancer, as its run knows it."""

    mark: TrafficMark
    sessions: int | None = None
    """Requests that were under way there when somebody looked last; None: the balancer does not say."""
    cut: int = 0
    """Requests that the run ended there."""
    detail: SafeText = SafeText("")


class ServerTraffic(msgspec.Struct, frozen=True):
    """One server of a balancer, over all processes of that balancer."""

    host: str
    """The host's name in the fleet."""
    server: str
    """What the balancer calls it."""
    admission: Admission
    up: bool | None = None
    """Whether the balancer's own checks find it well; None: it asks none."""
    sessions: int | None = None
    """Requests (or connections) that are under way or queued there; None: the balancer does not say."""
    weight: int | None = None
    """Its share, in the balancer's own units; None: the balancer does not say."""
    ramps: bool = False
    """It gets a growing share of the requests after its return, not its full one yet."""
    words: SafeText = SafeText("")
    """How the balancer itself names its state, for people. Nothing is decided from it."""

    @property
    def serves(self) -> bool:
        """Whether it gets new requests, as far as the balancer says."""
        return self.admission == "in" and self.up is not False and self.weight != 0


class OwnWeight(msgspec.Struct, frozen=True):
    """A server's weight that a run has set, or was about to."""

    before: int
    """What it was before the console changed it."""
    now: int
    was: int
    """What it was until the last change: if that was not carried out, it is this still."""

    def is_ours(self, weight: int | None) -> bool:
        """Whether a weight that was read is one that the console left there; else somebody has changed it meanwhile."""
        return weight in (self.before, self.now, self.was)


WeightMark = Literal["setting", "set", "restored", "unread"]
"""What a run knows of the weights at one balancer. `setting`: it is about to tell them; `set`: they were read back; `restored`: they are as they were before
the run, but those that somebody else changed; `unread`: they could not be read back."""


class BalancerWeights(msgspec.Struct, frozen=True):
    """The weights of one balancer, as their run knows them."""

    mark: WeightMark
    own: dict[str, OwnWeight] = {}
    """By server: those that the run is to put back."""
    share: float | None = None
    """The part of the traffic that hosts with the new release get by the weights that were read back; None: not known."""
    theirs: dict[str, int] = {}
    """By server: weights that somebody else has set meanwhile. They are left."""
    detail: SafeText = SafeText("")


class BalancerSeen(msgspec.Struct, frozen=True):
    """What one balancer said, when it was asked: every server of the fleet that it has."""

    balancer: str
    servers: tuple[ServerTraffic, ...]
    """Those of the fleet's hosts."""
    warnings: tuple[SafeText, ...] = ()
    """What about its configuration makes lost requests likely."""
    others: tuple[ServerTraffic, ...] = ()
    """Its servers that are no host of the fleet (`host` is empty): they get a part of the traffic too."""

    def server(self, host: str) -> ServerTraffic | None:
        """What it said of that host; None: it does not have it."""
        return next((one for one in self.servers if one.host == host), None)


class BalancerProblem(msgspec.Struct, frozen=True):
    """A balancer that could not be asked, or did not do what it was told: what was seen, and what to type next."""

    balancer: str
    message: SafeText
    hint: SafeText = SafeText("")
    reached: bool = False
    """It was reached, and answered something else than was expected."""


class ServerCounts(msgspec.Struct, frozen=True):
    """A server's counters since its balancer (or that process of it) began. They only grow, within one `incarnation`."""

    host: str
    incarnation: str
    """Which life of which processes they belong to; counts of two incarnations cannot be subtracted."""
    requests: int
    bad: int
    """Responses of 5xx, failed connections, and responses that were no HTTP."""
