"""Finds a hosts.toml, reads it, and hands out environments that are sound; or all of its problems at once.

The one module of this package that opens files. It knows nothing of hosts beyond their text: nothing is contacted here.
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from console.config.file_problems import FilePlace, Findings, Path, meant
from console.config.positions import positions
from console.config.resolve import Sources, resolved
from console.config.schema import FILE, OVERRIDES
from console.errors import Problem, UsageFault
from console.model.configured_environment import Access, Environment

LARGEST = 16 * 2**20
"""Bytes that a file may have."""
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


class ConfigFile(msgspec.Struct, frozen=True):
    """A sound hosts.toml. `path` is absolute; `warnings` are what works and is probably not meant."""

    path: str
    environment_names: tuple[str, ...]
    app_names: tuple[str, ...]
    default_environment: str = ""
    """The one that `default_environment` names, or the only one; empty: neither."""
    warnings: tuple[Problem, ...] = ()
    resolved: Mapping[tuple[str, str], Environment] = msgspec.field(default_factory=dict)
    later: tuple[tuple[Path, Problem], ...] = ()

    def environment(self, name: str = "", app: str = "") -> Environment:
        """Return the environment of that name (left out: the default). Raises UsageFault for a name that the file does not have."""
        chosen = name or self.default_environment
        if not chosen:
            raise UsageFault("which environment?", f"one of {', '.join(self.environment_names)}")
        if chosen not in self.environment_names:
            raise UsageFault(f"there is no environment {chosen} in {self.path}", meant(chosen, self.environment_names))
        return self.resolved[chosen, self._app(app)]

    def not_yet(self, name: str = "", app: str = "") -> tuple[Problem, ...]:
        """Return the keys that concern this environment and whose capability is still to come: each is a no-go, none holds up a rollback."""
        chosen = name or self.default_environment
        mine = self._app(app)
        return tuple(problem for path, problem in self.later if _concerns(path, chosen, mine))

    def _app(self, app: str) -> str:
        if app and app not in self.app_names:
            raise UsageFault(f"there is no application {app} in {self.path}", meant(app, self.app_names))
        if not app and len(self.app_names) > 1:
            raise UsageFault(f"{self.path} has several applications", f"--app {'|'.join(self.app_names)}")
        return app or self.app_names[0]


def load_file(path: str) -> ConfigFile:
    """Read and resolve the whole file. Raises UsageFault with every problem in it."""
    text = _text(path)
    findings = Findings(path)
    tree = _tree(text, findings)
    findings.lines = positions(text)
    place = FilePlace(findings)
    values = FILE.read(tree, place)
    config = _resolve(os.path.abspath(path), values, place)
    if findings.problems:
        raise _fault(findings)
    return config


def digest(environment: Environment) -> str:
    """Return the SHA-256 (hex) of what is resolved, whatever the file's name and the order of its keys."""
    plain = msgspec.structs.replace(environment, file="")
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            found = file.read(LARGEST + 1)
        if len(found) <= LARGEST:
            return found.decode("utf-8-sig").replace("\r\n", "\n")
        problem = Problem(f"larger than {LARGEST // 2**20} MiB", "-c FILE: a hosts.toml", path)
    except UnicodeDecodeError as error:
        problem = Problem(f"not UTF-8 (byte {error.start})", "save the file as UTF-8", path)
    except FileNotFoundError:
        problem = Problem("no such file", "-c FILE, or be in a folder that has a hosts.toml, or below one", path)
    except OSError as error:
        problem = Problem(f"cannot be read: {error.strerror}", "-c FILE: a hosts.toml that you may read", path)
    raise UsageFault(str(problem).splitlines()[0], problem.hint, (problem,))


def _tree(text: str, findings: Findings) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        words = _AT_LINE.sub("", str(error)).removesuffix(" (at end of document)")
        if words.startswith(("Cannot overwrite", "Cannot declare", "Duplicate")):
            problem = Problem("a key or a table stands here for the second time", "keep one of the two", findings.file, line)
        else:
            problem = Problem(f"not TOML: {words}", "text goes in quotes; a table's name in [brackets]", findings.file, line)
    except RecursionError:
        problem = Problem("not TOML: nested too deeply", "", findings.file)
    findings.problems.append(problem)
    raise _fault(findings)


def _fault(findings: Findings) -> UsageFault:
    problems = tuple(sorted(dict.fromkeys(findings.problems), key=lambda problem: problem.line))
    if len(problems) == 1:
        return UsageFault(str(problems[0]).splitlines()[0], problems[0].hint, problems)
    return UsageFault(f"{findings.file} has {len(problems)} problems", "", problems)


def _judge_required(name: str, required: str, environments: dict[str, Any], place: FilePlace) -> None:
    if required == name:
        place.wrong(f"{name} cannot require itself", "the environment in which a commit is verified before")
    elif required and required not in environments:
        place.unknown("environment", required, environments)


