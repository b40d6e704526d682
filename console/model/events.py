"""What happened in a run, in the past tense. The journal, the screen, plain lines, JSON and resume all fold the same events.

Every event carries its place (`seq`), the wall time for people (`at`), and the boot-time clock (`mono` seconds of boot `boot`) that waits
and deadlines are measured on. The engine stamps them; nobody else does.
"""

from typing import Literal, TypeVar

import msgspec

from console.model.analysis import Block, Reading
from console.model.checks import Check
from console.model.database_facts import Backup, Review
from console.model.host_facts import LockHolder
from console.model.log_kinds import LogKind
from console.model.maintenance_mode import Maintenance
from console.model.plan import Plan, ReturnTarget, Steps
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request, RunKind
from console.model.thresholds import Mean, Threshold, Verdict
from console.model.traffic import OwnWeight, TrafficMark, WeightMark
from console.safe_text import SafeLines, SafeText


class Event(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """The part that all events share."""

    seq: int = 0
    at: str = ""
    mono: float = 0.0
    boot: str = ""


E = TypeVar("E", bound=Event)


def stamped(event: E, seq: int, at: str, mono: float, boot: str) -> E:
    """Return the event with its place and its times."""
    return msgspec.structs.replace(event, seq=seq, at=at, mono=mono, boot=boot)


class RunOpened(Event, frozen=True, tag="run-opened"):
    """A run was asked for; its pre-flight begins."""

    run: str
    kind: RunKind
    app: str
    environment: str
    protected: bool
    by: Person
    request: Request
    config_digest: str
    hosts: tuple[str, ...]
    path: str = ""
    on_failure: Literal["rollback", "pause", "stop"] = "rollback"
    max_failures: int = 0
    pause_after: int = 0


class RevisionResolved(Event, frozen=True, tag="revision-resolved"):
    """The commit is pinned, and what is live on the fleet is known."""

    revision: Revision
    release: Release
    live: tuple[SafeText, ...] = ()
    """Versions that are live now, most hosts first."""


class CheckReported(Event, frozen=True, tag="check-reported"):
    """A pre-flight check has a verdict."""

    check: Check


class OperatorJoined(Event, frozen=True, tag="operator-joined"):
    """Another operator has joined the run before its decision."""

    by: Person


class CheckAcknowledged(Event, frozen=True, tag="check-acknowledged"):
    """Somebody ticked a manual check off."""

    check: str
    by: Person
    step: str = ""
    """The step that waits for it, for a critical path that a person tries; empty: the check is one of the pre-flight."""


class HostSeen(Event, frozen=True, tag="host-seen"):
    """What a host had before the run."""

    host: str
    release: str = ""
    version: SafeText = SafeText("")
    problem: SafeText = SafeText("")


class StepsPlanned(Event, frozen=True, tag="steps-planned"):
    """Steps of the plan that the next event but pieces has: a plan of thousands of hosts comes in pieces."""

    steps: Steps


class PlanMade(Event, frozen=True, tag="plan-made"):
    """The plan and the way back, complete with the pieces ahead of it."""

    plan: Plan
    way_back: tuple[ReturnTarget, ...]
    usual: dict[str, float] = {}
    """Seconds that each kind of step took on a host in runs before this one."""
    ahead: int = 0
    """How many steps the pieces ahead of it have."""

    @property
    def size(self) -> int:
        """How many steps there are to take."""
        return self.ahead + self.plan.size


class Decided(Event, frozen=True, tag="decided"):
    """GO or no-go: by whom, and why not."""

    go: bool
    by: Person
    digest: str = ""
    reasons: tuple[SafeText, ...] = ()
    overrides: tuple[tuple[str, str], ...] = ()
    hotfix: SafeText = SafeText("")
    interrupted: bool = False
    """Not a verdict: the one who would decide left."""


class LocksTaken(Event, frozen=True, tag="locks-taken"):
    """Every host of the run is held for it."""

    epoch: int
    hosts: tuple[str, ...] = ()


class LocksRefused(Event, frozen=True, tag="locks-refused"):
    """A host is held by another; what was taken is given back."""

    host: str
    holder: LockHolder


class StepStarted(Event, frozen=True, tag="step-started"):
    """A step is about to be sent. The same attempt twice: it is being settled, not done again."""

    step: str
    host: str = ""
    attempt: int = 1


StepStatus = Literal["done", "failed", "unknown", "cancelled", "unreachable", "held"]
"""`held`: it could not be done, and that is no fault of its host: it is done again once somebody continues."""


class StepFinished(Event, frozen=True, tag="step-finished"):
    """A step ended, or it is not known how (`unknown`)."""

    step: str
    host: str = ""
    attempt: int = 1
    status: StepStatus = "done"
    code: int | None = None
    seconds: float = 0.0
    detail: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    tail: tuple[SafeText, ...] = ()
    """The last lines of its output, when it did not end well."""
    lost: bool = False
    """Its host did not answer, or could not be worked on at all: how the host is now is not known."""


class GateJudged(Event, frozen=True, tag="gate-judged"):
    """A gate's verdict with the numbers it judged; it is never computed again."""

    step: str
    host: str
    verdict: Literal["passed", "failed", "inconclusive", "error"]
    check: str
    passes: int = 0
    needed: int = 0
    seconds: float = 0.0
    passing: float = 0.0
    """So many of these seconds it had passed already, time after time."""
    seen: SafeText = SafeText("")
    blocking: bool = True
    """False: on a way back, a check of what hosts share was asked once; the host is back whatever it says."""


class CriticalJudged(Event, frozen=True, tag="critical-judged"):
    """A critical path was tried on a host, or once for all (no host). One that could not be measured is an `error`."""

    step: str
    path: str
    verdict: Literal["passed", "failed", "error"]
    host: str = ""
    where: SafeText = SafeText("")
    """The request of an HTTP sequence that it ended at; empty: it has none, or passed."""
    seen: SafeText = SafeText("")
    seconds: float = 0.0
    blocking: bool = True
    """Where it does not pass, the run does not either; else it is a warning."""
    tries: int = 1
    """It is tried again only where it could not be measured."""


class AnalysisSeen(Event, frozen=True, tag="analysis-seen"):
    """What was counted on new and on old hosts since the last one, and what all of it comes to."""

    step: str
    blocks: dict[str, tuple[Block, ...]] = {}
    """By metric: one block for each place that it was counted at, so that hosts behind one balancer are compared with each other alone."""
    readings: tuple[Reading, ...] = ()
    problems: tuple[SafeText, ...] = ()
    """Places that gave no counts, and why."""


class Promoted(Event, frozen=True, tag="promoted"):
    """Somebody has ended the analysis of a step, or the monitoring window: the release goes on."""

    step: str
    by: Person
    reason: SafeText = SafeText("")


class WindowExtended(Event, frozen=True, tag="window-extended"):
    """Somebody has made the monitoring window longer."""

    seconds: float
    by: Person
    reason: SafeText = SafeText("")


class Superseded(Event, frozen=True, tag="superseded"):
    """In its monitoring window the run makes way for a newer release, at that one's GO: it ends, and hands its locks over."""

    by_run: str
    by: Person
    hosts: tuple[str, ...] = ()
    """Hosts that the newer release changes: it takes them out of the traffic itself."""


class BaselineTaken(Event, frozen=True, tag="baseline-taken"):
    """What the metrics of the thresholds were before the release: by metric and host; the name "" stands for the environment as a whole."""

    metrics: dict[str, dict[str, Mean]] = {}


class ThresholdChanged(Event, frozen=True):
    """A threshold's verdict has become another one, with the numbers that were judged; it is never computed again."""

    threshold: Threshold
    verdict: Verdict


class ThresholdJudged(ThresholdChanged, frozen=True, tag="threshold-judged"):
    """Nothing is above its limit, or it is not the release's doing, or it cannot be said."""


class ThresholdCrossed(ThresholdChanged, frozen=True, tag="threshold-crossed"):
    """A metric is above its limit, and only the last seconds of `for` are left."""


class ThresholdBreached(ThresholdChanged, frozen=True, tag="threshold-breached"):
    """A metric has been above its limit for as long as `for` says."""


class ThresholdRecovered(ThresholdChanged, frozen=True, tag="threshold-recovered"):
    """A metric is not above its limit any more."""


class LogKindsSeen(Event, frozen=True, tag="log-kinds-seen"):
    """What kinds of lines of the application's log only hosts with the new release have printed so far, of all that was read."""

    kinds: tuple[LogKind, ...] = ()
    """The worst first, at most five; one that a host with the old release has printed since is not among them any more."""
    total: int = 0
    """How many there are."""
    fresh: tuple[str, ...] = ()
    """Keys of those that were not told before."""
    read: int = 0
    """Lines of hosts with the new release, a stack trace as one."""
    compared: int = 0
    """Lines that they are compared with."""
    problems: tuple[SafeText, ...] = ()
    """Hosts whose log is not read, and why."""


class HostReturning(Event, frozen=True, tag="host-returning"):
    """One host goes back alone: it failed within the budget, or was skipped."""

    host: str
    reason: SafeText
    steps: Steps
    by: Person | None = None


class HostSkipped(Event, frozen=True, tag="host-skipped"):
    """A host keeps, or gets back, its old release."""

    host: str
    by: Person
    reason: SafeText = SafeText("")


class HostRetried(Event, frozen=True, tag="host-retried"):
    """A host's steps that did not end well are tried again, as new attempts."""

    host: str
    by: Person
    anew: tuple[str, ...] = ()
    """Steps of it that are done anew though they ended well: it comes back into the traffic behind its gate."""


class HostOwed(Event, frozen=True, tag="host-owed"):
    """A host could not be brought up to date."""

    host: str
    reason: SafeText


class HostForgiven(Event, frozen=True, tag="host-forgiven"):
    """A debt was closed without being paid."""

    host: str
    by: Person
    reason: SafeText


class HostFailed(Event, frozen=True, tag="host-failed"):
    """A host that had the release is unwell, does not answer, or cannot be asked, after its gate and through every patience."""

    host: str
    condition: Literal["failed", "unreachable", "unknown"]
    reason: SafeText


class HostsAnswered(Event, frozen=True, tag="hosts-answered"):
    """The hosts that have the release, or are back, were asked a last time before the run's end; those that did not answer were said to have failed."""

    hosts: tuple[str, ...]
    """Those that answered."""


class LinkLost(Event, frozen=True, tag="link-lost"):
    """The connection to a host was lost; what ran there goes on and will be settled."""

    host: str
    detail: SafeText = SafeText("")


class LinkRestored(Event, frozen=True, tag="link-restored"):
    """The host answers again after its link was lost. What ran on it meanwhile is followed further, and not begun anew."""

    host: str


class TrafficChanged(Event, frozen=True, tag="traffic-changed"):
    """What a balancer does with a host: as it was read back, or (`draining`) as it will be told now."""

    host: str
    balancer: str
    mark: TrafficMark
    sessions: int | None = None
    """Requests that are under way there; None: the balancer does not say."""
    cut: int = 0
    """Requests that were ended now."""
    detail: SafeText = SafeText("")


class WeightsChanged(Event, frozen=True, tag="weights-changed"):
    """What a balancer's servers weigh for this run: as it was read back, or (`setting`) as it will be told now."""

    balancer: str
    mark: WeightMark
    own: dict[str, OwnWeight] = {}
    """By server: the weights that are to be put back; none once they are `restored`."""
    share: float | None = None
    """The part of the traffic that hosts with the new release get, once they are admitted; None: not known, or every server has its own weight."""
    theirs: dict[str, int] = {}
    """By server: weights that somebody else has set meanwhile. They are left."""
    detail: SafeText = SafeText("")


PauseCause = Literal["operator", "pause-after", "failure", "network", "taken-up", "traffic", "inconclusive", "manual", "record"]
"""Why a run is paused. What each means: `core/run/pauses.py`.

`operator`: a person said so; `pause-after`: the file asks for it after so many hosts; `failure`: more failed than may, and the file says `pause`, or the
database may not suit the code before; `network`: hosts were lost as a network loses them; `taken-up`: another engine has the run; `traffic`: a balancer does
not do what it is told, or requests are still under way when time is over; `inconclusive`: a canary's time is over and nothing is shown; `manual`: a critical
path waits for a person; `record`: the record that machines share does not answer."""


class Paused(Event, frozen=True, tag="paused"):
    """Nothing new starts until somebody continues."""

    reason: SafeText
    by: Person | None = None
    cause: PauseCause = "operator"


class Continued(Event, frozen=True, tag="continued"):
    """A person ended the pause, or goes on in spite of metrics that are above their limits."""

    by: Person | None = None
    in_spite_of: tuple[str, ...] | None = None
    """Keys of the thresholds that the person was told of, and goes on in spite of; None, in old records: of all that are above their limits."""


class RecordLost(Event, frozen=True, tag="record-lost"):
    """The database of the record that machines share does not answer: what happens is written down on this machine alone, and nothing new starts."""

    reason: SafeText
    kept_in: SafeText
    """The file, on the machine that carries the run."""


class RecordRegained(Event, frozen=True, tag="record-regained"):
    """It answers again, and holds everything that was written down meanwhile, in its order."""

    events: int = 0
    """How many; 0: an engine before this one handed them in, or there were none."""


class AbortAsked(Event, frozen=True, tag="abort-asked"):
    """The run is to end: back, or left as it is."""

    by: Person
    leave: bool = False
    then_back: str = ""
    """How the last release goes back once this run has ended (as in the command); empty: nothing follows."""
    why: SafeText = SafeText("")


class RollbackBegan(Event, frozen=True, tag="rollback-began"):
    """Touched hosts go back, by this plan."""

    plan: Plan
    reason: SafeText
    by: Person | None = None
    cause: Literal["key", "abort", "failure", "threshold"] = "key"
    ahead: int = 0
    """How many steps the pieces ahead of it have."""
    why: SafeText | None = None
    """What the person who asked for it gave as the reason; empty: nothing. None: no person did, or the record is an old one, where `reason` has it too."""


class NoteAdded(Event, frozen=True, tag="note-added"):
    """A remark for the record, of a person or of the engine. It changes no state but who said what last."""

    by: Person
    text: SafeText
    about: Literal["", "rollback"] = ""
    """`rollback`: it is why the run goes, or went, back."""


class HelmTaken(Event, frozen=True, tag="helm-taken"):
    """Somebody answers the run's questions from now on."""

    by: Person


class ChangesListed(Event, frozen=True, tag="changes-listed"):
    """What the release brings, against what most hosts have live."""

    subjects: tuple[SafeText, ...]
    """First lines of the commits, newest first."""
    migrations: tuple[SafeText, ...] = ()
    """New files among the migrations; all that the commit has where it is not known which are new."""
    known: bool = True
    """Whether it is known what is new."""


class DatabaseReviewed(Event, frozen=True, tag="database-reviewed"):
    """What the release would do to its database, and what is known of its last backup."""

    review: Review


class ReleasePacked(Event, frozen=True, tag="release-packed"):
    """What the release ships is known: the same `content` (hex) is the same files, whatever commit they are of."""

    content: str
    files: int
    size: int
    """Bytes of its files."""


class ReleaseSent(Event, frozen=True, tag="release-sent"):
    """How far the release has come on its way to hosts, every few seconds while it is sent. Sizes are bytes as they travel."""

    hosts: int
    """To which it is being sent now."""
    sent: int
    size: int
    """As far as is known: while it is still being packed, what it will come to."""
    rate: int
    """Bytes a second, lately."""
    left: float | None = None
    """Seconds for the rest at that rate; None: nothing moves."""


class BackupTaken(Event, frozen=True, tag="backup-taken"):
    """The database was backed up, and the backup looked at."""

    backup: Backup


class MaintenanceChanged(Event, frozen=True, tag="maintenance-changed"):
    """Users are shown a maintenance page from now on, or no longer (`now` is None)."""

    by: Person
    now: Maintenance | None = None
    missed: tuple[SafeText, ...] = ()
    """Hosts and balancers where that is not so, and why."""


class AnnouncementSent(Event, frozen=True, tag="announcement-sent"):
    """People were told of the release."""

    moment: Literal["before", "after"]
    title: SafeText
    body: SafeLines
    told: tuple[SafeText, ...] = ()
    """Channels that took it, without their secrets."""
    problems: tuple[SafeText, ...] = ()
    """Channels that did not, and why."""
    posted: tuple[tuple[SafeText, str], ...] = ()
    """(channel, id of the message there), where it can be changed later."""


class PersonCalled(Event, frozen=True, tag="person-called"):
    """People were told that the run waits for one of them."""

    reason: SafeText
    told: tuple[SafeText, ...] = ()
    """Channels, without their secrets."""
    problems: tuple[SafeText, ...] = ()
    """Channels that did not take it, and why."""


class CommandRefused(Event, frozen=True, tag="command-refused"):
    """Somebody tried something that was not allowed then."""

    by: Person
    command: str
    message: SafeText


class TakenUp(Event, frozen=True, tag="taken-up"):
    """A new engine has the run; what was running is settled before anything new starts."""

    epoch: int
    by: Person


class RunEnded(Event, frozen=True, tag="run-ended"):
    """The run is over. The exit code and the outcome follow from the state, and are kept as they were said."""

    exit: int
    outcome: str
    reason: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    held: tuple[str, ...] = ()
    """Hosts whose locks it still has, to be released now. Older consoles did not write that down."""
    ticket: bool = False
    """Its ticket is to be closed now."""
    unchanged: bool = False
    """Nothing was changed on a host or in the database. Older consoles did not write that down."""


class LockLeft(msgspec.Struct, frozen=True):
    """A host whose lock could not be released."""

    host: str
    why: SafeText
    unsettled: bool = False
    """Something may still go on there: it stays until the host is brought up to date."""


class LocksReleased(Event, frozen=True, tag="locks-released"):
    """The run has released the locks of those hosts, or handed them over to a newer run."""

    hosts: tuple[str, ...] = ()
    left: tuple[LockLeft, ...] = ()
    """Where a lock may still be, as far as is known now."""
    handed: tuple[str, ...] = ()
    """Those of the hosts whose lock was not removed: a newer run has it."""
    to_run: str = ""
    """That run."""


class TicketClosed(Event, frozen=True, tag="ticket-closed"):
    """The release's ticket was closed, or could not be."""

    close: SafeText
    """The command or the URL, without its secrets."""
    tries: int = 1
    problem: SafeText = SafeText("")
    """Why the last try failed; empty: the ticket is closed."""


AnyEvent = (
    RunOpened
    | RevisionResolved
    | CheckReported
    | CheckAcknowledged
    | HostSeen
    | StepsPlanned
    | PlanMade
    | Decided
    | LocksTaken
    | LocksRefused
    | StepStarted
    | StepFinished
    | GateJudged
    | CriticalJudged
    | AnalysisSeen
    | Promoted
    | LogKindsSeen
    | BaselineTaken
    | ThresholdJudged
    | ThresholdCrossed
    | ThresholdBreached
    | ThresholdRecovered
    | WindowExtended
    | Superseded
    | HostReturning
    | HostSkipped
    | HostRetried
    | HostOwed
    | HostForgiven
    | HostFailed
    | HostsAnswered
    | LinkLost
    | RecordLost
    | RecordRegained
    | LinkRestored
    | TrafficChanged
    | WeightsChanged
    | Paused
    | Continued
    | AbortAsked
    | RollbackBegan
    | NoteAdded
    | HelmTaken
    | OperatorJoined
    | PersonCalled
    | ChangesListed
    | DatabaseReviewed
    | ReleasePacked
    | ReleaseSent
    | BackupTaken
    | MaintenanceChanged
    | AnnouncementSent
    | CommandRefused
    | TakenUp
    | RunEnded
    | LocksReleased
    | TicketClosed
)
