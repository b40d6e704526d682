"""The names of the strategies, as the file, the command line and the release form take them. How each changes hosts is in `core/plan/strategies/`."""

from typing import Final, Literal, get_args

Strategy = Literal["rolling", "canary", "bluegreen", "recreate"]
STRATEGIES: Final[tuple[Strategy, ...]] = get_args(Strategy)
