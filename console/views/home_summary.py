"""An environment at rest: what is live where, what is not as it should be, and its runs as rows. Pure."""

from collections import Counter
from datetime import tzinfo

from console.as_typed import as_typed
from console.core.words.shortened_list import shortened
from console.model.fleet_snapshot import FleetSnapshot, SnapshotHost
from console.model.maintenance_mode import MaintenanceSeen
from console.model.paged_table import Table
from console.model.run_summary import RunSummary
from console.model.state import HostCondition, HostState, RunState
from console.model.traffic import HostTraffic
from console.safe_text import SafeText
from console.views.environment_title import environment_title
from console.views.history_words import ended_words, short_change, why_words
from console.views.maintenance_summary import odd_places, place_words, since_words
from console.views.staleness import old_news
from console.views.styled_text import Line, Span, Tone, by_room, cell, clipped, line
from console.views.styled_text import width as spans_width
from console.views.times import clock_span, day_and_time, seconds_between

_OUTCOME_TONES: dict[str, Tone] = {
    "succeeded": "good", "rolled-back": "back", "failed": "bad", "failed early": "bad", "no-go": "warn", "locked": "warn", "interrupted": "warn",
    "error": "bad", "superseded": "dim",
}  # fmt: skip


def resting_state(board: FleetSnapshot) -> RunState:
    """The fleet at rest as a state of no run, so that the panels of a run show it."""
    hosts = Table({host.host: _resting_host(host) for host in board.hosts})
    return RunState(app=board.app, environment=board.environment, protected=board.protected, phase="ended", hosts=hosts)


def _resting_host(host: SnapshotHost) -> HostState:
    if not host.reachable:
        return HostState(host.host, condition="unreachable", detail=host.problem, linked=False)
    traffic = {"": HostTraffic("drained")} if host.drained else {}
    return HostState(
        host.host, condition=_resting_condition(host), release=host.release, version=host.version or SafeText(host.release), detail=host.drift, traffic=traffic
    )  # fmt: skip


def _resting_condition(host: SnapshotHost) -> HostCondition:
    if host.drift:
        return "unknown"
    return {True: "new", False: "failed", None: "old"}[host.healthy]  # type: ignore[return-value]


def home_lines(
    board: FleetSnapshot | None, open_run: str, width: int, *, behind: bool = False, zone: tzinfo | None = None, problem: str = ""
) -> tuple[Line, ...]:
    """The lines on top: what is live where; and what wants attention, with the key for it. Two, or three where there is little width.

    `behind`: a run has begun or ended since the hosts were read; `problem`: why what is known of them is old news; empty: it is not.
    """
    if board is None:
        return (old_news(problem, (), width) or line(" reading the hosts …"),)
    title, versions = environment_title(board.app, board.environment, protected=board.protected), _live_versions(board)
    if spans_width(title) + spans_width(versions) + 2 > width:
        return title, line(" ", *versions), old_news(problem, _attention(board, open_run, behind, zone), width)
    parts = (
        (0, title),
        (1, versions),
        _maintenance(board),
        (3, line(Span("nothing runs", "dim")) if not (board.run or open_run or board.record_away or problem) else ()),
    )
    return by_room(parts, width), old_news(problem, _attention(board, open_run, behind, zone), width)


def _maintenance(board: FleetSnapshot) -> tuple[int, Line]:
    """What users are shown, where there is a page; with its importance beside the other parts of the line."""
    seen = board.maintained
    if seen is None or not seen.places:
        return 2, ()
    return (2, line(Span("maintenance off", "dim"))) if seen.state == "off" else (1, line(Span(f"maintenance {seen.state}", "warn")))


def _maintained(seen: MaintenanceSeen, zone: tzinfo | None) -> Line:
    odd = "; ".join(place_words(place) for place in odd_places(seen)[:2])
    since = since_words(seen.kept, seen.at, lambda at: day_and_time(at, zone)) if seen.kept else ""
    return line(Span(f" maintenance {seen.state}: {'; '.join(words for words in (odd, since) if words)}", "warn"), Span("   m", "accent"), " switches it")


