"""The two lines on top: what is released where and how far it is; and what is waited for, since when, and which key. Pure."""

from console.model.plan import Step
from console.model.state import HostState, RunState, StepState
from console.views.fleet import counts_in_words
from console.views.pace import left_seconds, running_steps, usual_seconds, watch_seconds
from console.views.spans import Line, Span, Tone, by_room, clipped, joined, line, text
from console.views.spans import width as text_width
from console.views.times import clock_span, seconds_in_words

_STEP_NAMES = {
    "build": "build", "pack": "packing", "ship": "shipping the release", "fetch": "fetching the release", "install": "install",
    "hook": "hook", "stop": "stop", "switch": "switch", "restart": "restart", "gate": "health gate", "remove": "removal",
    "prune": "pruning", "wave": "pause",
    "monitor": "health of the fleet", "backup": "backup of the database", "migrate": "migration", "revert": "taking the migration back",
    "restore": "restore of the database",
}  # fmt: skip

_OUTCOMES: dict[int, tuple[str, Tone]] = {
    0: ("RELEASED", "good"), 1: ("THE CONSOLE FAILED", "bad"), 2: ("REFUSED", "bad"), 3: ("NO-GO", "warn"), 4: ("ROLLED BACK", "back"),
    5: ("FAILED", "bad"), 6: ("LOCKED", "warn"), 7: ("DETACHED", "dim"), 8: ("RELEASED, SOME HOSTS BEHIND", "warn"),
    9: ("PAUSED", "warn"), 130: ("INTERRUPTED", "warn"),
}  # fmt: skip

_PHASES: dict[str, tuple[str, Tone]] = {
    "preflight": ("pre-flight", "busy"), "deciding": ("GO or no-go?", "accent"), "locking": ("taking the locks", "busy"),
    "running": ("running", "busy"), "rolling-back": ("ROLLING BACK", "back"), "ended": ("ended", "dim"),
}  # fmt: skip


BEHIND = 1.0
"""Seconds of a round trip from which on what is seen is said to be behind."""


def step_words(step: Step) -> str:
    """Return what a step is called in a sentence."""
    return str(step.title) if step.kind == "hook" and step.title else _STEP_NAMES.get(step.kind, str(step.title))


def is_late(spent: float, usual: float | None) -> bool:
    """Return whether a step that has run for so many seconds takes clearly longer than it usually does."""
    return usual is not None and spent > max(2 * usual, usual + 3)


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
    if state.kind == "rollback" and state.exit == 0:
        return "ROLLED BACK AS ASKED", "good"
    if state.kind == "restart" and state.exit == 0:
        return "RESTARTED", "good"
    if state.kind == "restore" and state.exit == 0:
        return "DATABASE RESTORED", "good"
    return _OUTCOMES.get(state.exit if state.exit is not None else 1, ("ENDED", "dim"))


def standing(state: RunState) -> Span:
    """Where the run stands, in a word or two."""
    if state.phase == "ended":
        return Span(*outcome_words(state))
    if state.pausing:
        return Span("PAUSED", "warn")
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


def _old_words(state: RunState) -> str:
    found = list(dict.fromkeys(str(version) for version in state.live if version))
    return ", ".join(found[:2]) + (f" and {len(found) - 2} more" if len(found) > 2 else "") if found else "first release"


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


def _without_release(state: RunState) -> Line:
    """A rollback's way is from what was live to where it goes; a restart stays where it is."""
    live = next((str(host.before_version or host.before) for host in state.hosts.values() if host.before), "")
    target = next((str(way.version or way.release) for way in state.way_back if way.release), "") if state.kind == "rollback" else ""
    if target and state.phase == "ended" and state.exit == 0:
        return line("back on ", Span(target, "strong"), Span(f" (not {live})" if live != target else "", "dim"))
    if target:
        return line(Span(live, "dim"), " → ", Span(target, "strong"))
    return line(Span(live or state.request.ref or ("HEAD" if state.kind == "deploy" else state.kind), "strong"))


def top_line(
    state: RunState, now: float, width: int, present: tuple[str, ...] = (), round_trip: float | None = None, *,
    problem: str = "",
) -> Line:  # fmt: skip
    """Application, ENVIRONMENT, from → to, how far, for how long, how long still, who, the link. `now` is on the boot-time clock."""
    name = state.environment.upper() if state.protected else state.environment
    shown = Span(f" {name} ", "frame") if state.protected else Span(name, "strong")
    title = line(f" {state.app} ", Span("▸ ", "dim"), shown)
    parts = (
        (0, title),
        (0, from_to(state)),
        (7, line(Span(commit_words(state), "dim"))),
        (1, (standing(state),)),
        (6, line(f"{state.plan.strategy if state.plan else ''}".strip())),
        (2, line(progress_words(state))),
        (4, line(elapsed_words(state, now))),
        (3, line(left_words(state, now))),
        (5, line(Span(who_words(state, present), "dim"))),
        (2 if problem or (round_trip or 0) >= BEHIND else 8, link_words(round_trip, problem)),
    )
    return by_room(parts, width)


