"""Which steps of a run go on now, and which may begin: all of them, or those that go on in a pause, a return or an abort. Pure.

It looks at what `core/run/step_tally.py` keeps, never at the whole fleet, and starts nothing: what begins is decided in `core/run/decide.py`.
"""

from collections.abc import Iterator

from console.core.kinds.kind_table import kind_of
from console.core.plan.return_plan import stays_forward
from console.core.run.pauses import PAUSES
from console.model.events import PauseCause
from console.model.host_set import HostSet
from console.model.plan import Step
from console.model.state import HostCondition, RunState


def running_steps(state: RunState) -> tuple[Step, ...]:
    """The steps that were started and have not ended."""
    tally = state.tally
    return (*own_steps(state, tally.own_running), *(step for name in tally.running for step in tally.lanes[name].running))


def changing_steps(state: RunState) -> tuple[Step, ...]:
    """Those of them that a question waits for: an analysis goes on while a person thinks, and a critical path that a person tries is the question."""
    return tuple(step for step in running_steps(state) if step.kind not in ("analysis", "manual"))


def runs(state: RunState) -> bool:
    """Whether a step runs now."""
    return bool(state.tally.running or state.tally.own_running)


def own_steps(state: RunState, names: tuple[str, ...]) -> tuple[Step, ...]:
    """Those steps of the run itself, about no host: `names` as the tally keeps them."""
    return tuple(state.index[name] for name in names)


def ready_steps(state: RunState) -> Iterator[Step]:
    """All that may begin where nothing holds the run up."""
    tally = state.tally
    yield from own_steps(state, tally.own_ready)
    for name in tally.ready | tally.ready_back:
        yield from tally.lanes[name].ready


def ready_to_return(state: RunState) -> Iterator[Step]:
    """Steps of the way back: of the whole run, and of hosts."""
    tally = state.tally
    yield from (step for step in own_steps(state, tally.own_ready) if step.phase == "rollback")
    for name in tally.ready_back:
        yield from (step for step in tally.lanes[name].ready if step.phase == "rollback")


def ready_to_stay_forward(state: RunState) -> Iterator[Step]:
    """While hosts go back: what is still to be done on those in the middle of their update that cannot."""
    for name in state.tally.ready & hosts_in(state, frozenset({"updating"})):
        if stays_forward(state, state.hosts[name]):
            yield from (step for step in state.tally.lanes[name].ready if step.phase == "release")


def ready_while_paused(state: RunState) -> Iterator[Step]:
    """What goes on in a pause: hosts that go back, and in some pauses (`core/run/pauses.py`) what is still to be done on hosts that are being updated, so that
    none is left between its switch and its gate."""
    if state.pausing is not None:
        yield from ready_in_pause(state, state.pausing.cause)


def ready_in_pause(state: RunState, cause: PauseCause) -> Iterator[Step]:
    """The same for a pause of that cause, whether or not the run is in it."""
    tally = state.tally
    yield from ready_to_return(state)
    if PAUSES[cause].updates_go_on:
        for name in tally.ready & hosts_in(state, frozenset({"updating"})):
            yield from (step for step in tally.lanes[name].ready if step.phase == "release")


def ready_to_serve_again(state: RunState) -> Iterator[Step]:
    """Where no host goes back: what is still to be done on hosts that were taken out of the traffic, so that none is left out of it."""
    if kind_of(state).returns or state.aborting == "leave":
        return
    yield from ready_to_return(state)
    for name in state.tally.ready & hosts_in(state, frozenset({"updating"})):
        if state.hosts[name].traffic:
            yield from (step for step in state.tally.lanes[name].ready if step.phase == "release")


def hosts_in(state: RunState, conditions: frozenset[HostCondition]) -> HostSet:
    """The hosts that are in one of those conditions."""
    found = state.tally.nobody
    for condition in conditions:
        found = found | state.tally.conditions.get(condition, state.tally.nobody)
    return found
