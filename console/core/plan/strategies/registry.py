"""The strategies that a release can be put in service by. A new one is a file beside this one, and a line here."""

from collections.abc import Callable, Mapping
from typing import Final

from console.core.plan.strategies.bluegreen import bluegreen
from console.core.plan.strategies.canary import canary
from console.core.plan.strategies.order import ChangeOfHosts, Order
from console.core.plan.strategies.recreate import recreate
from console.core.plan.strategies.rolling import rolling
from console.model.strategy_names import Strategy

STRATEGIES: Final[Mapping[Strategy, Callable[[Order], ChangeOfHosts]]] = {
    "rolling": rolling,
    "canary": canary,
    "bluegreen": bluegreen,
    "recreate": recreate,
}
