"""The form of a release that is prepared, as a list: its fields, the announcement, and GO as its last line. What a field takes is the views' to say."""

from typing import TYPE_CHECKING

from console.errors import Problem
from console.tui.widgets.picker import Picker
from console.views.announcement_preview import notes_row
from console.views.release_fields import FIELDS, to_override, turned, why_none
from console.views.release_preparation import field_row, go_row
from console.views.styled_text import Line

if TYPE_CHECKING:
    from console.tui.prepare.prepare_screen import PrepareScreen


class ReleaseForm:
    """That of one screen."""

    def __init__(self, screen: "PrepareScreen") -> None:
        self._screen = screen

    @property
    def picker(self) -> Picker:
        """The list."""
        return self._screen.query_one("#form", Picker)

    def draw(self) -> None:
        """Show the fields as they stand."""
        self.picker.draw(self._rows)

    def _rows(self, width: int) -> tuple[Line, ...]:
        screen = self._screen
        answer, request, seen = screen.answer, screen.request, screen.seen
        fields = (field_row(field, request, seen, width, answer.state) for field in FIELDS)
        return (*fields, notes_row(answer.state, request, width, asking=answer.asking), go_row(answer, screen.chosen, width))

    def open_row(self) -> None:
        """Open the chosen line: a field, the announcement, or GO."""
        row = self.picker.index
        if row > len(FIELDS):
            self._screen.press_go()
        elif row == len(FIELDS):
            self._screen.announcing.open()
        elif FIELDS[row].choices:
            self.turn(1)
        elif not self._screen.app.read_only:
            self._screen.filling.open_field(FIELDS[row])

    def turn(self, step: int) -> None:
        """Turn the chosen line to its next answer, where the form has the keys."""
        row = self.picker.index
        if self._screen.panels.focused != 2 or row >= len(FIELDS) or not FIELDS[row].choices:
            return
        found = turned(FIELDS[row], self._screen.request, step)
        if isinstance(found, Problem):
            self._screen.say(found.message, "warn")
        else:
            self._screen.unsay()
            self._screen.fill_in(found)

    def override(self) -> None:
        """Type the reason to go on in spite of a blocking check: of the first that has none yet."""
        screen = self._screen
        if not to_override(screen.request, screen.seen):
            screen.say(why_none(screen.seen), "warn")
            return
        screen.panels.focus_on(2)
        row = next(place for place, field in enumerate(FIELDS) if field.id == "overrides")
        self.picker.choose(row)
        screen.filling.open_field(FIELDS[row])
