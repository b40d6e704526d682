"""The eight lines of the workflow, each with its state and what was found. Pure.

A line that nothing stands behind yet says so; it never shows as passed.
"""

from typing import NamedTuple

from console.core.database_state import BACKUP
from console.core.host_conditions import UNWELL
from console.core.kinds.kind_table import kind_of
from console.core.run.breaches import blocking_breach
from console.core.run.critical_path_verdict import has_passed
from console.core.run.monitoring_window import window_gone, window_seconds
from console.core.traffic.bluegreen_sides import is_bluegreen
from console.core.words.sizes import counted, counted_hosts, size_words
from console.core.words.threshold_words import amount, metric_name
from console.model.checks import Check, CheckStatus
from console.model.paged_table import Table
from console.model.plan import Step
from console.model.state import RunState
from console.views.progress import Newest
from console.views.styled_text import Line, MarkName, Span, clipped, line, mark
from console.views.threshold_rows import above_in_words, limits_in_words
from console.views.times import clock_span


class Row(NamedTuple):
    """A line of the checklist: its state, its title, a word for one line of eight, and what was found."""

    state: MarkName
    title: str
    short: str
    found: str = ""


STATUS: dict[CheckStatus, MarkName] = {
    "passed": "done", "failed": "failed", "error": "unknown", "warning": "failed", "skipped": "skipped", "waiting": "busy",
    "overridden": "skipped",
}  # fmt: skip
"""How a check is marked, by its status."""


def _of(checks: tuple[Check, ...], ids: tuple[str, ...]) -> tuple[MarkName, str] | None:
    """Return the worst of those checks and what it found; None when none of them was made."""
    found = [check for check in checks if check.id in ids]
    if not found:
        return None
    for status in ("failed", "error", "waiting", "warning", "overridden", "skipped"):
        bad = next((check for check in found if check.status == status), None)
        if bad:
            return STATUS[bad.status], status if status in ("overridden", "skipped") else str(bad.detail)
    return "done", str(found[0].detail)


def _checked(state: RunState, title: str, short: str, ids: tuple[str, ...], absent: str) -> Row:
    found = _of(state.checks, ids)
    if found:
        return Row(found[0], title, short, found[1])
    return Row("waiting", title, short) if state.phase == "preflight" and not state.checks else Row("skipped", title, short, absent)


def _deploy_row(state: RunState, now: float) -> Row:
    hosts = sum(map(len, state.plan.waves)) if state.plan and is_bluegreen(state) else len(state.hosts)
    kind = kind_of(state)
    reached = "back" if kind.is_return else "new"
    new = sum(1 for host in state.hosts.values() if host.condition == reached)
    back = sum(1 for host in state.hosts.values() if host.condition == "back")
    title = kind.words.title
    if state.phase in ("preflight", "deciding", "locking"):
        return Row("busy" if state.phase == "locking" else "waiting", title, title, counted_hosts(hosts) if hosts else "")
    if state.phase == "rolling-back":
        return Row("back", "GOING BACK", "BACK", f"{back} of {sum(1 for host in state.hosts.values() if host.touched)}")
    if state.phase == "ended":
        sign: MarkName = {0: "done", 8: "done", 4: "back"}.get(state.exit or 0, "skipped" if not state.changed else "failed")  # type: ignore[assignment]
        if not kind.changes_hosts:
            return Row(sign, title, title)
        return Row(sign, title, title, f"{back} back" if back and not kind.is_return else f"{new} of {hosts}")
    if state.pausing:
        return Row("paused", title, title, f"{new} of {hosts}")
    return Row("done" if hosts and new == hosts else "now", title, title, f"{new} of {hosts}")


_gates_of: Newest[Table[Step], tuple[tuple[str, str], ...]] = Newest(
    lambda index: tuple((name, step.about) for name, step in index.items() if step.kind == "gate" and step.phase in ("release", "verify"))
)
_gates_of_the_way_back: Newest[Table[Step], tuple[tuple[str, str], ...]] = Newest(
    lambda index: tuple((name, step.about) for name, step in index.items() if step.kind == "gate")
)
_critical_of: Newest[Table[Step], tuple[Step, ...]] = Newest(lambda index: tuple(step for step in index.values() if step.kind in ("critical", "manual")))
_monitor_of: Newest[Table[Step], Step | None] = Newest(lambda index: next((step for step in index.values() if step.kind == "monitor"), None))


