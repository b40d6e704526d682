"""The zoom of the run screen's panels: none, half, or full screen. Knows numbers and ids, no widget."""

from collections.abc import Callable
from functools import partial

PANELS = {1: ("checklist", "checks"), 2: ("fleet", "checks"), 3: ("metrics", "plan"), 4: ("log", "log")}
"""What each number brings forward: during a run, and before it."""
FLEET, LOG = 2, 4


class PanelZoom:
    """The panel that is zoomed. What changes it returns what is said of that; empty: nothing, and the screen is laid out again."""

    def __init__(self) -> None:
        self.panel = 0
        """The panel that has more room; 0: none."""
        self._half = False

    @property
    def focused(self) -> str:
        """The id of the panel that is to have the keys; empty: the one that has them."""
        return PANELS[self.panel][0] if self.panel else ""

    def shape(self) -> dict[str, bool]:
        """Say it in the style sheet's words."""
        zoomed = self.panel not in (0, LOG) or (self.panel == LOG and not self._half)
        return {"zoomed": zoomed, "half": self._half} | {f"zoom-{number}": self.panel == number for number in PANELS}

    def height_of_top(self, height: int) -> int | str:
        """Return the rows that the panels above the log have."""
        if self.panel:
            return 5 if self.panel == LOG else "1fr"
        return 9 if height < 28 else 12 if height < 34 else 14 if height < 44 else 16

    def turn(self, number: int) -> str:
        """Bring a panel to the whole screen, or back."""
        self.panel = 0 if self.panel == number and not self._half else number
        self._half = False
        return ""

    def more(self, *, on_log: bool) -> str:
        """Give the panel with the focus more room, then the whole screen."""
        if self.panel and not self._half:
            return f"panel {self.panel} has the whole screen; _ goes back"
        self._half = not self.panel
        self.panel = self.panel or (LOG if on_log else FLEET)
        return ""

    def less(self) -> str:
        """Give the panel back a step of its room; why not, where there is none to give."""
        if not self.panel:
            return "all panels are shown; + gives the focused panel more room"
        self.panel, self._half = (0, False) if self._half else (self.panel, True)
        return ""

    def handlers(self, zoomed: Callable[[str], None], *, on_log: Callable[[], bool]) -> dict[str, Callable[[], object]]:
        """Return what each action does, by id. `zoomed`: told what is said of it; `on_log`: whether the log has the focus."""
        panels = {f"panel-{number}": partial(lambda number: zoomed(self.turn(number)), number) for number in PANELS}
        return panels | {"zoom-in": lambda: zoomed(self.more(on_log=on_log())), "zoom-out": lambda: zoomed(self.less())}

    def end(self) -> bool:
        """Show all panels; False when they are shown."""
        was = self.panel
        self.panel, self._half = 0, False
        return bool(was)
