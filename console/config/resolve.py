"""One application in one environment, resolved: what the environment says laid over what the application says, key by key.

It works on what the schema has read, and records what only shows when the parts meet. It opens no file.
"""

import os.path
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from console.config import name_forms
from console.config.balancer_keys import read_balancers
from console.config.canary_keys import judge_canary, read_canary
from console.config.channel_schemes import has_service
from console.config.check_keys import health_checks, judge_tags, pre_flight_checks
from console.config.database_keys import read_database
from console.config.file_place import absolute
from console.config.file_problems import FilePlace
from console.config.host_entries import read_hosts, read_jump
from console.config.metric_keys import read_metrics
from console.config.threshold_keys import known_metrics, read_thresholds, warn_of_scrapes
from console.core.words.nearest_name import nearest
from console.model.configured_checks import CheckSpec, CriticalPath
from console.model.configured_environment import Access, Announce, Build, Environment, Freeze, Notify, Ticket
from console.model.host import Host, Ssh
from console.model.host_commands import Command, Hook
from console.model.secret import SecretRef, Variable
from console.model.strategy import BlueGreen, Rolling

Values = dict[str, Any]
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|(?:[^/@\s]+@)?[^/:\s]+:")
_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")


class Sources(msgspec.Struct, frozen=True):
    """What an environment is resolved from: each part's values, and its place in the file."""

    file: str
    """The file's absolute path."""
    app_name: str
    app: Values
    app_place: FilePlace
    name: str
    values: Values
    place: FilePlace
    over: Values
    """What stands over the application's own keys."""
    over_place: FilePlace
    access: Access | None
    journal: Variable
    """What names the record's database; empty: nothing."""


def resolved(sources: Sources) -> Environment:
    """Return the environment. Where problems were recorded it is not sound, and must not be used."""
    hosts = read_hosts(sources.values.get("hosts", ()), sources.place.at("hosts"))
    commands, tag_commands = _commands(sources, hosts)
    _warn_of_pipes(sources)
    environment = Environment(
        app=sources.app_name,
        name=sources.name,
        file=sources.file,
        hosts=hosts,
        commands=commands,
        tag_commands=tag_commands,
        hooks=_hooks(sources, hosts),
        variables=_variables(sources),
        access=sources.access,
        journal=_anchored(sources.journal, sources.file),
        **_releases(sources),
        **_rules(sources),
        **_judged(sources, hosts),
        **_told(sources),
        **_reached(sources, hosts),
    )
    judge_canary(environment, sources.place)
    return environment


def _releases(sources: Sources) -> Values:
    """What a release is made of, and where it lies on a host."""
    app: Values = sources.app
    top: Values = {**app, **sources.over}
    return {
        "path": top.get("path", "").rstrip("/"),
        "repository": _repository(app.get("repository", "."), sources.file),
        "directory": os.path.normpath(app.get("directory", ".")),
        "ship": _ship(sources),
        "links_out": tuple(map(os.path.normpath, app.get("links_out", ()))),
        "reuse": _reuse(sources, top),
        "build": _build(app),
        **_given(top, "keep", "shared"),
        **_given(app, "writes", "output", "submodules"),
    }


def _given(values: Values, *keys: str) -> Values:
    """Those of the keys that the file has. What stands for the others is the model's to say."""
    return {key: values[key] for key in keys if key in values}


def _rules(sources: Sources) -> Values:
    """What may be released here and when, and in which way."""
    values = sources.values
    is_protected = bool(values.get("protected", sources.name == "production"))
    return {
        "protected": is_protected,
        "closed": values.get("closed", ("fri",) if is_protected else ()),
        "freezes": _freezes(values.get("freezes", ()), sources.place.at("freezes")),
        "rolling": Rolling(**values.get("rolling", {})),
        "bluegreen": BlueGreen(**values.get("bluegreen", {})),
        **_given(values, "branches", "frame", "timezone", "requires", "requires_within", "strategy"),
        **({"release_tags": values["tags"]} if "tags" in values else {}),
        **({"team_required": values["team"]["required"]} if "required" in values.get("team", {}) else {}),
    }


def _judged(sources: Sources, hosts: tuple[Host, ...]) -> Values:
    """What a release is judged by, before and after it."""
    values, place = sources.values, sources.place

    def anchored(value: Variable) -> Variable:
        return _anchored(value, sources.file)

    checks = pre_flight_checks(values.get("checks", ()), hosts, place.at("checks"), anchored)
    return {
        "canary": read_canary(values.get("canary", {}), hosts, place.at("canary")),
        "health": health_checks(values.get("health", ()), hosts, place.at("health"), anchored),
        "checks": checks,
        "critical": _critical_paths(values, hosts, place, checks, anchored),
        "monitor": values.get("monitor", {}).get("window", 0.0),
        "migrations": values.get("database", {}).get("migrations", ""),
        "database": read_database(values.get("database"), hosts, place.at("database"), sources.file),
        "migrate_on": _migrate_on(values.get("migrate_on", ""), hosts, place.at("migrate_on")),
        **_given(values, "limit_rate"),
        **_measured(values, place, anchored),
    }


