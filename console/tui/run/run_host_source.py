"""The facts about hosts of a followed run, for the host screen."""

from console.model.state import RunState
from console.tui.feed_follower import FeedFollower
from console.tui.host.host_source import Hears
from console.tui.metrics_history import MetricsHistory
from console.views.log_lines import LogLine
from console.views.logbook import LogBook


class RunHostSource:
    """What is known of them: a run is followed whatever is seen."""

    def __init__(self, follower: FeedFollower, book: LogBook) -> None:
        self._follower, self._book = follower, book
        self.state = follower.state
        """The run as its screen shows it."""
        self.hears: Hears | None = None

    @property
    def fleet(self) -> RunState:
        """The hosts as they are now."""
        return self.state

    @property
    def last(self) -> RunState:
        """The run that is followed: the steps that are shown are its own."""
        return self.state

    @property
    def numbers(self) -> MetricsHistory:
        """What the machines said of their load."""
        return self._follower.numbers

    def link_problem(self, now: float) -> str:
        """Why nothing more comes of the run."""
        return self._follower.link_problem(now)

    def lines_of(self, host: str) -> tuple[LogLine, ...]:
        """What the log holds of a host."""
        return tuple(entry for entry in self._book.held if entry.where == host)

    def look(self) -> bool:
        """Do nothing: the follower reads on by itself."""
        return False

    def look_away(self) -> None:
        """Do nothing: the run is followed whatever is seen."""
