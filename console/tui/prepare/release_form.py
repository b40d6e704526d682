"""The form of the prepare screen, as a list: its fields, the announcement, and GO as the last line. The views say what a field accepts."""

from typing import Literal

from console.model.fleet_snapshot import Candidate
from console.model.request import Request
from console.tui.widgets.picker import Picker
from console.views.announcement_preview import notes_row
from console.views.release_fields import FIELDS, Field, SeenOfForm
from console.views.release_preparation import PreviewAnswer, field_row, go_row
from console.views.styled_text import Line, line


class ReleaseForm(Picker):
    """One line a field, then the announcement, then GO; one line is chosen."""

    def __init__(self) -> None:
        super().__init__(id="form", classes="panel")

    def show_form(self, request: Request, seen: SeenOfForm, answer: PreviewAnswer, version: Candidate | None) -> None:
        """Show the fields as they stand."""
        self.entitle(line("2 Release"))

        def rows(width: int) -> tuple[Line, ...]:
            fields = (field_row(field, request, seen, width, answer.state) for field in FIELDS)
            return (*fields, notes_row(answer.state, request, width, asking=answer.asking), go_row(answer, version, width))

        self.draw(rows)

    @property
    def chosen(self) -> Field | Literal["announcement", "go"]:
        """What the chosen line is."""
        if self.index < len(FIELDS):
            return FIELDS[self.index]
        return "announcement" if self.index == len(FIELDS) else "go"

    def choose_field(self, name: str) -> Field:
        """Choose the line of that field, and return it."""
        row = next(place for place, field in enumerate(FIELDS) if field.id == name)
        self.choose(row)
        return FIELDS[row]