def _critical_paths(
    values: Values, hosts: tuple[Host, ...], place: FilePlace, checks: tuple[CheckSpec, ...], anchored: Callable[[Variable], Variable]
) -> tuple[CriticalPath, ...]:  # fmt: skip
    if "critical" not in values:
        return ()
    from console.config.critical_path_keys import critical_paths  # it is long, and few files have any

    return critical_paths(values["critical"], hosts, place.at("critical"), checks, anchored, values.get("strategy", "rolling"))


def _measured(values: Values, place: FilePlace, anchored: Callable[[Variable], Variable]) -> Values:
    """What is measured of the application, and the thresholds that it is held against."""
    known = known_metrics(values.get("metrics", {}), values.get("balancer", ()))
    thresholds = read_thresholds(values.get("thresholds", ()), known, place.at("thresholds"))
    metrics = read_metrics(values.get("metrics", {}), place.at("metrics"), anchored)
    warn_of_scrapes(thresholds, known, metrics.scrape_interval, place.at("thresholds"))
    given = values.get("metrics", {})
    return {"metrics": metrics, "thresholds": thresholds, **({"metrics_interval": given["interval"]} if "interval" in given else {})}


def _told(sources: Sources) -> Values:
    """Who is told, and who is called, and how a ticket is closed."""
    values, file = sources.values, sources.file
    for name in ("announce", "notify"):
        _judge_channels(values.get(name, {}).get("to", ()), sources.place.at(name, "to"))
    if values.get("announce", {}).get("required") and values["announce"].get("to") == ():
        sources.place.at("announce", "to").wrong("is empty, and GO waits until each of them has taken it", "name a channel, or take required out")
    return {"notify": _notify(values, file), "announce": _announce(values, file), "ticket": _ticket(values, file)}


def _judge_channels(addresses: tuple[Variable, ...], place: FilePlace) -> None:
    """Record what can be the address of no channel. It is not repeated: it may hold a password."""
    for number, address in enumerate(addresses):
        if not isinstance(address, str):
            continue
        if _CHANNEL.match(address) and not has_service(address):
            place.at(number).wrong(
                "expected the address of a channel, and Apprise has no service of that scheme", "mailto://…, slack://…, https://…; or { env = … }"
            )
        elif not _CHANNEL.match(address):
            place.at(number).wrong("expected the address of a channel", "as Apprise has them: mailto://…, slack://…, https://…; or { env = … }")


def _reached(sources: Sources, hosts: tuple[Host, ...]) -> Values:
    """How hosts are reached, and what sends requests to them."""
    ssh = _ssh(sources.values.get("ssh", {}), sources.file)
    balancers = read_balancers(sources.values.get("balancer", ()), hosts, sources.place.at("balancer"))
    return {"ssh": ssh, "jumps": _jumps(sources, hosts, ssh), "balancers": balancers}


def _migrate_on(name: str, hosts: tuple[Host, ...], place: FilePlace) -> str:
    names = tuple(host.name for host in hosts)
    if name and hosts and name not in names:
        like = nearest(name, names)
        place.expected("the name of a host", name, f"did you mean {like}?" if like else "")
    return name


def _announce(values: Values, file: str) -> Announce | None:
    announce = values.get("announce")
    if not announce or not announce.get("to"):
        return None
    return Announce(tuple(_anchored(address, file) for address in announce["to"]), **_given(announce, "required"))


def _ticket(values: Values, file: str) -> Ticket | None:
    close = values.get("ticket", {}).get("close")
    return Ticket(_anchored(close, file)) if close else None


def _freezes(tables: tuple[Values, ...], place: FilePlace) -> tuple[Freeze, ...]:
    freezes = tuple(Freeze(table["from"].isoformat(), table["to"].isoformat(), table.get("reason", "")) for table in tables if {"from", "to"} <= table.keys())
    for number, freeze in enumerate(freezes):
        if freeze.end < freeze.start[: len(freeze.end)]:
            place.at(number).wrong(f"ends on {freeze.end}, before it begins on {freeze.start}", "from = 2026-12-20, to = 2027-01-03")
    return freezes


def _notify(values: Values, file: str) -> Notify | None:
    notify = values.get("notify")
    if not notify or not notify.get("to"):
        return None
    return Notify(tuple(_anchored(address, file) for address in notify["to"]), **_given(notify, "after"))


def _repository(text: str, file: str) -> str:
    return text if _URL.match(text) else absolute(text, file)


def _ship(sources: Sources) -> Literal["files", "none"]:
    """What a release is made of. One without files has nothing that is built, or copied."""
    ship: Literal["files", "none"] = sources.app.get("ship", "files")
    for key in ("build", "reuse", "directory", "links_out"):
        if ship == "none" and sources.app.get(key):
            sources.app_place.at(key).wrong('a release without files (ship = "none") has no such key', f'take {key} out, or ship = "files"')
    return ship


