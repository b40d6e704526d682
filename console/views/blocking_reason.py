"""What is waited for, since when, and which key: the line under the headline. Pure."""

from collections.abc import Container

from console.core.host_conditions import UNWELL
from console.core.run.canary_verdict import analysis_that_runs
from console.core.run.command_refusals import left_live, may
from console.core.run.critical_path_verdict import open_ticks
from console.core.run.monitoring_window import window_that_runs
from console.core.traffic.shares import share_words
from console.core.words.canary_words import reading_words
from console.core.words.shipping_words import sending_words
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts
from console.model import commands as cmd
from console.model.plan import Step
from console.model.state import AnalysisState, RunState, StepState
from console.views.canary_rows import short_words
from console.views.fleet_rows import counts_in_words, is_tried_later
from console.views.progress import Newest, is_late, running_steps, usual_seconds
from console.views.run_standing import outcome_words
from console.views.styled_text import Line, Span, clipped, joined, line, text
from console.views.styled_text import width as text_width
from console.views.threshold_rows import Keys, breach_keys, breach_words, short_breach_words, window_words
from console.views.times import seconds_in_words
from console.views.traffic_words import drain_time, drain_words, new_share, unread_words

ROLL_BACK, ABORT = ("r", "roll back", "roll-back"), ("a", "abort", "abort")

_STEP_NAMES = {
    "build": "build", "pack": "packing", "ship": "shipping the release", "fetch": "fetching the release", "install": "install",
    "hook": "hook", "stop": "stop", "switch": "switch", "restart": "restart", "gate": "health gate", "remove": "removal",
    "prune": "pruning", "wave": "pause",
    "monitor": "health of the fleet", "backup": "backup of the database", "migrate": "migration", "revert": "taking the migration back",
    "restore": "restore of the database", "drain": "drain", "admit": "return to traffic", "analysis": "new hosts are judged against old ones",
    "maintain": "maintenance page", "weigh": "share of the traffic", "manual": "a critical path that a person tries",
}  # fmt: skip


def step_words(step: Step) -> str:
    """Return what a step is called in a sentence."""
    return str(step.title) if step.kind in ("hook", "critical", "manual") and step.title else _STEP_NAMES.get(step.kind, str(step.title))


def _keys(*pairs: tuple[str, str]) -> Line:
    return joined((line(Span(key, "accent"), f" {words}") for key, words in pairs))


def _waited_step(state: RunState, now: float) -> Line:
    running = running_steps(state)
    if not running:
        return _between(state, now)
    step, ran = running[0]
    spent = now - ran.started
    usual = usual_seconds(state, step.kind) if step.about else None
    if step.kind in ("wave", "monitor"):
        return _timer(state, step, ran, now)
    if step.kind == "drain" and step.about in state.hosts:
        return line(Span(f"{step.about} ", "strong"), drain_words(state.hosts[step.about]), ", ", drain_time(step, spent))
    if step.kind == "analysis":
        return line(f"{analysis_words(state, step)}, {seconds_in_words(spent)}")
    if step.kind == "ship" and state.sending is not None and state.sending.mono >= ran.started:
        return line(sending_words(state.sending))
    late = is_late(spent, usual)
    took = Span(seconds_in_words(spent) + (" and late" if late else ""), "warn" if late else "plain")
    told = line(Span(f"{step.about} " if step.about else "", "strong"), step_words(step), ", ", took)
    if usual is not None:
        told = (*told, Span(f" (usual {seconds_in_words(usual)})", "warn" if late else "dim"))
    if step.about and not state.hosts[step.about].linked:
        told = (*told, Span(", link lost", "warn"))
    more = len({one.about or one.name for one, _ in running}) - 1
    return (*told, Span(f" and {more} more", "dim")) if more > 0 else told


def analysis_words(state: RunState, step: Step) -> str:
    """Return what a canary's counts come to by now."""
    seen = state.analyses.get(step.name, AnalysisState())
    return reading_words(seen.readings) + "".join(f"; {problem}" for problem in seen.problems[:1])


def _timer(state: RunState, step: Step, ran: StepState, now: float) -> Line:
    if step.kind == "wave":
        return line(f"pause before wave {step.wave}, {seconds_in_words(step.pause - (now - ran.started))} left")
    return line(window_words(state, now) or f"the last answer of every host, {seconds_in_words(now - ran.started)}")


