"""Critical paths as the file asks for them: each made of its table, with what only shows when its keys meet, and when its steps do.

It knows the keys of each kind; nothing of how anything is tried. It opens no file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from console.config.check_keys import Values, judge_on, judge_tags, warn_of_unused
from console.config.file_problems import FilePlace
from console.core.checks.http_sequence import BadCapture, below, compiled
from console.core.host.shell import PLACEHOLDERS, placeholders
from console.core.words.nearest_name import nearest
from console.model.configured_checks import CheckSpec, CriticalPath
from console.model.host import Host
from console.model.host_commands import Command
from console.model.http_step import HttpStep, Method
from console.model.secret import SecretRef, Variable

METHODS: Final[dict[str, Method]] = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE"}
NEEDED: Final = {"http": "steps", "command": "command", "manual": "kind"}
Anchored = Callable[[Variable], Variable]
_CAPTURE_NAME = re.compile(r"[a-z_]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def critical_paths(
    sources: Iterable[Values], hosts: tuple[Host, ...], place: FilePlace, checks: tuple[CheckSpec, ...], anchored: Anchored, strategy: str
) -> tuple[CriticalPath, ...]:
    """Return the critical paths, and record what is wrong with them. `anchored` makes the path of a secret's file absolute; `strategy` is the file's."""
    found: dict[str, CriticalPath] = {}
    for number, values in enumerate(sources):
        here = place.at(number)
        judge_tags(values.get("tags", ()), hosts, here.at("tags"))
        judge_on(values.get("on", "console"), hosts, here.at("on"))
        path = _path(values, here, anchored)
        if path is None:
            continue
        if path.at == ("canary",) and strategy != "canary":
            words = (
                f'is tried behind the steps of a canary alone, and strategy is "{strategy}": {path.name} is tried by no release but one with --strategy canary'
            )
            here.at("at").warn(words, 'at = ["canary", "end"]')
        if path.kind == "manual":
            _judge_manual(path, checks, here)
        if path.name in found:
            here.wrong(f"a second critical path is named {path.name}", "give each its own name: results, and --ack, call it by that")
        found.setdefault(path.name, path)
    return tuple(found.values())


def _path(values: Values, place: FilePlace, anchored: Anchored) -> CriticalPath | None:
    """Return the path; None where what its kind needs is missing, which is recorded already."""
    kind = values.get("kind", "")
    if "name" not in values or NEEDED.get(kind, "kind") not in values or (kind == "command" and "run" not in values["command"]):
        return None
    made = {name: value for name, value in values.items() if name in ("name", "kind", "prompt", "on", "tags", "blocking", "at", "timeout")}
    if kind == "command":
        warn_of_unused(values["command"], place.at("command"))
        made["command"] = Command(**values["command"])
        made.setdefault("timeout", made["command"].timeout)
    if kind == "http":
        made["steps"] = tuple(_steps(values["steps"], place.at("steps"), anchored))
    return CriticalPath(**made)


def _judge_manual(path: CriticalPath, checks: tuple[CheckSpec, ...], place: FilePlace) -> None:
    if not path.blocking:
        place.at("blocking").wrong("a person is waited for, so a manual critical path is always blocking", "take this line out")
    if any(check.name == path.name and check.kind == "manual" for check in checks):
        place.at("name").wrong(f"a manual check is named {path.name} too", "give each its own name: it is what --ack calls it by")
    if path.on != "console":
        place.at("on").wrong("a person tries it, from nowhere in particular", "take this line out")


def _steps(tables: tuple[Values, ...], place: FilePlace, anchored: Anchored) -> Iterator[HttpStep]:
    captures = [tuple(table.get("capture", {})) for table in tables]
    for number, table in enumerate(tables):
        here = place.at(number)
        earlier = tuple(name for names in captures[:number] for name in names)
        later = {name: place for place, names in enumerate(captures[number:], start=number + 1) for name in names}
        for key, text in _templates(table):
            _judge_placeholders(text, earlier, later, here.at(*key))
        _judge_parts(table, here)
        for name, pattern in table.get("capture", {}).items():
            _judge_capture(name, pattern, here.at("capture", name))
        method = _method(table, here)
        if method:
            yield _step(table, method, anchored)


def _method(table: Values, place: FilePlace) -> str:
    """Return the key that names the request; empty where there is not just one."""
    named = [name for name in METHODS if name in table]
    if not named and not any((*place.path, name) in place.findings.lines for name in METHODS):
        place.wrong("names no request", 'get, post, put or delete = "http://…"')
    if len(named) > 1:
        place.at(named[1]).wrong(f"a second request ({named[1]}) in a step that has {named[0]}", "a step is one request: give it a step of its own")
    return named[0] if len(named) == 1 else ""


def _judge_parts(table: Values, place: FilePlace) -> None:
    body = next((name for name in ("form", "json") if name in table), "")
    if "form" in table and "json" in table:
        place.at("json").wrong("a second body: the step has a form", "one of the two")
    if body and "get" in table:
        place.at(body).wrong("a get has no body", "post, or put the values into the URL: ?name=value")
    for name, value in table.get("headers", {}).items():
        if not _HEADER_NAME.fullmatch(name):
            place.at("headers", name).expected("the name of a header, such as accept", name)
        if isinstance(value, str) and not value.isprintable():
            place.at("headers", name).wrong("the value of a header has one line")


def _templates(table: Values) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Return each text that placeholders may stand in, with its key."""
    for name in METHODS:
        if name in table:
            yield (name,), table[name]
    yield from (((part, name), value) for part in ("form", "headers") for name, value in table.get(part, {}).items() if isinstance(value, str))
    yield from ((("json", *key), text) for key, text in _texts(table.get("json", {})))
    if "expect_body" in table:
        yield ("expect_body",), table["expect_body"]


