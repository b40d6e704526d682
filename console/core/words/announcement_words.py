"""What people are told of a release: before its first change, and at its end. Whether anybody is, `core/checks/announcement.py` judges. Pure."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from console.core.host_conditions import NOT_UPDATED
from console.core.words.durations import duration_words
from console.core.words.sizes import counted_hosts
from console.model.declared_impact import Impact
from console.model.state import RunState

SHOWN = 30
"""Changes that an announcement lists."""
NO_RUN = "…"
"""Stands for the run that is not open yet."""

_KIND = re.compile(r"(?P<kind>[a-z]+)(?:\([^)]*\))?!?: *(?P<words>.+)")
_GROUPS = (("New", ("feat", "feature")), ("Mended", ("fix", "bugfix", "hotfix", "security", "perf")), ("Else", ()))

_ENDINGS = {0: "succeeded", 4: "ROLLED BACK", 5: "FAILED", 8: "succeeded, some hosts are behind"}


class Message(NamedTuple):
    """A title, and a body of plain lines."""

    title: str
    body: str


def grouped(subjects: Iterable[str]) -> tuple[str, ...]:
    """Return commit subjects as lines under headings, by what their prefix says they are; a plain list where none has one."""
    groups: dict[str, list[str]] = {heading: [] for heading, _ in _GROUPS}
    for subject in list(subjects)[:SHOWN]:
        found = _KIND.fullmatch(subject)
        kind, words = (found["kind"], found["words"]) if found else ("", subject)
        heading = next((heading for heading, kinds in _GROUPS if kind in kinds), "Else")
        groups[heading].append(f"- {words}")
    used = {heading: lines for heading, lines in groups.items() if lines}
    if set(used) <= {"Else"}:
        return tuple(used.get("Else", ()))
    return tuple(line for heading, lines in used.items() for line in (f"{heading}:", *lines))


def made_notes(state: RunState) -> str:
    """Notes as they are made from the commits since what is live; empty: nothing is known of what changed."""
    more = len(state.changes) - SHOWN
    return "\n".join([*grouped(state.changes), *([f"and {more} more"] if more > 0 else [])])


def before(state: RunState) -> Message:
    """What is said before the first host changes."""
    impact, name = state.request.impact, f"{state.app} {state.environment}"
    version = state.release.version if state.release else ""
    live = f" (now {state.live[0]})" if state.live else ""
    where = f"{counted_hosts(len(state.hosts))} of {name}"
    lines = [f"{version} goes to {where}{live}.", *_impact_lines(impact, migrates=state.review is not None and state.review.runs)]
    if state.request.hotfix:
        lines.append(f"Hotfix in a closed time: {state.request.hotfix}")
    lines += [f"Overridden: {check}: {reason}" for check, reason in state.request.overrides]
    notes = impact.notes.strip() or made_notes(state)
    return Message(f"{name}: releasing {version}", "\n".join([*lines, *(("", notes) if notes else ()), "", f"by {state.by}, run {state.run or NO_RUN}"]))


def _impact_lines(impact: Impact, *, migrates: bool) -> list[str]:
    said = (
        ("Downtime", duration_words(impact.downtime) if impact.downtime else ""),
        ("Breaking", "yes" if impact.breaking == "yes" else ""),
        ("Risk", impact.risk),
        ("Migration", "yes" if migrates or impact.migration == "yes" else ""),
    )
    return [f"{what}: {words}" for what, words in said if words]


def after(state: RunState) -> Message:
    """What is said when the run has ended, whatever became of it."""
    name = f"{state.app} {state.environment}"
    version = str(state.release.version) if state.release else ""
    what = {"deploy": version, "restore": "restore of the database"}.get(state.kind, state.kind)
    ended = _ENDINGS.get(state.exit, state.outcome) if state.exit is not None and not state.superseded_by else state.outcome
    away = [f"{host.name}: {host.condition}" for host in state.hosts.values() if host.condition in NOT_UPDATED]
    lines = [f"{what} on {name}: {ended}." + (f" {state.reason}" if state.reason else ""), *_facts(state), *away[:20]]
    is_live = state.exit in (0, 8) and state.kind == "deploy" and not state.superseded_by
    notes = (state.request.impact.notes.strip() or made_notes(state)) if is_live else ""
    return Message(f"{name}: {what} {ended}", "\n".join([*lines, *(("", notes) if notes else ()), "", f"by {state.by}, run {state.run}"]))


def _facts(state: RunState) -> list[str]:
    """From what to what on how many hosts, and how long that took since GO."""
    if state.kind != "deploy" or not state.decided:
        return []
    on = sum(1 for host in state.hosts.values() if host.condition == "new")
    before = f", {state.live[0]} before" if state.live else ""
    return [f"{on} of {counted_hosts(len(state.hosts))} on it{before}; {duration_words(max(1.0, round(state.mono - state.decided)))} since GO."]
