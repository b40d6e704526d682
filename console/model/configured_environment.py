"""One application in one environment, as hosts.toml says it, resolved: what a console hands to its engine, and what a plan is made from.

Everything is resolved before it gets here (overrides, host patterns, durations in seconds). What stands for a key that the file does not have is the
default of its field, here and in `host`, `host_commands`, `probes` and `strategy`. It knows nothing of files or lines.
"""

from functools import cached_property
from typing import Literal

import msgspec

from console.model.application_metrics import Metrics
from console.model.balancer import Balancer
from console.model.configured_checks import CheckSpec, CriticalPath, HealthCheck
from console.model.host import Host, Ssh
from console.model.host_commands import Command, Hook
from console.model.secret import SecretRef, Variable
from console.model.strategy import BlueGreen, Canary, Rolling
from console.model.strategy_names import Strategy
from console.model.thresholds import Threshold

JOURNAL = "journal url"
"""What the secret is called that leads to the record's database."""

OUTPUT = 64 * 2**20
"""Bytes of a step's output that a host keeps, where the file does not say."""


class Build(msgspec.Struct, frozen=True):
    """A build on the console's machine, in a clean export of the commit. `timeout` is seconds."""

    command: str
    output: str = "."
    timeout: float = 900.0


class Access(msgspec.Struct, frozen=True):
    """Who may change things and who may look: users and @groups of this machine. Neither: only the engine's owner and root."""

    operators: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()


class Announce(msgspec.Struct, frozen=True):
    """Whom to tell of a release, before it and at its end."""

    to: tuple[Variable, ...]
    """Addresses of Apprise's services."""
    required: bool = False
    """No release without every channel having taken it."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """The addresses that are to be read, by the name that a problem is told with."""
        return {f"announce.to[{number}]": one for number, one in enumerate(self.to) if isinstance(one, SecretRef)}


class Freeze(msgspec.Struct, frozen=True):
    """A time without releases, by the calendar: days (both whole) or moments, in ISO form."""

    start: str
    end: str
    reason: str = ""


class Notify(msgspec.Struct, frozen=True):
    """Whom to tell when a run waits for a person."""

    to: tuple[Variable, ...]
    """Addresses of Apprise's services."""
    after: float = 60.0
    """Seconds of waiting."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """The addresses that are to be read, by the name that a problem is told with."""
        return {f"notify.to[{number}]": one for number, one in enumerate(self.to) if isinstance(one, SecretRef)}


class Ticket(msgspec.Struct, frozen=True):
    """What closes a release's ticket once the release is live."""

    close: Variable
    """A URL that is posted to, or a command for the console's machine."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {"ticket.close": self.close} if isinstance(self.close, SecretRef) else {}


class Database(msgspec.Struct, frozen=True):
    """How a database is backed up, migrated and brought back. Times are seconds."""

    kind: Literal["postgres", "command"]
    url: Variable = ""
    """For `postgres`: where its tables and locks are read; empty: they are not."""
    host: Host | None = None
    """Where backup and restore run, and from where the URL is seen; none: the host that migrates."""
    backup: Command | None = None
    backup_within: float = 0.0
    """A backup that is so old at most is fresh enough; 0: each migration has its own."""
    migrate: Command | None = None
    revert: Command | None = None
    restore: Command | None = None
    lock_timeout: float = 5.0
    lock_tries: int = 5
    """The first try counted."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {"database.url": self.url} if isinstance(self.url, SecretRef) else {}


