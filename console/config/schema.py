"""Which keys a hosts.toml has, of which kind, which are required, and which belong to a capability that is still to come.

This is the file's grammar as a value. It must not know how values are resolved against each other.
"""

from dataclasses import dataclass
from typing import Any, Final, get_args

from console.config import forms
from console.config.kinds import (
    WRONG,
    Choice,
    Day,
    Duration,
    Flag,
    Hosts,
    Key,
    Kind,
    Level,
    List,
    Secretable,
    Size,
    Table,
    Text,
    Whole,
)
from console.config.problems import Place
from console.core.shell import PLACEHOLDERS
from console.model.fleet import HookPlace

_BUILD_FILLS: Final = ("version", "commit", "release", "run", "env")
_TEMPLATE: Final = Text("a command", fills=PLACEHOLDERS)
_URL: Final = Text("a URL", forms.http_url, fills=PLACEHOLDERS)
_PORT: Final = Whole(1, 65535)
_TAGS: Final = List(Text("a tag", forms.plain_name))
_ADDRESS: Final = Text("a host name or an IP address", fills=("address", "host"))

_COMMAND_KEYS: Final = {
    "run": Key(_TEMPLATE),
    "run_as": Key(Text("a user", forms.user_name)),
    "timeout": Key(Duration(above_zero=True)),
    "cancel": Key(_TEMPLATE),
    "retries": Key(Whole(0, 100)),
}


@dataclass(frozen=True)
class Command:
    """A command: text, or a table; read as the table's keys, which may be laid over another's."""

    table: Table = Table(_COMMAND_KEYS)

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return a dict with some of run, run_as, timeout (seconds), cancel, retries."""
        if isinstance(value, str):
            text = _TEMPLATE.read(value, place)
            return WRONG if text is WRONG else {"run": text}
        if isinstance(value, dict):
            return self.table.read(value, place)
        place.expected("a command, or a table with run", value)
        return WRONG


@dataclass(frozen=True)
class Commands:
    """Commands by name, and tables of them by tag. A name that is not a command's is a tag's, if it holds commands."""

    one: Command = Command()
    later: tuple[tuple[str, str], ...] = (("has", "releases without files"),)

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return a dict: commands by name, and under a tag's name such a dict again."""
        if not isinstance(value, dict):
            place.expected("a table of commands", value)
            return WRONG
        found = {name: self._read_one(name, element, place.at(name)) for name, element in value.items()}
        return {name: element for name, element in found.items() if element is not WRONG}

    def _read_one(self, name: str, value: object, place: Place) -> Any:  # noqa: ANN401
        if name in forms.COMMANDS:
            for command, what in self.later:
                if name == command:
                    place.not_yet(what)
            return self.one.read(value, place)
        looks_like_one = not isinstance(value, dict) or (value and set(value) <= set(_COMMAND_KEYS))
        if looks_like_one or forms.plain_name(name):
            place.unknown("command", name, forms.COMMANDS)
            return WRONG
        return Table({command: Key(self.one) for command in forms.COMMANDS}).read(value, place)


@dataclass(frozen=True)
class HostList:
    """The hosts of an environment: a list of strings and tables; or a command that prints such a list."""

    one: Table

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return a tuple of (place in the list, text or dict)."""
        if isinstance(value, dict):
            place.not_yet("hosts from a command")
            Table({"command": Key(Text("a command"), required=True)}).read(value, place)
            return ()
        if not isinstance(value, list) or not value:
            place.expected('a list of hosts, at least one, such as ["web[01-12].example.net"]', value)
            return WRONG
        found = [(number, self._read_one(element, place.at(number))) for number, element in enumerate(value)]
        return tuple((number, element) for number, element in found if element is not WRONG)

    def _read_one(self, value: object, place: Place) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            host = self.one.read(value, place)
            return host if host is not WRONG and "name" in host else WRONG
        if isinstance(value, str):
            return value
        place.expected("a host as text, or a table with name", value)
        return WRONG


@dataclass(frozen=True)
class HostRef:
    """One host, by text or by a table."""

    table: Table

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return the text or the dict."""
        return Text("a host").read(value, place) if isinstance(value, str) else self.table.read(value, place)


