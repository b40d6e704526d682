"""Health checks and pre-flight checks as the file asks for them: each made of its table, with what only shows when its keys meet.

It knows the keys of each kind; nothing of how anything is asked. It opens no file.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from console.config.file_problems import FilePlace
from console.core.host.shell import placeholders
from console.core.words.nearest_name import nearest
from console.model.configured_checks import CheckSpec, HealthCheck
from console.model.host import Host
from console.model.host_commands import Command
from console.model.secret import Variable

Values = dict[str, Any]

NEEDED: Final = {
    "http": "url", "tcp": "port", "command": "command", "postgres": "url", "redis": "url", "memcached": "url", "prometheus": "url",
    "github": "repository", "gitlab": "repository", "manual": "prompt",
}  # fmt: skip
SCHEMES: Final = {
    "postgres": ("postgresql", "postgres"), "redis": ("redis", "rediss"), "memcached": ("memcached",), "prometheus": ("http", "https"),
}  # fmt: skip
OF_A_HOST: Final = ("host", "address", "server", "shared")
"""Placeholders that only mean something where the question is asked from a host."""
NOT_BEFORE: Final = ("previous",)
"""Placeholders that are not known before the hosts were seen."""


def health_checks(sources: Iterable[Values], hosts: tuple[Host, ...], place: FilePlace, anchored: Callable[[Variable], Variable]) -> tuple[HealthCheck, ...]:
    """Return the health checks, and record what is wrong with them. `anchored` makes the path of a secret's file absolute."""
    found: dict[str, HealthCheck] = {}
    for number, values in enumerate(sources):
        here = place.at(number)
        judge_tags(values.get("tags", ()), hosts, here.at("tags"))
        judge_on(values.get("on", "host"), hosts, here.at("on"))
        made = _made(values, here, on=values.get("on", "host"))
        if made is None:
            continue
        check = HealthCheck(**_anchored(made, anchored))
        if check.name in found:
            here.wrong(f"a second health check is named {check.name}", "give each its own name")
        found.setdefault(check.name, check)
    return tuple(found.values())


def pre_flight_checks(sources: Iterable[Values], hosts: tuple[Host, ...], place: FilePlace, anchored: Callable[[Variable], Variable]) -> tuple[CheckSpec, ...]:
    """Return the checks of the pre-flight, and record what is wrong with them. `anchored` makes the path of a secret's file absolute."""
    found: dict[str, CheckSpec] = {}
    for number, values in enumerate(sources):
        here, on = place.at(number), values.get("on", "console")
        judge_on(on, hosts, here.at("on"))
        made = _made(values, here, on=on)
        if made is None or "name" not in values:
            continue
        _judge_placeholders(values, here, on)
        check = CheckSpec(**_anchored(made, anchored))
        if check.name in found:
            here.wrong(f"a second check is named {check.name}", "give each its own name: it is what --override and --ack call it by")
        found.setdefault(check.name, check)
    return tuple(found.values())


def _made(values: Values, place: FilePlace, *, on: str) -> Values | None:
    """Return the fields of a probe; None where what its kind needs is missing, which is recorded already."""
    kind = values.get("kind", "")
    if NEEDED.get(kind, "kind") not in values:
        return None
    made = dict(values)
    made.setdefault("name", f"{kind} {_of(values)}"[:80])
    if kind == "tcp":
        made.setdefault("address", "localhost" if on == "host" else "{address}")
    if "command" in made:
        if "run" not in made["command"]:
            return None
        warn_of_unused(made["command"], place.at("command"))
        made["command"] = Command(**made["command"])
    _judge_query(kind, values, place)
    return made


def _anchored(made: Values, anchored: Callable[[Variable], Variable]) -> Values:
    return {name: anchored(value) if name in ("url", "token") else value for name, value in made.items()}


def _of(values: Values) -> str:
    """Return what an unnamed probe is called after; never an address that may hold a secret."""
    if values["kind"] in ("http", "tcp", "command"):
        return str(values.get("url") or values.get("port") or values["command"].get("run", ""))
    return str(values.get("query", ""))


def _judge_query(kind: str, values: Values, place: FilePlace) -> None:
    url: Variable = values.get("url", "")
    schemes = SCHEMES.get(kind)
    if schemes and isinstance(url, str) and url.partition("://")[0] not in schemes:
        place.at("url").wrong(f"expected a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}", "{ env = … } for one with a password")
    if "expect" in values and {"above", "below"} & set(values):
        place.at("expect").wrong("an answer is a line that is expected, or a number between bounds", "expect, or above and below")
    if kind == "prometheus" and "query" in values and not {"above", "below"} & set(values):
        place.wrong("has neither above nor below", 'say between what the numbers have to be: above = 0, below = "5%", or both')


def _judge_placeholders(values: Values, place: FilePlace, on: str) -> None:
    """Record placeholders that nothing can be filled in for."""
    texts = {"url": values.get("url", ""), "address": values.get("address", ""), "command": values.get("command", {}).get("run", "")}
    missing = (*NOT_BEFORE, *(OF_A_HOST if on == "console" else ()))
    for key, text in texts.items():
        for name in placeholders(text) if isinstance(text, str) else ():
            if name in missing:
                why = "is not known before the release" if name in NOT_BEFORE else "is a host's, and this is asked from the console"
                place.at(key).wrong(f"{{{name}}} {why}", "" if name in NOT_BEFORE else 'on = "host"')
    if values.get("kind") == "tcp" and "address" not in values and on == "console":
        place.at("address").wrong("missing; it is required where the console asks")


def warn_of_unused(command: Values, place: FilePlace) -> None:
    """Warn of what a command that only answers has no use for: how often it is asked is said elsewhere, and it leaves nothing that had to be ended."""
    if command.get("retries"):
        place.at("retries").warn("is not used: a check is asked again as it says itself, a critical path that failed is not tried again", "take it out")
    if "cancel" in command:
        place.at("cancel").warn("is not used: the command's processes are ended where it takes too long", "take it out")


def judge_tags(tags: tuple[str, ...], hosts: tuple[Host, ...], place: FilePlace) -> None:
    """Record each tag that no host bears: what it is for would silently never happen."""
    known = tuple(dict.fromkeys(tag for host in hosts for tag in host.tags))
    for tag in tags:
        if hosts and tag not in known:
            like = nearest(tag, known)
            place.wrong(f"no host has the tag {tag}", f"did you mean {like}?" if like else f"tags: {', '.join(known) or 'none'}")


def judge_on(on: str, hosts: tuple[Host, ...], place: FilePlace) -> None:
    """Record a place that is none of the file's."""
    names = tuple(host.name for host in hosts)
    if hosts and on not in ("host", "console", *names):
        like = nearest(on, ("host", "console", *names))
        place.expected("host, console, or the name of a host", on, f"did you mean {like}?" if like else "")
