"""The draft of a post-mortem: what the record says of a run that failed or was taken back, in the order in which people ask. Pure.

Causes, and what people thought, are left to people: nothing here names either.
"""

from dataclasses import dataclass

from console.core.kinds.kind_table import kind_of
from console.core.run.critical_path_verdict import try_words
from console.core.run.sentences import sentence
from console.core.words.canary_words import reading_words
from console.core.words.sizes import counted_hosts, with_capital
from console.model import events as ev
from console.model.state import RunState
from console.views.key_moments import NAMED, KeyMoment, key_moments, shows_harm
from console.views.plan_words import names_in_words
from console.views.recording import Recording
from console.views.step_times import StepKindTimes
from console.views.times import seconds_in_words

NUMBERS = 12
"""Verdicts with their numbers that are told."""

QUESTIONS = (
    ("Contributing factors", "Which conditions had to come together? Name more than one, also those that made it larger or longer."),
    ("Why it made sense", "What did people see and know at each decision, and why was it reasonable to go on?"),
    ("What surprised", "What did nobody expect, of the application, the tools or the plan?"),
    ("What helped, and where there was luck", "What kept it small? What would have been worse at another time, or on other hosts?"),
    ("Actions", "What changes, who owns it, and by which date?"),
)
"""What a machine cannot answer: a title, and a prompt."""


@dataclass(frozen=True, slots=True)
class PostMortem:
    """What a draft holds. `exposed`: seconds that each touched host was changed, until it was back."""

    moments: tuple[KeyMoment, ...]
    numbers: tuple[str, ...]
    exposed: dict[str, float]
    left: tuple[str, ...]


def post_mortem_of(recording: Recording, state: RunState, kinds: tuple[StepKindTimes, ...]) -> PostMortem | None:
    """Return the draft; None where nothing failed after the decision, and nothing was taken back."""
    if not _is_one(recording, state):
        return None
    moments = key_moments(recording, state)
    return PostMortem(moments, _numbers(recording, state), _exposed(recording, state), _left(state, kinds))


def _is_one(recording: Recording, state: RunState) -> bool:
    if state.go is not True:
        return False
    taken_back = state.back is not None or kind_of(state).is_return
    return taken_back or state.exit in (4, 5) or (state.exit != 0 and any(shows_harm(event) for event in recording.events))


def _numbers(recording: Recording, state: RunState) -> tuple[str, ...]:
    """The verdicts that were not good, with what was judged; how often the same one came."""
    found: dict[str, int] = {}
    for event in recording.events:
        if isinstance(event, ev.GateJudged) and event.verdict != "passed":
            passes = f"{event.passes} of {event.needed} passes in a row within {seconds_in_words(event.seconds)}"
            words = f"{event.host}, {event.check}: {event.verdict}; saw {event.seen or 'nothing'}; {passes}"
            found[words] = found.get(words, 0) + 1
    told = [words + (f" ({count} times)" if count > 1 else "") for words, count in found.items()]
    told += [f"Critical path {one.path}: {try_words(one)}" for tries in state.critical.values() for one in tries if one.verdict != "passed"]
    told += [f"New hosts against old ones: {reading_words(one.readings)}" for one in state.analyses.values() if one.readings]
    told += [with_capital(sentence(event)) for event in recording.events if isinstance(event, ev.ThresholdBreached)]
    failed = sum(host.failed_once for host in state.hosts.values())
    told += [f"Failed hosts: {failed}; allowed: {state.max_failures}"] if failed else []
    more = [f"and {len(told) - NUMBERS} more"] if len(told) > NUMBERS else []
    return (*told[:NUMBERS], *more)


def _exposed(recording: Recording, state: RunState) -> dict[str, float]:
    """Seconds from the first change on each host that did not stay new to the end of its way back; to the run's end where it did not come back."""
    if kind_of(state).is_return:
        return {}
    begun, ended = dict[str, float](), dict[str, float]()
    for event, seconds in zip(recording.events, recording.times, strict=True):
        step = state.index.get(event.step) if isinstance(event, ev.StepStarted | ev.StepFinished) else None
        if step is None or not step.about:
            continue
        if isinstance(event, ev.StepStarted) and step.changes and step.phase != "rollback":
            begun.setdefault(step.about, seconds)
        elif isinstance(event, ev.StepFinished) and step.phase == "rollback":
            ended[step.about] = seconds
    spans = {host: (since, state.hosts[host].condition) for host, since in begun.items() if host in state.hosts and state.hosts[host].condition != "new"}
    until = {host: ended.get(host, recording.seconds) if condition in ("back", "skipped") else recording.seconds for host, (_, condition) in spans.items()}
    return {host: until[host] - since for host, (since, _) in spans.items()}


def _left(state: RunState, kinds: tuple[StepKindTimes, ...]) -> tuple[str, ...]:
    """What the plan still had, when it ended: hosts whose turn did not come, and steps that were not begun."""
    waves = state.plan.waves if state.plan else ()
    hosts = tuple(name for wave in waves for name in wave if name in state.hosts and not state.hosts[name].touched and state.hosts[name].condition == "old")
    total = sum(map(len, waves))
    out = [f"{len(hosts)} of {counted_hosts(total)} were not changed yet: {names_in_words(hosts, NAMED)}"] if hosts and not kind_of(state).is_return else []
    steps = [f"{one.words} {one.not_begun} of {one.planned}" for one in kinds if one.not_begun]
    return (*out, *([f"Steps that were not begun: {', '.join(steps)}"] if steps else []))
