"""What an answer is worth: an HTTP answer by its code and body, lines against the one that is expected, numbers against their bounds, a CI system's jobs. Pure.

It must not know how anything is asked.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from console.core.checks.health_gate import Observation
from console.core.words.shortened_list import shortened
from console.model.checks import Finding
from console.model.configured_checks import Probe
from console.model.http_step import HttpStep
from console.safe_text import SafeText

SHOWN = 3


def expected_status(probe: Probe | HttpStep) -> str:
    """The accepted HTTP codes in words: `200`, `200-299, 404`."""
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in probe.expect_status)


def assess_http(probe: Probe | HttpStep, status: int, body: bytes) -> Observation:
    """Judge an HTTP answer by its code and what its body contains."""
    if not any(low <= status <= high for low, high in probe.expect_status):
        return Observation("bad", SafeText(f"HTTP {status}, expected {expected_status(probe)}"))
    if probe.expect_body and probe.expect_body.encode() not in body:
        return Observation("bad", SafeText(f"HTTP {status}, expected {probe.expect_body[:60]!r} in the body, which begins {_beginning(body)}"))
    return Observation("ok", SafeText(f"HTTP {status}"))


def _beginning(body: bytes) -> str:
    return repr(body[:60].decode("utf-8", "replace")) if body else "and ends empty"


def assess_lines(probe: Probe, lines: tuple[str, ...]) -> Observation:
    """Judge the lines that a query was answered with: any answer, one that has the expected line, or numbers between the bounds."""
    if probe.above is not None or probe.below is not None:
        return _assess_counted(probe, lines)
    found = _listed([repr(line[:60]) for line in lines]) or "nothing"
    if not probe.expect:
        return Observation("ok", SafeText(f"answers {found}"))
    if any(line.strip() == probe.expect.strip() for line in lines):
        return Observation("ok", SafeText(f"answers {probe.expect!r}"))
    return Observation("bad", SafeText(f"answers {found}, expected {probe.expect[:60]!r}"))


def _assess_counted(probe: Probe, lines: tuple[str, ...]) -> Observation:
    """Judge lines that are to be numbers; what is none is not measured."""
    numbers = [_number(line) for line in lines]
    if not lines or None in numbers:
        return Observation("error", SafeText(f"answers {_listed([repr(line[:60]) for line in lines]) or 'nothing'}, expected a number"))
    return assess_numbers(probe, tuple(("", number) for number in numbers if number is not None))


def _number(line: str) -> float | None:
    try:
        return float(line)
    except ValueError:
        return None


def assess_numbers(probe: Probe, numbers: tuple[tuple[str, float], ...]) -> Observation:
    """Judge what a query for numbers found: each lies between the bounds. None at all is not measured."""
    measured = [(name, number) for name, number in numbers if not math.isnan(number)]
    if not measured:
        return Observation("error", SafeText("the query finds no number" if not numbers else "the query finds NaN"))
    outside = [(name, number) for name, number in measured if not _between(number, probe.above, probe.below)]
    if outside:
        return Observation("bad", SafeText(f"{_numbers(outside)}, expected {_bounds(probe)}"))
    return Observation("ok", SafeText(f"{_numbers(measured)}, {_bounds(probe)}"))


def _between(number: float, above: float | None, below: float | None) -> bool:
    return (above is None or number > above) and (below is None or number < below)


def _bounds(probe: Probe) -> str:
    words = [f"{word} {bound:g}" for word, bound in (("above", probe.above), ("below", probe.below)) if bound is not None]
    return " and ".join(words)


def _numbers(numbers: list[tuple[str, float]]) -> str:
    return _listed([f"{name} {number:g}".strip() for name, number in numbers])


def _listed(words: Iterable[str]) -> str:
    return shortened(list(words), SHOWN)


@dataclass(frozen=True, slots=True)
class Job:
    """One job, status or check run of a CI system for one commit. `since`: UTC, RFC 3339."""

    name: str
    state: Literal["passed", "failed", "pending"]
    since: str = ""
    words: str = ""
    """What the system calls its state."""
    has_run: bool = True
    """False: it holds nothing up, and has tested nothing: it was skipped, or waits for a person to want it."""


def judge_jobs(jobs: tuple[Job, ...], contexts: tuple[str, ...], again: float) -> Finding:
    """Judge a commit by its jobs: all of them, or those that `contexts` name. What has not begun is waited for."""
    wanted = tuple(job for job in jobs if not contexts or any(_is_named(job, context) for context in contexts))
    absent = [context for context in contexts if not any(_is_named(job, context) for job in jobs)]
    failed = [job for job in wanted if job.state == "failed"]
    pending = [job for job in wanted if job.state == "pending"]
    if failed:
        told = _listed(f"{job.name} ({job.words})" if job.words else job.name for job in failed)
        return Finding("failed", SafeText(f"{len(failed)} of {len(wanted)} failed: {told}"), SafeText("mend it, and push"), _first(failed))
    if pending or absent:
        told = _listed([*(f"{job.name} ({job.words})" if job.words else job.name for job in pending), *(f"{name} (not begun)" for name in absent)])
        count = len(wanted) + len(absent)
        words = SafeText(f"{len(wanted) - len(pending)} of {count} passed, waits for {told}")
        names = _listed(dict.fromkeys(job.name for job in jobs))
        remedy = f"it is asked again; contexts are names as they are reported, so far: {names}" if absent and names else "it is asked again"
        return Finding("waiting", words, SafeText(remedy), _first(pending), again)
    if not wanted:
        return Finding("waiting", SafeText("nothing has reported on this commit yet"), SafeText("push it, or see whether its CI runs"), again=again)
    if not any(job.has_run for job in wanted):
        told = _listed(f"{job.name} ({job.words})" if job.words else job.name for job in wanted)
        return Finding(
            "failed", SafeText(f"nothing was tested, none of {len(wanted)} has run: {told}"), SafeText("see why its CI skips this commit"), _first(wanted)
        )
    return Finding("passed", SafeText(f"{len(wanted)} passed: {_listed(job.name for job in wanted)}"), since=max(job.since for job in wanted))


def _is_named(job: Job, context: str) -> bool:
    return job.name == context or fnmatchcase(job.name, context)


def _first(jobs: Iterable[Job]) -> str:
    return min((job.since for job in jobs if job.since), default="")
