"""The choice of a version: lists the versions, keeps the choice while the list changes, and starts a preview of the chosen one."""

from collections.abc import Callable
from datetime import tzinfo

from console.model.fleet_snapshot import Candidate
from console.tui.prepare.version_marks import VersionMarks
from console.tui.prepare.version_picker import VersionPicker
from console.views.filter import Filter


class VersionChoice:
    """The choice on one screen. `suggested`: the version that is offered first; `ask`: asks about a version, at once or when the choice rests."""

    def __init__(
        self, picker: VersionPicker, marks: VersionMarks, *, suggested: Callable[[], str], zone: tzinfo | None, ask: Callable[[str, bool], None]
    ) -> None:
        self._picker, self._marks, self._suggested, self._zone, self._ask = picker, marks, suggested, zone, ask
        self._filter = Filter()
        self._asked = ""
        """The version that was asked about last."""

    def listed(self, candidates: tuple[Candidate, ...]) -> None:
        """List the versions that were read, and ask about the one that was chosen before, else about the one that is offered."""
        before = self._picker.chosen_ref
        self._picker.take(candidates)
        self._marks.begin(candidates)
        self._list(before)
        self._ask_about_chosen(now=True)

    def filtered(self, wanted: Filter) -> None:
        """List the versions that the filter keeps."""
        self._filter = wanted
        self._list(self._picker.chosen_ref or self._asked)
        if self._picker.chosen_ref != self._asked:
            self._ask_about_chosen()

    def _list(self, ref: str) -> None:
        self._picker.keep(self._filter)
        self.show()
        self._picker.choose_ref(ref or self._suggested())

    def moved(self) -> bool:
        """Ask about the version that was chosen by hand; False where that is the one which was asked about."""
        if not self._picker.chosen or self._asked == self._picker.chosen_ref:
            return False
        self._ask_about_chosen()
        return True

    def _ask_about_chosen(self, *, now: bool = False) -> None:
        self._asked = self._picker.chosen_ref
        self._ask(self._asked, now)

    def look(self) -> None:
        """Ask CI about versions that have come into sight."""
        self._marks.look(self._picker.seen)

    def show(self) -> None:
        """Show the list with the marks that are known."""
        self._picker.show_versions(self._marks.of(self._picker.listed), self._filter.source, self._zone)
