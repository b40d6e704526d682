"""What a reader does on the run screen: filter and search, copy, save, freeze, change the time zone. It sends nothing to the run."""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from textual.widget import Widget

from console.tui.save import save_lines
from console.tui.screens.dialog import TypingDialog
from console.tui.widgets.filter_line import FilterLine
from console.tui.widgets.fleet import Fleet
from console.tui.widgets.log import Log
from console.views.filter import Filter, parse
from console.views.fleet import STATES
from console.views.logs import newest_that_fit, plain_line
from console.views.spans import line

if TYPE_CHECKING:
    from console.tui.screens.run import RunScreen

CLIPBOARD = 70_000
"""Bytes that a terminal's clipboard surely takes in one go."""


class Reading:
    """The reader's side of one run screen."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self._target: Fleet | Log | None = None
        self._searching = False
        self.frozen_since: float | None = None

    def handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that are the reader's, by id."""
        return {
            "filter": self.open_filter, "match": lambda: self.go_to_match(1), "match-before": lambda: self.go_to_match(-1),
            "copy": self.copy_line, "copy-all": self.copy_all, "save-log": self.ask_save, "freeze": self.freeze, "zone": self.turn_zone,
        }  # fmt: skip

    @property
    def _log(self) -> Log:
        return self._screen.query_one(Log)

    @property
    def _fleet(self) -> Fleet:
        return self._screen.query_one(Fleet)

    @property
    def _line(self) -> FilterLine:
        return self._screen.query_one(FilterLine)

    @property
    def typing(self) -> bool:
        """Whether the field has the keys."""
        return self._target is not None

    def open_filter(self) -> None:
        """Open the field for the panel that has the focus."""
        on_fleet = self._screen.focused is self._fleet and self._shown(self._fleet)
        self._target = self._fleet if on_fleet or not self._shown(self._log) else self._log
        log = self._log
        self._searching = self._target is log and bool(log.search)
        before = log.search or log.book.filter if self._target is log else self._fleet.filter
        self._line.open(self._label(), before.source)
        self._say_state(before)

    def _shown(self, widget: Widget) -> bool:
        return widget.display and widget.size.height > 0

    def _label(self) -> str:
        if self._target is self._fleet:
            return "filter fleet:"
        return "search log:" if self._searching else "filter log:"

    def press(self, key: str) -> bool:
        """Take the keys that end the typing; the others are the field's."""
        if key in ("escape", "ctrl+c", "ctrl+q"):
            self._apply("")
            self._close()
        elif key == "enter":
            wanted = self._apply(self._line.words)
            self._close()
            if wanted.problem or wanted.trouble:
                self._screen.say(wanted.problem or wanted.trouble, "warn")
        elif key == "tab":
            if self._target is self._log:
                self._searching = not self._searching
                self._line.name_it(self._label())
                self._say_state(self._apply(self._line.words))
        else:
            return False
        return True

    def typed(self, words: str) -> None:
        """Apply what stands in the field."""
        if self.typing:
            self._say_state(self._apply(words))

    def _apply(self, words: str) -> Filter:
        if self._target is self._fleet:
            wanted = parse(words, STATES)
            self._fleet.show_only(wanted)
            return wanted
        wanted = parse(words)
        if self._searching:
            self._log.search_for(wanted)
        else:
            self._log.show_only(wanted)
        return wanted

    def _say_state(self, wanted: Filter) -> None:
        if wanted.problem or wanted.trouble:
            self._screen.say(wanted.problem or wanted.trouble, "warn")
            return
        other = "filter: only what matches" if self._searching else "search: every line stays"
        tab = f"   tab {other}" if self._target is self._log else ""
        self._screen.say(f"enter keeps it   esc clears it{tab}")

    def _close(self) -> None:
        target, self._target = self._target, None
        self._line.display = False
        if target is not None and self._shown(target):
            target.focus()
        self._screen.unsay()

    def clear_filter(self) -> bool:
        """Clear the focused panel's filter, else the other's; False when there was none."""
        log, fleet = self._log, self._fleet
        logs = bool(log.search or log.book.filter)
        if not (logs or fleet.filter):
            return False
        if logs and not (fleet.filter and self._screen.focused is fleet):
            log.show_only(Filter())
        else:
            fleet.show_only(Filter())
        return True

    def go_to_match(self, way: int) -> None:
        """Go to the next match in the log, or to the one before."""
        problem = self._log.go_to_match(way)
        if problem:
            self._screen.say(problem, "warn")

    def copy_line(self) -> None:
        """Copy the log's current line."""
        entry = self._log.current
        if entry is None:
            self._screen.say("there is no line to copy", "warn")
        else:
            self._copy((plain_line(entry, self._log.zone),))

    def copy_all(self) -> None:
        """Copy every line that the filter shows."""
        lines = [plain_line(entry, self._log.zone) for entry in self._log.book.lines]
        self._copy(newest_that_fit(lines, CLIPBOARD), of=len(lines))

    def _copy(self, lines: Sequence[str], of: int = 1) -> None:
        self._screen.app.copy_to_clipboard("\n".join(lines))
        count = "the line" if of == 1 else f"{len(lines):,} lines" if len(lines) == of else f"the newest {len(lines):,} of {of:,} lines"
        more = "" if len(lines) == of else "; W writes all of them into a file"
        self._screen.say(f"sent {count} to the terminal's clipboard, which gives no answer{more}")

    def ask_save(self) -> None:
        """Ask for a file, and write what the filter shows."""
        log = self._log
        count = len(log.book.lines)

        def answered(name: str | None) -> None:
            if name:
                self._screen.say(save_lines(name, [plain_line(entry, log.zone) for entry in log.book.lines]))

        what = f"{count:,} lines, as the filter shows them" if log.book.filter else f"all {count:,} lines that are held here"
        self._screen.app.push_screen(TypingDialog("Write the log into a file", (line(f"{what}; never over a file that is there."),)), answered)

    def freeze(self) -> None:
        """Hold what is shown, or let it go on."""
        on = self.frozen_since is None
        self.frozen_since = self._screen.app.clock.mono() if on else None
        self._log.freeze(on)
        self._screen.freeze(on)

    def turn_zone(self) -> None:
        """Show times in UTC, or in the operator's zone again."""
        local = self._screen.app.zone
        to: tzinfo | None = UTC if self._log.zone is not UTC else local
        self._log.zone = to
        self._screen.say("times are UTC now" if to is UTC else f"times are local now ({local})" if local else "no local zone is known: times are UTC")
