"""The plan in words, and the way back. Pure."""

from collections.abc import Collection

from console.core.checks.database import schema_words
from console.core.checks.database_return import schema_back
from console.core.kinds.table import kind_of, on_failure
from console.core.words.sizes import counted
from console.model.plan import Plan, Steps
from console.model.state import RunState
from console.views.blocking_reason import step_words
from console.views.compact_layout import folded, wrapped
from console.views.progress import back_seconds, whole_seconds
from console.views.styled_text import Line, Span, clipped, line, mark
from console.views.styled_text import width as cells_of
from console.views.times import seconds_in_words


def names_in_words(names: tuple[str, ...], most: int = 3) -> str:
    """`web01, web02, web03`, or `web01 … web12 (12 hosts)`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{names[0]} … {names[-1]} ({len(names)} hosts)"


def _per_host(plan: Plan) -> str:
    first = next((step.about for step in plan.steps if step.about and step.phase == "release"), "")
    kinds: list[str] = []
    for step in plan.steps:
        if step.about == first and step.phase == "release" and step.kind != "wave":
            words = step_words(step)
            if words not in kinds:
                kinds.append(words)
    return ", ".join(kinds)


def plan_lines(state: RunState, width: int, height: int = 100) -> tuple[Line, ...]:
    """Return what would happen: the strategy, each wave, what happens on each host, what if it fails."""
    plan = state.plan
    if plan is None:
        return (line(Span("the plan comes with the checks", "dim")),)
    waves = len(plan.waves)
    head = line(Span(plan.strategy, "strong"), f", {counted(planned_hosts(state), 'host')} in {counted(waves, 'wave')}")
    then = line(Span("each host  ", "dim"), _per_host(plan))
    fails = {"rollback": "all touched hosts go back", "pause": "pause and ask", "stop": "stop, leave as it is"}[on_failure(state)]
    budget = f" beyond {state.max_failures} failed" if state.max_failures else ""
    end = line(Span("on failure ", "dim"), fails + budget)
    database = tuple(row for words in (database_words(plan),) if words for row in folded(line(Span("database   ", "dim"), words), width))
    ends = folded(end, width)
    each = folded(then, width)
    room = height - 1 - len(ends) - len(database)
    each = each if len(each) <= room else ()
    shown = _wave_lines(plan, room - len(each))
    return tuple(clipped(one, width) for one in (head, *database, *shown, *each, *ends))


def _wave_lines(plan: Plan, room: int) -> tuple[Line, ...]:
    """The waves in so many rows; how many there are is said anyway."""
    waves = plan.waves
    if len(waves) <= room:
        return tuple(line(Span(f"wave {number:<2}    ", "dim"), names_in_words(wave)) for number, wave in enumerate(waves, 1))
    if room < 2:
        return (line(Span("waves      ", "dim"), f"{len(waves)}, from {waves[0][0]} to {waves[-1][-1]}"),)[:max(0, room)]
    rest = len(waves) - room + 1
    return (*_wave_lines(Plan(plan.strategy, waves[: room - 1], Steps()), room - 1), line(Span(f"and {rest} more waves, to {waves[-1][-1]}", "dim")))


def database_words(plan: Plan) -> str:
    """What is done to the database, and where; empty: nothing."""
    verbs = {"backup": "backed up", "migrate": "migrated", "revert": "migrated back", "restore": "restored"}
    done = [verbs[step.kind] for step in plan.steps if step.kind in verbs]
    return f"{', then '.join(done)}, on {next(step.place for step in reversed(plan.steps) if step.kind in verbs)}" if done else ""


def way_back_lines(state: RunState, width: int, height: int = 100, hosts: Collection[str] | None = None) -> tuple[Line, ...]:
    """Where each host would return to, and what would become of the database. `hosts`: only these."""
    out = _host_ways(state, width, hosts)
    if state.review and state.review.runs:
        is_known = state.review.old_code == "ok" or (state.review.old_code == "breaks" and state.review.reversible)
        out += _beside(line(mark("back") if is_known else Span("!", "warn"), " "), line(schema_words(state.review)), width)
    return tuple(clipped(one, width) for one in out[:height])


def _host_ways(state: RunState, width: int, hosts: Collection[str] | None) -> list[Line]:
    """A title, and where each host would return to, hosts with the same way back together."""
    ways: dict[tuple[str, bool, str], list[str]] = {}
    for way in state.way_back:
        if hosts is not None and way.host not in hosts:
            continue
        target = str(way.version) or way.release or "stopped and removed (first release)"
        ways.setdefault((target, way.possible, str(way.reason)), []).append(way.host)
    out = [line(Span("way back", "strong"))] if ways else [line(Span("way back: not known yet", "dim"))]
    for (target, possible, reason), names in ways.items():
        told = f"{target}  " if possible else "none  "
        why = f"  {reason}" if reason else ""
        out += _beside(line(mark("back") if possible else Span("!", "warn"), " "), line(told, Span(names_in_words(tuple(names)) + why, "dim")), width)
    return out


def _beside(head: Line, words: Line, cells: int) -> tuple[Line, ...]:
    """Words beside a mark, or a title, that has its column to itself."""
    room = cells_of(head)
    if cells_of(words) + room <= cells:
        return (line(*head, *words),)
    first, *more = wrapped(words, cells - room) or ((),)
    return (line(*head, *first), *(line(" " * room, *row) for row in more))


def planned_hosts(state: RunState) -> int:
    """How many hosts the plan works on; those that are left out are none of them."""
    return sum(len(wave) for wave in state.plan.waves) if state.plan else len(state.hosts)


def blast_radius(state: RunState) -> str:
    """Return what GO would do, in one sentence; how long it takes where that is known from past runs."""
    hosts, waves = planned_hosts(state), len(state.plan.waves) if state.plan else 0
    most = max((len(wave) for wave in state.plan.waves), default=0) if state.plan else 0
    pace = "one at a time" if most == 1 else f"at most {most} at a time" if waves > 1 else "all at once"
    version = str(state.release.version) if state.release else state.request.ref
    verbs = {"deploy": f"{version} goes to", "rollback": f"back to {version} on", "restart": "a restart of", "restore": "the database back, holding"}
    verb = verbs.get(state.kind, f"what is live, {version}, goes to")
    back = [way for way in state.way_back if not way.possible]
    took, returns = whole_seconds(state), back_seconds(state)
    times = (f", ~{seconds_in_words(took)}" if took is not None else "") + (f", back in ~{seconds_in_words(returns)}" if returns is not None else "")
    database = f"the database is {words} first; " if kind_of(state).makes_release and state.plan and (words := database_words(state.plan)) else ""
    way = "every host has a way back" if not back else f"{len(back)} of {hosts} hosts have NO way back"
    return f"{verb} {counted(hosts, 'host')} of {state.environment}, {pace}{times}; {database}{way}"


def rollback_lines(state: RunState, width: int) -> tuple[Line, ...]:
    """Return what would go back where, how it would go, and what stays."""
    touched = tuple(host.name for host in state.hosts.values() if host.touched)
    halves, data = prefers_halves(state), schema_back(state)
    out = [
        line(Span(f"{len(touched)} of {len(state.hosts)} hosts go back", "strong"), f": {names_in_words(touched)}"),
        *_host_ways(state, width, touched)[1:6],
        line(Span("how    ", "dim"), "in two halves, the rest keeps serving" if halves else "all at once, over the warm connections"),
        line(Span("time   ", "dim"), _back_time(state, halves)),
        *_beside(line(Span("data   ", "dim")), line(Span(data.words, "plain" if data.is_safe else "warn")), width),
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
