"""The strategies by their names, as the file, the command line and the release form take them. Loads nothing: help needs it."""

from typing import Final, Literal, get_args

Strategy = Literal["rolling", "canary", "bluegreen", "recreate"]
STRATEGIES: Final[tuple[Strategy, ...]] = get_args(Strategy)
