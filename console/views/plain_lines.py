"""A run as plain lines: one for each event, what is waited for, how it ended. Pure.

Owns what a line holds besides the sentence. It knows no clock and no terminal; who writes the lines is `plain`'s business.
"""

from console.core.plan.shift_plan import ways_back
from console.core.run.monitoring_window import window_gone, window_seconds
from console.core.run.sentences import sentence
from console.core.words.sizes import counted_hosts
from console.model.events import Event
from console.model.state import RunState
from console.views.blocking_reason import analysis_words, step_words
from console.views.parting_lines import last_lines
from console.views.progress import is_late, running_steps, usual_seconds
from console.views.styled_text import text
from console.views.threshold_rows import breach_words
from console.views.times import clock_span, seconds_in_words
from console.views.traffic_words import drain_time, drain_words

SHOWN = 3
"""Steps that a line of waiting names; the rest is counted."""


def event_line(event: Event) -> str:
    """Return the line of an event: the time of day (UTC) and what happened."""
    return f"{event.at[11:19] or '--:--:--'} {sentence(event)}"


def waited_for(state: RunState, now: float) -> str:
    """Return what the run waits for and since when. `now` is on the boot-time clock, in seconds."""
    if state.phase == "ended":
        return "nothing: the run has ended"
    waiting = [check for check in state.checks if check.blocks and check.status == "waiting"]
    if state.phase == "deciding" and waiting:
        return f"{', '.join(f'{check.title} ({check.detail})' for check in waiting[:SHOWN])}, {seconds_in_words(now - state.opened)}"
    if state.phase == "deciding":
        return f"GO or no-go, {seconds_in_words(now - state.mono)}"
    breach = text(breach_words(state, now))
    if breach and state.phase == "running":
        return breach
    running = [_step_line(state, now, index) for index in range(len(running_steps(state)))]
    if state.pausing and not running:
        return f"a person: {state.pausing.reason}, {seconds_in_words(now - state.pausing.since)}"
    if running:
        more = f" and {len(running) - SHOWN} more" if len(running) > SHOWN else ""
        return ", ".join(running[:SHOWN]) + more
    what = {"preflight": "the pre-flight's checks", "locking": "the locks on the hosts"}.get(state.phase, "the next step")
    return f"{what}, {seconds_in_words(now - (state.mono or state.opened))}"


def _step_line(state: RunState, now: float, index: int) -> str:
    step, ran = running_steps(state)[index]
    spent = now - ran.started
    if step.kind == "monitor":
        return f"the monitoring window, {clock_span(window_gone(state, step, now))} of {clock_span(window_seconds(state, step))}"
    if step.kind == "drain" and step.about in state.hosts:
        return f"{step.about} {drain_words(state.hosts[step.about])}, {drain_time(step, spent)}"
    if step.kind == "analysis":
        return f"{analysis_words(state, step)}, {seconds_in_words(spent)}"
    usual = usual_seconds(state, step.kind) if step.about else None
    late = " and late" if is_late(spent, usual) else ""
    told = f" (usual {seconds_in_words(usual)})" if usual is not None else ""
    lost = ", link lost" if step.about in state.hosts and not state.hosts[step.about].linked else ""
    return f"{step.about + ' ' if step.about else ''}{step_words(step)} {seconds_in_words(spent)}{late}{told}{lost}"


def waiting_line(state: RunState, now: float, at: str) -> str:
    """Return the line that is said while nothing happens. `at`: the time, RFC 3339 UTC."""
    return f"{at[11:19]} waits for {waited_for(state, now)}"


def ending_lines(state: RunState, now: float) -> tuple[str, ...]:
    """Return the last lines of a run that is over: how it ended, why, and what to type next."""
    return last_lines(state, now)


def decision_lines(state: RunState) -> tuple[str, ...]:
    """Return what GO would do: the waves, and where each host would go back to."""
    if state.plan is None:
        return ()
    waves = [f"  wave {number}: {', '.join(wave)}" for number, wave in enumerate(state.plan.waves, 1)]
    targets: dict[str, list[str]] = {}
    found = ways_back(state)
    for way in found.returning:
        words = f"{way.version or way.release or 'stopped and removed'}" if way.possible else f"no way back: {way.reason}"
        targets.setdefault(words, []).append(way.host)
    back = [f"  back to {words}: {', '.join(hosts)}" for words, hosts in targets.items()]
    back += [f"  back without requests, on what they have: {', '.join(found.resting)}"] if found.resting else []
    count = sum(map(len, state.plan.waves))
    return (f"{counted_hosts(count)} of {state.environment}, {state.plan.strategy}, {state.plan.size} steps", *waves, *back)
