"""One run as a line of the history. Imports nothing that is slow: whoever only lists runs waits for it."""

from dataclasses import dataclass

ASIDE: frozenset[str] = frozenset({"exec", "maintenance"})
"""Kinds that go on beside runs: they hold no host, have no pre-flight and no plan, and change no release."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as a line of the history."""

    run: str
    app: str
    environment: str
    kind: str
    version: str
    commit: str
    strategy: str
    by: str
    started: str
    ended: str | None
    outcome: str | None
    exit: int | None = None
    number: int = 0
    """Its place in the record, over all runs. Runs are ordered by it: a clock may be set back between two of them."""
    from_version: str = ""
    """What was live before it, on the first host that it saw; empty: not known, or nothing."""
    asked: str = ""
    """`person` or `automatic`: who had hosts taken back, or that the engine began the run by itself. `nobody`: it failed before anything
    was changed, so that nothing had to be taken back. Empty: neither, or an older console wrote it."""
    reason: str = ""
    """Why it was asked for, or ended as it did."""

    @property
    def changed_the_fleet(self) -> bool:
        """Whether it may have put other releases live: it ended after a change, or goes on."""
        return self.kind in ("deploy", "rollback") and self.outcome in ("succeeded", "superseded", "rolled-back", "failed", None)
