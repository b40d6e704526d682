"""The list of versions that can be released, of which one is chosen. It shows marks that it is given, and asks nobody."""

from datetime import tzinfo

from console.model.fleet_snapshot import Candidate
from console.tui.widgets.picker import Picker
from console.views.filter import Filter, count_words
from console.views.styled_text import line
from console.views.version_list import Marks, candidate_row, first_choice, kept


class VersionPicker(Picker):
    """Versions, newest first, as far as a filter keeps them."""

    def __init__(self) -> None:
        super().__init__("reading the versions …", id="versions", classes="panel")
        self.marked = True
        self.candidates: tuple[Candidate, ...] = ()
        self.listed: tuple[Candidate, ...] = ()
        """The versions that the filter keeps, newest first."""

    @property
    def chosen(self) -> Candidate | None:
        """The version that is chosen."""
        return self.listed[self.index] if self.index < len(self.listed) else None

    @property
    def chosen_ref(self) -> str:
        """What it is called; empty: none is chosen."""
        return str(self.chosen.ref) if self.chosen else ""

    @property
    def seen(self) -> tuple[Candidate, ...]:
        """The versions that are visible now, the chosen one first."""
        top = round(self.scroll_offset.y)
        rows, chosen = self.listed[top : top + self.content_size.height], self.chosen
        return (*(one for one in rows if one is chosen), *(one for one in rows if one is not chosen))

    def take(self, candidates: tuple[Candidate, ...]) -> None:
        """Take what there is to choose from."""
        self.candidates = candidates
        self.say_empty("no version there: git tag, git push --tags")

    def keep(self, wanted: Filter) -> None:
        """List only the versions that the filter keeps."""
        self.listed = kept(self.candidates, wanted)

    def choose_ref(self, ref: str) -> None:
        """Choose that one; where it is not among them, the one that is offered."""
        self.choose(first_choice(self.listed, ref))

    def show_versions(self, marks: Marks, source: str, zone: tzinfo | None) -> None:
        """Show the list. `source`: the filter's words; empty: there is none."""
        chosen, listed = self.chosen, self.listed
        self.draw(lambda width: tuple(candidate_row(one, one is chosen, width, zone, marks) for one in listed))
        count = count_words(len(listed), len(self.candidates), source) if source else f"{len(listed):,}"
        self.entitle(line("1 Versions  ", count, f"  {marks.columns}" if marks.columns and not source else ""))
