"""Whether more of a run failed than may fail (`max_failures`), why, and whether it is the network that failed. Pure.

What follows from it is decided in `core/run/decide.py`.
"""

from itertools import islice

from console.core.host_conditions import LOST
from console.core.kinds.kind_table import kind_of
from console.core.run.network_loss import NETWORK_HOSTS, NETWORK_SECONDS, lost_together
from console.core.run.ready_steps import hosts_in
from console.core.traffic.bluegreen_sides import is_deserted
from console.model.configured_environment import Environment
from console.model.plan import Step
from console.model.state import RunState
from console.safe_text import SafeText


def is_tripped(state: RunState, without: str = "") -> bool:
    """Whether more went wrong than the budget allows, and something of it that no person has seen and gone on with. `without`: but for that host.

    None may fail where that leaves nobody: no host that takes the release, or none on the side that the traffic has moved to.
    """
    if kind_of(state).is_return:
        return False
    failed, untold = state.tally.failed_once, state.tally.failed_unseen
    if without:
        failed, untold = failed.put(without, there=False), untold.put(without, there=False)
    if untold and (len(failed) > state.max_failures or is_deserted(state) or is_nobody_left(state)):
        return True
    return failed_without_host(state) is not None


def is_nobody_left(state: RunState) -> bool:
    """Whether no host of the plan has the release or is still to take it: nothing is left that the run is for."""
    conditions, waves = state.tally.conditions, state.plan.waves if state.plan else ()
    if "new" in conditions or "updating" in conditions:
        return False
    old = conditions.get("old", state.tally.nobody)
    return bool(waves) and not any(name in old for wave in waves for name in wave)


def failed_without_host(state: RunState) -> Step | None:
    """A step about no host that failed the run: a backup, a migration, an analysis. `None` where there is none, or it is tolerated."""
    failed = state.tally.own_failed
    return state.index[failed[0]] if failed else None


def trip_reason(state: RunState) -> SafeText:
    """What failed, for the reason of what follows from it; of hosts the first four are named."""
    alone = failed_without_host(state)
    if alone and alone.kind == "analysis":
        return state.step_state(alone).detail
    if alone:
        return SafeText(f"{alone.title} failed: {state.step_state(alone).detail}")
    failed = state.tally.failed_once
    names = [f"{name} ({state.hosts[name].detail or state.hosts[name].condition})" for name in islice(failed, 4)]
    return SafeText(f"{len(failed)} failed, {_why_too_many(state)}: {', '.join(names)}")


def _why_too_many(state: RunState) -> str:
    if len(state.tally.failed_once) > state.max_failures:
        return f"{state.max_failures} allowed"
    return "and nobody is left where the traffic has moved to" if is_deserted(state) else "and no host is left to take the release"


def is_network(environment: Environment, state: RunState) -> bool:
    """Whether so many hosts were lost within seconds that the network is a likelier cause than the release. Hosts that it was planned without, as they were not
    reached before, were lost to neither.
    """
    if lost_together(environment, state):
        return True
    lost = sorted(state.hosts[name].since for name in state.tally.failed_once & hosts_in(state, LOST) if _was_planned(state, name))
    return any(late - early <= NETWORK_SECONDS for early, late in zip(lost, lost[NETWORK_HOSTS - 1 :], strict=False))


def _was_planned(state: RunState, name: str) -> bool:
    return state.hosts[name].touched or bool(state.lanes.get(name))
