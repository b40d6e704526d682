"""Which keys a hosts.toml has, of which kind, which are required, and which belong to a capability that is still to come.

This is the file's grammar as a value. It must not know how values are resolved against each other.
"""

from typing import Final, get_args

from console.config import name_forms
from console.config.compound_kinds import COMMAND_KEYS, TEMPLATE, WHOLE_COMMAND, ByKind, CommandForm, Commands, HostList, HostRef, SharedList, Statuses
from console.config.value_kinds import (
    Day,
    Duration,
    Flag,
    Growth,
    Hosts,
    Json,
    Key,
    Level,
    List,
    OneOf,
    OrWord,
    Ratio,
    Risk,
    Secretable,
    Size,
    TableKind,
    Text,
    ValueKind,
    Whole,
)
from console.core.host.shell import OF_TICKETS, PLACEHOLDERS
from console.model.configured_checks import CriticalMoment
from console.model.host_commands import HookPlace
from console.model.strategy_names import STRATEGIES

_BUILD_FILLS: Final = ("version", "commit", "release", "run", "env")
_URL: Final = Text("a URL", name_forms.http_url, fills=PLACEHOLDERS)
_PORT: Final = Whole(1, 65535)
_TAGS: Final = List(Text("a tag", name_forms.plain_name))
_BORNE: Final = List(Text("a tag", name_forms.tag_name))
_ADDRESS: Final = Text("a host name or an IP address", fills=("address", "host"))

_HTTP: Final = {"url": Key(_URL, required=True), "expect_status": Key(Statuses()), "expect_body": Key(Text())}
_BOUNDS: Final = {"above": Key(Level()), "below": Key(Level())}
_SECRET: Final = Secretable(Text())
"""A secret, or text that says something."""
_QUERY: Final = {"url": Key(_SECRET, required=True), "query": Key(Text()), "expect": Key(Text()), **_BOUNDS}
_PROBES: Final = {
    "http": _HTTP,
    "tcp": {"address": Key(_ADDRESS), "port": Key(_PORT, required=True)},
    "command": {"command": Key(CommandForm(WHOLE_COMMAND), required=True)},
    "postgres": _QUERY,
    "redis": _QUERY,
    "memcached": _QUERY,
    "prometheus": {
        "url": Key(_SECRET, required=True),
        "query": Key(Text(), required=True),
        **_BOUNDS,
    },
}
_CI: Final = {"url": Key(_URL), "repository": Key(Text(), required=True), "token": Key(_SECRET), "contexts": Key(List(Text()))}
_ON: Final = Key(Text("console, host, or the name of a host"))

HOST: Final = TableKind(
    {
        "name": Key(Text("a host"), required=True),
        "address": Key(Text("a host name or an IP address", name_forms.address)),
        "port": Key(_PORT),
        "user": Key(Text("a user", name_forms.user_name)),
        "tags": Key(_BORNE),
        "jump": Key(Text("a host")),
        "color": Key(OneOf(("blue", "green"))),
        "server": Key(Text("a server's name in the balancer", name_forms.balancer_name)),
    }
)

HEALTH: Final = ByKind(
    {
        "name": Key(Text("a name", name_forms.label)),
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
        "name": Key(Text("a name", name_forms.check_name), required=True),
        "blocking": Key(Flag()),
        "on": _ON,
        "timeout": Key(Duration(above_zero=True)),
    },
    {"github": _CI, "gitlab": _CI, **_PROBES, "manual": {"prompt": Key(Text(), required=True)}},
    what="check",
)

_STEP_URL: Final = Key(Text("a URL", name_forms.http_url))
_HTTP_STEP: Final = TableKind(
    {
        **dict.fromkeys(("get", "post", "put", "delete"), _STEP_URL),
        "form": Key(TableKind(others=Secretable())),
        "json": Key(Json()),
        "headers": Key(TableKind(others=Secretable())),
        "capture": Key(TableKind(others=Text("a regular expression with one group"))),
        "expect_status": Key(Statuses()),
        "expect_body": Key(Text()),
        "timeout": Key(Duration(above_zero=True)),
    }
)
_TRIED: Final = {"timeout": Key(Duration(above_zero=True))}

CRITICAL: Final = ByKind(
    {
        "name": Key(Text("a name", name_forms.label), required=True),
        "on": _ON,
        "tags": Key(_TAGS),
        "blocking": Key(Flag()),
        "at": Key(List(OneOf(get_args(CriticalMoment)), least=1)),
    },
    {
        "command": {**_PROBES["command"], **_TRIED},
        "manual": {"prompt": Key(Text())},
        "http": {"steps": Key(List(_HTTP_STEP, least=1), required=True), **_TRIED},
    },
    what="critical path",
)

_BALANCED: Final = Text("a command", fills=("host", "address", "server", "env"))
_BALANCING: Final = Key(CommandForm(TableKind({**COMMAND_KEYS, "run": Key(_BALANCED), "cancel": Key(_BALANCED)})), required=True)
_ABSOLUTE: Final = Text("an absolute path", name_forms.absolute_path)

