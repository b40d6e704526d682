"""Guards a screen that was idle for long: whoever presses the next key may not be its operator, so the environment's name is asked for before anything is done.

Owns when a screen counts as forgotten and the question. A roll back is never held up by it.
"""

from console.model.commands import AnyCommand, Decide, RollBack
from console.tui.dialogs.dialog import TypingDialog
from console.views.styled_text import line

FORGOTTEN_AFTER = 15 * 60.0
"""Seconds without a key."""


class IdleGuard:
    """Knows when the last key came; once forgotten, a screen stays so until the name was typed. Times are seconds of one clock."""

    __slots__ = ("_last", "minutes")

    def __init__(self, at: float) -> None:
        self._last = at
        self.minutes = 0

    @property
    def forgotten(self) -> bool:
        """Return whether the name is owed."""
        return self.minutes > 0

    def touched(self, at: float) -> None:
        """Note a key at that time (seconds), and how long nobody had pressed one where that is long."""
        if at - self._last >= FORGOTTEN_AFTER:
            self.minutes = int((at - self._last) // 60)
        self._last = at

    def woken(self) -> None:
        """Ask for the name no more: it was typed."""
        self.minutes = 0

    def holds_up(self, command: AnyCommand) -> bool:
        """Return whether that command needs the name first."""
        typed = isinstance(command, Decide) and (bool(command.typed) or not command.go)
        return self.forgotten and not typed and not isinstance(command, RollBack)


class IdleQuestion(TypingDialog):
    """Asks for the environment's name before a forgotten screen acts."""

    enter_words = "do it, once the name is typed"

    def __init__(self, environment: str, minutes: int) -> None:
        words = f"No key was pressed here for {minutes} minutes: are these keys meant for this screen?"
        super().__init__("Is it you?", (line(words), line(f"Type {environment} to do it.")))
        self._expected = self.prompt = environment

    def accepts(self, text: str) -> bool:
        """Return whether it is the environment's name."""
        return text.strip() == self._expected
