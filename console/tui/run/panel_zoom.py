"""Which panel of a run's screen has the room: all share it, one has more of it, or one has all of it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from console.tui.widgets.log_panel import LogPanel

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen

PANELS = {1: ("checklist", "checks"), 2: ("fleet", "checks"), 3: ("metrics", "plan"), 4: ("log", "log")}
"""What each number brings forward: during a run, and before it."""
LOG = 4


class PanelZoom:
    """The zoomed panel of one run's screen."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self.panel = 0
        """The panel that has more room; 0: none."""
        self._half = False

    def handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that are about room, by id."""
        panels: dict[str, Callable[[], object]] = {f"panel-{number}": partial(self.turn, number) for number in PANELS}
        return panels | {"zoom-in": self.more, "zoom-out": self.less}

    def shape(self) -> dict[str, bool]:
        """Say it in the style sheet's words."""
        zoomed = self.panel not in (0, LOG) or (self.panel == LOG and not self._half)
        return {"zoomed": zoomed, "half": self._half} | {f"zoom-{number}": self.panel == number for number in PANELS}

    def height_of_top(self, height: int) -> int | str:
        """Return the rows that the panels above the log have."""
        if self.panel:
            return 5 if self.panel == LOG else "1fr"
        return 9 if height < 28 else 12 if height < 34 else 14 if height < 44 else 16

    def turn(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self.panel = 0 if self.panel == number and not self._half else number
        self._half = False
        self._show()

    def more(self) -> None:
        """Give the panel with the focus more room, then the whole screen."""
        if self.panel and not self._half:
            self._screen.say(f"panel {self.panel} has the whole screen; _ goes back")
            return
        self._half = not self.panel
        self.panel = self.panel or (LOG if self._screen.focused is self._screen.query_one(LogPanel) else 2)
        self._show()

    def less(self) -> None:
        """Go one step back."""
        if not self.panel:
            self._screen.say("all panels are shown; + gives the panel with the focus more room")
            return
        self.panel, self._half = (0, False) if self._half else (self.panel, True)
        self._show()

    def end(self) -> bool:
        """Show all panels; False when they are shown."""
        was = self.panel
        self.panel, self._half = 0, False
        if was:
            self._screen.lay_out()
        return bool(was)

    def _show(self) -> None:
        self._screen.lay_out()
        if self.panel:
            wanted = self._screen.query_one(f"#{PANELS[self.panel][0]}")
            if wanted.can_focus:
                wanted.focus()