def elapsed_words(state: RunState, now: float) -> str:
    """Return how long the run has gone on since GO, else since it was opened."""
    return clock_span((state.mono if state.phase == "ended" else now) - (state.decided or state.opened)) if state.opened else ""


def commit_words(state: RunState) -> str:
    """Return the commit in short, where the version does not say it; of a way back none is known."""
    if state.back:
        return ""
    commit = state.revision.commit[:7] if state.revision else ""
    return "" if state.release and str(state.release.version) == commit else commit


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
        ("people", line(who_words(state, present))),
        ("engine", link_words(round_trip, problem)),
        ("fleet", line(counts_in_words(state))),
    )
    return tuple(clipped(line(Span(f"{name:<10}", "dim"), *words), width) for name, words in rows if text(words).strip())


def _keys(*pairs: tuple[str, str]) -> Line:
    return joined((line(Span(key, "accent"), f" {words}") for key, words in pairs))


def _waited_step(state: RunState, now: float) -> Line:
    running = running_steps(state)
    if not running:
        return _between(state, now)
    step, ran = running[0]
    spent = now - ran.started
    usual = usual_seconds(state, step.kind) if step.host else None
    if step.kind in ("wave", "monitor"):
        return _timer(step, ran, now)
    late = is_late(spent, usual)
    took = Span(seconds_in_words(spent) + (" and late" if late else ""), "warn" if late else "plain")
    told = line(Span(f"{step.host} " if step.host else "", "strong"), step_words(step), ", ", took)
    if usual is not None:
        told = (*told, Span(f" (usual {seconds_in_words(usual)})", "warn" if late else "dim"))
    if step.host and not state.hosts[step.host].linked:
        told = (*told, Span(", link lost", "warn"))
    more = len({one.host or one.name for one, _ in running}) - 1
    return (*told, Span(f" and {more} more", "dim")) if more > 0 else told


def _timer(step: Step, ran: StepState, now: float) -> Line:
    if step.kind == "wave":
        return line(f"pause before wave {step.wave}, {seconds_in_words(step.pause - (now - ran.started))} left")
    return line(f"health of every host stays good, {clock_span(now - ran.started)} of {clock_span(watch_seconds(step))}")


def _between(state: RunState, now: float) -> Line:
    if state.phase == "rolling-back":
        return line(f"the next step of the way back, {seconds_in_words(now - state.mono)}")
    return line(f"the next step, {seconds_in_words(now - state.mono)}")


def _before(state: RunState, now: float) -> Line:
    waiting = [check for check in state.checks if check.status == "waiting"]
    since = f", {seconds_in_words(now - state.opened)}" if state.opened else ""
    if waiting:
        return line(f"{waiting[0].title}" + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else "") + since)
    return line(f"the pre-flight's checks{since}")


def go_allowed(state: RunState) -> bool:
    """Whether GO may be pressed now."""
    return state.phase == "deciding" and state.plan is not None and not any(check.blocks for check in state.checks)


