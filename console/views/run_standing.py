"""How a run stands: from what to what, how far it is, and how it ended. Pure."""

from console.core.kinds.kind_table import kind_of
from console.core.plan.run_versions import rollback_goal, versions_before
from console.core.run.breaches import blocking_breach, counting_down
from console.core.run.downtime import downtime, is_down
from console.core.words.durations import duration_words
from console.core.words.shortened_list import shortened
from console.model.state import RunState
from console.views.progress import left_seconds
from console.views.styled_text import Line, Span, Tone, line
from console.views.times import clock_span, seconds_in_words

_OUTCOMES: dict[int, tuple[str, Tone]] = {
    0: ("RELEASED", "good"), 1: ("THE CONSOLE FAILED", "bad"), 2: ("REFUSED", "bad"), 3: ("NO-GO", "warn"), 4: ("ROLLED BACK", "back"),
    5: ("FAILED", "bad"), 6: ("LOCKED", "warn"), 7: ("DETACHED", "dim"), 8: ("RELEASED, SOME HOSTS BEHIND", "warn"),
    9: ("PAUSED", "warn"), 130: ("INTERRUPTED", "warn"),
}  # fmt: skip


_PHASES: dict[str, tuple[str, Tone]] = {
    "preflight": ("pre-flight", "busy"), "deciding": ("GO or no-go?", "accent"), "locking": ("taking the locks", "busy"),
    "running": ("running", "busy"), "rolling-back": ("ROLLING BACK", "back"), "ended": ("ended", "dim"),
}  # fmt: skip


def wave_now(state: RunState) -> tuple[int, int]:
    """Return (the wave that goes on, how many there are); zeros before the first."""
    waves = state.plan.waves if state.plan else ()
    touched = ("updating", "new", "failed", "unreachable", "unknown", "returning", "back", "skipped", "owed")
    number = 0
    for index, wave in enumerate(waves, 1):
        if any(name in state.hosts and state.hosts[name].condition in touched for name in wave):
            number = index
    return number, len(waves)


def outcome_words(state: RunState) -> tuple[str, Tone]:
    """How an ended run ended, in capitals."""
    if state.exit == 0 and not kind_of(state).makes_release:
        return kind_of(state).words.done, "good"
    if state.outcome == "superseded":
        return "SUPERSEDED", "plain"
    return _OUTCOMES.get(state.exit if state.exit is not None else 1, ("ENDED", "dim"))


def standing(state: RunState) -> Span:
    """Where the run stands, in a word or two."""
    if state.phase == "ended":
        return Span(*outcome_words(state))
    if state.pausing:
        return Span("PAUSED", "warn")
    if blocking_breach(state) is not None and not state.aborting:
        return Span("GOING BACK SOON" if counting_down(state) else "ABOVE LIMIT", "bad")
    if state.aborting and state.phase == "running":
        return Span("ABORTING", "back")
    return Span(*_PHASES[state.phase])


def from_to(state: RunState) -> Line:
    """`v1.4.1 → v1.4.2`; in a rollback the way is the other one, and after it there is but where it ended."""
    if state.release is None:
        return _without_release(state)
    old = _old_words(state)
    new = str(state.release.version)
    if state.phase == "ended" and state.exit == 4:
        return line("back on ", Span(old, "strong"), Span(f" (not {new})", "dim"))
    if state.phase == "rolling-back":
        return line(Span(new, "dim"), " → ", Span(old, "strong"))
    return line(old, " → ", Span(new, "strong"))


def _without_release(state: RunState) -> Line:
    """A rollback's way is from what was live to where it goes; a restart stays where it is."""
    goal = rollback_goal(state.way_back, state.plan) if kind_of(state).is_return else None
    target = str(goal.version or goal.release) if goal else ""
    had = [str(host.before_version or host.before) for host in state.hosts.values() if host.before]
    live = next((version for version in had if version != target), had[0] if had else "")
    if target and state.phase == "ended" and state.exit == 0:
        return line("back on ", Span(target, "strong"), Span(f" (not {live})" if live != target else "", "dim"))
    if target:
        return line(Span(live, "dim"), " → ", Span(target, "strong"))
    return line(Span(live or state.request.ref or ("HEAD" if kind_of(state).makes_release else state.kind), "strong"))


def _old_words(state: RunState) -> str:
    found = list(dict.fromkeys(str(version) for version in versions_before(state.way_back, state.plan, state.live) if version))
    return shortened(found, 2) or "first release"


def progress_words(state: RunState) -> str:
    """Return how far the run is: `wave 2/4`, going back `3 of 5 back`; nothing once it has ended."""
    if state.phase == "ended":
        return ""
    if state.phase == "rolling-back":
        touched = [host for host in state.hosts.values() if host.touched]
        return f"{sum(1 for host in touched if host.condition == 'back')} of {len(touched)} back"
    number, waves = wave_now(state)
    return f"wave {number}/{waves}" if number else ""


def left_words(state: RunState, now: float) -> str:
    """`~05:30 left`; nothing when it is not known."""
    left = left_seconds(state, now)
    return "" if left is None else f"~{clock_span(left)} left"


def elapsed_words(state: RunState, now: float) -> str:
    """Return how long the run has gone on since GO, else since it was opened."""
    return clock_span((state.mono if state.phase == "ended" else now) - began(state)) if state.opened else ""


def began(state: RunState) -> float:
    """From when on its time is counted: a no-go has none but that of its checks."""
    return (state.decided if state.go else 0.0) or state.opened


def downtime_words(state: RunState, now: float) -> str:
    """Return how long nothing serves, or served nothing, against what was declared; empty: the run is none that takes the service down."""
    seconds = downtime(state, state.mono if state.phase == "ended" else now)
    if seconds is None:
        return ""
    declared = state.request.impact.downtime
    against = "" if declared is None else f", declared {duration_words(declared) if declared else 'none'}"
    return f"{'down for' if is_down(state) else 'downtime'} {seconds_in_words(seconds)}{against}"


def is_over_declared(state: RunState, now: float) -> bool:
    """Whether nothing has served for longer than was declared."""
    declared, seconds = state.request.impact.downtime, downtime(state, state.mono if state.phase == "ended" else now)
    return seconds is not None and declared is not None and seconds > declared


def commit_words(state: RunState) -> str:
    """Return the commit in short, where the version does not say it; of a way back none is known."""
    if state.back:
        return ""
    commit = state.revision.commit[:7] if state.revision else ""
    return "" if state.release and str(state.release.version) == commit else commit
