"""The two sides of a blue/green environment, by the colors of its hosts: which one gets the requests, by what the balancers say. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from console.core.traffic.serving import serving
from console.core.words.shortened_list import shortened
from console.errors import Problem
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Step
from console.model.state import HostState, RunState
from console.model.traffic import BalancerProblem, BalancerSeen

BLUEGREEN = "bluegreen"
TRAFFIC_BACK = "rollback traffic"
"""What the plan of a way back is called that moves the traffic alone."""


class Sides(NamedTuple):
    """The color that gets the requests, and the one that a release goes to."""

    live: str
    idle: str
    serving: tuple[str, ...] = ()
    """Hosts of the idle side that get requests too, and are drained first: the environment's first blue/green release."""


def hosts_of(environment: Environment, color: str) -> tuple[Host, ...]:
    """The hosts of that color, in the order of the fleet; none: no host has it."""
    return tuple(host for host in environment.hosts if host.color == color)


def sides_of(environment: Environment, looks: Sequence[BalancerSeen | BalancerProblem], releases: Mapping[str, str]) -> Sides | Problem:
    """Which side is live and which is idle; why that is not known, and what to do. `releases`: by host, what is live on it; hosts that have none are left out.

    Where no host has one yet and none gets requests, the color that the file names first is the one that the first release goes to. Where both sides get
    requests and have the same release, the one with fewer hosts that do is to be the idle one, of two alike the one that the file names last.
    """
    colors = tuple(dict.fromkeys(host.color for host in environment.hosts if host.color))
    if wrong := _wrong_file(environment, colors):
        return wrong
    seen = [one for one in looks if isinstance(one, BalancerSeen)]
    if len(seen) < len(environment.balancers):
        return Problem("which side is live is not known: a balancer did not answer", f"deploy check {environment.name}")
    by_color = {color: {host.name for host in hosts_of(environment, color)} for color in colors}
    serve = _of(by_color, (name for one in seen for name in serving(one)))
    told = serve or _of(by_color, (server.host for one in seen for server in one.servers if server.admission == "in"))
    if len(told) == 1:
        live = next(iter(told))
        return Sides(live, next(color for color in colors if color != live))
    if not serve and not releases:
        return Sides(colors[1], colors[0])
    both = [name for names in serve.values() for name in names]
    if serve and len({releases.get(name, "") for name in both}) == 1:
        live, idle = sorted(colors, key=lambda color: (-len(serve[color]), colors.index(color)))
        return Sides(live, idle, tuple(serve[idle]))
    return _mixed(environment, serve, seen)


