"""A page with a log that can be read back to the beginning of a run."""

from console.tui.log_readback import LogReadback
from console.tui.page import Page
from console.tui.widgets.log_panel import LogPanel


class PageWithLog(Page):
    """Hands the log's wishes on. A page calls `open_way_back` when its log is there."""

    way_back: LogReadback

    def open_way_back(self) -> None:
        """Make ready to read back; from which run is said to `way_back`."""
        self.way_back = LogReadback(self.query_one(LogPanel), self.say, self.app.keep)

    def on_log_panel_wants_earlier(self, event: LogPanel.WantsEarlier) -> None:
        """Read on before the first line that is held."""
        (self.way_back.search_older if event.matching else self.way_back.older)()

    def on_log_panel_wants_later(self, _: LogPanel.WantsLater) -> None:
        """Read on where lines are missing."""
        self.way_back.newer()
