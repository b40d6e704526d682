"""How a run's screen is left: with the run's code, as a no-go before GO, or detached. Nothing that is left ends by it after GO."""

import asyncio
from typing import TYPE_CHECKING

from console.errors import Exit
from console.model.commands import Decide

if TYPE_CHECKING:
    from console.tui.run.run_screen import RunScreen

UNDECIDED = ("preflight", "deciding")
PARTING = 3.0
"""Seconds that a run has to end after a no-go."""


class LeaveRules:
    """The way out of one run's screen."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self._begun = False

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO where the helm is here, else detached."""
        screen = self._screen
        if self._ends_it() and screen.state.run and not self._begun:
            self._begun = True
            screen.say("leaving: no-go")
            screen.app.keep(self._say_no_go())
        else:
            screen.app.go_back(screen)

    def _answers(self) -> bool:
        """Whether GO is asked of who sits here. Who only joined leaves without deciding for others."""
        return self._screen.app.drives and not self._screen.helm

    def _ends_it(self) -> bool:
        follower = self._screen.follower
        return self._answers() and not self._screen.app.read_only and follower.state.phase in UNDECIDED and not follower.finished

    async def _say_no_go(self) -> None:
        screen = self._screen
        plan = screen.follower.state.plan
        if await screen.app.said(screen, Decide(go=False, digest=plan.digest if plan else "")):
            for _ in range(int(PARTING / 0.1)):
                if screen.follower.finished:
                    break
                await asyncio.sleep(0.1)
        screen.app.go_back(screen)

    def exit_code(self) -> int:
        """Return the code that leaving now has."""
        state = self._screen.follower.state
        if state.phase == "ended" and state.exit is not None:
            return state.exit
        undecided = self._answers() and state.phase in UNDECIDED
        blocked = any(check.blocks for check in state.checks) or self._begun
        return int((Exit.NO_GO if blocked else Exit.INTERRUPTED) if undecided else Exit.DETACHED)
