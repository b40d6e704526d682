"""What is typed where a release is prepared: the filter of the versions, and the fields of the form. It knows the line that is typed in.

A value that a field does not take stays in the line, and what was expected is said under it.
"""

from typing import TYPE_CHECKING

from console.errors import Problem
from console.model.request import Request
from console.tui.widgets.filter_line import FilterLine
from console.views.filter import Filter, parse
from console.views.release_fields import Field, begun, take

if TYPE_CHECKING:
    from console.tui.prepare.prepare_screen import PrepareScreen

WORDS = "words  /regex/  !not"


class TextEntry:
    """The typing of one screen: nothing is typed, or the filter, or one field."""

    def __init__(self, screen: "PrepareScreen") -> None:
        self._screen = screen
        self._field: Field | None = None
        self._filtering = False
        self.filter = Filter()

    @property
    def typing(self) -> bool:
        """Whether the line has the keys."""
        return self._filtering or self._field is not None

    @property
    def _line(self) -> FilterLine:
        return self._screen.query_one(FilterLine)

    def open_filter(self) -> None:
        """Type the filter of the versions."""
        self._filtering = True
        self._screen.unsay()
        self._line.open("filter:", self.filter.source, WORDS)

    def open_field(self, field: Field) -> None:
        """Type what stands in that field."""
        self._field = field
        self._screen.unsay()
        self._line.open(f"{field.title}:", begun(field, self._screen.request, self._screen.seen), field.expects)

    def typed(self, words: str) -> None:
        """Filter as it is typed; a field is taken when it is complete."""
        if self._filtering:
            self._apply(words)

    def _apply(self, words: str) -> None:
        self.filter = parse(words)
        self._screen.filtered()
        if self.filter.problem:
            self._screen.say(self.filter.problem, "warn")
        else:
            self._screen.unsay()

    def press(self, key: str) -> bool:
        """Take the keys that end the typing, and those that move in the versions meanwhile; the others are the line's."""
        if key in ("escape", "ctrl+c", "ctrl+q"):
            if self._filtering:
                self._apply("")
            self._close()
        elif key == "enter":
            self._take()
        elif key in ("up", "down") and self._filtering:
            self._screen.move(1 if key == "down" else -1)
        else:
            return key == "tab"
        return True

    def _take(self) -> None:
        if self._field is None:
            self._close(keep_words=bool(self.filter.problem))
            return
        found = take(self._field, self._screen.request, self._line.words, self._screen.seen)
        if isinstance(found, Problem):
            self._screen.say(found.message + (f"; expected: {found.hint}" if found.hint else ""), "bad")
            return
        self._close()
        self._taken(found)

    def _taken(self, request: Request) -> None:
        if request != self._screen.request:
            self._screen.fill_in(request)

    def _close(self, *, keep_words: bool = False) -> None:
        on_form, self._field, self._filtering = self._field is not None, None, False
        self._line.display = False
        self._screen.panels.focus_on(2 if on_form else 1)
        if not keep_words:
            self._screen.unsay()

    def clear(self) -> bool:
        """Clear the filter; False where there is none."""
        if not self.filter.source:
            return False
        self._apply("")
        return True