def _reuse(sources: Sources, top: Values) -> tuple[str, ...]:
    """What is copied from the release before. What is linked from shared/ cannot be, nor can a part of it."""
    shared = tuple(os.path.normpath(entry) for entry in top.get("shared", ()))
    found = tuple(os.path.normpath(entry) for entry in sources.app.get("reuse", ()))
    for number, entry in enumerate(found):
        like = next((one for one in shared if f"{entry}/".startswith(f"{one}/") or f"{one}/".startswith(f"{entry}/")), "")
        if like:
            sources.app_place.at("reuse", number).wrong(f"{entry} is shared already ({like})", "one of the two: shared outlives releases, reuse is a copy")
    return found


def _build(app: Values) -> Build | None:
    build = app.get("build")
    return Build(**build) if build and "command" in build else None


def _variables(sources: Sources) -> dict[str, Variable]:
    merged: dict[str, Variable] = {**sources.app.get("variables", {}), **sources.over.get("variables", {})}
    return {name: _anchored(value, sources.file) for name, value in merged.items()}


def _anchored(value: Variable, file: str) -> Variable:
    is_file = isinstance(value, SecretRef) and value.kind == "file"
    return SecretRef("file", absolute(value.name, file)) if is_file and isinstance(value, SecretRef) else value


def _ssh(values: Values, file: str) -> Ssh:
    paths: Values = {}
    if "identity" in values:
        paths["identity"] = absolute(values["identity"], file)
    if "known_hosts" in values:
        paths["known_hosts"] = tuple(absolute(path, file) for path in values["known_hosts"])
    return Ssh(**{**values, **paths})


def _jumps(sources: Sources, hosts: tuple[Host, ...], ssh: Ssh) -> tuple[Host, ...]:
    wanted = {host.jump: sources.place.at("hosts") for host in hosts if host.jump}
    if ssh.jump:
        wanted.setdefault(ssh.jump, sources.place.at("ssh", "jump"))
    for host in hosts:
        if host.jump == host.name:
            sources.place.at("hosts").wrong(f"{host.name} cannot be its own jump host")
    found = [read_jump(text, place, hosts) for text, place in wanted.items()]
    return tuple(jump for jump in found if jump)


def _commands(sources: Sources, hosts: tuple[Host, ...]) -> tuple[dict[str, Command], dict[str, dict[str, Any]]]:
    app, over = sources.app.get("commands", {}), sources.over.get("commands", {})
    merged = {name: _laid(app.get(name, {}), over.get(name, {})) for name in {**app, **over}}
    common = {name: values for name, values in merged.items() if name in name_forms.COMMANDS}
    tags = {name: values for name, values in merged.items() if name not in name_forms.COMMANDS}
    place = (sources.over_place if over else sources.app_place).at("commands")
    for name, values in common.items():
        if "run" not in values:
            place.at(name).wrong("has no run", 'a command is text, or a table such as { run = "…", timeout = "3m" }')
    for host in hosts:
        _judge_tags(host, common, tags, place)
    return {name: Command(**values) for name, values in common.items() if "run" in values}, tags


def _laid(under: Values, over: Values) -> Values:
    """Lay one table over another, tables in it too."""
    both = {**under, **over}
    return {name: _laid(under[name], value) if isinstance(value, dict) and isinstance(under.get(name), dict) else value for name, value in both.items()}


def _judge_tags(host: Host, common: Values, tags: Values, place: FilePlace) -> None:
    """Record where two tags give this host the same key, and where a command is left without `run`."""
    given: dict[tuple[str, str], str] = {}
    for tag in dict.fromkeys(host.tags):
        for command, values in tags.get(tag, {}).items():
            for key in values:
                other = given.setdefault((command, key), tag)
                if other != tag:
                    place.at(tag, command).wrong(f"the tags {other} and {tag} both give {host.name} its {command} ({key})")
            if "run" not in values and "run" not in common.get(command, {}):
                place.at(tag, command).wrong(f"has no run for {host.name}", f"give it here, or in [app.commands] as {command}")


def _hooks(sources: Sources, hosts: tuple[Host, ...]) -> tuple[Hook, ...]:
    own = sources.over.get("hooks", ())
    for number, values in enumerate(own):
        judge_tags(values.get("tags", ()), hosts, sources.over_place.at("hooks", number, "tags"))
    return tuple(_hook(values) for values in (*sources.app.get("hooks", ()), *own) if {"at", "run"} <= set(values))


def _hook(values: Values) -> Hook:
    command = {name: value for name, value in values.items() if name in ("run", "run_as", "timeout", "cancel")}
    rest = {name: value for name, value in values.items() if name in ("at", "tags", "once", "fatal")}
    return Hook(command=Command(**command), **rest)


def _warn_of_pipes(sources: Sources) -> None:
    database = sources.values.get("database", {})
    texts = (
        (sources.app_place.at("build", "command"), sources.app.get("build", {}).get("command", "")),
        (sources.place.at("database", "backup"), database.get("backup", {}).get("run", "")),
        (sources.place.at("database", "migrate"), database.get("migrate", {}).get("run", "")),
    )
    for place, text in texts:
        if name_forms.has_pipe(text):
            place.warn("a | hides the failure of what stands before it (POSIX sh has no pipefail)", "write to a file first, then read it")
