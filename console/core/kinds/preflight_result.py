"""All that a pre-flight found, as one value: what a kind of run judges and plans by. Pure; who looked, and where, is not known here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from console.core.checks.fleet import spoken_of
from console.core.checks.staging import Made
from console.core.host_selection import chosen_hosts
from console.core.plan.return_plan import way_back
from console.core.rollback_targets import Targets
from console.core.traffic.bluegreen_sides import BLUEGREEN, Sides, hosts_of, sides_of
from console.core.traffic.serving import OutBefore, out_of
from console.core.traffic.shares import Loads, OwnWeights, loads_of
from console.errors import Problem
from console.model.configured_environment import Environment
from console.model.database_facts import Backup, Review
from console.model.environment_record import EarlierAttempt, Live, Released
from console.model.host import Host
from console.model.host_facts import Ceding, HostFacts
from console.model.release_facts import Relation, Release, Revision
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.traffic import BalancerProblem, BalancerSeen
from console.safe_text import SafeText


@dataclass(frozen=True)
class PreflightResult:
    """What is known before GO. `facts` are of the hosts that were chosen, in their order."""

    environment: Environment
    request: Request
    run: str
    now: datetime
    """UTC."""
    local: datetime
    """The same on the wall clock of the environment."""
    facts: tuple[HostFacts, ...]
    revision: Revision | None = None
    release: Release | None = None
    """What the run makes, or brings to hosts that are owed it."""
    review: Review | None = None
    """What is known of the database; None: the environment has none, or nothing is released."""
    relations: Mapping[str, Relation] = field(default_factory=dict)
    """How the commit stands to each that is live."""
    made: Made | None = None
    """What is released, where another environment has to have had it first."""
    verified: tuple[Released, ...] = ()
    """The runs there that may speak for it, newest first."""
    attempts: Mapping[str, EarlierAttempt | None] = field(default_factory=dict)
    """Commits whose last release here failed or was taken back."""
    by: Person = Person("")
    joined: tuple[Person, ...] = ()
    targets: Targets = Targets({})
    """Where each host goes back to."""
    undoes: RunState | None = None
    """The run whose migration is still there."""
    catches_up: Live | None = None
    """What the environment is, which owed hosts are brought to."""
    backup: Backup | None = None
    kept: bool | SafeText = True
    """Whether the dump of that backup is still there; words: why that is not known."""

    balancers: tuple[BalancerSeen | BalancerProblem, ...] = ()
    """What each balancer said of its servers."""
    drained: OutBefore = field(default_factory=dict)
    """Hosts that runs before this one took out of the traffic and did not put back: this one does."""
    ceding: Ceding | None = None
    """The run that hands its locks to this one at GO."""
    weights: OwnWeights = field(default_factory=dict)
    """Weights of balancers' servers that runs before this one set and did not put back: this one does."""
    fared_there: EarlierAttempt | None = None
    """What became of the commit in the required environment since it was verified there, where that was no success."""

    @property
    def strategy(self) -> str:
        """The strategy that was asked for, else the file's."""
        return self.request.strategy or self.environment.strategy

    @property
    def sides(self) -> Sides | Problem | None:
        """For a blue/green release: the side that is live and the one that it goes to, or why that is not known."""
        if self.strategy != BLUEGREEN or self.request.kind != "deploy":
            return None
        return sides_of(self.environment, self.balancers, {fact.host: fact.current for fact in self.facts if fact.current})

    @property
    def changing(self) -> tuple[Host, ...]:
        """The chosen hosts that were reached and are to change: of a blue/green release those of the idle side."""
        sides = self.sides
        return tuple(host for host in self.hosts if host.color == sides.idle) if isinstance(sides, Sides) else self.hosts

    @property
    def in_use(self) -> tuple[HostFacts, ...]:
        """The hosts whose release users have: for a blue/green release those of the live side, else all that were chosen."""
        sides = self.sides
        if not isinstance(sides, Sides):
            return self.facts
        live = {host.name for host in hosts_of(self.environment, sides.live)}
        return tuple(fact for fact in self.facts if fact.host in live) or self.facts

    @property
    def returning(self) -> tuple[HostFacts, ...]:
        """The hosts that were reached and have something to return to: not those that a blue/green release leaves alone, nor those that its way back only
        takes out of the traffic."""
        reached, sides = tuple(fact for fact in self.facts if not fact.problem), self.sides
        if not isinstance(sides, Sides):
            return reached
        idle = {host.name for host in hosts_of(self.environment, sides.idle)}
        if not any(fact.current for fact in reached if fact.host not in idle):
            return tuple(fact for fact in reached if fact.host in idle)
        return tuple(fact for fact in reached if fact.host not in idle or fact.host in sides.serving or not way_back(fact).possible)

    @property
    def standing_by(self) -> frozenset[str]:
        """For a restart: the hosts of the side that gets no requests. They are restarted with the others, and no restart moves the traffic to them."""
        if self.environment.strategy != BLUEGREEN or self.request.kind != "restart":
            return frozenset()
        sides = sides_of(self.environment, self.balancers, {fact.host: fact.current for fact in self.facts if fact.current})
        return frozenset(host.name for host in hosts_of(self.environment, sides.idle)) if isinstance(sides, Sides) and not sides.serving else frozenset()

    @property
    def ours(self) -> OutBefore:
        """Hosts that are out of the traffic and may be put back: an earlier run took them out, or they are the side that a blue/green release goes to.

        Of the side that serves, a host that an earlier run took out (it is owed) is left so: the way back is for hosts that served before the release.
        """
        sides, stands_by = self.sides, self.standing_by
        if not isinstance(sides, Sides):
            return {name: out for name, out in self.drained.items() if name not in stands_by}
        every = frozenset(one.balancer for one in self.balancers)
        return {host.name: every for host in hosts_of(self.environment, sides.idle)}

    @property
    def out(self) -> OutBefore:
        """Hosts that somebody else has taken out of the traffic, by balancers: they are left so."""
        ours = self.ours
        found = {name: out - ours.get(name, frozenset()) for name, out in out_of(self.balancers).items()}
        return {name: out for name, out in found.items() if out}

    @property
    def loads(self) -> Loads:
        """What each host carries at each balancer, with every server's own weight."""
        return loads_of(self.environment, self.balancers, self.weights)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The chosen hosts that were reached."""
        chosen = chosen_hosts(self.environment, self.request)
        return tuple(host for host, fact in zip(chosen, self.facts, strict=True) if not fact.problem)

    @property
    def spoken(self) -> tuple[HostFacts, ...]:
        """The hosts that a verdict on the fleet speaks of."""
        return spoken_of(self.facts, self.environment.rolling.max_failures)

    @property
    def current(self) -> dict[str, str]:
        """The release that is live on each host; empty: none."""
        return {fact.host: fact.current for fact in self.facts}

    @property
    def shipped(self) -> tuple[int, int]:
        """Bytes and files that are brought to each host."""
        brings = self.revision if self.environment.ship == "files" else None
        return (brings.size, brings.files) if brings else (0, 0)

    @property
    def first(self) -> frozenset[str]:
        """Hosts that never had a release."""
        return frozenset(host.name for host in self.hosts if not self.current[host.name])

    def on_disk(self, release: str) -> frozenset[str]:
        """The hosts that have that release already, intact."""
        return frozenset(fact.host for fact in self.facts if (known := fact.release(release)) and known.whole)


def unanswered(facts: tuple[HostFacts, ...]) -> tuple[HostFacts, ...]:
    """The hosts of which nothing is known."""
    return tuple(fact for fact in facts if fact.problem)
