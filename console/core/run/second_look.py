"""What is no longer as it was shown when GO is said: verdicts, the plan, where hosts would go back to. Pure; who looks again is not known here."""

from collections.abc import Iterable, Iterator

from console.core.words.sizes import counted_hosts
from console.model.checks import Check
from console.model.events import CheckReported, Event, PlanMade
from console.model.plan import Plan, ReturnTarget
from console.model.state import RunState
from console.safe_text import SafeText

SHOWN = 5


def changes_since(state: RunState, found: Iterable[Event]) -> tuple[SafeText, ...]:
    """Return what a pre-flight that was made again says otherwise than the one that is in the state; empty: nothing that matters."""
    changes: list[str] = []
    for event in found:
        if isinstance(event, CheckReported):
            changes += _verdict(state.checks, event.check)
        if isinstance(event, PlanMade):
            changes += _plan(state.plan, event.plan)
            changes += _ways_back(state.way_back, event.way_back)
    shown = changes[:SHOWN] + [f"and {len(changes) - SHOWN} more"] * (len(changes) > SHOWN)
    return tuple(SafeText(words) for words in shown)


def _verdict(before: tuple[Check, ...], check: Check) -> Iterator[str]:
    was = next((known.status for known in before if known.id == check.id), "not checked")
    if was != check.status:
        yield f"{check.title}: {check.status}, was {was} ({check.detail})"


def _plan(before: Plan | None, plan: Plan) -> Iterator[str]:
    if before is not None and before.digest != plan.digest:
        yield f"the plan: {_size(plan)}, was {_size(before)}; digest {plan.digest[:7]}, was {before.digest[:7]}"


def _size(plan: Plan) -> str:
    return f"{counted_hosts(sum(map(len, plan.waves)))} in {plan.size} steps"


def _ways_back(before: tuple[ReturnTarget, ...], ways: tuple[ReturnTarget, ...]) -> Iterator[str]:
    known = {way.host: way for way in before}
    for way in ways:
        was = known.get(way.host)
        if was is not None and was.release != way.release:
            yield f"{way.host} would go back to {_target(way)}, was {_target(was)}"


def _target(way: ReturnTarget) -> str:
    return str(way.version) or way.release or "nothing (stop and remove)"
