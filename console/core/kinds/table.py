"""What each kind of run may do: whether its hosts go back, what a failure does, what is asked in it. Pure; who fails is not known here."""

from typing import Final, Literal

from console.model.request import RunKind
from console.model.state import RunState

OnFailure = Literal["rollback", "pause", "stop"]

RETURNS: Final[frozenset[RunKind]] = frozenset({"deploy"})
"""Kinds that put another release in service, so that a host has one to go back to: a restart changes none, and a catch-up never makes a host older."""
NO_WAY_BACK: Final[dict[RunKind, tuple[str, str]]] = {
    "rollback": ("the rollback is under way", ""),
    "restart": ("a restart changes no release, so there is none to go back to", "deploy abort --leave"),
    "restore": ("a restore changes no host, and nothing takes it back", "deploy abort"),
    "catch-up": ("an owed host is brought up to date, and never to an older state", "deploy rollback {environment}, once it has ended"),
}
"""Of every other kind that is steered: why none of its hosts goes back, and what to type instead."""
UNSTEERED: Final[frozenset[RunKind]] = frozenset({"exec"})
"""Kinds that end with the console that runs them: nothing is said to such a run."""
WAYS_BACK: Final[frozenset[RunKind]] = frozenset({"rollback"})
"""Kinds that are the way back themselves: they go to their end, and are neither paused nor aborted."""
ASKS_MANUALLY: Final[frozenset[RunKind]] = frozenset({"deploy"})
"""Kinds whose pre-flight has checks that a person ticks off."""
UNATTENDED: Final[frozenset[RunKind]] = frozenset({"restore", "catch-up"})
"""Kinds that nobody is asked in while they run."""


def goes_back(kind: RunKind) -> bool:
    """Whether a host of such a run may be taken back to what it had before it."""
    return kind in RETURNS


def failure_rule(kind: RunKind, asked: OnFailure) -> OnFailure:
    """What a failure beyond the budget does in a run of that kind, where the file asks for `asked`. `stop` leaves every host as it is."""
    if kind in UNATTENDED:
        return "stop"
    return "stop" if asked == "rollback" and not goes_back(kind) else asked


def on_failure(state: RunState) -> OnFailure:
    """What a failure beyond the budget does in this run, also in one that an earlier version opened."""
    return failure_rule(state.kind, state.on_failure)


def looked_at_with(state: RunState) -> str:
    """The command that shows again what such a run was refused for; `deploy check` looks at what a release needs, and at nothing else's."""
    return f"deploy {'check' if state.kind == 'deploy' else 'status'} {state.environment}"
