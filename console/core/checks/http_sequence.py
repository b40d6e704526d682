"""An HTTP sequence: what each step sends, what its answer is worth, and what it keeps for the steps after it. Pure.

It must not know how a request travels. Cookies are the client's. No text that is shown holds a captured value, or the query of a URL.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from console.core.checks.answers import assess_http
from console.core.host.shell import filled_text, filled_url
from console.errors import UsageFault
from console.model.configured_checks import CriticalPath
from console.model.http_step import HttpStep, secret_name
from console.model.secret import SecretRef
from console.model.values import changed
from console.safe_text import SafeText

Reveal = Callable[[str], str | None]
"""Returns a secret by its name; None where it was not read."""

LONGEST: Final = 4096
"""Characters of a captured value."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What one step sends. Cookies come on top of it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: the beginning of a body, and where a redirect leads."""

    status: int
    body: bytes
    location: str = ""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """The step at which a sequence ended. `error`: its answer was not seen at all."""

    verdict: Literal["failed", "error"]
    where: str
    seen: SafeText


@dataclass(frozen=True, slots=True)
class HttpSequence:
    """A sequence on its way: the steps before `place` were answered as expected."""

    path: CriticalPath
    values: Mapping[str, str]
    """What placeholders stand for, and what was captured."""
    captured: tuple[str, ...] = ()
    """The names among them that were captured."""
    place: int = 0

    @property
    def is_over(self) -> bool:
        """Whether every step was answered as expected."""
        return self.place >= len(self.path.steps)

    @property
    def step(self) -> HttpStep:
        """The step whose turn it is."""
        return self.path.steps[self.place]

    @property
    def where(self) -> str:
        """What people call it: its number, its method, and the path of its URL as the file has it."""
        return f"step {self.place + 1} of {len(self.path.steps)}, {self.step.method} {urlsplit(self.step.url).path or '/'}"


def request_of(sequence: HttpSequence, reveal: Reveal) -> SentRequest:
    """Return what the step sends. Raises UsageFault for a secret that was not read, and for a value that no header can have."""
    step, number = sequence.step, sequence.place + 1

    def value(part: Literal["form", "header", "json"], name: str, told: str | SecretRef) -> str:
        return filled_text(told, sequence.values) if isinstance(told, str) else _secret(sequence.path, secret_name(number, part, name), reveal)

    headers = [(name, _header(name, value("header", name, told))) for name, told in step.headers.items()]
    body = b""
    if step.form:
        body = urlencode([(name, value("form", name, told)) for name, told in step.form.items()]).encode()
        headers += _unless_said(headers, "application/x-www-form-urlencoded")
    elif step.json:
        body = json.dumps(_json(json.loads(step.json), "", sequence.values, step, lambda pointer, ref: value("json", pointer, ref))).encode()
        headers += _unless_said(headers, "application/json")
    return SentRequest(step.method, filled_url(step.url, sequence.values), tuple(headers), body)


def _secret(path: CriticalPath, name: str, reveal: Reveal) -> str:
    text = reveal(f"critical {path.name}, {name}")
    if text is None:
        raise UsageFault(f"its secret ({name}) was not read", "give it to the console that deploys")
    return text


def _header(name: str, value: str) -> str:
    if not value.isprintable():
        raise UsageFault(f"the header {name} cannot have a value of several lines, or one that does not print")
    return value


def _unless_said(headers: list[tuple[str, str]], kind: str) -> list[tuple[str, str]]:
    return [] if any(name.lower() == "content-type" for name, _ in headers) else [("content-type", kind)]


def _json(tree: Any, pointer: str, values: Mapping[str, str], step: HttpStep, secret: Callable[[str, SecretRef], str]) -> Any:  # noqa: ANN401 (JSON is any)
    if (ref := step.json_secrets.get(pointer)) is not None:
        return secret(pointer, ref)
    if isinstance(tree, str):
        return filled_text(tree, values)
    if isinstance(tree, list):
        return [_json(one, f"{pointer}/{place}", values, step, secret) for place, one in enumerate(tree)]
    if isinstance(tree, dict):
        return {name: _json(one, below(pointer, name), values, step, secret) for name, one in tree.items()}
    return tree


def below(pointer: str, name: str) -> str:
    """Return the JSON pointer (RFC 6901) of a member."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def answered(sequence: HttpSequence, answer: HttpAnswer) -> HttpSequence | StepFailure:
    """Judge the answer of the step whose turn it is: the sequence at its next step, or where it ended."""
    step = changed(sequence.step, expect_body=filled_text(sequence.step.expect_body, sequence.values))
    seen = assess_http(step, answer.status, answer.body)
    if seen.kind != "ok":
        leads = f", a redirect to {urlsplit(answer.location).path or '/'}" if answer.location and 300 <= answer.status < 400 else ""
        return _failed(sequence, f"{seen.seen}{leads}")
    values, names = dict(sequence.values), list(sequence.captured)
    for name, pattern in step.capture.items():
        value = captured(pattern, answer.body)
        if value is None:
            return _failed(sequence, f"{seen.seen}, and nothing in its body matches the capture {name}: {pattern}")
        values[name] = value
        names.append(name)
    return replace(sequence, values=values, captured=tuple(dict.fromkeys(names)), place=sequence.place + 1)


def unanswered(sequence: HttpSequence, why: str) -> StepFailure:
    """Return that the step's answer was not seen: that is no pass, and no verdict on what it asked."""
    return StepFailure("error", sequence.where, _without_captures(sequence, why))


def _failed(sequence: HttpSequence, words: str) -> StepFailure:
    return StepFailure("failed", sequence.where, _without_captures(sequence, words))


def _without_captures(sequence: HttpSequence, words: str) -> SafeText:
    for name in sequence.captured:
        if len(sequence.values[name]) >= 4:
            words = words.replace(sequence.values[name], f"{{{name}}}")
    return SafeText(words)


def captured(pattern: str, body: bytes) -> str | None:
    """Return what the pattern's group is in the body, at its first match; None: nothing matches. Raises BadCapture."""
    found = compiled(pattern).search(body)
    return None if found is None or found.group(1) is None else found.group(1).decode("utf-8", "replace")[:LONGEST]


class BadCapture(ValueError):
    """A pattern that is none, that RE2 does not search for, or that has not just one group."""


def compiled(pattern: str) -> Any:  # noqa: ANN401 (re2 comes without types)
    """Return the pattern for bytes. Raises BadCapture with what is wrong with it."""
    import re2  # type: ignore[import-untyped] # it comes without types

    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(pattern.encode("utf-8", "surrogatepass"), options)
    except re2.error as fault:
        raise BadCapture(fault.args[0].decode("utf-8", "replace") if isinstance(fault.args[0], bytes) else str(fault.args[0])) from None
    if found.groups != 1:
        raise BadCapture("it has no group" if not found.groups else f"it has {found.groups} groups")
    return found
