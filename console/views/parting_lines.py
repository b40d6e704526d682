"""What stays on the terminal when the screen is left: how the run stands or ended, what blocks, and what to type next. Pure."""

from console.as_typed import as_typed
from console.core.kinds.kind_table import kind_of
from console.core.run.outcome import loose_ends
from console.model.state import RunState
from console.views.fleet_rows import counts_in_words
from console.views.run_standing import began, downtime_words, outcome_words, standing
from console.views.threshold_rows import window_words
from console.views.times import clock_span
from console.views.traffic_words import cut_words, unread_words


def lines_left_open(run: str) -> tuple[str, ...]:
    """Return what stays on the normal screen when home is left while that run is open; empty: none is."""
    return (f"run {run} is open. Come back: {as_typed(f'deploy attach {run}')}",) if run else ()


def last_lines(state: RunState, now: float) -> tuple[str, ...]:
    """Return what stays on the normal screen after leaving."""
    if not state.run:
        return ()
    to = f"{state.app} {state.environment} {state.release.version if state.release else ''}".strip()
    if state.phase != "ended":
        window = window_words(state, now)
        window = "then the last release goes back" if state.back_next else window
        return (f"{to}: {standing(state).text}, goes on{f' ({window})' if window else ''}. Come back: {as_typed(f'deploy attach {state.run}')}",)
    words, _ = outcome_words(state)
    took = clock_span(state.mono - began(state))
    lines = [f"{to}: {words.lower()} after {took}; {counts_in_words(state)}{_now_on(state)}"]
    lines += [one for one in (downtime_words(state, now), cut_words(state), unread_words(state)) if one]
    blocking = [check for check in state.checks if check.blocks] if state.exit == 3 else []
    for check in blocking:
        lines += [f"  {check.title}: {check.detail}", *([f"    {as_typed(check.remedy)}"] if check.remedy else [])]
    lines += [words for words in ("" if blocking else str(state.reason), as_typed(state.hint)) if words]
    left = (words for problem in loose_ends(state) for words in (problem.message, f"  {as_typed(problem.hint)}" if problem.hint else ""))
    return (*lines, *filter(None, left))


def _now_on(state: RunState) -> str:
    """What hosts run that a rollback of its own brought back, where that is one version."""
    back = {name for name, host in state.hosts.items() if host.condition == "back"} if kind_of(state).is_return else set[str]()
    versions = {str(way.version) for way in state.way_back if way.host in back}
    return f", on {versions.pop()} now" if len(versions) == 1 and "" not in versions else ""
