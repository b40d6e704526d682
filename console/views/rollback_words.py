"""What a roll back would do, as its dialog says it: which hosts go back where, how, for how long, and what stays. Pure."""

from console.core.checks.database_return import schema_back
from console.core.plan.return_plan import is_drained, preferred_way, serving_hosts, touched_hosts
from console.core.plan.shift_plan import shifts_back
from console.core.traffic.bluegreen_sides import standing_by
from console.model.state import RunState
from console.views.plan_words import has_page, is_recreated, names_in_words
from console.views.progress import taken
from console.views.return_words import beside, host_returns
from console.views.styled_text import Line, Span, clipped, line
from console.views.times import seconds_in_words


def rollback_lines(state: RunState, width: int) -> tuple[Line, ...]:
    """Return what would go back where, how it would go, what each way costs, and what stays."""
    touched = touched_hosts(state)
    data = schema_back(state)
    out = [
        *(_shift(state, touched, width) if shifts_back(state) else _hosts(state, touched, width)),
        *(row for price in _prices(state, touched) for row in beside(price[:1], price[1:], width)),
        *beside(line(Span("data   ", "dim")), line(Span(data.words, "plain" if data.is_safe else "warn")), width),
    ]
    return tuple(clipped(one, width) for one in out)


def _hosts(state: RunState, touched: tuple[str, ...], width: int) -> tuple[Line, ...]:
    """How many hosts go back, and where."""
    out = [
        line(Span(f"{len(touched)} of {len(state.hosts)} hosts {'goes' if len(touched) == 1 else 'go'} back", "strong"), f": {names_in_words(touched)}"),
        *host_returns(state, width, touched)[1:6],
    ]
    return tuple(out)


def _shift(state: RunState, touched: tuple[str, ...], width: int) -> tuple[Line, ...]:
    """Where the traffic goes in a blue/green release, and what becomes of the side that has the release."""
    waiting = standing_by(state)
    ready = tuple(name for name in state.hosts if name in waiting)
    admitted = any(seen.mark == "in" for name in touched for seen in state.hosts[name].traffic.values())
    verb = "moves back to" if admitted or any(state.hosts[name].traffic for name in ready) else "stays at"
    versions = ", ".join(dict.fromkeys(str(state.hosts[name].version) or state.hosts[name].release for name in ready))
    keeps = f"{names_in_words(touched)} get no requests and keep what they have; nothing is restarted"
    return (
        *beside((), line(Span(f"The traffic {verb} {names_in_words(ready)}", "strong"), f": {versions}"), width),
        *beside(line(Span("then   ", "dim")), line(keeps), width),
    )


def prefers_halves(state: RunState) -> bool:
    """Whether going back in halves is what is proposed."""
    return not shifts_back(state) and preferred_way(state, touched_hosts(state)) == "halves"


def has_halves(state: RunState) -> bool:
    """Whether there is a choice between all at once and halves: not where both versions would run at the same time that must not."""
    return not shifts_back(state) and not (state.plan is not None and is_recreated(state.plan))


def _prices(state: RunState, touched: tuple[str, ...]) -> tuple[Line, ...]:
    """What the way that is proposed costs, and the other one."""
    took = _took(state)
    if shifts_back(state):
        return _moved(state, took)
    if not has_halves(state):
        page = ", behind the maintenance page" if state.plan and has_page(state.plan) else ""
        return (line(Span("time   ", "dim"), f"{_seconds(took, 1)}, {_together(state, touched)}{page}"),)
    all_at_once = line(Span("all    ", "dim"), f"{_seconds(took, 1)}, {_together(state, touched)}")
    if len(touched) < 2:
        return (line(Span("time   ", "dim"), _seconds(took, 1), _parts(took)),)
    drained = is_drained(state, touched)
    serves = "no gap: the other half serves" if drained else "the other half serves; no balancer drains them"
    halves = line(Span("halves ", "dim"), f"{_seconds(took, 2)}, {serves}")
    order = (halves, all_at_once) if prefers_halves(state) else (all_at_once, halves)
    return (*order, line(Span("each   ", "dim"), _parts(took).strip(" ()"))) if took else order


def _moved(state: RunState, took: dict[str, float]) -> tuple[Line, ...]:
    """What the way back of a blue/green release is: the traffic moves, and nothing is restarted."""
    seconds = sum(took.get(kind, 0.0) for kind in ("gate", "admit", "drain"))
    return (line(Span("time   ", "dim"), f"about {seconds_in_words(max(1, seconds))}" if seconds else "not known yet how long"),)


def _together(state: RunState, touched: tuple[str, ...]) -> str:
    """How many restart together, and what that is for users."""
    serve = serving_hosts(state, touched)
    words = f"{len(touched)} of {len(serve)} restart together"
    return f"{words}: an outage" if len(touched) >= len(serve) else words


def _took(state: RunState) -> dict[str, float]:
    known = {**state.usual, **taken(state)}
    return {kind: known[kind] for kind in ("drain", "switch", "restart", "gate", "admit") if kind in known}


def _seconds(took: dict[str, float], times: int) -> str:
    return f"about {seconds_in_words(max(1, times * sum(took.values())))}" if took else "not known yet how long"


def _parts(took: dict[str, float]) -> str:
    names = {"admit": "return"}
    return " (" + " + ".join(f"{names.get(kind, kind)} {seconds_in_words(seconds)}" for kind, seconds in took.items()) + ")" if took else ""
