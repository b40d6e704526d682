"""The canary of an environment, as the file says it. It opens no file and no connection."""

from itertools import pairwise
from typing import Any

from console.config.check_keys import judge_tags
from console.config.file_problems import FilePlace
from console.core.analysis.judged_metrics import COUNTING_BALANCERS, judged_metrics
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.number_of_hosts import NumberOfHosts
from console.model.strategy import Canary

Values = dict[str, Any]
WEIGHING_BALANCERS = frozenset({"haproxy"})
"""Kinds whose servers have weights that can be changed while requests come."""
_BY_HOSTS = 'by = "hosts", whose steps are numbers of hosts; or a balancer of the kind haproxy'


def read_canary(values: Values, hosts: tuple[Host, ...], place: FilePlace) -> Canary:
    """Return how a canary goes; problems are recorded."""
    judge_tags(values.get("tags", ()), hosts, place.at("tags"))
    steps = values.get("steps", Canary().steps)
    sizes = [_size(amount) for amount in steps]
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        if before[0] == after[0] and after[1] <= before[1]:
            place.at("steps", number).wrong("is not more than the step before it", 'steps say how many hosts have the release by then: ["10%", "50%", "100%"]')
    if values.get("by") == "weight":
        for number in (number for number, amount in enumerate(steps) if amount.count):
            place.at("steps", number).wrong('is a count of hosts, and by = "weight" goes by shares of the traffic', 'a share such as "10%", or by = "hosts"')
    return Canary(**values)


def _size(amount: NumberOfHosts) -> tuple[bool, float]:
    return bool(amount.count), amount.count or amount.share


def judge_canary(environment: Environment, place: FilePlace) -> None:
    """Record where a canary would have no weights to go by, or nothing to judge by."""
    if environment.canary.by == "weight":
        _judge_weights(environment, place.at("canary"))
    if environment.strategy != "canary" or not environment.canary.analysis or len(environment.hosts) < 2 or judged_metrics(environment):
        return
    kinds = ", ".join(sorted(COUNTING_BALANCERS))
    place.at("strategy").wrong(
        f"a canary has nothing to judge new hosts by: no balancer that counts ({kinds}), and no metrics.error_rate or latency among canary.judge",
        "analysis = \"0s\" in the canary's table goes on after each step's gates",
    )


def _judge_weights(environment: Environment, place: FilePlace) -> None:
    """Record what keeps shares of the traffic from being given by weights."""
    balancers, tags = environment.balancers, environment.canary.tags
    if not balancers:
        place.at("by").wrong("shares of the traffic need a balancer with weights, and the file names none", _BY_HOSTS)
    for one in balancers:
        if one.kind not in WEIGHING_BALANCERS:
            why = "whose weights are not changed: each change would be a reload" if one.kind == "nginx" else "which has no weights"
            place.at("by").wrong(f"{one.name} is a balancer of the kind {one.kind}, {why}", _BY_HOSTS)
    served = {host.name for one in balancers for host in one.served(environment.hosts)}
    if balancers and tags and not any(host.name in served for host in environment.hosts if set(tags) & set(host.tags)):
        place.at("tags").wrong(f"no balancer sends requests to a host with the tag {' or '.join(tags)}", "tags of hosts behind a balancer, or none")
