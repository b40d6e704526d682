"""One host: what it has, its steps with their times and what is usual, what went wrong, its releases. Pure.

It knows a run's state, and what was read of a host at rest; nothing of widgets or keys.
"""

from statistics import median

from console.as_typed import as_typed
from console.core.traffic.bluegreen_sides import is_idle
from console.model.fleet_snapshot import SnapshotRelease
from console.model.plan import Step
from console.model.state import HostState, RunState, StepState
from console.views.compact_layout import in_rows
from console.views.condition_marks import condition_words, host_mark
from console.views.environment_title import environment_title
from console.views.fleet_rows import host_words
from console.views.progress import ASKED, Newest, is_late
from console.views.styled_text import Line, MarkName, Span, Tone, cell, clipped, joined, line, mark, mark_tone, spread
from console.views.styled_text import width as spans_width
from console.views.times import seconds_in_words
from console.views.traffic_words import traffic_rows

STEP_MARKS: dict[str, MarkName] = {
    "pending": "waiting", "running": "busy", "done": "done", "failed": "failed", "unknown": "unknown", "cancelled": "skipped",
    "unreachable": "unknown", "void": "skipped", "held": "waiting",
}  # fmt: skip

_WRONG = ("failed", "unknown", "unreachable")


def host_steps(state: RunState, host: str) -> tuple[tuple[Step, StepState], ...]:
    """Return the host's steps in their order, each with how far it is."""
    known = state.hosts.get(host)
    return tuple((step, known.steps.get(step.name, StepState())) for step in state.lanes.get(host, ())) if known else ()


def usual_times(state: RunState, but: str) -> dict[str, float]:
    """Return how long each kind of step usually takes (seconds), by the other hosts of the run, else by past runs."""
    took: dict[str, list[float]] = {}
    for host in [host for host in state.hosts.values() if host.steps and host.name != but][-ASKED:]:
        for name, ran in host.steps.items():
            if ran.status == "done" and name in state.index:
                took.setdefault(state.index[name].kind, []).append(ran.seconds)
    return {**state.usual, **{kind: median(seconds) for kind, seconds in took.items()}}


def current_step(state: RunState, host: str) -> int:
    """Return the place of the step that matters now: the one that runs, else the one that went wrong last, else the last one that ran."""
    steps = host_steps(state, host)
    running = [place for place, (_, ran) in enumerate(steps) if ran.status == "running"]
    wrong = _last_wrong(steps)
    ran_so_far = [place for place, (_, ran) in enumerate(steps) if ran.status != "pending"]
    return running[0] if running else wrong if wrong is not None else ran_so_far[-1] if ran_so_far else 0


def _last_wrong(steps: tuple[tuple[Step, StepState], ...]) -> int | None:
    wrong = [place for place, (_, ran) in enumerate(steps) if ran.status in _WRONG]
    return max(wrong, key=lambda place: steps[place][1].started, default=None)


def _ended_words(ran: StepState) -> str:
    words = [ran.status, f"exit {ran.code}" if ran.code is not None else ""]
    after = f" after {seconds_in_words(ran.seconds)}" if ran.seconds else ""
    return ", ".join(word for word in words if word) + after + (f", attempt {ran.attempt}" if ran.attempt > 1 else "")


def fault_lines(state: RunState, host: str, width: int, height: int = 100) -> tuple[Line, ...]:
    """Return what went wrong on the host: the step and how it ended, why, the last lines of its output, and what to do. Nothing: nothing did.

    Where the lines have no room (`height`), the oldest output goes first.
    """
    steps = host_steps(state, host)
    place = _last_wrong(steps)
    known = state.hosts.get(host)
    if place is None:
        told = str(known.detail) if known and known.condition in (*_WRONG, "owed") else ""
        return (clipped(line(Span(told, "warn")), width),) if told else ()
    step, ran = steps[place]
    sign = STEP_MARKS[ran.status]
    head = line(mark(sign), f" {step.title} ", Span(_ended_words(ran), mark_tone(sign)))
    why, hint = _wrapped(str(ran.detail), "strong", width), _wrapped(as_typed(ran.hint), "accent", width)
    room = max(0, height - 1 - len(why) - len(hint))
    tail = tuple(line(Span("  │ ", "dim"), str(words)) for words in ran.tail[-room:]) if room else ()
    return tuple(clipped(one, width) for one in (head, *why, *tail, *hint)[:height])


def _wrapped(words: str, tone: Tone, width: int) -> tuple[Line, ...]:
    return tuple(line("  ", Span(part, tone)) for part in in_rows(words, max(10, width - 2))[:3])


def step_rows(state: RunState, host: str, now: float, width: int) -> tuple[Line, ...]:
    """Return a row a step: mark, what it is, how it stands, how long it took, what is usual, attempt, exit code. `now`: boot-time clock."""
    usual = usual_times(state, host)
    return tuple(_step_row(step, ran, usual.get(step.kind), now, width) for step, ran in host_steps(state, host))


