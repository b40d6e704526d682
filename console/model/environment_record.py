"""What the journal knows of an environment as a whole, kept up to date with each event, so that nobody has to fold old runs. Values only.

`core.environment.record` updates it; the journal stores it. Raise `FORMAT` when fields or rules change: a record of another format is rebuilt.
"""

from typing import Literal

import msgspec

from console.model.database_facts import Backup
from console.model.debt import Debt
from console.model.fleet_snapshot import LastRun
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.release_facts import Release, Revision
from console.model.state import RunState
from console.model.traffic import OwnWeight
from console.safe_text import SafeText

FORMAT = 6
"""The version of these values and of the rules that make them."""

HostVerdict = Literal["", "passed", "restarted", "failed", "unknown"]
"""What a run said last of a host. `restarted`: no gate has spoken since; empty: no run is known that worked on it."""


class HostRecord(msgspec.Struct, frozen=True):
    """One host, by what runs have seen of it and done to it."""

    release: str = ""
    """What was live on it when a run saw it last; empty: nothing, or not known."""
    version: SafeText = SafeText("")
    run: str = ""
    """The run that saw it."""
    verdict: HostVerdict = ""
    locked_by: str = ""
    """The run that took its lock last and is not known to have released it."""
    lock_left: bool = False
    """That run has ended, so the lock is to be released."""
    drained: tuple[str, ...] = ()
    """Balancers that a run took it out of, and put it back at no more."""


class OwedHost(msgspec.Struct, frozen=True):
    """A debt, with the number of the run that opened it."""

    number: int
    debt: Debt


class Debts(msgspec.Struct, frozen=True):
    """What is owed, newest run first, and which debts a rollback of the last release would reopen."""

    owed: tuple[OwedHost, ...] = ()
    paid: tuple[OwedHost, ...] = ()
    """Debts that the last release and later catch-ups paid: they are owed again once that release is undone."""
    since: int = 0
    """Number of the last run that a rollback would undo."""


class Unverified(msgspec.Struct, frozen=True):
    """A run that failed, and the hosts that no run has verified since."""

    run: LastRun
    bad: tuple[str, ...] = ()
    """Hosts that it left unverified."""
    stayed: tuple[str, ...] = ()
    """Hosts that it left as they were, though it would have changed them."""
    hosts: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    """Hosts that later runs have verified."""


class Live(msgspec.Struct, frozen=True, tag="live"):
    """The release that the environment is on. `content`: the digest that it shipped; empty: not known."""

    release: Release
    content: str = ""


class Unclear(msgspec.Struct, frozen=True, tag="unclear"):
    """Why nobody can say what the environment is, so that a person is asked."""

    words: str


class Released(msgspec.Struct, frozen=True):
    """A release run: what it released, and how it ended."""

    run: str
    number: int
    revision: Revision | None = None
    release: Release | None = None
    content: str = ""
    """Digest of what it shipped; empty: it did not come so far."""
    is_built: bool = False
    outcome: str = ""
    """Empty: it has not ended."""
    ended_at: str = ""
    verified: bool = False
    """It left its release live and healthy on every host: a part of the fleet, or hosts behind, do not count."""


TAKEN_BACK = "was rolled back"
"""What became of a release that a person took back, and that had not failed."""


class EarlierAttempt(msgspec.Struct, frozen=True):
    """How the last release of a commit ended here, where that was no success."""

    run: str
    words: str
    """What became of it: `failed`, `was rolled back`."""
    ended: str


class Attempts(msgspec.Struct, frozen=True):
    """How commits fared here, oldest first; None: well."""

    by_commit: dict[str, EarlierAttempt | None] = {}
    live: str = ""
    """The commit of the last release, while nothing has taken it back; empty: it went wrong, or was taken back."""


class OpenRun(msgspec.Struct, frozen=True):
    """A run that has not ended."""

    run: str
    kind: str
    waits: bool = False
    """It waits for a person."""


class EnvironmentRecord(msgspec.Struct, frozen=True):
    """One application in one environment."""

    app: str = ""
    environment: str = ""
    newest: int = 0
    """Number of the newest run that worked on hosts and has ended."""
    open: tuple[OpenRun, ...] = ()
    """Newest first; commands of `exec` are not among them."""
    last: LastRun | None = None
    last_number: int = 0
    live: Live | Unclear = Unclear("no release run is known here")
    debts: Debts = Debts()
    unverified: tuple[Unverified, ...] = ()
    """Oldest first."""
    backup: Backup | None = None
    """The last one that a release took."""
    migrated: RunState | None = None
    """The run whose migration is still there while its release may be taken back, without its hosts; None: the last release had none."""
    attempts: Attempts = Attempts()
    usual: tuple[dict[str, tuple[float, ...]], ...] = ()
    """For each of the last runs, newest first: the seconds that each kind of step took on a host."""
    hosts: dict[str, HostRecord] = {}
    released: dict[str, Released] = {}
    """By run, oldest first."""
    weights: dict[str, dict[str, OwnWeight]] = {}
    """By balancer, by server: weights that a run has set and not put back."""
    tickets: tuple[str, ...] = ()
    """Runs whose ticket is still to be closed, oldest first."""
    note: LockHolder | None = None
    """A person's note, as it was on the hosts when somebody looked last. No run sets it."""
    maintenance: Maintenance | None = None
    """Whoever switches it says so here beside the hosts; no run's events set it."""
