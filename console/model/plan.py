"""A plan: every step that a run will take, by name, in waves. It is a value; what was shown and approved is what runs.

A step's name says where it belongs (`wave-2/web07/switch`), never its position in a list.
"""

from typing import Literal

import msgspec

from console.model.host_commands import Command
from console.model.thresholds import Threshold
from console.safe_text import SafeText

StepKind = Literal[
    "build", "pack", "ship", "fetch", "install", "hook", "stop", "switch", "restart", "gate", "remove", "prune",
    "wave", "mark", "monitor", "backup", "migrate", "revert", "restore", "maintain", "drain", "admit", "analysis", "weigh", "critical", "manual",
]  # fmt: skip

Phase = Literal["prepare", "release", "verify", "close", "rollback"]


class Step(msgspec.Struct, frozen=True):
    """One thing that is done, once. `timeout` is seconds.

    Two kinds are points that many steps wait for by one name: a `wave` is passed by an event of its own, so that pauses are taken there; a `mark` is
    neither begun nor ended, and is settled while all that it needs is.
    """

    name: str
    kind: StepKind
    phase: Phase
    title: SafeText
    about: str = ""
    """The host that it is for, and whose failure its own is. Empty: it is the whole run's affair."""
    place: str = ""
    """The host that it runs on: mostly the one that it is about; a balancer's, or the database's, for others. Empty: the console's machine, or nowhere."""
    wave: int = 0
    needs: tuple[str, ...] = ()
    """Steps that are settled before this one starts: done, or no longer to be done."""
    command: Command | None = None
    release: str = ""
    """The release that the step works with (for a switch: the one that is live after it)."""
    timeout: float = 120.0
    idempotent: bool = False
    """May be sent again when it is not known whether it ran."""
    changes: bool = False
    """Changes what is in service: from the first of these on there is something to roll back."""
    fatal: bool = True
    """Its failure is its host's failure."""
    expects: str = ""
    """For `pack`: the digest of what was verified elsewhere, and is therefore what it must come to."""
    pause: float = 0.0
    """Seconds to wait before it, for a `wave`."""
    share: float = 0.0
    """For `weigh`: the part of the traffic that hosts with the new release get (0..1); 1: every server has its own weight again."""
    path: str = ""
    """The critical path that it tries (`critical`), or that a person tries and ticks off (`manual`), by its name."""


class Steps(tuple[Step, ...]):
    """Steps, in order. A type of their own, as they are written down in a form of their own (`wire/packed_steps.py`)."""

    __slots__ = ()


class Plan(msgspec.Struct, frozen=True):
    """The steps in the order in which they are shown, and the waves that the hosts go in."""

    strategy: str
    waves: tuple[tuple[str, ...], ...]
    steps: Steps
    digest: str = ""
    """SHA-256 of all the rest, hex: what the operator approved."""
    thresholds: tuple[Threshold, ...] = ()
    """What new hosts are held against, for whoever reads the plan."""

    @property
    def size(self) -> int:
        """How many steps there are to take."""
        return sum(step.kind != "mark" for step in self.steps)


class ReturnTarget(msgspec.Struct, frozen=True):
    """Where one host would return to. No release and possible: a first release, which is stopped and removed. Not possible: nothing is done there."""

    host: str
    release: str = ""
    version: SafeText = SafeText("")
    possible: bool = True
    reason: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    """What to type, where no reason lets a release go past it."""
    commit: str = ""
