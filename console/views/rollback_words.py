"""What a roll back would do, as its dialog says it: which hosts go back where, how, for how long, and what stays. Pure."""

from console.core.checks.database_return import schema_back
from console.model.state import RunState
from console.views.plan_words import names_in_words
from console.views.return_words import beside, host_returns
from console.views.styled_text import Line, Span, clipped, line
from console.views.times import seconds_in_words


def rollback_lines(state: RunState, width: int) -> tuple[Line, ...]:
    """Return what would go back where, how it would go, and what stays."""
    touched = tuple(host.name for host in state.hosts.values() if host.touched)
    halves, data = prefers_halves(state), schema_back(state)
    out = [
        line(Span(f"{len(touched)} of {len(state.hosts)} hosts {'goes' if len(touched) == 1 else 'go'} back", "strong"), f": {names_in_words(touched)}"),
        *host_returns(state, width, touched)[1:6],
        line(Span("how    ", "dim"), "in two halves; the other half keeps serving" if halves else "all at once, over open connections"),
        line(Span("time   ", "dim"), _back_time(state, halves)),
        *beside(line(Span("data   ", "dim")), line(Span(data.words, "plain" if data.is_safe else "warn")), width),
    ]
    return tuple(clipped(one, width) for one in out)


def prefers_halves(state: RunState) -> bool:
    """Whether going back in halves is what is proposed. Without a balancer it never is: all at once is sooner over."""
    return state.request.halves


def _back_time(state: RunState, halves: bool) -> str:
    took: dict[str, list[float]] = {}
    for host in state.hosts.values():
        for name, ran in host.steps.items():
            if ran.status == "done" and name in state.index:
                took.setdefault(state.index[name].kind, []).append(ran.seconds)
    parts = [(kind, max(took[kind])) for kind in ("switch", "restart", "gate") if kind in took]
    if not parts:
        return "switch + restart + gate; not known yet"
    total = sum(seconds for _, seconds in parts) * (2 if halves else 1)
    return f"about {seconds_in_words(max(1, total))} (" + " + ".join(f"{kind} {seconds_in_words(seconds)}" for kind, seconds in parts) + ")"