def _health(state: RunState) -> Row:
    gates = _gates_of_the_way_back(state.index) if kind_of(state).is_return else _gates_of(state.index)
    title, short = "Health checks passed", "health"
    paths = _critical_of(state.index)
    if not gates and not paths:
        return Row("skipped" if state.plan else "waiting", title, short, "none" if state.plan else "")
    found = ((state.hosts[host].steps.get(name) if host in state.hosts else None) for name, host in gates)
    states = [ran.status for ran in found if ran is not None]
    passed = sum(_is_well(state, name, host) for name, host in gates)
    failed = states.count("done") - passed + states.count("failed")
    ends = [state.step_state(step).status for step in paths]
    lost = [step for step, status in zip(paths, ends, strict=True) if status in ("failed", "unknown")]
    total, passed = len(gates) + len(paths), passed + sum(has_passed(state, step) for step in paths)
    if failed or lost:
        return Row("failed", title, short, f"{failed + len(lost)} failed" if failed or len(lost) > 1 else f"{lost[0].path} failed")
    if passed == total and not (state.back and not kind_of(state).is_return):
        return Row("done", title, short, f"{passed} of {total}")
    if state.phase == "ended" or (state.back and not kind_of(state).is_return):
        return Row("skipped", title, short, f"{passed} of {total} passed")
    return Row("busy" if passed or "running" in (*states, *ends) else "waiting", title, short, f"{passed} of {total} passed" if passed else "")


_health_row: Newest[RunState, Row] = Newest(_health)


def _is_well(state: RunState, gate: str, host: str) -> bool:
    """Whether a host has passed its gate, and nothing was found against it since."""
    known = state.hosts.get(host)
    ran = known.steps.get(gate) if known else None
    return known is not None and ran is not None and ran.status == "done" and known.condition not in UNWELL


def _monitor_row(state: RunState, now: float) -> Row:
    title, short = "Monitoring stable", "stable"
    step = _monitor_of(state.index)
    if step is None:
        return Row("skipped" if state.plan else "waiting", title, short, "none configured" if state.plan else "")
    ran = state.step_state(step)
    breach = blocking_breach(state)
    if breach is not None:
        return Row("failed", title, short, f"{metric_name(breach.threshold.metric)} {amount(breach.threshold.metric, breach.verdict.value)}")
    if ran.status == "running":
        return Row("now", title, short, f"{clock_span(window_gone(state, step, now))} of {clock_span(window_seconds(state, step))}")
    if state.back_cause == "threshold":
        return Row("failed", title, short, "above its limit")
    if ran.status == "done" and (above := above_in_words(state)):
        return Row("failed", title, short, above)
    if ran.status == "done" and (unclear := limits_in_words(state)):
        return Row("unknown", title, short, unclear)
    signs: dict[str, MarkName] = {"done": "done", "failed": "failed", "unknown": "unknown", "cancelled": "skipped", "void": "skipped"}
    return Row(signs.get(ran.status, "waiting"), title, short, "" if ran.status == "done" else clock_span(window_seconds(state, step)))


def _backup_row(state: RunState, now: float) -> Row:
    """Where the plan takes the backup, it is there once it was taken and looked at."""
    title, short = "Database backed up", "backup"
    step = state.index.get(BACKUP)
    if step is None:
        return _checked(state, title, short, ("backup",), "no database")
    ran = state.step_state(step)
    if ran.status == "running":
        return Row("busy", title, short, clock_span(now - ran.started))
    if state.backup:
        return Row("done", title, short, size_words(state.backup.size) if state.backup.size else "")
    blocked = any(check.id == "backup" and check.blocks for check in state.checks)
    return Row("failed" if blocked or ran.status not in ("pending", "done", "void") else "waiting", title, short, "by the plan")


def _ci(state: RunState) -> tuple[str, ...]:
    return tuple(check.id for check in state.checks if check.kind in ("github", "gitlab"))


def _code_row(state: RunState) -> Row:
    """The code stands, and CI has judged it: where nothing asks CI, half of that is not known."""
    title, short = "Code frozen, CI passed", "code"
    row = _checked(state, title, short, ("branch", "tree", *_ci(state)), "not checked")
    return Row("skipped", title, short, "no CI configured") if row.state == "done" and not _ci(state) else row


