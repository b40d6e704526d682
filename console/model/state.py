"""The state of a run: what all its events add up to. Only `core/run/evolve.py` makes one out of another.

Steps are kept with their hosts, so that an event copies what belongs to one host and not the whole fleet.
"""

from typing import Literal

import msgspec

from console.model.analysis import Block, Reading
from console.model.checks import Check
from console.model.database_facts import Backup, Review
from console.model.events import PauseCause, ReleaseSent
from console.model.log_kinds import LogKind
from console.model.maintenance_mode import Maintenance
from console.model.paged_table import Table
from console.model.plan import Plan, ReturnTarget, Step, Steps
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request, RunKind
from console.model.tally import Tally
from console.model.thresholds import Mean, ThresholdState
from console.model.traffic import BalancerWeights, HostTraffic
from console.safe_text import SafeText

StepProgress = Literal["pending", "running", "done", "failed", "unknown", "cancelled", "unreachable", "void", "held"]
"""How far a step is; of `held`, `docs/glossary.md`. A part of the plan is its `Phase` (`model/plan.py`)."""

RunPhase = Literal["preflight", "deciding", "locking", "running", "rolling-back", "ended"]

HostCondition = Literal["old", "updating", "new", "returning", "back", "failed", "unreachable", "unknown", "skipped", "owed", "left-out"]


FallenCondition = Literal["failed", "unreachable", "unknown"]
"""What a host that had the release is called once it is unwell, does not answer, or cannot be asked."""


class StepState(msgspec.Struct, frozen=True):
    """How far one step is. `started` is on the boot-time clock; `seconds` is how long it took."""

    status: StepProgress = "pending"
    attempt: int = 0
    started: float = 0.0
    started_at: str = ""
    seconds: float = 0.0
    code: int | None = None
    detail: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    tail: tuple[SafeText, ...] = ()
    passing: float = 0.0
    """For a gate that has passed: so many seconds before its end all its checks had passed for the first time."""
    orphaned: bool = False
    """It was running when the engine that ran it ended."""
    tolerated: bool = False
    """It did not end well, and a person has seen that and gone on."""


PENDING = StepState()


class HostState(msgspec.Struct, frozen=True):
    """What the run knows of one host."""

    name: str
    condition: HostCondition = "old"
    release: str = ""
    """What is live on it, as far as is known."""
    version: SafeText = SafeText("")
    before: str = ""
    before_version: SafeText = SafeText("")
    touched: bool = False
    """A step that changes what is in service was started on it."""
    failed_once: bool = False
    """It counts against the failure budget."""
    forgiven: bool = False
    """A person has closed its debt: it is not owed again."""
    tolerated: bool = False
    """A person has seen that, and gone on."""
    skipped: bool = False
    """A person has it keep its old release, or has it taken back to that."""
    linked: bool = True
    lost: float = 0.0
    """When its link was lost, on the boot-time clock; 0: it stands, or somebody has seen that and gone on."""
    since: float = 0.0
    """When its condition last changed, on the boot-time clock."""
    step: str = ""
    """The step that runs on it, or the last one that did."""
    detail: SafeText = SafeText("")
    steps: dict[str, StepState] = {}
    traffic: dict[str, HostTraffic] = {}
    """By balancer, where the run has told it something of this host, or found the host out of its traffic."""
    cuts: bool = False
    """A person has gone on though requests were still under way there: they are ended."""

    @property
    def is_out(self) -> bool:
        """Whether every balancer that was told, or asked, gives it no new requests."""
        return bool(self.traffic) and all(seen.mark in ("drained", "left", "overdue") for seen in self.traffic.values())


class Pausing(msgspec.Struct, frozen=True):
    """Why nothing new starts, and since when (boot-time clock)."""

    reason: SafeText
    cause: PauseCause
    since: float
    by: Person | None = None


class AnalysisState(msgspec.Struct, frozen=True):
    """What a step that judges new hosts, or watches them, has seen."""

    blocks: dict[str, tuple[Block, ...]] = {}
    """By metric, in order: an engine that takes the run up goes on with them."""
    readings: tuple[Reading, ...] = ()
    problems: tuple[SafeText, ...] = ()
    promoted: bool = False
    """A person has ended it."""


