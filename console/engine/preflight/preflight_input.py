"""What a pre-flight works with, as one value. `input_from_record` makes it; `findings` looks by it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from console.core.checks.staging import KnownCommit
from console.core.rollback_targets import Targets
from console.core.traffic.serving import OutBefore
from console.core.traffic.shares import OwnWeights
from console.model.bastions import SshSeen
from console.model.checks import Check
from console.model.configured_environment import Environment
from console.model.database_facts import Backup
from console.model.environment_record import EarlierAttempt, Live
from console.model.host_facts import Ceding, HostFacts
from console.model.release_facts import Revision
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.traffic import BalancerProblem, BalancerSeen
from console.ports.balancer_port import BalancerPort
from console.ports.database_view import DatabaseView
from console.ports.gates import CheckRunner
from console.ports.hosts import Scout
from console.ports.release_source import Repository
from console.safe_text import SafeText

Verifications = Callable[[str, Revision], Awaitable[KnownCommit]]


async def _unverified(environment: str, revision: Revision) -> KnownCommit:
    return KnownCommit()


async def _alone(seen: Mapping[str, SshSeen]) -> Check | None:
    return None


async def _as_seen(facts: tuple[HostFacts, ...]) -> tuple[HostFacts, ...]:
    return facts


@dataclass(frozen=True)
class PreflightInput:
    """What a pre-flight works with: the model, the request, the ports that it asks, and what the record knows of the environment."""

    environment: Environment
    request: Request
    scout: Scout
    repository: Repository
    checks: CheckRunner
    now: datetime
    zone: tzinfo | None
    run: str
    usual: dict[str, float] = field(default_factory=dict)
    """Seconds that each kind of step took before."""
    targets: Targets = Targets({})
    """For a rollback: the release that each host goes to."""
    verifications: Verifications = _unverified
    """(environment, revision): what the record says of it there."""
    known: KnownCommit = KnownCommit()
    """What that was when it was asked last."""
    catches_up: Live | None = None
    """For a catch-up: what the environment is."""
    undoes: RunState | None = None
    """For a rollback: the run whose migration is still there."""
    database: DatabaseView | None = None
    """What is asked of the database; None: the environment has none that can be asked."""
    balancers: tuple[BalancerPort, ...] = ()
    looks: tuple[BalancerSeen | BalancerProblem, ...] = ()
    """What the balancers said, once they have."""
    drained: OutBefore = field(default_factory=dict)
    """Hosts that runs before this one took out of the traffic and did not put back."""
    weights: OwnWeights = field(default_factory=dict)
    """Weights of balancers' servers that runs before this one set and did not put back."""
    attempts: Mapping[str, EarlierAttempt | None] = field(default_factory=dict)
    """Commits whose last release here went wrong or was taken back."""
    backup: Backup | None = None
    """The last one that the journal knows; for a restore: the run's."""
    kept: bool | SafeText = True
    """For a restore: whether its dump is still there; words: why that is not known."""
    ticked: Mapping[str, Check] = field(default_factory=dict)
    """Checks that a person has ticked off."""
    by: Person = Person("")
    """Who asks for it."""
    joined: tuple[Person, ...] = ()
    """Operators who have joined."""
    record: Check | None = None
    """What a record that machines share proves of who acts; None: this machine alone has it."""
    ceding: Callable[[], Ceding | None] = lambda: None
    """For a release: the run that hands its locks over at GO, as it is now."""
    bastions: Callable[[Mapping[str, SshSeen]], Awaitable[Check | None]] = _alone
    """Compares how hosts were reached from here with what other machines say."""
    without_leftovers: Callable[[tuple[HostFacts, ...]], Awaitable[tuple[HostFacts, ...]]] = _as_seen
    """Takes the locks of runs that have ended out of what was seen."""
