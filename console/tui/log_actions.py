"""The actions of a log: go through matches and errors, wrap, show new kinds, copy, save, change the time zone. It sends nothing to the run."""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo

from console.tui.dialogs.dialog import TypingDialog
from console.tui.line_file import save_lines
from console.tui.screen_shell import Say, Shell
from console.tui.widgets.log_panel import LogPanel
from console.views.filter import NEW_KINDS, Filter, parse
from console.views.log_lines import newest_that_fit, plain_line
from console.views.styled_text import line

ERRORS = parse("level:error")
CLIPBOARD = 70_000
"""Bytes that a terminal's clipboard surely takes in one go."""


class LogActions:
    """Acts on one log widget; what came of it is said on the message line."""

    def __init__(self, log: LogPanel, shell: Shell, say: Say) -> None:
        self._log, self._shell, self._say = log, shell, say

    def handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that are the reader's, by id."""
        return self.reading_handlers() | {
            "match": lambda: self.go_to_match(1), "match-before": lambda: self.go_to_match(-1),
            "copy": self.copy_line, "copy-all": self.copy_all, "save-log": self.ask_save, "zone": self.turn_zone,
        }  # fmt: skip

    def reading_handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that every screen with a log has."""
        return {
            "error": lambda: self.go_to_error(1), "error-before": lambda: self.go_to_error(-1), "wrap": self.turn_wrap, "new-kinds": self.show_new_kinds,
        }  # fmt: skip

    def go_to_match(self, way: int) -> None:
        """Go to the next match in the log, or to the one before."""
        problem = self._log.go_to_match(way)
        if problem:
            self._say(problem, "warn")

    def go_to_error(self, way: int) -> None:
        """Go to the next error in the log, or to the one before."""
        told = self._log.go_to_level(ERRORS, way)
        if told:
            self._say(told)

    def turn_wrap(self) -> None:
        """Wrap long lines, or cut them again."""
        self._log.wrap(not self._log.wraps)
        self._say("long lines are wrapped" if self._log.wraps else "long lines are cut at the edge; left and right go along them")

    def show_new_kinds(self) -> None:
        """Show only the lines of new kinds, or every line again."""
        if self._log.book.filter.source == NEW_KINDS:
            self._log.show_only(Filter())
            self._say("every line is shown")
        else:
            self._log.show_only(parse(NEW_KINDS))
            self._say("only lines of kinds that hosts with the old release have not printed; K or esc shows every line")

    def copy_line(self) -> None:
        """Copy the log's current line."""
        entry = self._log.current
        if entry is None:
            self._say("there is no line to copy", "warn")
        else:
            self._copy((plain_line(entry, self._log.zone),))

    def copy_all(self) -> None:
        """Copy every line that the filter shows."""
        lines = [plain_line(entry, self._log.zone) for entry in self._log.book.lines]
        self._copy(newest_that_fit(lines, CLIPBOARD), of=len(lines))

    def _copy(self, lines: Sequence[str], of: int = 1) -> None:
        self._shell.copy("\n".join(lines))
        count = "the line" if of == 1 else f"{len(lines):,} lines" if len(lines) == of else f"the newest {len(lines):,} of {of:,} lines"
        more = "" if len(lines) == of else "; W writes all of them into a file"
        self._say(f"copied {count} to the clipboard, if the terminal allows it{more}")

    def ask_save(self) -> None:
        """Ask for a file, and write what the filter shows."""
        log = self._log
        count = len(log.book.lines)

        def answered(name: str | None) -> None:
            if name:
                self._say(save_lines(name, [plain_line(entry, log.zone) for entry in log.book.lines]))

        what = f"{count:,} lines, as the filter shows them" if log.book.filter else f"all {count:,} lines that are held here"
        self._shell.push(TypingDialog("Write the log into a file", (line(f"{what}; never over a file that is there."),)), answered)

    def turn_zone(self) -> None:
        """Show times in UTC, or in the operator's zone again."""
        local = self._shell.zone
        to: tzinfo | None = UTC if self._log.zone is not UTC else local
        self._log.zone = to
        self._say("times are UTC now" if to is UTC else f"times are local now ({local})" if local else "no local zone is known: times are UTC")