class CriticalTry(msgspec.Struct, frozen=True):
    """How a critical path went on one host; no host: it is tried once for all."""

    path: str
    host: str
    verdict: Literal["passed", "failed", "error"]
    where: SafeText = SafeText("")
    seen: SafeText = SafeText("")
    seconds: float = 0.0


class Act(msgspec.Struct, frozen=True):
    """The last thing that somebody did about one subject, so that whoever comes second is told who was first."""

    seq: int
    at: str
    by: Person
    words: str


class BackNext(msgspec.Struct, frozen=True):
    """A roll back that begins once a restart has ended: who asked for it, `planned`, `at-once` or in `halves`, and why."""

    by: Person
    how: str
    why: SafeText = SafeText("")


class RunState(msgspec.Struct, frozen=True):
    """Everything that is known of a run."""

    run: str = ""
    kind: RunKind = "deploy"
    app: str = ""
    environment: str = ""
    protected: bool = False
    path: str = ""
    by: Person = Person("")
    request: Request = Request()
    phase: RunPhase = "preflight"
    opened_at: str = ""
    opened: float = 0.0
    decided: float = 0.0
    on_failure: Literal["rollback", "pause", "stop"] = "rollback"
    max_failures: int = 0
    pause_after: int = 0
    revision: Revision | None = None
    release: Release | None = None
    content: str = ""
    """Digest of what it ships; empty: it is not packed yet."""
    sending: ReleaseSent | None = None
    """How far it was on its way to hosts, lately."""
    live: tuple[SafeText, ...] = ()
    changes: tuple[SafeText, ...] = ()
    """What the release brings: first lines of commits, newest first."""
    migrations: tuple[SafeText, ...] = ()
    review: Review | None = None
    """What is known of the database before the decision."""
    backup: Backup | None = None
    """The one that this run took."""
    maintenance: Maintenance | None = None
    """The maintenance page that users are shown while it goes on; None: none, as far as it was told."""
    announced: tuple[SafeText, ...] = ()
    """Channels that took the announcement."""
    untold: tuple[SafeText, ...] = ()
    """Channels that did not, and why."""
    posted: tuple[tuple[SafeText, str], ...] = ()
    """(channel, id of the announcement there), where it can be changed when the run ends."""
    told_end: tuple[SafeText, ...] | None = None
    """Channels that were told how the run ended; None: nothing was sent, or nothing is known of it yet."""
    ticket: Literal["", "open", "closed", "failed"] = ""
    """Of a release that is live: whether its ticket is closed. Empty: it has none."""
    ticket_problem: SafeText = SafeText("")
    checks: tuple[Check, ...] = ()
    drafted: Steps = Steps()
    """Pieces of a plan that is not whole yet."""
    plan: Plan | None = None
    way_back: tuple[ReturnTarget, ...] = ()
    ways: dict[str, ReturnTarget] = {}
    """The same by host, once the plan is made."""
    usual: dict[str, float] = {}
    """Seconds that each kind of step took on a host in runs before this one."""
    back: Plan | None = None
    """The rollback that is under way or done."""
    back_reason: SafeText = SafeText("")
    back_cause: str = ""
    back_why: SafeText = SafeText("")
    """Why it goes, or went, back, as a person said it, when it began or afterwards."""
    cancels: int = 0
    """The last event after which steps that bring hosts forward may run beside the rollback, and are to be ended."""
    index: Table[Step] = Table()
    """Every step that the run knows, by name."""
    lanes: Table[tuple[Step, ...]] = Table()
    """The same by host, in order."""
    steps: Table[StepState] = Table()
    """Steps that are about no host."""
    hosts: Table[HostState] = Table()
    tally: Tally = Tally()
    last_failure: int = 0
    """The event by which something failed last: whoever goes on in spite of what failed has seen that."""
    pausing: Pausing | None = None
    unshared: SafeText = SafeText("")
    """Why what happens is written down on the machine that carries it alone; empty: the record that machines share has it, or there is none."""
    analyses: dict[str, AnalysisState] = {}
    """By step."""
    log_kinds: tuple[LogKind, ...] = ()
    """Kinds of log lines that only hosts with the new release have printed, the worst first."""
    log_kinds_total: int = 0
    """How many of them there are; the worst are kept."""
    log_problems: tuple[SafeText, ...] = ()
    """Hosts whose log is not read, and why."""
    weights: dict[str, BalancerWeights] = {}
    """By balancer, where weights are changed by the run, or by one before it that did not put them back."""
    changed_at: float = 0.0
    """When the run began to change what is in service, on the boot-time clock; 0: it has not."""
    switched: float = 0.0
    """When its first host began to switch to the release."""
    baselines: dict[str, dict[str, Mean]] | None = None
    """By metric and host, what it was before the release; None: it was not taken yet."""
    thresholds: dict[str, ThresholdState] = {}
    """By the key of each: what is known of it since the first switch."""
    window: float = 0.0
    """Seconds that people have added to the monitoring window."""
    taken_late: float = 0.0
    """When a host that was tried again in that window had taken the release, on the boot-time clock; 0: none was."""
    critical: dict[str, tuple[CriticalTry, ...]] = {}
    """By step: how its critical path went on each host."""
    ticks: dict[str, Person] = {}
    """By step: who has ticked off the critical path that a person tries."""
    continued: float = 0.0
    """When somebody last ended a pause, on the boot-time clock."""
    passed_pause: bool = False
    """The pause after so many hosts has been taken."""
    aborting: Literal["", "back", "leave"] = ""
    back_next: BackNext | None = None
    """The roll back that begins once this run, a restart, has ended; None: none was asked for."""
    superseded_by: str = ""
    """The newer run that it makes way for, in its monitoring window."""
    superseded_hosts: frozenset[str] = frozenset()
    """Hosts that the newer run is to change."""
    epoch: int = 0
    epoch_before: int = 0
    """Of the engine that this one took it over from; 0: from none."""
    locked_hosts: tuple[str, ...] = ()
    """Hosts that it has locked and is not known to have released."""
    locks_left: dict[str, SafeText] = {}
    """Of those, the hosts where a release was tried: why it was not done."""
    changed: bool = False
    """Something in service was changed: from here on there is a way back to take."""
    answered: bool = False
    """The hosts that are new, or back, have answered since the last step began."""
    go: bool | None = None
    interrupted: bool = False
    decided_by: Person | None = None
    reasons: tuple[SafeText, ...] = ()
    locked_by: SafeText = SafeText("")
    locking_run: str = ""
    """The run whose lock was met; empty: none, or a person's note."""
    joined: tuple[Person, ...] = ()
    """Operators who have joined before the decision, beside the starter."""
    helm: Person | None = None
    """Who answers the run's questions from a screen; None: whoever opened it."""
    acts: Table[Act] = Table()
    """By subject: `go`, `pause`, `end`, `host NAME`, `check NAME`."""
    misfits: tuple[str, ...] = ()
    """What the record says of hosts that cannot be, and was not obeyed."""
    notes: tuple[tuple[str, str, SafeText], ...] = ()
    """(at, by, text)."""
    exit: int | None = None
    outcome: str = ""
    reason: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    ended_at: str = ""
    seq: int = 0
    at: str = ""
    mono: float = 0.0
    boot: str = ""

    def step_state(self, step: Step) -> StepState:
        """The state of that step, on its host or of the run; `pending` where nothing happened."""
        steps = self.hosts[step.about].steps if step.about in self.hosts else self.steps
        return steps.get(step.name, PENDING)

    def way(self, host: str) -> ReturnTarget | None:
        """Where that host would return to; None: nobody has looked."""
        if self.ways:
            return self.ways.get(host)
        return next((way for way in self.way_back if way.host == host), None)

    @property
    def has_weights(self) -> bool:
        """Whether servers may weigh something else than they did before the console changed it."""
        return any(known.own for known in self.weights.values())

    @property
    def driver(self) -> Person:
        """The person who has the helm."""
        return self.helm or self.by
