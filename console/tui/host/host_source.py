"""What the host screen is given by the screen that opened it: the source of its facts, and the way to act on the run."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from console.model.commands import AnyCommand
from console.model.state import RunState
from console.tui.key_refusals import Situation
from console.tui.metrics_history import MetricsHistory
from console.views.log_lines import LogLine

Hears = Callable[[tuple[LogLine, ...]], None]
"""Is told of log lines that came."""


class HostSource(Protocol):
    """The facts about hosts: of a run that is followed, or of an environment at rest."""

    hears: Hears | None
    """Told of every host's log lines as they come; None: nobody listens."""

    @property
    def fleet(self) -> RunState:
        """The hosts as they are now: of the run, or as they were seen at rest."""

    @property
    def last(self) -> RunState:
        """The run whose steps are shown: the one that goes on, or the last one that changed the fleet."""

    @property
    def numbers(self) -> MetricsHistory:
        """The numbers of the hosts' machines and of their app, as the metrics show them."""

    def link_problem(self, now: float) -> str:
        """Return why nothing more comes of what is shown (`now`: boot-time clock); empty: it comes."""

    def lines_of(self, host: str) -> tuple[LogLine, ...] | None:
        """What is held of that host's log; None where none is held."""

    def look(self) -> bool:
        """Go on to look: a screen shows what is seen. Whether the numbers begin anew: what was before them is to be read again."""

    def look_away(self) -> None:
        """Look no more: no screen shows what is seen."""


class HostSteering(NamedTuple):
    """How a host's screen acts on what it was opened from."""

    situation: Callable[[], Situation]
    """What is on the screen below."""
    choose: Callable[[str], None]
    """Choose that host there, too."""
    send: Callable[[AnyCommand, str], None]
    """Say a command to the run; with the command line that says the same."""
    ask_rollback: Callable[[], None]
    """Ask, and roll every host back."""
    is_seen: Callable[[], bool]
    """Whether the screen below is the one that is seen."""
