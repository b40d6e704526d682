"""The command line that asks for the same run: what a key did, and what a run was asked with. Pure."""

import shlex

from console.core.words.durations import duration_words
from console.model.declared_impact import Impact
from console.model.request import Request
from console.model.values import changed

ANSWERS = ("migration", "breaking", "risk", "old_code")


def request_words(environment: str, request: Request) -> tuple[str, ...]:
    """Return the words after `deploy` that ask for that run. Notes come from a file, which is for a person to name."""
    head = (environment,) if request.kind == "deploy" else (request.kind, environment)
    return (*head, *request_options(request))


def request_options(request: Request) -> tuple[str, ...]:
    """Return the options of that command."""
    option = {"deploy": "--version", "restore": "--run"}.get(request.kind, "--to")
    words = [*((option, request.ref) if request.ref else ()), *(("--hosts", request.hosts) if request.hosts else ())]
    words += ["--strategy", request.strategy] if request.strategy else []
    words += ["--limit-rate", f"{request.limit_rate}B"] if request.limit_rate else []
    for option, pairs in (("--without", request.without), ("--override", request.overrides)):
        words += [word for left, right in pairs for word in (option, f"{left}={right}")]
    words += [word for check in request.acks for word in ("--ack", check)]
    words += ["--hotfix", request.hotfix] if request.hotfix else []
    words += impact_options(request.impact)
    words += ["--notes", "FILE"] if request.impact.notes else []
    words += ["--reason", request.reason] if request.reason else []
    return (*words, *(["--at-once"] if request.at_once else []), *(["--halves"] if request.halves else []))


def with_options(command: str, request: Request) -> str:
    """Return that command with what the run was asked with, as a shell takes it: without these it would speak of another version, or of other hosts.

    Notes are left out: which file they came from is not known.
    """
    told = changed(request, impact=changed(request.impact, notes=Impact().notes))
    return " ".join((command, *map(shlex.quote, request_options(told))))


def impact_options(impact: Impact) -> tuple[str, ...]:
    """Return the answers as they are typed."""
    said = ((name, str(getattr(impact, name))) for name in ANSWERS)
    words = [word for name, value in said if value for word in (f"--{name.replace('_', '-')}", value)]
    if impact.downtime is not None:
        words += ["--downtime", duration_words(impact.downtime) if impact.downtime else "none"]
    return tuple(words)