def waits_line(state: RunState, now: float, width: int, host: str = "", helm: str = "") -> Line:
    """Return what is waited for, since when, and which key.

    `host`: the one that `x` and `t` would act on; `helm`: who answers the run's questions, when it is not who reads this.
    """
    told, keys = _waits(state, now, host, helm)
    between = "   " if text_width((*told, *keys)) + 4 <= width else "  "
    room = max(width - text_width(keys) - len(between) - 1, width // 2)
    return clipped(line(" ", *joined((clipped(told, room), keys), between)), width)


def _waits(state: RunState, now: float, host: str, helm: str) -> tuple[Line, Line]:
    if state.phase == "ended":
        return _ended(state)
    if state.phase == "deciding":
        return _deciding(state, now, helm)
    if state.phase == "preflight":
        return line(Span("waits: ", "dim"), *_before(state, now)), _keys(("q", "leave"))
    if state.phase == "locking":
        told = f"the lock on {len(state.hosts)} hosts, {seconds_in_words(now - state.mono)}"
        return line(Span("waits: ", "dim"), told), _keys(("q", "detach"))
    if state.phase == "rolling-back":
        back = sum(1 for one in state.hosts.values() if one.condition == "back")
        touched = sum(1 for one in state.hosts.values() if one.touched)
        return line(Span(f"going back, {back} of {touched}: ", "back"), *_waited_step(state, now)), _keys(("q", "detach"))
    if state.pausing:
        why = f"{state.pausing.reason or 'paused'}, {seconds_in_words(now - state.pausing.since)}"
        keys = (_answer("c", "continue", helm), *((("t", "retry"),) if _can_retry(state.hosts.get(host)) else ()), ("r", "roll back"), ("a", "abort"))
        return line(Span(f"waits for {helm or 'you'}: ", "warn"), why), _keys(*keys)
    keys = (("x", "skip"), ("r", "roll back")) if state.changed else (("x", "skip"), ("a", "abort"))
    return line(Span("waits: ", "dim"), *_waited_step(state, now)), _keys(*keys)


def _can_retry(host: HostState | None) -> bool:
    return host is not None and host.condition in ("failed", "unknown", "unreachable", "skipped", "back")


def _answer(key: str, word: str, helm: str) -> tuple[str, str]:
    """The key that answers the run's question; who has not got the helm takes it first."""
    return ("h", "take the helm") if helm else (key, word)


def _deciding(state: RunState, now: float, helm: str) -> tuple[Line, Line]:
    since = next((seconds_in_words(now - at) for at in (state.mono,) if at), "")
    blocking = [check for check in state.checks if check.blocks]
    if go_allowed(state):
        keys = (_answer("enter", "GO", helm), ("q", "detach" if helm else "no-go, leave"))
        return line(Span(f"waits for {helm or 'you'}: ", "accent"), f"GO or no-go, {since}"), _keys(*keys)
    if not blocking:
        return line(Span("waits: ", "dim"), f"the plan, {since}"), _keys(("q", "leave"))
    first = min(blocking, key=lambda check: (check.status == "waiting", not check.is_open))
    more = f" and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    if first.is_open:
        return line(Span("waits for you: ", "accent"), f"{first.title}{more}: {first.detail}"), _keys(("k", "tick off"), ("q", "no-go, leave"))
    if first.status == "waiting":
        return line(Span("waits: ", "dim"), f"{first.title}{more}: {first.detail}"), _keys(("q", "no-go, leave"))
    why = f" ({first.detail})" if first.detail else ""
    return line(Span("no-go: ", "bad"), f"{first.title}{more}{why}"), _keys(("q", "leave, exit 3"))


def _ended(state: RunState) -> tuple[Line, Line]:
    words, tone = outcome_words(state)
    told = line(Span(words.capitalize(), tone), f": {state.reason}" if state.reason else f": {counts_in_words(state)}")
    keys: list[tuple[str, str]] = [("q", "leave")]
    if state.kind == "deploy" and state.exit in (0, 8):
        keys.append(("r", "roll back"))
    return told, _keys(*keys)


def waited_host(state: RunState) -> str:
    """Return the host that is waited for, or that needs a person; empty when there is none."""
    for step, _ in running_steps(state):
        if step.host:
            return step.host
    wrong = ("failed", "unknown", "unreachable", "owed")
    return next((host.name for host in state.hosts.values() if host.condition in wrong), "")


def headline(
    state: RunState, now: float, width: int = 120, *, present: tuple[str, ...] = (), round_trip: float | None = None, host: str = "",
    problem: str = "", helm: str = "",
) -> tuple[Line, Line]:  # fmt: skip
    """Both lines. `now` is on the boot-time clock, `round_trip` in seconds; `problem`: why nothing more is heard of the run; `helm`: see `waits_line`."""
    told = line(Span(f" ! {problem}", "bad")) if problem else line(" ")
    if not state.run and not state.app:
        return line(Span(" deploy", "strong"), "  waiting for the run"), clipped(told, width)
    top = top_line(state, now, width, present, round_trip, problem=problem)
    waits = waits_line(state, now, width, host, helm)
    return top, clipped(line(*told, Span("   before that:", "dim"), *waits), width) if problem else waits


def last_lines(state: RunState, now: float) -> tuple[str, ...]:
    """Return what stays on the normal screen after leaving."""
    if not state.run:
        return ()
    to = f"{state.app} {state.environment} {state.release.version if state.release else ''}".strip()
    if state.phase != "ended":
        return (f"{to}: {standing(state).text}, goes on. Come back: deploy attach {state.run}",)
    words, _ = outcome_words(state)
    took = clock_span(state.mono - (state.decided or state.opened))
    lines = [f"{to}: {words.lower()} after {took}; {counts_in_words(state)}"]
    blocking = [check for check in state.checks if check.blocks] if state.exit == 3 else []
    if not blocking:
        return (*lines, *(str(words) for words in (state.reason, state.hint) if words))
    for check in blocking:
        lines += [f"  {check.title}: {check.detail}", *([f"    {check.remedy}"] if check.remedy else [])]
    return (*lines, str(state.hint))
