"""The four panels of a screen where a release is prepared: which one has the keys, and which one stands alone. Knows their places, not what they show."""

from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from console.tui.prepare.prepare_screen import PrepareScreen

PANELS = {1: "versions", 2: "form", 3: "checks", 4: "plan"}


class PanelLayout:
    """Those of one screen."""

    def __init__(self, screen: "PrepareScreen") -> None:
        self._screen = screen
        self._alone = 0

    @property
    def _tiny(self) -> bool:
        return self._screen.has_class("tiny")

    def _widget(self, number: int) -> Widget:
        return self._screen.query_one(f"#{PANELS[number]}")

    def shape(self, *, tiny: bool) -> dict[str, bool]:
        """Say which panel stands alone; the smallest screens have room for one."""
        alone = self._alone or (1 if tiny else 0)
        return {"alone": alone > 0} | {f"alone-{number}": alone == number for number in PANELS}

    @property
    def focused(self) -> int:
        """The number of the panel that has the keys."""
        return next((number for number in PANELS if self._screen.focused is self._widget(number)), 1)

    def focus_on(self, number: int) -> None:
        """Give a panel the keys; alone on the screen where another one was."""
        if self._alone or self._tiny:
            self._alone = 0 if self._tiny and number == 1 else number
            self._screen.lay_out()
        self._widget(number).focus()

    def go_on(self, step: int) -> None:
        """Go to the next panel."""
        self.focus_on((self.focused - 1 + step) % len(PANELS) + 1)

    def show_alone(self, number: int) -> None:
        """Bring a panel to the whole screen, or back."""
        self._alone = 0 if self._alone == number else number
        self._screen.lay_out()
        self._widget(number).focus()

    def show_all(self) -> bool:
        """Go back to all panels; False where none stood alone."""
        if not self._alone:
            return False
        self._alone = 0
        self._screen.lay_out()
        return True
