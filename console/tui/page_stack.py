"""The stack of screens: the visible page, the run below it, the page that can be rolled back. It creates no screen."""

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.screen import Screen

from console.tui.dialogs.dialog import is_dialog
from console.tui.key_refusals import may_roll_back
from console.tui.page import Page
from console.tui.run.run_screen import RunScreen
from console.views.styled_text import Tone

SHOW_NONE = ("prepare", "runs", "compare")
"""Pages that show no release of their own which could be rolled back: from them it is one of a page below."""


def place_of(screen: object) -> str:
    """Return where the operator is; in a dialog, nowhere."""
    return screen.place if isinstance(screen, Page) else ""


class PageStack:
    """The program's stack of screens, topmost last."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    @property
    def pages(self) -> tuple[Page, ...]:
        """The whole screens, the one that is seen first."""
        return tuple(screen for screen in reversed(self._app.screen_stack) if isinstance(screen, Page))

    @property
    def page(self) -> Page | None:
        """The whole screen that is seen, under whatever dialog is open."""
        return next(iter(self.pages), None)

    @property
    def run_screen(self) -> RunScreen | None:
        """The run that is seen, or lies under what is seen."""
        return next((page for page in self.pages if isinstance(page, RunScreen)), None)

    @property
    def has_home(self) -> bool:
        """Whether home is seen, or below what is."""
        return any(page.place == "home" for page in self.pages)

    @property
    def rollback_target(self) -> Page | None:
        """The screen, seen or below, whose release can be rolled back."""
        return next((page for page in self.pages if page.place not in SHOW_NONE and may_roll_back(page.situation)), None)

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put a sentence on the message line of what is seen."""
        if self.page is not None:
            self.page.say(words, tone)

    def push(self, screen: Screen[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Put a screen or a dialog over what is seen."""
        self._app.push_screen(screen, answered)

    def switch(self, page: Page) -> None:
        """Put a page in the place of what is seen."""
        self._app.switch_screen(page)

    def show_run(self, screen: RunScreen) -> None:
        """Put a run over what is seen, in the place of a run that was there; a release that was being prepared is over, and a host of that run too."""
        if place_of(self.page) == "prepare":
            while place_of(self._app.screen) == "prepare" or is_dialog(self._app.screen):
                self._app.pop_screen()
        while place_of(self._app.screen) == "host":
            self._app.pop_screen()
        if isinstance(self.page, RunScreen):
            self.switch(screen)
        else:
            self.push(screen)

    def take_away(self, page: Screen[None]) -> bool:
        """Take a page away, with its dialogs and its hosts over it; False where it is the last one.

        One that is gone already, or that another page was put over, is left as it is: who leaves it has gone on.
        """
        if self.pages[-1:] == (page,):
            return False
        stack = self._app.screen_stack
        over = stack[stack.index(page) :] if page in stack else []
        if all(is_dialog(screen) or place_of(screen) == "host" for screen in over[1:]):
            for _ in over:
                self._app.pop_screen()
        return True
