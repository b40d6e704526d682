"""What hosts.toml says, resolved for one application in one environment: hosts, commands, gates, strategy.

Everything is resolved before it gets here (overrides, host patterns, defaults, durations in seconds). A value of this module is
what a console hands to its engine and what a plan is made from. It knows nothing of files or lines.
"""

from functools import cached_property
from typing import Literal

import msgspec

from console.model.application_metrics import MetricName, Metrics
from console.model.http_step import HttpStep, Statuses
from console.model.secret import SecretRef
from console.model.strategy import Strategy
from console.model.thresholds import Threshold

Variable = str | SecretRef

JOURNAL = "journal url"
"""What the secret is called that leads to the record's database."""

OUTPUT = 64 * 2**20
"""Bytes of a step's output that a host keeps, where the file does not say."""


class Command(msgspec.Struct, frozen=True):
    """A command for a host, run by `sh -eu` in the release's folder. Times are seconds."""

    run: str
    run_as: str = ""
    """A user to become with `sudo -n`; empty: the login's own."""
    timeout: float = 120.0
    cancel: str = ""
    retries: int = 0


HookPlace = Literal["before release", "before host", "before switch", "after switch", "after host", "after release", "after rollback"]


class Hook(msgspec.Struct, frozen=True):
    """A command of the user's at a named place of the plan."""

    at: HookPlace
    command: Command
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""
    once: bool = False
    fatal: bool = True


class Host(msgspec.Struct, frozen=True):
    """One machine of the fleet. Empty fields are filled from `Ssh`, then from the user's SSH configuration."""

    name: str
    address: str = ""
    port: int = 0
    user: str = ""
    tags: tuple[str, ...] = ()
    jump: str = ""
    color: str = ""
    server: str = ""
    """What balancers call it; empty: by its name."""

    @property
    def is_local(self) -> bool:
        """Whether it is the machine that the console runs on, reached without SSH."""
        return (self.address or self.name) == "localhost"


class Ssh(msgspec.Struct, frozen=True):
    """How hosts are reached. Times are seconds."""

    user: str = ""
    port: int = 0
    identity: str = ""
    known_hosts: tuple[str, ...] = ()
    """Files of known host keys; empty: the user's and the system's."""
    jump: str = ""
    connect_timeout: float = 10.0
    keepalive: float = 4.0
    """A link is dead after four of these without an answer."""


class Amount(msgspec.Struct, frozen=True):
    """A number of hosts: a count, or a share of the fleet (0 < share <= 1) rounded down to at least one."""

    count: int = 0
    share: float = 0.0

    def of(self, hosts: int) -> int:
        """How many of so many hosts."""
        return self.count if self.count else max(1, int(hosts * self.share + 1e-9))


class Rolling(msgspec.Struct, frozen=True):
    """The rolling strategy: how many at once, when to stop for a person, how many may fail. `pause` is seconds."""

    batch: tuple[Amount, ...] = (Amount(count=1),)
    """Sizes of the waves; the last one repeats."""
    pause_after: int = 0
    max_failures: int = 0
    pause: float = 0.0
    on_failure: Literal["rollback", "pause", "stop"] = "rollback"


class Canary(msgspec.Struct, frozen=True):
    """The canary strategy: how many hosts have the new release at each step, and what lets it go on. `analysis` is seconds."""

    tags: tuple[str, ...] = ()
    """Hosts with any of these go first; empty: any."""
    steps: tuple[Amount, ...] = (Amount(share=0.1), Amount(share=0.5), Amount(share=1.0))
    by: Literal["hosts", "weight"] = "hosts"
    """`weight`: steps are shares of the traffic, which the balancers' weights give to hosts with the new release."""
    analysis: float = 300.0
    """The longest that a step is watched; 0: it is not."""
    judge: tuple[MetricName, ...] = ("error_rate", "latency")
    """Those of them that are counted."""
    not_worse: float = 2.0
    false_alarm: float = 0.01
    on_inconclusive: Literal["pause", "rollback", "proceed"] = "pause"


class BlueGreen(msgspec.Struct, frozen=True):
    """The blue/green strategy: how many seconds the old side stays ready for the way back."""

    keep_old: float = 3600.0


ProbeKind = Literal["http", "tcp", "command", "postgres", "redis", "memcached", "prometheus", "github", "gitlab", "manual"]


