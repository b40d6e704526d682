"""A page with a log that can be read back to the beginning of a run."""

from console.tui.feed_follower import FeedFollower
from console.tui.log_readback import LogReadback
from console.tui.page import Page
from console.tui.screen_shell import Shell
from console.tui.widgets.log_panel import LogPanel
from console.views.log_lines import LogLine

CELLS_A_TICK = 1000
"""How much of a log is painted anew at a tick on the average, at most: a cell is some two bytes to the terminal, ten ticks are a second."""


class PageWithLog(Page):
    """Holds the log, and hands its wishes on. From which run it is read back is said to `readback`."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.log_panel = LogPanel(shell.zone, id="log", classes="panel")
        self._rests = 0
        self.readback = LogReadback(self.log_panel, self.say, shell.keep)

    def fill_log(self, follower: FeedFollower) -> tuple[LogLine, ...]:
        """Put the lines that came from a run into the log, and return them. A large log is filled less often; until then they wait, and are news."""
        if follower.has_lines and self._rests:
            self._rests -= 1
            follower.changed = True
            return ()
        self._rests = self.log_panel.size.area // CELLS_A_TICK if follower.has_lines else 0
        if follower.begins_anew:
            self.log_panel.clear()
            self.log_panel.is_cut = True
        lines = follower.take_lines()
        self.log_panel.add(lines)
        self.readback.read_from(self.shell.records, follower.state.run)
        return lines

    def on_log_panel_wants_earlier(self, event: LogPanel.WantsEarlier) -> None:
        """Read on before the first line that is held."""
        (self.readback.search_older if event.matching else self.readback.older)()

    def on_log_panel_wants_later(self, _: LogPanel.WantsLater) -> None:
        """Read on where lines are missing."""
        self.readback.newer()