def _team_row(state: RunState) -> Row:
    """Who is needed is there, and people were told; before GO nobody is told yet."""
    title, short = "Team notified", "team"
    found, told = _of(state.checks, ("team",)), next((check for check in state.checks if check.id == "announcement"), None)
    if (found and found[0] not in ("done", "skipped")) or told is None or told.status not in ("passed", "failed"):
        row = _checked(state, title, short, ("team", "announcement"), "not needed")
        return Row("skipped", title, short, "nobody notified") if row.state == "done" else row
    if state.untold:
        count = len(state.announced) + len(state.untold)
        return Row("failed", title, short, f"{len(state.untold)} of {counted(count, 'channel')} not notified")
    if told.status == "failed":
        return Row("failed", title, short, str(told.detail))
    if state.announced:
        return Row("done", title, short, f"{counted(len(state.announced), 'channel')} notified")
    return Row("skipped", title, short, "nobody notified") if state.phase == "ended" else Row("waiting", title, short, "at GO")


def _ending_row(state: RunState) -> Row:
    """Whether people were told how it ended: where they were told before, they are told after, whatever became of it."""
    title = "Success announced"
    if state.told_end is not None:
        count, good = len(state.told_end), state.exit in (None, 0, 8)
        found = counted(count, "channel")
        return Row("failed" if not count else "done" if good else "skipped", title, "announced", found if good else f"not a success; {found} notified")
    check = next((check for check in state.checks if check.id == "announcement"), None)
    if check is None:
        return Row("skipped", title, "announced", "nobody notified" if state.phase == "ended" else "not yet")
    if check.status == "skipped":
        return Row("skipped", title, "announced", "no channel")
    if state.phase == "ended" and not (state.announced or state.changed):
        return Row("skipped", title, "announced", "nothing to announce")
    return Row("waiting", title, "announced", "being sent" if state.phase == "ended" else "at the end")


def checklist(state: RunState, now: float) -> tuple[Row, ...]:
    """Return the eight rows. `now` is on the boot-time clock."""
    return (
        _code_row(state),
        _checked(state, "Staging verified", "staging", ("staging",), "not required"),
        _backup_row(state, now),
        _team_row(state),
        _deploy_row(state, now),
        _health_row(state),
        _monitor_row(state, now),
        _ending_row(state),
    )


def checklist_lines(rows: tuple[Row, ...], width: int) -> tuple[Line, ...]:
    """One row a line: mark, title, what was found."""
    out = []
    for row in rows:
        title = Span(row.title, "strong" if row.title.isupper() else "dim" if row.state in ("skipped", "waiting") else "plain")
        room = width - 3 - len(row.title)
        found = row.found if len(row.found) <= room else row.found.removesuffix(" passed")
        space = " " * max(1, width - 2 - len(row.title) - len(found))
        out.append(clipped(line(mark(row.state), " ", title, Span(space + found, "dim")), width))
    return tuple(out)


def current_row(rows: tuple[Row, ...]) -> Row:
    """Return the row that is under way, or that stands in the way; else the next one, else that of the deployment.

    Once the deployment has begun, what the rows before it warned of stands in nobody's way.
    """
    deployment = rows[4]
    rows = rows if deployment.state in ("waiting", "skipped") else rows[4:]
    for states in (("now", "paused", "back"), ("failed", "unknown", "busy"), ("waiting",)):
        found = next((row for row in rows if row.state in states), None)
        if found:
            return found
    return deployment


def checklist_line(rows: tuple[Row, ...], width: int) -> Line:
    """Eight marks, and the current row in words; with room, a word beside each mark."""
    short = [span for row in rows for span in (mark(row.state), Span(f" {row.short}  ", "strong" if row.short.isupper() else "dim"))]
    now = current_row(rows)
    words = line(Span(now.title, "strong"), Span(f" {now.found}" if now.found else "", "dim"))
    if sum(len(row.short) + 4 for row in rows) + len(now.found) + 1 <= width:
        return clipped(line(" ", *short, Span(now.found, "dim")), width)
    return clipped(line(" ", *(span for row in rows for span in (mark(row.state), Span(" "))), " ", *words), width)