def _resolve(path: str, values: dict[str, Any], place: FilePlace) -> ConfigFile:
    apps = _apps(values, place)
    environments = values.get("environments", {})
    if not environments and "environments" in values:
        place.at("environments").wrong("expected at least one [environments.NAME]")
    access = Access(**values["access"]) if "access" in values else None
    found = {}
    for name, environment in environments.items():
        _judge_overrides(environment, "apps" in values, tuple(apps), place.at("environments", name))
        _judge_required(name, environment.get("requires", ""), environments, place.at("environments", name, "requires"))
        for app in apps:
            found[name, app] = resolved(_sources(path, values, place, app=(app, apps[app]), name=name, access=access))
    default = values.get("default_environment", "")
    if default and default not in environments:
        place.at("default_environment").unknown("environment", default, environments)
    _warn_of_tags(found, apps)
    for environment in found.values():
        _warn_of_restart(environment, apps[environment.app][1])
    return ConfigFile(
        path,
        tuple(environments),
        tuple(apps),
        default or (next(iter(environments)) if len(environments) == 1 else ""),
        tuple(dict.fromkeys(place.findings.warnings)),
        found,
        tuple(place.findings.later),
    )


def _apps(values: dict[str, Any], place: FilePlace) -> dict[str, tuple[dict[str, Any], FilePlace]]:
    """Return each application's values and place, by name."""
    found: dict[str, tuple[dict[str, Any], FilePlace]]
    if "app" in values and "apps" in values:
        place.at("apps").wrong("[app] and [apps.NAME] cannot stand in one file", "several applications: all in [apps.NAME]")
    if "apps" in values:
        found = {name: (app, place.at("apps", name)) for name, app in values["apps"].items()}
        for name, (app, here) in found.items():
            if app.get("name", name) != name:
                here.at("name").wrong(f"its name is {name} already, by [apps.{name}]", "take this line out")
    elif "app" in values:
        found = {values["app"].get("name", "?"): (values["app"], place.at("app"))}
        if "name" not in values["app"] and not _complained(place.findings, ("app", "name")):
            place.at("app", "name").wrong("missing; it is required")
    else:
        found = {}
    if not found and not _complained(place.findings, ("app",)):
        place.at("app").wrong("missing; it is required", 'the smallest: [app] with name = "shop" and path = "/srv/shop"')
    for app, here in found.values():
        if "path" not in app and not _complained(here.findings, (*here.path, "path")):
            here.at("path").wrong("missing; it is required", 'path = "/srv/shop", the folder on each host')
    return found


def _complained(findings: Findings, path: Path) -> bool:
    """Whether that key stands in the file and was refused already."""
    return path in findings.lines


def _judge_overrides(environment: dict[str, Any], has_several: bool, apps: tuple[str, ...], place: FilePlace) -> None:
    if not has_several:
        if "apps" in environment:
            place.at("apps").wrong("there is one application only", f"its keys stand in [{'.'.join(map(str, place.path))}] itself")
        return
    for key in OVERRIDES:
        if key in environment:
            place.at(key).wrong("belongs to one application", f"write it in [{'.'.join(map(str, place.path))}.apps.NAME]")
    for app in environment.get("apps", {}):
        if app not in apps:
            place.at("apps", app).unknown("application", app, apps)


def _sources(
    path: str, values: dict[str, Any], place: FilePlace, *, app: tuple[str, tuple[dict[str, Any], FilePlace]], name: str, access: Access | None
) -> Sources:
    environment = values["environments"][name]
    here = place.at("environments", name)
    app_name, (app_values, app_place) = app
    is_one_of_several = "apps" in values
    if is_one_of_several:
        over, over_place = environment.get("apps", {}).get(app_name, {}), here.at("apps", app_name)
    else:
        over, over_place = {key: environment[key] for key in OVERRIDES if key in environment}, here
    return Sources(path, app_name, app_values, app_place, name, environment, here, over, over_place, access, values.get("journal", ""))


def _warn_of_restart(environment: Environment, place: FilePlace) -> None:
    idle = [host.name for host in environment.hosts if not (environment.command(host, "restart") or environment.command(host, "start"))]
    if idle:
        shown = ", ".join(idle[:3]) + (" …" if len(idle) > 3 else "")
        place.at("commands").warn(f"no restart for {shown} in {environment.name}: what runs there is not restarted after a switch")


def _warn_of_tags(found: dict[tuple[str, str], Environment], apps: dict[str, tuple[dict[str, Any], FilePlace]]) -> None:
    """Warn of an application's tag that no host of any environment bears."""
    known = {tag for environment in found.values() for host in environment.hosts for tag in host.tags}
    for app, (values, here) in apps.items():
        for number, hook in enumerate(values.get("hooks", ())):
            for tag in hook.get("tags", ()):
                if tag not in known:
                    here.at("hooks", number, "tags").warn(f"no host has the tag {tag}", meant(tag, tuple(known)))
        for environment in (environment for (_, name), environment in found.items() if name == app):
            for tag in environment.tag_commands:
                if tag not in known:
                    here.at("commands", tag).warn(f"no host has the tag {tag}", meant(tag, tuple(known)))


def _concerns(path: Path, environment: str, app: str) -> bool:
    if path[0] == "apps":
        return path[1] == app
    if path[0] != "environments":
        return True
    return path[1] == environment and (path[2:3] != ("apps",) or path[3] == app)
