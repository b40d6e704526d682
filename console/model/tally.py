"""What a run's state says of its progress without anybody counting: which hosts are in which condition, what runs, and what may begin.

`core/run/step_tally.py` keeps it, event by event; whoever decides or shows reads it.
"""

import msgspec

from console.model.host_set import HostSet
from console.model.paged_table import Table
from console.model.plan import Step


class LaneTally(msgspec.Struct, frozen=True):
    """The steps about one host, which are done one after another: the next one if it may begin, what runs, and those that steps elsewhere still wait for."""

    ready: tuple[Step, ...] = ()
    running: tuple[Step, ...] = ()
    needed_elsewhere: tuple[str, ...] = ()
    orphaned: bool = False
    """One of those that run was begun by an engine that has ended."""
    closing: int = 0
    """Steps of the run's close that have begun."""
    has_held_step: bool = False
    """A step could not be done, and is done again once somebody continues."""
    stranded: bool = False
    """The host failed or was skipped, and something is still to be done about that: it goes back, or what runs on it ends."""


class Tally(msgspec.Struct, frozen=True):
    """Sets are in the order of the fleet, steps about no host in the plan's."""

    stale: bool = False
    """It is not kept up to date, and holds nothing: it is counted anew before it is read. Only while many events are folded."""
    nobody: HostSet = HostSet()
    """The empty set of the run's hosts, that others are made of."""
    conditions: dict[str, HostSet] = {}
    failed_once: HostSet = HostSet()
    """Hosts that count against the failure budget."""
    failed_unseen: HostSet = HostSet()
    """Of those, the hosts whose failure no person has seen and gone on with."""
    cut: HostSet = HostSet()
    """Hosts whose links were lost, and that nobody has seen and gone on with."""
    running: HostSet = HostSet()
    """Hosts that a step about them runs for."""
    forward: HostSet = HostSet()
    """Of those, the hosts that it does not take back."""
    orphaned: HostSet = HostSet()
    """Hosts with a step that an engine which has ended began."""
    ready: HostSet = HostSet()
    """Hosts that a step may begin for, other than one of the way back."""
    ready_back: HostSet = HostSet()
    """Hosts that a step of the way back may begin for."""
    stranded: HostSet = HostSet()
    with_held_step: HostSet = HostSet()
    """Hosts with a step that is done again once somebody continues."""
    misplaced: HostSet = HostSet()
    """Hosts that are not to get requests, and are not known to be out of the traffic."""
    lanes: Table[LaneTally] = Table()
    """By host."""
    own_running: tuple[str, ...] = ()
    """Steps about no host that run, by name."""
    own_ready: tuple[str, ...] = ()
    """Those that may begin."""
    own_failed: tuple[str, ...] = ()
    """Those that did not end well, with nobody having gone on in spite of that."""
    own_held: tuple[str, ...] = ()
    """Those that are done again once somebody continues."""
    closing: int = 0
    """Steps of the run's close that have begun."""
    waiting: dict[str, tuple[Step, ...]] = {}
    """By a step's name: the steps elsewhere, not in the same host's lane, that need it."""
    open: Table[int] = Table()
    """By a step's name: how many of its needs elsewhere are not settled yet."""
