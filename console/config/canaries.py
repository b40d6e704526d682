"""The canary of an environment, as the file says it. It opens no file and no connection."""

from itertools import pairwise
from typing import Any

from console.config.file_problems import FilePlace
from console.config.probes import judge_tags
from console.core.analysis.judged_metrics import COUNTING_BALANCERS, judged_metrics
from console.model.fleet import Amount, Canary, Environment, Host

Values = dict[str, Any]


def read_canary(values: Values, hosts: tuple[Host, ...], place: FilePlace) -> Canary:
    """Return how a canary goes; problems are recorded."""
    judge_tags(values.get("tags", ()), hosts, place.at("tags"))
    steps = values.get("steps", Canary().steps)
    sizes = [_size(amount) for amount in steps]
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        if before[0] == after[0] and after[1] <= before[1]:
            place.at("steps", number).wrong("is not more than the step before it", 'steps say how many hosts have the release by then: ["10%", "50%", "100%"]')
    return Canary(**{**values, "by": "hosts"})


def _size(amount: Amount) -> tuple[bool, float]:
    return bool(amount.count), amount.count or amount.share


def judge_canary(environment: Environment, place: FilePlace) -> None:
    """Record where a canary would have nothing to judge by."""
    if environment.strategy != "canary" or not environment.canary.analysis or len(environment.hosts) < 2 or judged_metrics(environment):
        return
    kinds = ", ".join(sorted(COUNTING_BALANCERS))
    place.at("strategy").wrong(
        f"a canary has nothing to judge new hosts by: no balancer that counts ({kinds}), and no metrics.error_rate or latency among canary.judge",
        'analysis = "0s" in the canary\'s table goes on after each step\'s gates',
    )