def _between(state: RunState, now: float) -> Line:
    if state.phase == "rolling-back":
        return line(f"the next roll back step, {seconds_in_words(now - state.mono)}")
    return line(f"the next step, {seconds_in_words(now - state.mono)}")


def _before(state: RunState, now: float) -> Line:
    waiting = [check for check in state.checks if check.status == "waiting"]
    since = f", {seconds_in_words(now - state.opened)}" if state.opened else ""
    if waiting:
        return line(f"{waiting[0].title}" + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else "") + since)
    return line(f"the pre-flight's checks{since}")


def way_out(words: str, *, home: bool) -> str:
    """Return what `q` does where a run's screen was opened from home (`home`), else the words for where it ends the program."""
    return ("no-go, home" if words.startswith("no-go") or words == "leave, exit 3" else "home") if home else words


def _canary_head(state: RunState) -> Span:
    """What stands before a canary's counts: the part of the traffic that it gets, where that goes by weight."""
    share = new_share(state)
    return Span(f"canary, {share_words(share)}: " if share is not None else "canary: ", "dim")


def _judging_head(state: RunState) -> Span:
    """What stands there where there is little room."""
    if state.pausing is None:
        return _canary_head(state)
    return Span("inconclusive: " if state.pausing.cause == "inconclusive" else "paused: ", "warn")


