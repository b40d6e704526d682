"""How a run comes to its end: hosts that the environment goes on without are owed, hosts are asked a last time, and the end is told. Pure.

Which end it is, and in which words, is in `core/run/outcome.py`.
"""

from collections.abc import Iterator

from console.core.database_state import is_migrated
from console.core.host_conditions import ARRIVED, LOST
from console.core.kinds.kind_table import kind_of
from console.core.run.failure_budget import is_tripped
from console.core.run.outcome import conclude
from console.core.run.ready_steps import running_steps, runs
from console.core.run.ticket import closes_ticket
from console.core.traffic.bluegreen_sides import serves_nowhere_else
from console.core.traffic.serving import is_balanced
from console.model.configured_environment import Environment
from console.model.effects import AskHosts, CancelStep, Effect, RecordEvent, TakeOut
from console.model.events import HostOwed, RunEnded
from console.model.state import HostState, RunState
from console.safe_text import SafeText


def close(environment: Environment, state: RunState) -> Iterator[Effect]:
    """Where nothing runs or may begin any more: owe what is left behind, ask the hosts that are arrived a last time, then end."""
    owed = _to_be_owed(state)
    arrived = tuple(host.name for host in state.hosts.values() if host.touched and host.condition in ARRIVED)
    if misplaced_hosts(environment, state):
        return
    if owed:
        yield from map(RecordEvent, owed)
    elif arrived and not state.answered:
        yield AskHosts(arrived)
    else:
        yield end(environment, state)


def make_way(environment: Environment, state: RunState) -> Iterator[Effect]:
    """End in the monitoring window, for a newer release: nothing is asked or tidied up any more, and what is owed stays so, out of the traffic.

    Hosts of the newer run are left in it: their drain is that run's own.
    """
    if owed := _to_be_owed(state):
        yield from map(RecordEvent, owed)
        return
    if left := tuple(name for name in misplaced_hosts(environment, state) if name not in state.superseded_hosts):
        yield TakeOut(left)
        return
    yield from (CancelStep(step, state.step_state(step).attempt) for step in running_steps(state))
    if not runs(state):
        yield end(environment, state)


def misplaced_hosts(environment: Environment, state: RunState) -> tuple[str, ...]:
    """Hosts that are to get no requests, where a balancer sends them some, as far as is known, and another host has them instead."""
    if not environment.balancers or not state.tally.misplaced or serves_nowhere_else(state):
        return ()
    return tuple(name for name in state.tally.misplaced if is_balanced(environment, name))


def is_closing(state: RunState) -> bool:
    """Whether a step of the run's close has begun, on any host: a host that is lost from then on is owed, and takes no other host back with it."""
    return state.tally.closing > 0


def _to_be_owed(state: RunState) -> list[HostOwed]:
    """Hosts that the environment goes on without."""
    lost = [HostOwed(host=host.name, reason=host.detail or SafeText(host.condition)) for host in state.hosts.values() if _is_lost(state, host)]
    lost += [HostOwed(host=host.name, reason=_why_half_way(state, host)) for host in state.hosts.values() if _is_half_way(state, host)]
    return lost + [HostOwed(host=host.name, reason=_why_behind(host)) for host in _behind_for_good(state)]


def _is_lost(state: RunState, host: HostState) -> bool:
    return host.condition in LOST and (host.touched or kind_of(state).is_return)


def _is_half_way(state: RunState, host: HostState) -> bool:
    """Whether the others have gone back, and this one can neither do so nor come to the end of its update, as its service would run beside theirs."""
    return state.back is not None and host.condition == "updating" and host.touched


def _why_half_way(state: RunState, host: HostState) -> SafeText:
    way = state.way(host.name)
    return SafeText(f"its update was ended, and it cannot go back: {way.reason if way else 'nobody knows to what'}")


def _behind_for_good(state: RunState) -> Iterator[HostState]:
    """Hosts that were left out of a release which is live now, or were not reached for it."""
    goes_on = kind_of(state).makes_release and state.back is None and not state.aborting and (is_closing(state) or not is_tripped(state))
    if goes_on and any(host.condition == "new" for host in state.hosts.values()):
        yield from (host for host in state.hosts.values() if _is_left_out(host) or (host.condition in LOST and not host.touched))


def _is_left_out(host: HostState) -> bool:
    return host.condition == "left-out" and not host.forgiven


def _why_behind(host: HostState) -> SafeText:
    return SafeText(f"left out: {host.detail}" if host.condition == "left-out" else f"not reached: {host.detail or host.condition}")


def end(environment: Environment, state: RunState) -> RecordEvent:
    """The end of the run as it is now."""
    code, outcome, reason, hint = conclude(state)
    ticket = closes_ticket(environment, state, int(code))
    return RecordEvent(
        RunEnded(
            exit=int(code), outcome=outcome, reason=SafeText(reason), hint=SafeText(hint), held=state.locked_hosts, ticket=ticket,
            unchanged=not state.changed and not is_migrated(state),
        )
    )  # fmt: skip