@dataclass(frozen=True)
class Statuses:
    """HTTP status codes: 200, "2xx", or a list of them; read as ranges, both ends included."""

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return a tuple of (first, last)."""
        values = value if isinstance(value, list) and value else [value]
        found = [_status(one) for one in values]
        if None in found:
            place.expected('a status code such as 200, "2xx", or a list of them', next(one for one in values if _status(one) is None))
            return WRONG
        return tuple(found)


def _status(value: object) -> tuple[int, int] | None:
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return value, value
    is_class = isinstance(value, str) and len(value) == 3 and value[0] in "12345" and value[1:].lower() == "xx"
    return (int(str(value)[0]) * 100, int(str(value)[0]) * 100 + 99) if is_class else None


@dataclass(frozen=True)
class ByKind:
    """A table whose `kind` says which other keys it has."""

    common: dict[str, Key]
    kinds: dict[str, dict[str, Key]]
    later: frozenset[str] = frozenset()
    """Kinds whose capability is still to come."""
    what: str = ""

    @property
    def keys(self) -> dict[str, Key]:
        """All keys of all kinds."""
        every = {"kind": Key(Choice(tuple(self.kinds)), required=True), **self.common}
        return every | {name: key for keys in self.kinds.values() for name, key in keys.items()}

    def read(self, value: Any, place: Place) -> Any:  # noqa: ANN401
        """Return a dict of the keys that are right."""
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self.kinds:
            keys = {name: Key(key.kind) for name, key in self.keys.items()} | {"kind": self.keys["kind"]}
            return Table(keys).read(value, place) and WRONG
        if kind in self.later:
            place.at("kind").not_yet(f"{self.what} of the kind {kind}")
        keys = {"kind": self.keys["kind"], **self.common, **self.kinds[kind]}
        misplaced = [name for name in value if name in self.keys and name not in keys]
        for name in misplaced:
            place.at(name).wrong(f"a {self.what} of the kind {kind} has no such key", f"its keys: {', '.join(keys)}")
        return Table(keys).read({name: element for name, element in value.items() if name not in misplaced}, place)


_HTTP: Final = {"url": Key(_URL, required=True), "expect_status": Key(Statuses()), "expect_body": Key(Text())}
_QUERY: Final = {"url": Key(Secretable(), required=True), "query": Key(Text()), "expect": Key(Text())}
_PROBES: Final = {
    "http": _HTTP,
    "tcp": {"address": Key(_ADDRESS), "port": Key(_PORT, required=True)},
    "command": {"command": Key(Command(), required=True)},
    "postgres": _QUERY,
    "redis": _QUERY,
    "memcached": _QUERY,
    "prometheus": {
        "url": Key(Secretable(), required=True),
        "query": Key(Text(), required=True),
        "above": Key(Level()),
        "below": Key(Level()),
    },
}
_CI: Final = {"url": Key(_URL), "repository": Key(Text(), required=True), "token": Key(Secretable()), "contexts": Key(List(Text()))}
_ON: Final = Key(Text("console, host, or the name of a host"))

HOST: Final = Table(
    {
        "name": Key(Text("a host"), required=True),
        "address": Key(Text("a host name or an IP address", forms.address)),
        "port": Key(_PORT),
        "user": Key(Text("a user", forms.user_name)),
        "tags": Key(_TAGS),
        "jump": Key(Text("a host")),
        "color": Key(Choice(("blue", "green"))),
        "server": Key(Text("a server's name in the balancer", forms.plain_name)),
    }
)

HEALTH: Final = ByKind(
    {
        "name": Key(Text("a name", forms.label)),
        "interval": Key(Duration(above_zero=True)),
        "timeout": Key(Duration(above_zero=True)),
        "passes": Key(Whole(1, 1000)),
        "deadline": Key(Duration(above_zero=True)),
        "on": _ON,
        "tags": Key(_TAGS),
    },
    _PROBES,
    what="health check",
)

CHECK: Final = ByKind(
    {
        "name": Key(Text("a name", forms.check_name), required=True),
        "blocking": Key(Flag()),
        "on": _ON,
        "timeout": Key(Duration(above_zero=True)),
    },
    {"github": _CI, "gitlab": _CI, **_PROBES, "manual": {"prompt": Key(Text(), required=True)}},
    what="check",
)

CRITICAL: Final = ByKind(
    {
        "name": Key(Text("a name", forms.label), required=True),
        "on": _ON,
        "timeout": Key(Duration(above_zero=True)),
        "tags": Key(_TAGS),
    },
    {
        "command": _PROBES["command"],
        "manual": {"prompt": Key(Text())},
        "http": {"steps": Key(List(Table({**_HTTP, "method": Key(Text()), "body": Key(Text())}), least=1), required=True)},
    },
    what="critical path",
)

BALANCER: Final = ByKind(
    {
        "host": Key(HostRef(HOST)),
        "drain_timeout": Key(Duration()),
        "on_drain_timeout": Key(Choice(("pause", "proceed"))),
        "maintenance": Key(Flag()),
        "tags": Key(_TAGS),
    },
    {
        "haproxy": {"socket": Key(Text("a path"), required=True), "backend": Key(Text(), required=True)},
        "nginx": {
            "file": Key(Text("a path"), required=True),
            "upstream": Key(Text(), required=True),
            "test": Key(_TEMPLATE),
            "reload": Key(_TEMPLATE),
        },
        "command": {"drain": Key(Command(), required=True), "restore": Key(Command(), required=True), "state": Key(Command())},
    },
    what="balancer",
)

HOOK: Final = Table(
    {
        "at": Key(Choice(get_args(HookPlace)), required=True),
        "run": Key(_TEMPLATE, required=True),
        "run_as": _COMMAND_KEYS["run_as"],
        "timeout": _COMMAND_KEYS["timeout"],
        "cancel": _COMMAND_KEYS["cancel"],
        "tags": Key(_TAGS),
        "once": Key(Flag()),
        "fatal": Key(Flag()),
    }
)

BUILD: Final = Table(
    {
        "command": Key(Text("a command", fills=_BUILD_FILLS), required=True),
        "output": Key(Text("a path", forms.output_path)),
        "timeout": Key(Duration(above_zero=True)),
    }
)

OVERRIDES: Final = {
    "path": Key(Text("a path", forms.host_path)),
    "keep": Key(Whole(1, 1000)),
    "shared": Key(List(Text("a path", forms.inner_path))),
    "commands": Key(Commands()),
    "variables": Key(Table(others=Secretable(), check=forms.variable_name)),
    "hooks": Key(List(HOOK)),
}
"""Keys of an application that an environment may lay its own over."""

APP: Final = Table(
    {
        "name": Key(Text("a name", forms.plain_name)),
        **OVERRIDES,
        "repository": Key(Text("a path or a URL")),
        "writes": Key(List(Text("a path", forms.inner_path))),
        "ship": Key(Choice(("files", "none"), later={"none": "releases without files"})),
        "artifact": Key(Text("a file or a URL", fills=("version",)), later="releases from an artifact"),
        "artifact_sha256": Key(Text("a digest, a file or a URL", fills=("version",)), later="releases from an artifact"),
        "build": Key(BUILD),
    }
)

SSH: Final = Table(
    {
        "user": Key(Text("a user", forms.user_name)),
        "port": Key(_PORT),
        "identity": Key(Text("a key file")),
        "known_hosts": Key(List(Text("a file of host keys", forms.known_hosts_file), least=1, or_one=True)),
        "jump": Key(Text("a host")),
        "connect_timeout": Key(Duration(above_zero=True)),
        "keepalive": Key(Duration(above_zero=True)),
    }
)

ROLLING: Final = Table(
    {
        "batch": Key(List(Hosts(), least=1, or_one=True)),
        "pause_after": Key(Whole()),
        "max_failures": Key(Whole()),
        "pause": Key(Duration()),
        "on_failure": Key(Choice(("rollback", "pause", "stop"))),
    }
)

_SERIES: Final = {
    "query": Key(Text()),
    "counter": Key(Text()),
    "errors": Key(Table(others=Text())),
    "histogram": Key(Text()),
    "quantile": Key(Level()),
}

METRICS: Final = Table(
    {
        "interval": Key(Duration(above_zero=True)),
        "scrape": Key(_URL),
        "scrape_interval": Key(Duration(above_zero=True)),
        "error_rate": Key(Table(_SERIES)),
        "latency": Key(Table(_SERIES)),
        "prometheus": Key(Secretable()),
    },
    others=Table(_SERIES),
    check=forms.plain_name,
)

THRESHOLD: Final = Table(
    {
        "metric": Key(Text("a metric"), required=True),
        "above": Key(Level()),
        "above_baseline": Key(Level()),
        "above_old": Key(Level()),
        "for": Key(Duration()),
        "min_requests": Key(Whole()),
        "then": Key(Choice(("rollback", "propose", "warn"))),
    }
)

DATABASE: Final = Table(
    {
        "kind": Key(Choice(("postgres", "command")), required=True),
        "url": Key(Secretable()),
        "host": Key(HostRef(HOST)),
        "backup": Key(Command()),
        "backup_within": Key(Duration()),
        "migrations": Key(Text("a glob")),
        "migrate": Key(Command()),
        "revert": Key(Command()),
        "restore": Key(Command()),
        "lock_timeout": Key(Duration()),
        "lock_tries": Key(Whole(1)),
    }
)

ENVIRONMENT: Final = Table(
    {
        "hosts": Key(HostList(HOST), required=True),
        **OVERRIDES,
        "apps": Key(Table(others=Table(OVERRIDES))),
        "branches": Key(List(Text("a glob"))),
        "tags": Key(List(Text("a glob"))),
        "protected": Key(Flag()),
        "frame": Key(Text("a colour", forms.label)),
        "requires": Key(Text("an environment")),
        "requires_within": Key(Duration()),
        "strategy": Key(
            Choice(
                ("rolling", "canary", "bluegreen", "recreate"),
                later={name: f"the strategy {name}" for name in ("canary", "bluegreen", "recreate")},
            )
        ),
        "timezone": Key(Text("a time zone", forms.zone_name)),
        "closed": Key(List(Text("a closed time", forms.closed_word))),
        "migrate_on": Key(Text("the name of a host")),
        "confirm_within": Key(Duration(), later="hosts that go back by themselves"),
        "limit_rate": Key(Size(), later="a limited rate"),
        "ssh": Key(SSH),
        "rolling": Key(ROLLING),
        "canary": Key(
            Table(
                {
                    "tags": Key(_TAGS),
                    "steps": Key(List(Hosts(), least=1)),
                    "analysis": Key(Duration()),
                    "on_inconclusive": Key(Choice(("pause", "rollback"))),
                }
            ),
            later="the strategy canary",
        ),
        "bluegreen": Key(Table({"keep_old": Key(Duration())}), later="the strategy bluegreen"),
        "balancer": Key(List(BALANCER), later="balancers"),
        "checks": Key(List(CHECK)),
        "health": Key(List(HEALTH)),
        "critical": Key(List(CRITICAL), later="critical paths"),
        "metrics": Key(METRICS),
        "thresholds": Key(List(THRESHOLD), later="thresholds"),
        "monitor": Key(Table({"window": Key(Duration())})),
        "database": Key(DATABASE),
        "announce": Key(Table({"to": Key(List(Secretable()), required=True), "required": Key(Flag())})),
        "notify": Key(Table({"to": Key(List(Secretable()), required=True), "after": Key(Duration())})),
        "ticket": Key(Table({"close": Key(Secretable())})),
        "freezes": Key(List(Table({"from": Key(Day(), required=True), "to": Key(Day(), required=True), "reason": Key(Text())}))),
        "team": Key(Table({"required": Key(Whole(0, 100))})),
    }
)

FILE: Final = Table(
    {
        "default_environment": Key(Text("an environment")),
        "journal": Key(Secretable(), later="a journal outside the state folder"),
        "state": Key(Table({"keep": Key(Duration()), "size": Key(Size())})),
        "app": Key(APP),
        "apps": Key(Table(others=APP, check=forms.plain_name)),
        "environments": Key(Table(others=ENVIRONMENT, check=forms.environment_name), required=True),
        "access": Key(Table({"operators": Key(List(Text("a user", forms.member))), "viewers": Key(List(Text("a user", forms.member)))})),
    }
)


def known_keys(kind: Kind | ByKind = FILE, path: str = "") -> set[str]:
    """Return the path of every key that the file may have: `*` for a name of the user's, `[]` for an element of a list."""
    found: set[str] = set()
    if isinstance(kind, (List, HostList, Command, HostRef)):
        inner = kind.kind if isinstance(kind, List) else kind.table if isinstance(kind, (Command, HostRef)) else kind.one
        return known_keys(inner, f"{path}[]" if isinstance(kind, (List, HostList)) else path)
    if isinstance(kind, Commands):
        names = {f"{path}.{name}" for name in forms.COMMANDS}
        return names | {key for name in (*names, f"{path}.*.restart") for key in known_keys(kind.one, name)} | {f"{path}.*", f"{path}.*.restart"}
    if isinstance(kind, (Table, ByKind)):
        for name, key in kind.keys.items():
            here = f"{path}.{name}".removeprefix(".")
            found |= {here} | known_keys(key.kind, here)
        if isinstance(kind, Table) and kind.others:
            found |= {f"{path}.*"} | known_keys(kind.others, f"{path}.*")
    return found
