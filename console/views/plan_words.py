"""What GO would do, in words: the plan, and its blast radius in one sentence. Pure."""

from console.core.kinds.kind_table import kind_of, on_failure
from console.core.traffic.bluegreen_sides import is_bluegreen, standing_by
from console.core.traffic.shares import ALL, share_words
from console.core.words.durations import duration_words
from console.core.words.sizes import counted, counted_hosts
from console.model.plan import Plan, Steps
from console.model.state import RunState
from console.views.blocking_reason import step_words
from console.views.compact_layout import folded
from console.views.progress import back_seconds, whole_seconds
from console.views.styled_text import Line, Span, clipped, line
from console.views.threshold_rows import planned_rows
from console.views.times import seconds_in_words


def names_in_words(names: tuple[str, ...], most: int = 3) -> str:
    """`web01, web02, web03`, or `web01 … web12 (12 hosts)`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{names[0]} … {names[-1]} ({counted_hosts(len(names), 'none')})"


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
        return (line(Span("the plan follows the checks", "dim")),)
    waves = len(plan.waves)
    head = line(Span(plan.strategy, "strong"), f", {counted_hosts(planned_hosts(state))} in {counted(waves, 'wave')}")
    then = line(Span("each host  ", "dim"), _per_host(plan))
    fails = {"rollback": "all touched hosts go back", "pause": "pause and ask", "stop": "stop, leave everything as it is"}[on_failure(state)]
    budget = f" beyond {state.max_failures} failed" if state.max_failures else ""
    end = line(Span("on failure ", "dim"), fails + budget)
    judged = tuple(
        row for title, words in (("traffic    ", share_steps_words(plan)), ("judged     ", judged_words(plan)), ("critical   ", critical_words(plan))) if words
        for row in folded(line(Span(title, "dim"), words), width)
    )  # fmt: skip
    database = tuple(row for words in (database_words(plan),) if words for row in folded(line(Span("database   ", "dim"), words), width))
    ends = folded(end, width)
    each = folded(then, width)
    limits = tuple(row for one in planned_rows(state) for row in folded(one, width))
    moves = folded(line(Span("traffic    ", "dim"), words), width) if (words := moves_words(state)) else ()
    room = height - 1 - len(ends) - len(database) - len(judged) - len(moves)
    limits = limits if len(limits) < room else ()
    room -= len(limits)
    each = each if len(each) <= room else ()
    shown = _wave_lines(plan, room - len(each))
    return tuple(clipped(one, width) for one in (head, *database, *judged, *shown, *moves, *each, *limits, *ends))


def _wave_lines(plan: Plan, room: int) -> tuple[Line, ...]:
    """The waves in so many rows; how many there are is said anyway."""
    waves = plan.waves
    if len(waves) <= room:
        return tuple(line(Span(f"wave {number:<2}    ", "dim"), names_in_words(wave)) for number, wave in enumerate(waves, 1))
    if room < 2:
        return (line(Span("waves      ", "dim"), f"{len(waves)}, from {waves[0][0]} to {waves[-1][-1]}"),)[: max(0, room)]
    rest = len(waves) - room + 1
    return (*_wave_lines(Plan(plan.strategy, waves[: room - 1], Steps()), room - 1), line(Span(f"and {rest} more waves, to {waves[-1][-1]}", "dim")))


def share_steps_words(plan: Plan) -> str:
    """Which hosts get which share of the traffic, step by step; empty: it does not go by weight."""
    own = [step for step in plan.steps if step.kind == "weigh" and step.phase == "release"]
    hosts = {step.share: tuple(one.about for one in own if one.about and one.share <= step.share) for step in own if not step.about and step.share < ALL}
    return ", ".join((*(f"{share_words(share)} to {names_in_words(names)}" for share, names in hosts.items()), "then rolling")) if hosts else ""


def _judged_after(plan: Plan) -> list[str]:
    """After how many new hosts they are judged against the old ones."""
    return [str(sum(len(wave) for wave in plan.waves[: step.wave])) for step in plan.steps if step.kind == "analysis"]


def _judged_moments(plan: Plan) -> str:
    """`after 1 and 3`, or `at 5 % and 25 % of the traffic`; empty: nobody is judged."""
    after = _judged_after(plan)
    shares = sorted({step.share for step in plan.steps if step.kind == "weigh" and step.phase == "release" and step.share < ALL})
    if after and shares:
        return f"at {' and '.join(map(share_words, shares))} of the traffic"
    return f"after {' and '.join(after)}" if after else ""


def judged_words(plan: Plan) -> str:
    """After how many hosts a canary's new ones are judged against the old ones, and for how long at most; empty: they are not."""
    longest = next((step.timeout for step in plan.steps if step.kind == "analysis"), None)
    if longest is None:
        return ""
    if share_steps_words(plan):
        return f"new against old at each of these shares, {duration_words(longest)} at most each"
    return f"new against old, after {' and '.join(_judged_after(plan))} of {counted_hosts(sum(map(len, plan.waves)))}, {duration_words(longest)} at most each"


