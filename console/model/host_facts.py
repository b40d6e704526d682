"""What one look at a host found, before a run and for `deploy status`. Values only; how it was read is the adapters' business."""

import msgspec

from console.model.bastions import SshSeen
from console.model.maintenance_mode import HostMaintenance
from console.safe_text import SafeText

FEW_SESSIONS = 3
"""A host that takes fewer commands at once gives no live numbers: one stays for work, and one for what a person asks meanwhile."""


class LockHolder(msgspec.Struct, frozen=True):
    """Who holds a host: a run's lock, or a person's note (then `run` is empty)."""

    by: SafeText
    since: SafeText = SafeText("")
    reason: SafeText = SafeText("")
    run: str = ""
    epoch: str = ""
    came_from: SafeText = SafeText("")
    heartbeat_age: float = 0.0
    """Seconds since the holder last gave a sign, by the host's own clock."""
    until: SafeText = SafeText("")
    is_gone: bool = False
    """The engine that took or took over this lock ran on this machine, and is known to run no more."""
    is_left: bool = False
    """So is its run's, which this machine's record has and which has not ended: it can be resumed."""
    is_unknown: bool = False
    """Its run is none of this machine's record: it can be neither joined nor ended from here."""
    goes_back: bool = False
    """Its run may use the room that a host keeps for going back."""


class Ceding(msgspec.Struct, frozen=True):
    """A run in its monitoring window, which ends and hands its locks over at a newer release's GO."""

    run: str
    concern: SafeText = SafeText("")
    """What is not well in it; empty: nothing is known."""
    ends: bool = False
    """Its window is over, and it only tidies up: it ends by itself."""


class HostRelease(msgspec.Struct, frozen=True):
    """A release folder on a host. `id` is its name in releases/; an absolute path where another tool made one live that lies elsewhere."""

    id: str
    version: SafeText = SafeText("")
    commit: str = ""
    whole: bool = True
    healthy: bool = False
    """A run left it live and verified."""
    damage: SafeText = SafeText("")
    """Why it is not whole."""
    bare: bool = False
    """Another tool made it: it has no manifest, so its files cannot be checked."""


class HostFacts(msgspec.Struct, frozen=True):
    """One host as it was seen. When `problem` is set, the host was not reached and the rest is empty."""

    host: str
    problem: SafeText = SafeText("")
    problem_kind: str = ""
    """`unreachable`, `unknown-key`, `changed-key`, `login`, `shell`: which check it fails."""
    hint: SafeText = SafeText("")
    """What to type about the problem."""
    current: str = ""
    """The release that `current` points at; empty: none."""
    current_broken: SafeText = SafeText("")
    """Why `current` is not usable: dangling, no link, or missing beside releases."""
    current_hint: SafeText = SafeText("")
    """Where `current` is no link, so that nothing can be switched: what to type."""
    releases: tuple[HostRelease, ...] = ()
    """In the order in which they were last made live, oldest first."""
    free: int | None = 0
    """Bytes free where releases are kept; None: it could not be read."""
    inodes: int | None = None
    """Inodes free there; None: not known, or that file system does not count them."""
    clock_skew: float | None = 0.0
    """Seconds that the host is ahead of the console; None: its clock could not be read."""
    missing_tools: tuple[SafeText, ...] = ()
    can_fetch: bool = False
    """It has curl or wget."""
    unforwarded: tuple[tuple[SafeText, str], ...] = ()
    """Gates (name and kind) that want a connection which its sshd does not forward."""
    sessions: int | None = None
    """So many commands it takes at once on a connection (MaxSessions), where it has refused more; None: enough."""
    not_writable: SafeText = SafeText("")
    """Why nothing can be written where a release goes."""
    write_hint: SafeText = SafeText("")
    """What to type on the host about that."""
    narrow_umask: SafeText = SafeText("")
    """The umask that keeps what is made there from everybody but its maker."""
    missing_shared: tuple[SafeText, ...] = ()
    sudo_refused: tuple[SafeText, ...] = ()
    """Commands that sudo would not run by itself, and why."""
    lock: LockHolder | None = None
    closed: LockHolder | None = None
    maintenance: HostMaintenance | None = None
    """What the console left of its maintenance commands; None: nothing, so no page is shown there as far as it knows."""
    boot: str = ""
    drift: SafeText = SafeText("")
    ssh: SshSeen | None = None
    """By which keys it was reached; None: not by SSH, or nobody asked."""

    def release(self, release: str) -> HostRelease | None:
        """The release folder of that id on this host."""
        return next((found for found in self.releases if found.id == release), None)