def _of(by_color: dict[str, set[str]], names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        for color, hosts in by_color.items():
            if name in hosts:
                found.setdefault(color, []).append(name)
    return found


def _wrong_file(environment: Environment, colors: tuple[str, ...]) -> Problem | None:
    rolling = "or --strategy rolling"
    if not environment.balancers:
        hint = f"[[environments.{environment.name}.balancer]] in the file, {rolling}"
        return Problem("blue/green needs a balancer that moves the traffic, and the file names none", hint)
    bare = [host.name for host in environment.hosts if not host.color]
    if bare:
        hint = f'color = "blue" or "green" in the table of each host, {rolling}'
        return Problem(f"blue/green needs a color for each host; without one: {shortened(bare)}", hint)
    if len(colors) != 2:
        return Problem(f"blue/green has two colors; the hosts have {', '.join(colors)}", f"two colors in the file, {rolling}")
    return None


def _mixed(environment: Environment, serve: dict[str, list[str]], seen: Sequence[BalancerSeen]) -> Problem:
    where = ", ".join(one.balancer for one in seen)
    again = f"deploy {environment.name}" + ("" if environment.strategy == BLUEGREEN else f" --strategy {BLUEGREEN}")
    if not serve:
        words = f"which side is live is not known: no host gets requests at {where}; put the hosts of one color into its traffic there"
        return Problem(words, again)
    told = "; ".join(f"{color}: {shortened(names)}" for color, names in serve.items())
    return Problem(
        f"both sides get requests at {where}, and have different releases ({told}); take the hosts of one color out there, or use --strategy rolling",
        again,
    )


def aside(host: str) -> str:
    """What the steps are called by which a host of the idle side is taken out that got requests before the run."""
    return f"aside/{host}"


def served_before(state: RunState, host: str) -> bool:
    """Whether a host of the side that a blue/green release goes to got requests before it."""
    return f"{aside(host)}/drain" in state.index


def is_bluegreen(state: RunState) -> bool:
    """Whether the run is a blue/green release: it moves the traffic from one side to the other, instead of changing hosts that serve."""
    return state.plan is not None and state.plan.strategy == BLUEGREEN


def moves_traffic(state: RunState) -> bool:
    """Whether the run is a blue/green release, or the way back from one: the environment is what the side that serves has."""
    return state.plan is not None and state.plan.strategy in (BLUEGREEN, TRAFFIC_BACK)


def is_idle(state: RunState, host: HostState) -> bool:
    """Whether the way back of a blue/green release has taken the host out of the traffic, and left its release as it was."""
    return moves_traffic(state) and host.condition == "back" and host.is_out


def standing_by(state: RunState) -> frozenset[str]:
    """The hosts that such a run leaves on their release, ready for the way back."""
    if not is_bluegreen(state) or state.plan is None:
        return frozenset()
    planned = {name for wave in state.plan.waves for name in wave}
    return frozenset(name for name, host in state.hosts.items() if name not in planned and host.condition == "old")


def _in_traffic(state: RunState) -> Iterator[HostState]:
    """The hosts that get requests, are well, and are at nothing now."""
    return (host for host in state.hosts.values() if host.condition in ("old", "new", "back") and not host.is_out)


def _new_in_traffic(state: RunState, but: str = "") -> bool:
    """Whether a host with the new release gets requests. `but`: another one than that."""
    return any(name != but and not state.hosts[name].is_out for name in state.tally.conditions.get("new", state.tally.nobody))


def _rests(state: RunState, host: str) -> Iterator[Step]:
    """The steps by which a host of the side that stands by leaves."""
    return (step for step in state.lanes.get(host, ()) if step.kind == "drain" and step.phase == "verify")


def _rests_back(state: RunState, host: str) -> Iterator[Step]:
    """The steps by which a host leaves that a rollback of its own takes the traffic away from."""
    is_taken_back = state.plan is not None and state.plan.strategy == TRAFFIC_BACK
    return (step for step in state.lanes.get(host, ()) if is_taken_back and step.kind == "drain")


def leaves_nobody(state: RunState, step: Step) -> bool:
    """Whether that drain would take requests away from a host while no other one has them. The side that stands by leaves only where a host with the new
    release has them."""
    if step.kind != "drain" or not moves_traffic(state) or state.hosts[step.about].is_out:
        return False
    if step.phase == "verify":
        return not _new_in_traffic(state)
    stays = any(host.name != step.about and not _leaves(state, host.name) for host in _in_traffic(state))
    return not stays and (step.phase != "release" or _moves(state))


def _leaves(state: RunState, host: str) -> bool:
    """Whether a host of the side that is to get no requests leaves now."""
    leaving = (*_rests(state, host), *_rests_back(state, host))
    return any(state.step_state(step).status == "running" or step in state.tally.lanes[host].ready for step in leaving)


def is_last_new(state: RunState, name: str) -> bool:
    """Whether the traffic has begun to move, and that host is the only one with the new release that gets requests."""
    return _moves(state) and not _new_in_traffic(state, but=name)


def is_deserted(state: RunState) -> bool:
    """Whether the traffic has begun to move to a side of which no host has it any more."""
    return _moves(state) and not _new_in_traffic(state)


def _moves(state: RunState) -> bool:
    """Whether the traffic has begun to move, or has."""
    return any(state.step_state(step).status in ("running", "done") for name in standing_by(state) for step in _rests(state, name))


def serves_nowhere_else(state: RunState) -> bool:
    """Whether such a run has no host that is well, gets requests and goes on to: those that failed keep theirs until one has."""
    return moves_traffic(state) and all(_leaves(state, host.name) for host in _in_traffic(state))