def moves_words(state: RunState) -> str:
    """Which hosts the traffic moves to, and which then stand by; empty: it stays where it is."""
    if not is_bluegreen(state) or state.plan is None:
        return ""
    coming = tuple(name for wave in state.plan.waves for name in wave)
    return f"moves to {names_in_words(coming)} once all are verified; {names_in_words(tuple(sorted(standing_by(state))))} stand by"


def critical_words(plan: Plan) -> str:
    """Which critical paths are tried, and when; empty: none is."""
    moments: dict[str, list[str]] = {}
    for step in plan.steps:
        if step.path:
            new = sum(len(wave) for wave in plan.waves[: step.wave])
            moments.setdefault(step.path, []).append(f"after {counted_hosts(new)}" if step.wave else "at the end")
    together: dict[str, list[str]] = {}
    for name, when in moments.items():
        together.setdefault(", ".join(when), []).append(name)
    return "; ".join(f"{', '.join(names)} {when}" for when, names in together.items())


def database_words(plan: Plan) -> str:
    """What is done to the database, and where; empty: nothing."""
    verbs = {"backup": "backed up", "migrate": "migrated", "revert": "migrated back", "restore": "restored"}
    done = [verbs[step.kind] for step in plan.steps if step.kind in verbs]
    return f"{', then '.join(done)}, on {next(step.place for step in reversed(plan.steps) if step.kind in verbs)}" if done else ""


def is_recreated(plan: Plan) -> bool:
    """Whether every host stops before one starts."""
    return plan.strategy == "recreate"


def has_page(plan: Plan) -> bool:
    """Whether users are shown the maintenance page meanwhile."""
    return any(step.kind == "maintain" for step in plan.steps)


def planned_hosts(state: RunState) -> int:
    """How many hosts the plan works on; those that are left out are none of them."""
    return sum(len(wave) for wave in state.plan.waves) if state.plan else len(state.hosts)


def blast_radius(state: RunState) -> str:
    """Return what GO would do, in one sentence; how long it takes where that is known from past runs."""
    hosts, waves = planned_hosts(state), len(state.plan.waves) if state.plan else 0
    most = max((len(wave) for wave in state.plan.waves), default=0) if state.plan else 0
    pace = "one at a time" if most == 1 else f"at most {most} at a time" if waves > 1 else "all at once"
    if state.plan and is_recreated(state.plan):
        pace = "which all stop before one starts" + (", behind the maintenance page" if has_page(state.plan) else "")
    version = str(state.release.version) if state.release else state.request.ref
    verbs = {"deploy": f"{version} goes to", "rollback": f"back to {version} on", "restart": "a restart of", "restore": "a database restore that locks"}
    verb = verbs.get(state.kind, f"the live release, {version}, goes to")
    back = [way for way in state.way_back if not way.possible]
    is_same = not kind_of(state).changes_release
    took, returns = whole_seconds(state), None if is_same else back_seconds(state)
    times = (f", ~{seconds_in_words(took)}" if took is not None else "") + (f", back in ~{seconds_in_words(returns)}" if returns is not None else "")
    database = f"the database is {words} first; " if kind_of(state).makes_release and state.plan and (words := database_words(state.plan)) else ""
    if is_bluegreen(state):
        rest = len(standing_by(state))
        pace = f"which get no requests{times}; once all are verified the traffic moves to them, and {rest} stand{'s' if rest == 1 else ''} by"
        times = ""
    judged = f"new hosts are judged against old ones {moments}; " if state.plan and (moments := _judged_moments(state.plan)) else ""
    way = "every host has a way back" if not back else f"{len(back)} of {hosts} hosts have NO way back"
    return f"{verb} {counted_hosts(hosts)} of {state.environment}, {pace}{times}; {judged}{database}{'no host changes its release' if is_same else way}"
