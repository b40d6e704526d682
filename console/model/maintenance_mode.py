"""Maintenance mode: who has users shown a page, since when and until when, and what hosts and balancers showed when they were looked at. Values only.

What a fleet's answers add up to is judged in `core/maintenance_state.py`.
"""

from typing import Literal

import msgspec

from console.safe_text import SafeText

MaintenanceVerb = Literal["on", "off"]
MaintenanceState = Literal["on", "off", "mixed", "unknown"]
"""Of a whole environment. `mixed`: not everywhere the same, or begun somewhere and not ended well; `unknown`: too little answered to say."""
Shows = Literal["on", "off", "half", "unknown"]
"""Of one host or balancer. `half`: a command was begun there and is not known to have ended well."""


class Maintenance(msgspec.Struct, frozen=True):
    """Users are shown a maintenance page: by whom, since when, until when (UTC, RFC 3339; empty: until it is taken away)."""

    by: SafeText
    since: SafeText
    message: SafeText = SafeText("")
    until: SafeText = SafeText("")
    run: str = ""
    """The release that switched it on, and switches it off at its end; empty: a person did."""
    balancers: tuple[str, ...] = ()
    """Of a release: the balancers that it switched on, which were off before."""


class HostMaintenance(msgspec.Struct, frozen=True):
    """What the console left on a host: that its maintenance command was begun, and whether it ended well."""

    state: Literal["on", "turning-on", "turning-off"]
    by: SafeText = SafeText("")
    since: SafeText = SafeText("")
    until: SafeText = SafeText("")
    message: SafeText = SafeText("")
    run: str = ""


class PlaceSeen(msgspec.Struct, frozen=True):
    """What one host, or one balancer, shows. `why` and `hint`: what is wrong with it, and what to type."""

    place: str
    shows: Shows
    is_balancer: bool = False
    why: SafeText = SafeText("")
    hint: SafeText = SafeText("")


class MaintenanceSeen(msgspec.Struct, frozen=True):
    """An environment's maintenance mode as it was just read."""

    state: MaintenanceState
    places: tuple[PlaceSeen, ...] = ()
    """Hosts and balancers that have a maintenance page; empty: nothing is configured."""
    kept: Maintenance | None = None
    """What is on record."""
    at: str = ""
    """When it was read: UTC, RFC 3339."""

    @property
    def mark(self) -> str:
        """Tells one time of maintenance from another, so that whoever acts on an older look is told that somebody was first."""
        return f"{self.state} {self.kept.since if self.kept else ''}".strip()