class Probe(msgspec.Struct, frozen=True):
    """A question to a part of the system, and which answer is right. What is not the kind's own stays empty."""

    name: str
    kind: ProbeKind
    url: Variable = ""
    address: str = ""
    port: int = 0
    command: Command | None = None
    expect_status: Statuses = ((200, 200),)
    """Redirects are not followed."""
    expect_body: str = ""
    """Text that the body must contain."""
    query: str = ""
    expect: str = ""
    """A line that the answer to the query must have."""
    above: float | None = None
    below: float | None = None
    """Every number that a query finds lies between these two."""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return self.name

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {f"{self.label} url": self.url} if isinstance(self.url, SecretRef) else {}


class HealthCheck(Probe, frozen=True):
    """A gate that a host must pass after its update. Times are seconds."""

    interval: float = 1.0
    timeout: float = 5.0
    passes: int = 3
    """So many in a row."""
    deadline: float = 180.0
    on: str = "host"
    """`host`: seen from the host, through its connection; `console`; or the name of one host."""
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return f"health {self.name}"


class CheckSpec(Probe, frozen=True):
    """A check of the pre-flight that the file asks for; its id is its name. `timeout` is seconds, for each time that it is asked."""

    blocking: bool = True
    on: str = "console"
    """`console`; `host`: seen from each host of the run; or the name of one host."""
    timeout: float = 30.0
    repository: str = ""
    token: Variable = ""
    contexts: tuple[str, ...] = ()
    """Names or globs of the jobs that must have passed; empty: all that there are."""
    prompt: str = ""

    @property
    def label(self) -> str:
        """What its secrets are named after."""
        return f"check {self.name}"

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        token = {f"{self.label} token": self.token} if isinstance(self.token, SecretRef) else {}
        return super().secrets | token


CriticalMoment = Literal["first batch", "canary", "end"]


class CriticalPath(msgspec.Struct, frozen=True):
    """Something that users must be able to do, tried on hosts with the new release. What is not its kind's own stays empty. `timeout` is seconds."""

    name: str
    kind: Literal["http", "command", "manual"]
    steps: tuple[HttpStep, ...] = ()
    """For `http`: the requests, in order."""
    command: Command | None = None
    prompt: str = ""
    """For `manual`: what a person tries, and then ticks off."""
    on: str = "console"
    """`console`: this machine; `host`: the host itself; or the name of one host. From where it is tried, for each host that is new."""
    tags: tuple[str, ...] = ()
    """It is tried on hosts with any of these; empty: all."""
    blocking: bool = True
    """Its failure is the run's; else it is told as a warning."""
    at: tuple[CriticalMoment, ...] = ("first batch", "canary", "end")
    timeout: float = 120.0
    """For one try from one place."""

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """What is to be read, by the name that a problem is told with."""
        return {f"critical {self.name}, {name}": ref for number, step in enumerate(self.steps, start=1) for name, ref in step.secrets(number).items()}


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


class Balancer(msgspec.Struct, frozen=True):
    """What sends requests to hosts of the fleet. What is not its kind's own stays empty. Times are seconds."""

    kind: Literal["haproxy", "nginx", "command"]
    host: Host | None = None
    """The machine that it runs on; None: this one."""
    socket: str = ""
    """For `haproxy`: its socket of level admin, a path on its machine."""
    backend: str = ""
    map: str = ""
    """For `haproxy`: the file of the map that says whether the maintenance page is shown; empty: the one called maintenance.map."""
    file: str = ""
    """For `nginx`: the file that holds the upstream, and nothing of anybody else's that changes by itself."""
    upstream: str = ""
    test: str = "nginx -t"
    """For `nginx`: the command that tests its configuration."""
    reload: str = "nginx -s reload"
    pid: str = "/run/nginx.pid"
    """For `nginx`: where its master process writes its number."""
    flag: str = ""
    """For `nginx`: the file that is there while the maintenance page is shown; empty: `file` with `.maintenance` after it."""
    drain: Command | None = None
    restore: Command | None = None
    state: Command | None = None
    drain_timeout: float = 30.0
    """How long requests that are under way may take once a host is drained."""
    on_drain_timeout: Literal["pause", "proceed"] = "pause"
    maintenance: bool = False
    """Maintenance mode is set here too."""
    tags: tuple[str, ...] = ()
    """Hosts with any of these; empty: all."""

    @property
    def name(self) -> str:
        """The name that checks, messages and the record give it."""
        part = self.backend or self.upstream or self.kind
        return f"{self.host.name if self.host else 'localhost'}/{part}"

    def served(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
        """Those of the hosts that it sends requests to."""
        return tuple(host for host in hosts if not self.tags or set(self.tags) & set(host.tags))


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
    limit_rate: int = 0
    """Bytes a second of releases that are sent, all hosts together; 0: as fast as it goes."""
    """The host that migrations run on; empty: the first host of the plan."""
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
