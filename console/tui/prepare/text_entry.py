"""The text line of the prepare screen: for the filter of the versions, and for the fields of the form.

A value that a field does not take stays in the line, and what was expected is said under it.
"""

from collections.abc import Callable

from console.errors import Problem
from console.model.request import Request
from console.tui.screen_shell import Say
from console.tui.widgets.filter_line import FilterLine
from console.views.filter import Filter, parse
from console.views.release_fields import Field, SeenOfForm, begun

WORDS = "words  /regex/  !not"


class TextEntry(FilterLine):
    """The line that is typed in: nothing is typed, or the filter, or one field.

    `filtered`: told of another filter; `moved`: a version so many rows on is meant; `judge`: makes a request of what stands in a field, or says what
    is wrong with it; `taken`: told of that request; `ended`: the typing has ended, in a field or not.
    """

    def __init__(
        self, say: Say, *, filtered: Callable[[Filter], None], moved: Callable[[int], None], judge: Callable[[Field, str], Request | Problem],
        taken: Callable[[Request], None], ended: Callable[[bool], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self._say, self._filtered, self._moved, self._judge, self._taken, self._ended = say, filtered, moved, judge, taken, ended
        self._field: Field | None = None
        self.filter = Filter()

    def open_filter(self) -> None:
        """Type the filter of the versions."""
        self._say("")
        self.open("filter:", self.filter.source, WORDS)

    def open_field(self, field: Field, request: Request, seen: SeenOfForm) -> None:
        """Type what stands in that field."""
        self._field = field
        self._say("")
        self.open(f"{field.title}:", begun(field, request, seen), field.expects)

    @property
    def _filters(self) -> bool:
        """Whether the filter is typed."""
        return self.typing and self._field is None

    def on_filter_line_words_typed(self, event: FilterLine.WordsTyped) -> None:
        """Filter as it is typed; a field is taken when it is complete."""
        event.stop()
        if self._filters:
            self._apply(event.words)

    def _apply(self, words: str) -> None:
        self.filter = parse(words)
        self._filtered(self.filter)
        if self.filter.problem:
            self._say(self.filter.problem, "warn")
        else:
            self._say("")

    def press(self, key: str) -> bool:
        """Take the keys that end the typing, and those that move in the versions meanwhile; the others are the line's."""
        if key in ("escape", "ctrl+c", "ctrl+q"):
            if self._filters:
                self._apply("")
            self._end()
        elif key == "enter":
            self._take()
        elif key in ("up", "down") and self._filters:
            self._moved(1 if key == "down" else -1)
        else:
            return False
        return True

    def _take(self) -> None:
        if self._field is None:
            self._end(keep_words=bool(self.filter.problem))
            return
        found = self._judge(self._field, self.words)
        if isinstance(found, Problem):
            self._say(found.message + (f"; expected: {found.hint}" if found.hint else ""), "bad")
            return
        self._end()
        self._taken(found)

    def _end(self, *, keep_words: bool = False) -> None:
        in_field, self._field = self._field is not None, None
        self.close()
        self._ended(in_field)
        if not keep_words:
            self._say("")

    def clear_filter(self) -> bool:
        """Clear the filter; False where there is none."""
        if not self.filter.source:
            return False
        self._apply("")
        return True
