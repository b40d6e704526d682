"""The conditions of a host in a run: what each cause makes of each of them, and the sets of them that have a name. The one place of both. Pure.

A cause that fits no condition is an error of the console's: it raises in tests, and in production it is kept in the state and changes nothing.
"""

from typing import Final, Literal

from console.model.state import FallenCondition, HostCondition

Cause = Literal[
    "left out", "silent", "answered", "update began", "update done", "update failed", "update unknown", "update unreachable", "update cancelled",
    "told to go back", "return began", "return done", "return done for a skip", "return failed", "return unknown", "return unreachable",
    "skipped", "retried on its way back", "retried as it stands", "retried half-way", "retried untouched",
    "fell failed", "fell unknown", "fell unreachable", "owed", "forgiven",
]  # fmt: skip

STRICT = False
"""Set by tests: a cause that does not fit raises."""

FORWARD: Final[frozenset[HostCondition]] = frozenset({"old", "updating", "new"})
"""On its way to the release, or there."""
LOST: Final[frozenset[HostCondition]] = frozenset({"unreachable", "unknown"})
"""Nobody knows what is on it."""
UNWELL: Final = LOST | {"failed"}
"""It is not well, or nobody knows whether it is: what a host can become after it has passed its gate."""
RETRIABLE: Final[frozenset[HostCondition]] = frozenset({"failed", "unknown", "unreachable", "skipped"})
"""It is tried again from these; from `back` too, where it failed first."""
STRANDED: Final[frozenset[HostCondition]] = frozenset({"failed", "skipped"})
"""It goes back alone, where it was touched."""
KEEPS_OLD: Final[frozenset[HostCondition]] = frozenset({"returning", "back", "skipped", "left-out", "owed"})
"""It keeps its old release, or goes to it, whatever is said; what is owed stays owed."""
STAYED_OLD: Final[frozenset[HostCondition]] = frozenset({"back", "skipped"})
"""It is on its old release for good, once nothing of its return is left to do."""
IN_BETWEEN: Final[frozenset[HostCondition]] = frozenset({"updating", "returning"})
"""It is in the middle of something."""
ARRIVED: Final[frozenset[HostCondition]] = frozenset({"new", "back"})
"""It came to where it was told to go."""
AS_BEFORE: Final = STAYED_OLD | {"left-out"}
"""It is on its old release, or no part of the run."""
LOST_OR_OWED: Final = LOST | {"owed"}
UNCLEAR: Final = IN_BETWEEN | {"unknown"}
"""What is on it depends on what nobody has seen the end of."""
BEHIND: Final[frozenset[HostCondition]] = frozenset({"owed", "left-out"})
"""The environment has gone on without it."""
AT_REST: Final[frozenset[HostCondition]] = frozenset({"old", "new", "back", "skipped"})
"""What is live on it is known."""
SERVED: Final[frozenset[HostCondition]] = frozenset({"new", "left-out"})
"""Nothing is left to do for it."""
UNVERIFIED: Final = LOST_OR_OWED | IN_BETWEEN | {"failed"}
"""No run has seen it well since."""
NOT_UPDATED: Final = LOST_OR_OWED | {"failed", "skipped"}
"""An announcement names it."""
MISPLACED: Final = LOST_OR_OWED | {"failed"}
"""It is to get no requests, where something was changed on it or it is owed something."""
NO_SERVICE: Final = LOST_OR_OWED | {"failed", "left-out"}
"""It is not counted on to serve."""
OUT_OF_REACH: Final[frozenset[HostCondition]] = frozenset({"left-out", "unreachable"})
"""No link to it is looked after."""

_KEPT: Final = ""
_ROWS: tuple[tuple[Cause, tuple[HostCondition, ...], HostCondition | Literal[""]], ...] = (
    ("left out", ("old",), "left-out"),
    ("silent", ("old", "unreachable"), "unreachable"),
    ("answered", ("unreachable",), "old"),
    ("update began", ("old", "updating", "new"), "updating"),
    ("update done", ("updating", "unknown"), "new"),
    ("update done", ("returning", "skipped"), _KEPT),
    ("update failed", ("old", "updating", "new", "unknown"), "failed"),
    ("update unknown", ("old", "updating", "new", "unknown"), "unknown"),
    ("update unreachable", ("old", "updating", "new", "unknown"), "unreachable"),
    ("update cancelled", ("old", "updating", "new", "unknown"), "failed"),
    ("update failed", ("returning", "skipped"), _KEPT),
    ("update unknown", ("returning", "skipped"), _KEPT),
    ("update unreachable", ("returning", "skipped"), _KEPT),
    ("update cancelled", ("returning", "skipped"), _KEPT),
    ("told to go back", ("old", "updating", "new", "failed", "unknown", "unreachable", "skipped", "returning", "owed"), "returning"),
    ("return began", ("old", "updating", "new", "returning", "back", "skipped"), "returning"),
    ("return done", ("returning", "unknown"), "back"),
    ("return done for a skip", ("returning", "unknown"), "skipped"),
    ("return failed", ("returning", "unknown"), "failed"),
    ("return unknown", ("returning", "unknown"), "unknown"),
    ("return unreachable", ("returning", "unknown"), "unreachable"),
    ("skipped", ("old", "updating", "new", "failed", "unknown", "unreachable"), "skipped"),
    ("retried on its way back", ("failed", "unknown", "unreachable", "skipped"), "returning"),
    ("retried as it stands", ("failed", "unknown", "unreachable", "skipped", "back"), "new"),
    ("retried half-way", ("failed", "unknown", "unreachable", "skipped", "back"), "updating"),
    ("retried untouched", ("failed", "unknown", "unreachable", "skipped", "back"), "old"),
    ("fell failed", ("new", "back"), "failed"),
    ("fell unknown", ("new", "back"), "unknown"),
    ("fell unreachable", ("new", "back"), "unreachable"),
    ("fell failed", ("old", "updating", "returning", "failed", "unknown", "unreachable", "skipped", "owed", "left-out"), _KEPT),
    ("fell unknown", ("old", "updating", "returning", "failed", "unknown", "unreachable", "skipped", "owed", "left-out"), _KEPT),
    ("fell unreachable", ("old", "updating", "returning", "failed", "unknown", "unreachable", "skipped", "owed", "left-out"), _KEPT),
    ("owed", ("unknown", "unreachable", "left-out", "updating"), "owed"),
    ("forgiven", ("owed",), "left-out"),
)
"""Cause, conditions that it may meet, and what it makes of them. Kept: the host goes on with what it is at, and is judged by that."""

TABLE: Final[dict[tuple[HostCondition, Cause], HostCondition | Literal[""]]] = {(condition, cause): to for cause, froms, to in _ROWS for condition in froms}

FELL: Final[dict[FallenCondition, Cause]] = {"failed": "fell failed", "unknown": "fell unknown", "unreachable": "fell unreachable"}


class ImpossibleError(AssertionError):
    """A cause met a condition that it cannot meet."""


def turned(condition: HostCondition, cause: Cause) -> HostCondition | Literal[""] | None:
    """Return what a host in that condition becomes by that cause. Empty: it stays what it is; None: that cannot be, and is not obeyed."""
    found = TABLE.get((condition, cause))
    if found is None and STRICT:
        raise ImpossibleError(f"a host that is {condition} cannot be {cause}")
    return found
