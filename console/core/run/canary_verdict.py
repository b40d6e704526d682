"""A step that judges hosts with the new release against those with the old one: who is compared, whether it is over, and what follows. Pure.

What was counted is in the run's state; the arithmetic is `core/analysis/`. It knows no clock but the one that is passed in.
"""

from typing import Final, Literal, NamedTuple

from console.core.analysis.sequential import judged
from console.core.words.canary_words import missing_words, reading_words
from console.core.words.durations import duration_words
from console.model.configured_environment import Environment
from console.model.plan import Step
from console.model.state import AnalysisState, HostCondition, RunState
from console.safe_text import SafeText

NEW: Final[frozenset[HostCondition]] = frozenset({"new"})
OLD: Final[frozenset[HostCondition]] = frozenset({"old", "left-out"})
"""Hosts that were not touched. One that came back was restarted: it is on neither side."""
BLOCKS = 300
"""A step has at most about so many blocks, however long it is: each is an event."""
LEAST = 2.0
"""Seconds of a block of a balancer's counts."""

Course = Literal["goes-on", "passed", "worse", "pause", "rollback", "proceed"]
"""`passed` and `proceed` let the release go on; `worse` and `rollback` take it back; `pause` asks a person; `goes-on`: the analysis itself."""


class AnalysisCourse(NamedTuple):
    """Where an analysis is: its course, and why."""

    course: Course
    words: SafeText = SafeText("")


def analysis_that_runs(state: RunState) -> str:
    """Return the name of the step that judges new hosts now; empty: none does."""
    if state.phase != "running":
        return ""
    names = (name for name in state.tally.own_running if state.index[name].kind == "analysis")
    return next((name for name in names if not state.analyses.get(name, AnalysisState()).promoted), "")


def sides_of(state: RunState) -> tuple[frozenset[str], frozenset[str]]:
    """Return the hosts with the new release, and those with the old one."""
    new = frozenset(host.name for host in state.hosts.values() if host.condition in NEW)
    return new, frozenset(host.name for host in state.hosts.values() if host.condition in OLD)


def block_seconds(environment: Environment, *, is_scraped: bool) -> float:
    """Return how long a block is."""
    least = environment.metrics.scrape_interval if is_scraped else LEAST
    return max(least, environment.canary.analysis / BLOCKS)


def standing_of(environment: Environment, state: RunState, step: Step, began: float, now: float) -> AnalysisCourse:
    """Return where the analysis is. `began`, `now`: on the boot-time clock; after a pause a person has the whole time again."""
    seen, canary = state.analyses.get(step.name, AnalysisState()), environment.canary
    if seen.promoted:
        return AnalysisCourse("passed", SafeText("promoted"))
    verdict = judged(seen.readings)
    words = reading_words(seen.readings)
    if verdict == "worse":
        return AnalysisCourse("worse", SafeText(f"new hosts are worse than old ones: {words}"))
    if verdict == "not-worse":
        return AnalysisCourse("passed", SafeText(f"new hosts are not worse: {words}"))
    if now < max(began, state.continued) + canary.analysis:
        return AnalysisCourse("goes-on")
    missing = missing_words(seen.readings, seen.problems, has_new=bool(sides_of(state)[0]))
    return AnalysisCourse(canary.on_inconclusive, SafeText(f"inconclusive after {duration_words(canary.analysis)}: {missing}"))