BALANCER: Final = ByKind(
    {
        "host": Key(HostRef(HOST)),
        "drain_timeout": Key(Duration()),
        "on_drain_timeout": Key(OneOf(("pause", "proceed"))),
        "maintenance": Key(Flag()),
        "tags": Key(_TAGS),
    },
    {
        "haproxy": {
            "socket": Key(_ABSOLUTE, required=True),
            "backend": Key(Text("the name of a backend", name_forms.balancer_name), required=True),
            "map": Key(_ABSOLUTE),
        },
        "nginx": {
            "file": Key(_ABSOLUTE, required=True),
            "upstream": Key(Text("the name of an upstream", name_forms.balancer_name), required=True),
            "test": Key(Text("a command", fills=())),
            "reload": Key(Text("a command", fills=())),
            "pid": Key(_ABSOLUTE),
            "flag": Key(_ABSOLUTE),
        },
        "command": {"drain": _BALANCING, "restore": _BALANCING, "state": _BALANCING},
    },
    what="balancer",
)

HOOK: Final = TableKind(
    {
        "at": Key(OneOf(get_args(HookPlace)), required=True),
        "run": Key(TEMPLATE, required=True),
        "run_as": COMMAND_KEYS["run_as"],
        "timeout": COMMAND_KEYS["timeout"],
        "cancel": COMMAND_KEYS["cancel"],
        "tags": Key(_TAGS),
        "once": Key(Flag()),
        "fatal": Key(Flag()),
    }
)

BUILD: Final = TableKind(
    {
        "command": Key(Text("a command", fills=_BUILD_FILLS), required=True),
        "output": Key(Text("a path", name_forms.output_path)),
        "timeout": Key(Duration(above_zero=True)),
    }
)

OVERRIDES: Final = {
    "path": Key(Text("a path", name_forms.host_path)),
    "keep": Key(Whole(1, 1000)),
    "shared": Key(SharedList()),
    "commands": Key(Commands()),
    "variables": Key(TableKind(others=Secretable(), check=name_forms.variable_name)),
    "hooks": Key(List(HOOK)),
}
"""Keys of an application that an environment may lay its own over."""

APP: Final = TableKind(
    {
        "name": Key(Text("a name", name_forms.plain_name)),
        **OVERRIDES,
        "repository": Key(Text("a path or a URL")),
        "writes": Key(List(Text("a path", name_forms.inner_path))),
        "output": Key(Size()),
        "directory": Key(Text("a folder of the repository", name_forms.output_path)),
        "submodules": Key(Flag()),
        "links_out": Key(List(Text("the path of a link in the release", name_forms.inner_path))),
        "reuse": Key(List(Text("a path in the release", name_forms.inner_path))),
        "ship": Key(OneOf(("files", "none"))),
        "artifact": Key(Text("a file or a URL", fills=("version",)), later="releases from an artifact"),
        "artifact_sha256": Key(Text("a digest, a file or a URL", fills=("version",)), later="releases from an artifact"),
        "build": Key(BUILD),
    }
)

SSH: Final = TableKind(
    {
        "user": Key(Text("a user", name_forms.user_name)),
        "port": Key(_PORT),
        "identity": Key(Text("a key file")),
        "known_hosts": Key(List(Text("a file of host keys", name_forms.known_hosts_file), least=1, or_one=True)),
        "jump": Key(Text("a host")),
        "jump_limit_rate": Key(Size(least=1)),
        "connect_timeout": Key(Duration(above_zero=True)),
        "keepalive": Key(Duration(above_zero=True)),
    }
)

ROLLING: Final = TableKind(
    {
        "batch": Key(List(Hosts(), least=1, or_one=True)),
        "pause_after": Key(Whole()),
        "max_failures": Key(Whole()),
        "pause": Key(Duration()),
        "on_failure": Key(OneOf(("rollback", "pause", "stop"))),
    }
)

_ERRORS: Final = {"counter": Key(Text("a counter's name", name_forms.metric_name), required=True), "errors": Key(TableKind(others=Text()), required=True)}
_SLOW: Final = {"histogram": Key(Text("a histogram's name", name_forms.metric_name), required=True), "quantile": Key(Level())}
_SERIES: Final = {
    "query": Key(Text()),
    "counter": Key(Text("a counter's name", name_forms.metric_name)),
    "errors": Key(TableKind(others=Text())),
    "histogram": Key(Text("a histogram's name", name_forms.metric_name)),
    "quantile": Key(Level()),
}

METRICS: Final = TableKind(
    {
        "interval": Key(Duration(above_zero=True)),
        "scrape": Key(_URL),
        "scrape_interval": Key(Duration(above_zero=True)),
        "error_rate": Key(OrWord("balancer", TableKind(_ERRORS))),
        "latency": Key(TableKind(_SLOW)),
        "prometheus": Key(Secretable()),
    },
    others=TableKind(_SERIES),
    check=name_forms.plain_name,
)

THRESHOLD: Final = TableKind(
    {
        "metric": Key(Text("a metric"), required=True),
        "above": Key(Level()),
        "above_baseline": Key(Growth()),
        "above_old": Key(Growth()),
        "for": Key(Duration()),
        "min_requests": Key(Whole()),
        "then": Key(OneOf(("rollback", "propose", "warn"))),
    }
)

