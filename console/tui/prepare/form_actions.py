"""The actions of the prepare form: open a line, turn it to its next answer, override a blocking check."""

from collections.abc import Callable

from console.errors import Problem
from console.tui.prepare.announcement_editor import AnnouncementEditor
from console.tui.prepare.prepare_panels import FORM, PreparePanels
from console.tui.prepare.preview_query import PreviewQuery
from console.tui.prepare.text_entry import TextEntry
from console.tui.screen_shell import Say
from console.views.release_fields import Field, to_override, turned, why_none


class FormActions:
    """Acts on the chosen line of the form. `go`: called when that line is GO."""

    def __init__(
        self, panels: PreparePanels, preview: PreviewQuery, entry: TextEntry, announcement: AnnouncementEditor, say: Say, go: Callable[[], None],
        *, read_only: bool,
    ) -> None:  # fmt: skip
        self._panels, self._preview, self._entry, self._announcement = panels, preview, entry, announcement
        self._say, self._go, self._read_only = say, go, read_only

    def open_line(self) -> None:
        """Open the chosen line: a field, the announcement, or GO."""
        chosen = self._panels.form.chosen
        if chosen == "go":
            self._go()
        elif chosen == "announcement":
            self._announcement.open()
        elif chosen.choices:
            self.turn(1)
        elif not self._read_only:
            self._type(chosen)

    def turn(self, step: int) -> None:
        """Turn the chosen line to its next answer, where the form has the keys."""
        chosen = self._panels.form.chosen
        if self._panels.focused != FORM or not isinstance(chosen, Field) or not chosen.choices:
            return
        found = turned(chosen, self._preview.request, step)
        if isinstance(found, Problem):
            self._say(found.message, "warn")
        else:
            self._say("")
            self._preview.fill_in(found)

    def override(self) -> None:
        """Type the reason to go on in spite of a blocking check: of the first that has none yet."""
        if not to_override(self._preview.request, self._preview.seen):
            self._say(why_none(self._preview.seen), "warn")
            return
        self._panels.focus_on(FORM)
        self._type(self._panels.form.choose_field("overrides"))

    def _type(self, field: Field) -> None:
        self._entry.open_field(field, self._preview.request, self._preview.seen)
