"""What is seen of an environment between runs: what runs where, what could be released, what a host has on its disk. Values only."""

from typing import Literal

import msgspec

from console.model.debt import Debt
from console.model.maintenance_mode import MaintenanceSeen
from console.safe_text import SafeText


class SnapshotHost(msgspec.Struct, frozen=True):
    """One host as it was read last."""

    host: str
    reachable: bool = True
    release: str = ""
    version: SafeText = SafeText("")
    commit: str = ""
    drift: SafeText = SafeText("")
    """What on it is not as the last run left it; empty: nothing."""
    healthy: bool | None = None
    """The live release was verified by a run; None: there is none, or it is not known."""
    problem: SafeText = SafeText("")
    """Why it is not reached."""
    tags: tuple[str, ...] = ()
    drained: bool = False
    """A run has taken it out of the traffic, and none has put it back: it stands by, or was left so."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds the environment: a run's lock, or a person's note (then `run` is empty)."""

    by: SafeText
    since: SafeText = SafeText("")
    reason: SafeText = SafeText("")
    run: str = ""


class LastRun(msgspec.Struct, frozen=True):
    """The last run that has ended."""

    run: str
    kind: str
    outcome: str
    exit: int | None = None
    ended: str = ""


class FleetSnapshot(msgspec.Struct, frozen=True):
    """An environment at rest, as its hosts said it."""

    environment: str
    app: str = ""
    protected: bool = False
    maintenance: str = "unknown"
    maintained: MaintenanceSeen | None = None
    """Who shows users a maintenance page, and what each host and balancer shows."""
    run: str = ""
    """The run that is open; empty: none."""
    held: Holder | None = None
    hosts: tuple[SnapshotHost, ...] = ()
    owed: tuple[Debt, ...] = ()
    failed: LastRun | None = None
    """The run that left the environment unverified, and that none has made good since."""
    at: str = ""
    """When the hosts were read: UTC, RFC 3339."""
    record_away: SafeText = SafeText("")
    """Why the database of a shared record is away; empty: it is not."""

    @property
    def in_use(self) -> tuple[SnapshotHost, ...]:
        """The hosts whose release users have: not those that a run has taken out of the traffic, unless it has taken out all."""
        return tuple(host for host in self.hosts if not host.drained) or self.hosts


class Candidate(msgspec.Struct, frozen=True):
    """A tag or a commit that could be released."""

    ref: SafeText
    commit: str
    is_tag: bool = False
    at: str = ""
    """When it was committed, or the tag was made: UTC, RFC 3339."""
    by: SafeText = SafeText("")
    subject: SafeText = SafeText("")
    live: int = 0
    """Hosts on which that commit is live."""
    ahead: bool = True
    """It holds commits that what is live does not."""
    tree: str = ""
    """What it holds; empty: not read."""
    fared: SafeText = SafeText("")
    """What became of its last release here, where that was no success: `failed`, `was rolled back`."""


class Verified(msgspec.Struct, frozen=True):
    """Which of several commits were verified in the environment that has to have had them first."""

    environment: str = ""
    """That environment; empty: none is required."""
    at: dict[str, str] = {}
    """Commits with the time of their last verification there: UTC, RFC 3339."""
    late: tuple[str, ...] = ()
    """Those of them whose verification is too old to count."""


CiStatus = Literal["none", "passed", "failed", "waiting", "error", "unasked"]


class CiMark(msgspec.Struct, frozen=True):
    """What the checks that judge a commit say of one. `none`: there are no such checks; `error`: it could not be measured; `unasked`: it is not asked."""

    commit: str
    status: CiStatus = "none"
    seen: SafeText = SafeText("")
    again: float = 300.0
    """Seconds after which it may say something else."""


class SnapshotRelease(msgspec.Struct, frozen=True):
    """A release on a host's disk, and whether it is the one that is live."""

    release: str
    version: SafeText = SafeText("")
    commit: str = ""
    live: bool = False
    healthy: bool = False
    whole: bool = True
