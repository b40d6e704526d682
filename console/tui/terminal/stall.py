"""Holds painting while the terminal does not read its output. Knows the program and its driver, no screen."""

from contextlib import ExitStack
from typing import Any

from textual.app import App


class Stall:
    """Holds painting while the terminal does not take what was written, and paints once when it does again."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._held = ExitStack()
        self.holding = False

    def waiting(self) -> int:
        """Return how many bytes wait for the terminal."""
        return int(getattr(self._app._driver, "backlog", 0))

    def check(self) -> None:
        """Hold while anything waits, let go when all is written: so a slow link gets whole frames, as many as it can take."""
        waiting = self.waiting()
        if not self.holding and waiting > 0:
            self._held.enter_context(self._app.batch_update())
            self.holding = True
        elif self.holding and waiting == 0:
            self.let_go()

    def let_go(self) -> None:
        """Paint again what changed meanwhile: the end of a batch alone wakes the program, not the screen that waits to be painted."""
        self.holding = False
        self._held.close()
        if self._app.screen_stack:
            self._app.screen.check_idle()