DATABASE: Final = TableKind(
    {
        "kind": Key(OneOf(("postgres", "command")), required=True),
        "url": Key(_SECRET),
        "host": Key(HostRef(HOST)),
        "backup": Key(CommandForm()),
        "backup_within": Key(Duration()),
        "migrations": Key(Text("a glob")),
        "migrate": Key(CommandForm()),
        "revert": Key(CommandForm()),
        "restore": Key(CommandForm()),
        "lock_timeout": Key(Duration()),
        "lock_tries": Key(Whole(1)),
    }
)

ENVIRONMENT: Final = TableKind(
    {
        "hosts": Key(HostList(HOST), required=True),
        **OVERRIDES,
        "apps": Key(TableKind(others=TableKind(OVERRIDES))),
        "branches": Key(List(Text("a glob"))),
        "tags": Key(List(Text("a glob"))),
        "protected": Key(Flag()),
        "frame": Key(Text("a colour", name_forms.label)),
        "requires": Key(Text("an environment")),
        "requires_within": Key(Duration()),
        "strategy": Key(OneOf(STRATEGIES)),
        "timezone": Key(Text("a time zone", name_forms.zone_name)),
        "closed": Key(List(Text("a closed time", name_forms.closed_word))),
        "migrate_on": Key(Text("the name of a host")),
        "confirm_within": Key(Duration(), later="hosts that go back by themselves"),
        "limit_rate": Key(Size(least=1)),
        "ssh": Key(SSH),
        "rolling": Key(ROLLING),
        "canary": Key(
            TableKind(
                {
                    "tags": Key(_TAGS),
                    "steps": Key(List(Hosts(), least=1)),
                    "by": Key(OneOf(("hosts", "weight"))),
                    "analysis": Key(Duration()),
                    "judge": Key(List(OneOf(("error_rate", "latency")), least=1)),
                    "not_worse": Key(Ratio()),
                    "false_alarm": Key(Risk()),
                    "on_inconclusive": Key(OneOf(("pause", "rollback", "proceed"))),
                }
            )
        ),
        "bluegreen": Key(TableKind({"keep_old": Key(Duration())})),
        "balancer": Key(List(BALANCER)),
        "checks": Key(List(CHECK)),
        "health": Key(List(HEALTH)),
        "critical": Key(List(CRITICAL)),
        "metrics": Key(METRICS),
        "thresholds": Key(List(THRESHOLD)),
        "monitor": Key(TableKind({"window": Key(Duration())})),
        "database": Key(DATABASE),
        "announce": Key(TableKind({"to": Key(List(_SECRET), required=True), "required": Key(Flag())})),
        "notify": Key(TableKind({"to": Key(List(_SECRET), required=True), "after": Key(Duration())})),
        "ticket": Key(TableKind({"close": Key(Secretable(Text("a command or a URL", fills=OF_TICKETS)), required=True)})),
        "freezes": Key(List(TableKind({"from": Key(Day(), required=True), "to": Key(Day(), required=True), "reason": Key(Text())}))),
        "team": Key(TableKind({"required": Key(Whole(0, 100))})),
    }
)

FILE: Final = TableKind(
    {
        "default_environment": Key(Text("an environment")),
        "journal": Key(Secretable(Text("the address of a PostgreSQL database", name_forms.journal_address))),
        "state": Key(TableKind({"keep": Key(Duration()), "size": Key(Size())})),
        "app": Key(APP),
        "apps": Key(TableKind(others=APP, check=name_forms.plain_name)),
        "environments": Key(TableKind(others=ENVIRONMENT, check=name_forms.environment_name), required=True),
        "access": Key(TableKind({"operators": Key(List(Text("a user", name_forms.member))), "viewers": Key(List(Text("a user", name_forms.member)))})),
    }
)


def known_keys(kind: ValueKind | ByKind = FILE, path: str = "") -> set[str]:
    """Return the path of every key that the file may have: `*` for a name of the user's, `[]` for an element of a list."""
    found: set[str] = set()
    if isinstance(kind, OrWord):
        return known_keys(kind.kind, path)
    if isinstance(kind, (List, HostList, CommandForm, HostRef)):
        inner = kind.kind if isinstance(kind, List) else kind.table if isinstance(kind, (CommandForm, HostRef)) else kind.one
        return known_keys(inner, f"{path}[]" if isinstance(kind, (List, HostList)) else path)
    if isinstance(kind, Commands):
        names = {f"{path}.{name}" for name in name_forms.COMMANDS}
        return names | {key for name in (*names, f"{path}.*.restart") for key in known_keys(kind.one, name)} | {f"{path}.*", f"{path}.*.restart"}
    if isinstance(kind, (TableKind, ByKind)):
        for name, key in kind.keys.items():
            here = f"{path}.{name}".removeprefix(".")
            found |= {here} | known_keys(key.kind, here)
        if isinstance(kind, TableKind) and kind.others:
            found |= {f"{path}.*"} | known_keys(kind.others, f"{path}.*")
    return found
