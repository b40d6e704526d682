"""A page with a log that can be read back to the beginning of a run."""

from console.tui.readback import ReadBack
from console.tui.screens.page import Page
from console.tui.widgets.log import Log


class PageWithLog(Page):
    """Hands the log's wishes on. A page calls `open_way_back` when its log is there."""

    way_back: ReadBack

    def open_way_back(self) -> None:
        """Make ready to read back; from which run is said to `way_back`."""
        self.way_back = ReadBack(self.query_one(Log), self.say, self.app.keep)

    def on_log_wants_earlier(self, event: Log.WantsEarlier) -> None:
        """Read on before the first line that is held."""
        (self.way_back.search_older if event.matching else self.way_back.older)()

    def on_log_wants_later(self, _: Log.WantsLater) -> None:
        """Read on where lines are missing."""
        self.way_back.newer()