def _step_row(step: Step, ran: StepState, usual: float | None, now: float, width: int) -> Line:
    sign = STEP_MARKS[ran.status]
    title = max(12, min(40, width - 36))
    spent = now - ran.started if ran.status == "running" else ran.seconds
    took, times = "", Span("")
    tone: Tone = "warn" if is_late(spent, usual) else "dim"
    if ran.status == "running":
        now_words = f"now {seconds_in_words(spent)}"
        times = Span(f"usual {seconds_in_words(usual)}, {now_words}" if usual is not None else now_words, tone)
    elif ran.status not in ("pending", "void"):
        took = seconds_in_words(spent)
        times = Span(f"usual {seconds_in_words(usual)}" if usual is not None else "", tone)
    more = [f"attempt {ran.attempt}" if ran.attempt > 1 else "", f"exit {ran.code}" if ran.code else ""]
    status = Span(f" {cell('' if ran.status == 'pending' else ran.status, 11)}", mark_tone(sign))
    side = Span("".join(f"  {word}" for word in more if word), "warn")
    row = line(mark(sign), " ", cell(str(step.title), title), status, Span(f"{took:>6}  " if took else "", "plain"), times, side)
    return clipped(row, width)


def host_head(state: RunState, host: HostState, number: tuple[int, int], now: float, width: int) -> tuple[Line, Line]:
    """Return the two lines on top: who and how it stands, and what it does or lacks. `number`: (its place from 1, of so many)."""
    word = "idle" if is_idle(state, host) else condition_words(host.condition)[1]
    words, _ = host_words(state, host, now)
    live = f"live {host.version or host.release}" if host.version or host.release else "nothing is live"
    before = str(host.before_version or host.before)
    went = f", before {before}" if state.run and before and before != str(host.version or host.release) else ""
    place = line(Span(f"{number[0]} of {number[1]} ", "dim"), *environment_title(state.app, state.environment, protected=state.protected))
    sign = host_mark(state, host)
    said = word if state.run else words
    left = line(" ", Span(host.name, "strong"), "  ", sign, Span(f" {said}", sign.tone), f"  {live}", Span(went, "dim"))
    if spans_width(left) + spans_width(place) + 1 > width:
        return clipped(left, width), _doing(state, host, now, width)
    return spread(left, place, width), _doing(state, host, now, width)


def _doing(state: RunState, host: HostState, now: float, width: int) -> Line:
    running = next(((step, ran) for step, ran in host_steps(state, host.name) if ran.status == "running"), None)
    if running is None:
        told = "; ".join(filter(None, (str(host.detail), *traffic_rows(host))))
        return clipped(line(Span(f" {told}", "warn" if host.detail else "dim")), width) if told else line(" ")
    step, ran = running
    usual, spent = usual_times(state, host.name).get(step.kind), now - ran.started
    told = f"usual {seconds_in_words(usual)}, now {seconds_in_words(spent)}" if usual is not None else f"for {seconds_in_words(spent)}"
    lost = (Span("   connection lost: it continues there", "unknown"),) if not host.linked else ()
    return clipped(line(" ", mark("busy"), f" {step.title}  ", Span(told, "warn" if is_late(spent, usual) else "dim"), *lost), width)


def release_rows(releases: tuple[SnapshotRelease, ...] | None, way_back: str, drift: str, width: int) -> tuple[Line, ...]:
    """Return the releases on the host's disk, newest first, with what each is; above them what is not as it was left. None: not read yet."""
    if releases is None:
        return (line(Span("reading the host …", "dim")),)
    drifted = (line(Span(f"drift: {drift}", "warn")),) if drift else ()
    if not releases:
        return (*drifted, line(Span("no release on its disk", "dim")))
    return tuple(clipped(one, width) for one in (*drifted, *(_release_row(one, way_back) for one in releases)))


def _release_row(one: SnapshotRelease, way_back: str) -> Line:
    role: Line = ()
    if one.live:
        role = line(mark("now"), Span(" live", "strong"))
    elif one.release == way_back:
        role = line(mark("back"), Span(" way back", "back"))
    sound = line(Span("healthy", "good") if one.healthy else Span("not verified", "warn"), Span("" if one.whole else "  files differ", "bad"))
    name = cell(str(one.version or one.release), 12)
    return joined((line(Span(name, "strong" if one.live else "plain")), *((role,) if role else ()), sound, line(Span(one.commit[:7], "dim"))), "  ")


def way_back_of(state: RunState, host: str) -> str:
    """Return the release that the host would go back to, as the run knows it; empty: none is known."""
    known = state.hosts.get(host)
    found = next((way.release for way in state.way_back if way.host == host and way.possible), "")
    return found or (known.before if known else "")


def neighbour(names: tuple[str, ...], host: str, by: int) -> str:
    """Return the host so many places further, round the end; the first one where that host is gone."""
    if not names:
        return ""
    return names[(names.index(host) + by) % len(names)] if host in names else names[0]


def _worst_host(state: RunState) -> str:
    return next((name for name, host in state.hosts.items() if any(ran.status in _WRONG for ran in host.steps.values())), "")


worst_host: Newest[RunState, str] = Newest(_worst_host)
"""(state) to the host that something went wrong on, when none is waited for any more; empty: there is none."""
