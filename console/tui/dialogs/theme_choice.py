"""The theme dialog: the whole screen shows the selected theme. Enter keeps it, esc restores the one before."""

from console.tui.dialogs.choice_list import ChoiceList
from console.tui.widgets.picker import Picker


class ThemeChoice(ChoiceList):
    """A list of themes at the side, so that what is under it is seen."""

    def __init__(self, names: tuple[str, ...], worn: str) -> None:
        super().__init__("Theme", names, worn)
        self._worn = worn

    def on_picker_row_chosen(self, event: Picker.RowChosen) -> None:
        """Show the screen in the theme under the cursor, before it is chosen for good."""
        event.stop()
        self.app.theme = self._words[event.index]

    def press(self, key: str) -> bool:
        """Keep what is worn, or wear again what was worn before."""
        if key in ("escape", "q", "ctrl+c", "ctrl+q"):
            self.app.theme = self._worn
        return super().press(key)
