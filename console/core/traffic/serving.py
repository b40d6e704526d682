"""Which balancers send requests to which hosts, and what follows from what they said: who is out, who serves, what a step is called. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from console.core.words.shortened_list import shortened
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen
from console.safe_text import SafeText

OutBefore = Mapping[str, frozenset[str]]
"""By host: the balancers that somebody else has taken it out of."""
NOBODY_OUT: Final[OutBefore] = {}
NAMED = 3
"""Balancers that a title names."""


def balancers_of(environment: Environment, host: Host) -> tuple[Balancer, ...]:
    """Those that send requests to that host."""
    return tuple(one for one in environment.balancers if one.served((host,)))


def is_balanced(environment: Environment, name: str) -> bool:
    """Whether a balancer sends requests to the host of that name."""
    host = environment.host(name)
    return host is not None and bool(balancers_of(environment, host))


def in_words(balancers: Iterable[str]) -> str:
    """Names of balancers as a title has room for."""
    return shortened(tuple(balancers), NAMED)


def serving(seen: BalancerSeen, leaving: Iterable[str] = ()) -> tuple[str, ...]:
    """The hosts that get new requests there, without those that are about to leave."""
    gone = frozenset(leaving)
    return tuple(one.host for one in seen.servers if one.serves and one.host not in gone)


def out_of(looks: Iterable[BalancerSeen | BalancerProblem]) -> dict[str, frozenset[str]]:
    """By host: the balancers that it is out of now."""
    found: dict[str, frozenset[str]] = {}
    for seen in looks:
        for one in seen.servers if isinstance(seen, BalancerSeen) else ():
            if one.admission != "in":
                found[one.host] = found.get(one.host, frozenset()) | {seen.balancer}
    return found


def problem_words(problem: BalancerProblem) -> SafeText:
    """What is wrong with a balancer, by its name."""
    return SafeText(f"{problem.balancer}: {problem.message}")
