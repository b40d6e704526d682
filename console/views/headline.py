"""The two lines on top: what is released where and how far it is; and what is waited for. Pure."""

from collections.abc import Container

from console.model.state import RunState
from console.views.blocking_reason import waiting_line
from console.views.environment_title import environment_title
from console.views.fleet_rows import counts_in_words
from console.views.maintenance_summary import since_words
from console.views.run_standing import commit_words, downtime_words, elapsed_words, from_to, is_over_declared, left_words, progress_words, standing
from console.views.staleness import old_news
from console.views.styled_text import Line, Span, by_room, clipped, joined, line, text

BEHIND = 1.0
"""Seconds of a round trip from which on what is seen is said to be behind."""


def link_words(round_trip: float | None, problem: str = "") -> Line:
    """How the engine is reached: `● 18 ms`, `● behind, 1.4 s`, or that it is gone."""
    if problem:
        return line(Span("! ", "bad"), Span(problem, "bad"))
    if round_trip is None:
        return ()
    if round_trip >= BEHIND:
        return line(Span("● ", "warn"), Span(f"behind, {round_trip:.1f} s", "warn"))
    return line(Span("● ", "good"), f"{round_trip * 1000:.0f} ms")


def who_words(state: RunState, present: tuple[str, ...]) -> str:
    """`ada drives, lin watches`."""
    others = [who for who in dict.fromkeys(present) if who != state.driver.name]
    if not state.driver.name:
        return ""
    return f"{state.driver}" + (f" drives, {', '.join(others)} watch{'es' if len(others) == 1 else ''}" if others else "")


def top_line(
    state: RunState, now: float, width: int, present: tuple[str, ...] = (), round_trip: float | None = None, *,
    problem: str = "",
) -> Line:  # fmt: skip
    """Application, ENVIRONMENT, from → to, how far, for how long, how long still, who, the link. `now` is on the boot-time clock."""
    parts = (
        (0, environment_title(state.app, state.environment, protected=state.protected)),
        (0, from_to(state)),
        (7, line(Span(commit_words(state), "dim"))),
        (1, (standing(state),)),
        (1, line(Span(downtime_words(state, now), "bad" if is_over_declared(state, now) else "warn")) if downtime_words(state, now) else ()),
        (1, line(Span("maintenance", "warn")) if state.maintenance and state.phase != "ended" else ()),
        (1, line(Span("record away", "bad")) if state.unshared and state.phase != "ended" else ()),
        (6, line(f"{state.plan.strategy if state.plan else ''}".strip())),
        (2, line(progress_words(state))),
        (4, line(elapsed_words(state, now))),
        (3, line(left_words(state, now))),
        (5, line(Span(who_words(state, present), "dim"))),
        (2 if problem or (round_trip or 0) >= BEHIND else 8, link_words(round_trip, problem)),
    )
    return by_room(parts, width)


def run_lines(
    state: RunState, now: float, width: int, present: tuple[str, ...] = (), round_trip: float | None = None, *,
    problem: str = "",
) -> tuple[Line, ...]:  # fmt: skip
    """Return everything that the header has room for on a wide screen, a line each: for a narrow one."""
    rows: tuple[tuple[str, Line], ...] = (
        ("run", line(state.run)),
        ("release", joined((from_to(state), line(Span(commit_words(state), "dim"))))),
        ("state", joined(((standing(state),), line(state.plan.strategy if state.plan else ""), line(progress_words(state))))),
        ("time", line("   ".join(words for words in (elapsed_words(state, now), left_words(state, now)) if words))),
        ("users see", line(Span(f"a maintenance page {since_words(state.maintenance)}", "warn")) if state.maintenance else ()),
        ("record", line(Span(f"away: {state.unshared}", "bad")) if state.unshared and state.phase != "ended" else ()),
        ("people", line(who_words(state, present))),
        ("engine", link_words(round_trip, problem)),
        ("fleet", line(counts_in_words(state))),
    )
    return tuple(clipped(line(Span(f"{name:<10}", "dim"), *words), width) for name, words in rows if text(words).strip())


def headline(
    state: RunState, now: float, width: int = 120, *, present: tuple[str, ...] = (), round_trip: float | None = None, host: str = "",
    problem: str = "", helm: str = "", home: bool = False, offered: Container[str] | None = None,
) -> tuple[Line, Line]:  # fmt: skip
    """Both lines. `now` is on the boot-time clock, `round_trip` in seconds; `problem`: why nothing more is heard of the run; the rest: see `waiting_line`."""
    if not state.run and not state.app:
        return line(Span(" deploy", "strong"), "  waiting for the run"), old_news(problem, (), width) or line(" ")
    top = top_line(state, now, width, present, round_trip, problem=problem)
    return top, old_news(problem, waiting_line(state, now, width, host, helm, home, offered), width)