def _texts(tree: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:  # noqa: ANN401 (JSON is any)
    if isinstance(tree, str):
        yield (), tree
    for key, one in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from (((key, *rest), text) for rest, text in _texts(one))


def _judge_placeholders(text: str, earlier: tuple[str, ...], later: dict[str, int], place: FilePlace) -> None:
    known = (*earlier, *PLACEHOLDERS)
    for name in placeholders(text):
        if name in known:
            continue
        if name in later:
            place.wrong(f"{{{name}}} is not captured yet: step {later[name]} does that", "a step uses what the steps before it captured")
            continue
        like = nearest(name, known)
        place.wrong(f"unknown placeholder {{{name}}}", f"did you mean {{{like}}}?" if like else f"known here: {' '.join(f'{{{one}}}' for one in known)}")


def _judge_capture(name: str, pattern: str, place: FilePlace) -> None:
    if not _CAPTURE_NAME.fullmatch(name) or name in PLACEHOLDERS:
        place.expected("a name of a to z and _ that no placeholder has", name)
    try:
        compiled(pattern)
    except BadCapture as fault:
        place.wrong(f"expected a regular expression with one group; {fault}", 'name="csrf" value="([^"]+)"; (?:…) groups without capturing')


def _step(table: Values, method: str, anchored: Anchored) -> HttpStep:
    secrets: dict[str, SecretRef] = {}
    body = json.dumps(_without_secrets(table["json"], "", secrets)) if "json" in table else ""
    made = {name: value for name, value in table.items() if name in ("capture", "expect_status", "expect_body", "timeout")}
    form, headers = ({name: anchored(value) for name, value in table.get(part, {}).items()} for part in ("form", "headers"))
    hidden = {pointer: one for pointer, ref in secrets.items() if isinstance(one := anchored(ref), SecretRef)}
    return HttpStep(METHODS[method], table[method], form, body, hidden, headers, **made)


def _without_secrets(tree: Any, pointer: str, secrets: dict[str, SecretRef]) -> Any:  # noqa: ANN401 (JSON is any)
    """Return the tree with null for each secret, which is put down by its pointer."""
    if isinstance(tree, SecretRef):
        secrets[pointer] = tree
        return None
    if isinstance(tree, dict):
        return {name: _without_secrets(one, below(pointer, name), secrets) for name, one in tree.items()}
    if isinstance(tree, list):
        return [_without_secrets(one, f"{pointer}/{place}", secrets) for place, one in enumerate(tree)]
    return tree