def _live_versions(board: FleetSnapshot) -> Line:
    reached = [host for host in board.hosts if host.reachable]
    versions = Counter(str(host.version or host.release or "nothing") for host in reached)
    most = versions.most_common(3)
    if len(most) == 1 and len(reached) == len(board.hosts):
        return line(Span(most[0][0], "strong"), f" on all {len(reached)}" if len(reached) > 1 else "")
    spans: list[Span | str] = []
    for version, hosts in most:
        spans += [", " if spans else "", Span(version, "strong"), f" on {hosts}"]
    return line(*spans, f" of {len(board.hosts)}") if spans else line(Span("no host answers", "bad"))


def _attention(board: FleetSnapshot, open_run: str, behind: bool, zone: tzinfo | None) -> Line:
    if board.run:
        return line(Span(f" run {board.run} goes on", "warn"), Span("   enter", "accent"), " joins it")
    if board.record_away:
        of_run = f": whether run {open_run} goes on is not known" if open_run else ""
        return line(Span(f" the shared record is away{of_run}, and nothing begins but a rollback: {board.record_away}", "bad"))
    if open_run and behind:
        return line(Span(f" run {open_run} has begun since the hosts were read: reading them again …", "warn"))
    if open_run:
        return line(Span(as_typed(f" run {open_run} was interrupted: deploy resume"), "warn"))
    if behind:
        return line(Span(" a run has ended since the hosts were read: reading them again …", "warn"))
    if board.held:
        return line(Span(f" locked by {board.held.by}: {board.held.reason or board.held.run}", "warn"))
    if board.maintained and board.maintained.kept and board.maintained.state != "off":
        return _maintained(board.maintained, zone)
    return _of_hosts(board)


def _of_hosts(board: FleetSnapshot) -> Line:
    """What is not as it should be on some hosts."""
    away = [host.host for host in board.hosts if not host.reachable]
    owed = {debt.host: debt.next for debt in board.owed}
    if owed and set(away) <= owed.keys():
        gone = ", not reached" if away else ""
        return line(Span(f" owed{gone}: {shortened(list(owed), 3)}; {next(iter(owed.values()))}", "owed"))
    if away:
        return line(Span(f" not reached: {shortened(away, 3)}", "bad"))
    if board.failed:
        well = all(host.healthy for host in board.hosts)
        words = f" the last {board.failed.kind} failed, and no run has succeeded since" if well else f" not verified since the last {board.failed.kind} failed"
        return line(Span(words, "bad"), Span(f"   run {board.failed.run}", "dim"))
    drifted = [host for host in board.hosts if host.drift]
    if drifted:
        return line(Span(f" drift on {shortened([host.host for host in drifted], 3)}: {drifted[0].drift}", "warn"))
    unhealthy = [host.host for host in board.hosts if host.healthy is False]
    if unhealthy:
        return line(Span(f" not healthy: {shortened(unhealthy, 3)}", "bad"))
    doubtful = [host.host for host in board.hosts if host.release and host.healthy is None]
    if doubtful:
        return line(Span(f" not verified: {shortened(doubtful, 3)}; no run has checked {'it' if len(doubtful) == 1 else 'them'}", "dim"))
    return line(Span(" all quiet", "dim"))


def run_row(run: RunSummary, width: int, zone: tzinfo | None) -> Line:
    """A run in the history: when, how it ended, from what to what, who, which run; with more room also how, which commit, and why."""
    outcome = ended_words(run, "goes on")
    roomy, change = width >= 100, 28 if width >= 130 else 22 if width >= 100 else 18
    cells = (
        (12, day_and_time(run.started, zone), "dim"),
        (13, outcome, _OUTCOME_TONES.get(outcome, "accent")),
        (change, short_change(run, change), "strong"),
        (9, clock_span(seconds_between(run.started, run.ended)) if run.ended else "", "plain"),
        *(((11, run.strategy, "dim"), (9, run.commit[:7], "dim")) if roomy else ()),
        (11, run.by, "plain"),
    )  # fmt: skip
    shown = tuple(Span(cell(words, room), tone) for room, words, tone in cells)
    why = why_words(run) if roomy else ""
    more = (Span(f"  {why}", _OUTCOME_TONES.get(outcome, "plain")),) if why else ()
    return clipped((*shown, Span(run.run, "dim"), *more), width)