def waiting_line(
    state: RunState, now: float, width: int, host: str = "", helm: str = "", home: bool = False, offered: Container[str] | None = None
) -> Line:  # fmt: skip
    """Return what is waited for, since when, and which key.

    `host`: the one that `x` and `t` would act on; `helm`: who answers the run's questions, when it is not who reads this; `home`: see `way_out`;
    `offered`: ids of the actions that make sense to the one who reads it, no other key is named; None: to one who may do everything.
    """
    told, answers = _waits(state, now, host, helm)
    if unread := unread_words(state):
        told = line(Span(f"{unread}; ", "bad"), *told)
    named = ((key, words) for key, words, action in answers if offered is None or action in offered)
    keys = _keys(*((key, way_out(words, home=home) if key == "q" else words) for key, words in named))
    between = "   " if text_width((*told, *keys)) + 4 <= width else "  "
    room = max(width - text_width(keys) - len(between) - 1, width // 2)
    if text_width(told) > room and (breach := short_breach_words(state, now, room - 2)):
        told = line(Span("! ", "bad"), breach)
    elif text_width(told) > room and (short := short_words(state)):
        told = (_judging_head(state), Span(short))
    return clipped(line(" ", *joined((clipped(told, room), keys), between)), width)


def _waits(state: RunState, now: float, host: str, helm: str) -> tuple[Line, Keys]:
    if state.phase == "ended":
        return _ended(state)
    if state.phase == "deciding":
        return _deciding(state, now, helm)
    if state.phase == "preflight":
        return line(Span("waits: ", "dim"), *_before(state, now)), (_leave("leave"),)
    if state.phase == "locking":
        told = f"the lock on {counted_hosts(len(state.hosts))}, {seconds_in_words(now - state.mono)}"
        return line(Span("waits: ", "dim"), told), (_leave("detach"),)
    if state.phase == "rolling-back":
        back = sum(1 for one in state.hosts.values() if one.condition == "back")
        touched = sum(1 for one in state.hosts.values() if one.touched)
        return line(Span(f"going back, {back} of {touched}: ", "back"), *_waited_step(state, now)), (_leave("detach"),)
    breach = breach_words(state, now)
    if breach and not state.pausing:
        return breach, breach_keys(state)
    if state.pausing:
        return _paused(state, now, host, helm, text(breach))
    return _watching(state, now, helm)


def _paused(state: RunState, now: float, host: str, helm: str, breach: str) -> tuple[Line, Keys]:
    pausing = state.pausing
    reason = _tried_words(state) or (str(pausing.reason) if pausing else "") or "paused"
    why = f"{reason}, {seconds_in_words(now - pausing.since)}" if pausing else ""
    if breach:
        why = f"{breach}; {why}"
    judged = analysis_that_runs(state)
    if judged and pausing and pausing.cause != "inconclusive":
        why = f"{why}; {analysis_words(state, state.index[judged])}"
    promote = (_answer("o", "promote", "promote", helm),) if judged and may(cmd.Promote(), state) is None else ()
    retry = (("t", "retry", "retry"),) if may(cmd.Retry(host=host), state) is None else ()
    hold = (("p", "hold", "pause"),) if may(cmd.Pause(), state) is None else ()
    tick = (("k", "tick off", "acknowledge"),) if open_ticks(state) else ()
    going = (_answer("c", "continue", "continue", helm),) if may(cmd.Continue(), state) is None else ()
    keys = (*hold, *promote, *tick, *going, *retry, *_recovery(state), ABORT)
    return line(Span(f"Waiting for {helm or 'you'}: ", "warn"), why), keys


def _tried_words(state: RunState) -> str:
    """Which hosts are tried again once the run continues, where they are all that it was paused for; empty: they are not."""
    if state.pausing is None or state.pausing.cause != "failure" or any(host.condition in UNWELL for host in state.hosts.values()):
        return ""
    names = [host.name for host in state.hosts.values() if is_tried_later(state, host)]
    return f"{shortened(names)}: tried again once the run continues" if names else ""


def _watching(state: RunState, now: float, helm: str) -> tuple[Line, Keys]:
    if analysis_that_runs(state):
        keys = (_answer("o", "promote", "promote", helm), ("p", "hold", "pause"), *(_recovery(state) or (ABORT,)))
        return line(_canary_head(state), *_waited_step(state, now)), keys
    if window_that_runs(state):
        keys = (_answer("o", "end", "promote", helm), ("e", "extend", "extend"), *_recovery(state))
        return line(Span("waits: ", "dim"), *_waited_step(state, now)), keys
    keys = (("x", "skip", "skip"), *(_recovery(state) or (ABORT,)))
    return line(Span("waits: ", "dim"), *_waited_step(state, now)), keys


def _recovery(state: RunState) -> Keys:
    return (ROLL_BACK,) if may(cmd.RollBack(), state) is None else ()


def _leave(words: str) -> tuple[str, str, str]:
    return "q", words, "leave"


def _answer(key: str, word: str, action: str, helm: str) -> tuple[str, str, str]:
    """The key that answers the run's question; who has not got the helm takes it first."""
    return ("h", "take the helm", "helm") if helm else (key, word, action)


def _deciding(state: RunState, now: float, helm: str) -> tuple[Line, Keys]:
    since = seconds_in_words(now - state.mono)
    blocking = [check for check in state.checks if check.blocks]
    if may(cmd.Decide(go=True, typed=state.environment), state) is None:
        keys = (_answer("enter", "GO", "go", helm), _leave("detach" if helm else "no-go, leave"))
        return line(Span(f"Waiting for {helm or 'your decision'}: ", "accent"), f"GO or no-go, {since}"), keys
    if not blocking:
        return line(Span("waits: ", "dim"), f"the end of the run, {since}"), (_leave("leave"),)
    first = min(blocking, key=lambda check: (check.status == "waiting", not check.is_open))
    more = f" and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    if first.is_open:
        return line(Span("Waiting for you: ", "accent"), f"{first.title}{more}: {first.detail}"), (("k", "tick off", "acknowledge"), _leave("no-go, leave"))
    if first.status == "waiting":
        return line(Span("waits: ", "dim"), f"{first.title}{more}: {first.detail}"), (_leave("no-go, leave"),)
    why = f" ({first.detail})" if first.detail else ""
    return line(Span("no-go: ", "bad"), f"{first.title}{more}{why}"), (_leave("leave, exit 3"),)


def _ended(state: RunState) -> tuple[Line, Keys]:
    words, tone = outcome_words(state)
    told = line(Span(words.capitalize(), tone), f": {state.reason}" if state.reason else f": {counts_in_words(state)}")
    return told, (_leave("leave"), ROLL_BACK) if left_live(state) else (_leave("leave"),)


def _waited_host(state: RunState) -> str:
    for step, _ in running_steps(state):
        if step.about:
            return step.about
    held = next(iter(state.tally.with_held_step), "")
    if held:
        return held
    wrong = ("failed", "unknown", "unreachable", "owed")
    return next((host.name for host in state.hosts.values() if host.condition in wrong), "")


waited_host: Newest[RunState, str] = Newest(_waited_host)
"""(state) to the host that is waited for, or that needs a person; empty when there is none."""