class Environment(msgspec.Struct, frozen=True, dict=True):
    """One application in one environment, as the file resolves it. Times are seconds."""

    app: str
    name: str
    path: str
    """The application's folder on every host; may hold `{host}`, see `path_on`."""
    hosts: tuple[Host, ...]
    file: str = ""
    """The hosts.toml that this came from (absolute)."""
    commands: dict[str, Command] = {}
    tag_commands: dict[str, dict[str, dict[str, str | int | float]]] = {}
    """By tag, by command: the keys of `Command` that differ on hosts with that tag."""
    hooks: tuple[Hook, ...] = ()
    variables: dict[str, Variable] = {}
    repository: str = ""
    """A folder (absolute) or a URL of a git repository."""
    keep: int = 5
    shared: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    output: int = OUTPUT
    """Bytes of what a step prints that its host keeps."""
    directory: str = "."
    """The folder of the repository that is the release."""
    ship: Literal["files", "none"] = "files"
    """`none`: a release is a version alone; `fetch` brings it to a host, and `has` says whether it is there."""
    submodules: bool = True
    """They are shipped, at the commits that the release pins."""
    links_out: tuple[str, ...] = ()
    """Symlinks that may lead out of the release, by their paths in it."""
    reuse: tuple[str, ...] = ()
    """Paths that a host copies from the release before into the new one, before its install."""
    build: Build | None = None
    branches: tuple[str, ...] = ("*",)
    release_tags: tuple[str, ...] = ("*",)
    protected: bool = False
    frame: str = ""
    strategy: Strategy = "rolling"
    timezone: str = ""
    """IANA name; empty: the machine's."""
    closed: tuple[str, ...] = ()
    """Times without releases, in the file's words: `fri`, `fri 12:00-24:00`."""
    rolling: Rolling = Rolling()
    canary: Canary = Canary()
    bluegreen: BlueGreen = BlueGreen()
    health: tuple[HealthCheck, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    """Of the pre-flight, beside the built-in ones."""
    critical: tuple[CriticalPath, ...] = ()
    monitor: float = 0.0
    """How long health is watched after the last switch."""
    metrics_interval: float = 1.0
    metrics: Metrics = Metrics()
    thresholds: tuple[Threshold, ...] = ()
    migrations: str = ""
    """A glob of files of the repository that are migrations; empty: none."""
    database: Database | None = None
    migrate_on: str = ""
    """The host that migrations run on; empty: the first host of the plan."""
    limit_rate: int = 0
    """Bytes a second of releases that are sent, all hosts together; 0: as fast as it goes."""
    ssh: Ssh = Ssh()
    jumps: tuple[Host, ...] = ()
    """Jump hosts, each named as hosts name them in `jump`."""
    access: Access | None = None
    notify: Notify | None = None
    announce: Announce | None = None
    ticket: Ticket | None = None
    freezes: tuple[Freeze, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    """Several: all must agree."""
    requires: str = ""
    """The environment in which a commit is to be verified first; empty: none."""
    requires_within: float = 7 * 86400.0
    team_required: int = 0
    """Operators that a release needs besides whoever begins it."""
    journal: Variable = ""
    """The address of the database that holds the record of runs, which several machines share; empty: the state folder's file."""

    def secret_references(self) -> dict[str, SecretRef]:
        """Every secret of the environment, by the name a problem is told with; variables by their own."""
        found = {name: value for name, value in self.variables.items() if isinstance(value, SecretRef)}
        for part in (*self.checks, *self.health, *self.critical, *(one for one in (self.database, self.notify, self.announce, self.ticket) if one)):
            found |= part.secrets
        return found | self.metrics.secrets | ({JOURNAL: self.journal} if isinstance(self.journal, SecretRef) else {})

    def host(self, name: str) -> Host | None:
        """The host of that name; None: there is none."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Host]:
        return {host.name: host for host in reversed(self.hosts)}

    @cached_property
    def behind_jumps(self) -> dict[str, tuple[str, ...]]:
        """By jump host: the hosts that are reached over it, itself not among them."""
        found: dict[str, list[str]] = {}
        for host in self.hosts:
            jump = host.jump or self.ssh.jump
            if jump not in ("", host.name):
                found.setdefault(jump, []).append(host.name)
        return {jump: tuple(names) for jump, names in found.items()}

    def path_on(self, host: Host) -> str:
        """The application's folder on that host: `{host}` in `path` is its name."""
        return self.path.replace("{host}", host.name)

    def command(self, host: Host, name: str) -> Command | None:
        """The command of that name on that host: the common one, with what the host's tags say laid over it key by key."""
        found = self.commands.get(name)
        for tag in host.tags:
            over = self.tag_commands.get(tag, {}).get(name)
            if over:
                found = msgspec.convert({**(msgspec.to_builtins(found) if found else {}), **over}, Command)
        return found
