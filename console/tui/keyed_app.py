"""Receives keys: holds them until it is clear that a person pressed them, then hands them to the topmost screen.

Knows bursts, pastes and dialogs. What a key does is told by the registry and by the screens.
"""

from typing import Generic

from textual import events

from console.tui.dialogs.dialog import Dialog, TypingDialog
from console.tui.keys import only_shows
from console.tui.page import Page
from console.tui.terminal.pasted_keys import WITHIN, KeyBurst
from console.tui.themes.themed_app import Result, ThemedApp
from console.views.styled_text import Tone


class KeyedApp(ThemedApp[Result], Generic[Result]):
    """A program that tells a person's keys from those of a paste."""

    def __init__(self, theme: str = "", *, sixteen: bool = False, no_color: bool = False, ascii_only: bool = False) -> None:
        super().__init__(theme, sixteen=sixteen, no_color=no_color, ascii_only=ascii_only)
        self._burst: KeyBurst[events.Key] = KeyBurst()
        self._early: list[events.Key] = []

    def touched(self) -> None:
        """Note that somebody is there: a key came, whatever it does."""

    def press_anywhere(self, key: str) -> bool:
        """Act on a key that means the same whatever is open; False: it is for what is on top."""
        return False

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence where it is seen."""

    @property
    def is_typing(self) -> bool:
        """Whether keys are text now."""
        screen = self.screen
        return screen.takes_text if isinstance(screen, Dialog) else isinstance(screen, Page) and screen.typing()

    async def on_event(self, event: events.Event) -> None:
        """Hold keys until it is clear that a person pressed them; all else goes its way."""
        if isinstance(event, events.Paste) and isinstance(self.screen, TypingDialog):
            self.screen.typed(event.time)
        if isinstance(event, events.Key):
            self.touched()
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self.is_typing or (self._only_shows(event.key) and self._burst.may_pass(event.time)):
            await self._press(event)
        elif self._burst.take(event, event.time):
            self.set_timer(WITHIN, self._settle)

    def _only_shows(self, key: str) -> bool:
        return isinstance(self.screen, Page) and only_shows(key, self.screen.situation)

    async def _settle(self) -> None:
        for event in self._burst.settle():
            await self._press(event)
        if self._burst.dropped:
            done = "those that act did nothing" if self._burst.some_acted else "nothing was done"
            self.say(f"keys came faster than a person presses them: {done}", "warn")

    async def _press_early(self) -> None:
        """Act on the keys that came before their screen was laid out, in their order."""
        if not self.screen_stack:
            return
        if not self.screen.is_mounted:
            self.set_timer(WITHIN, self._press_early)
            return
        early, self._early = self._early, []
        for event in early:
            await self._press(event)

    async def _press(self, event: events.Key) -> None:
        if self._early or not self.screen.is_mounted:
            self._early.append(event)
            if len(self._early) == 1:
                self.set_timer(WITHIN, self._press_early)
            return
        if self.press_anywhere(event.key):
            return
        screen = self.screen
        if isinstance(screen, TypingDialog):
            if event.key == "enter":
                screen.typed_enter(event.time)
                return
            screen.typed(event.time)
        press = getattr(screen, "press", None)
        if press is None or not press(event.key):
            await super().on_event(event)
