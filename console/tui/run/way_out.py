"""How the run screen is left: with the run's exit code, with a no-go before GO, or detached. After GO, leaving never ends the run."""

import asyncio
from collections.abc import Callable

from console.exit_codes import Exit
from console.model.commands import Decide
from console.tui.feed_follower import FeedFollower
from console.tui.key_refusals import UNDECIDED
from console.tui.screen_shell import Say, Shell

PARTING = 3.0
"""Seconds that a run has to end after a no-go."""


class WayOut:
    """The way out of one run's screen. `go_back`: takes the screen away."""

    def __init__(self, shell: Shell, follower: FeedFollower, say: Say, go_back: Callable[[], None]) -> None:
        self._shell, self._follower, self._say, self._go_back = shell, follower, say, go_back
        self._said_no_go = False

    def leave(self) -> None:
        """Leave: with the run's code when it has ended, as a no-go before GO where the helm is here, else detached."""
        if self._ends_it() and self._follower.state.run and not self._said_no_go:
            self._said_no_go = True
            self._say("leaving: no-go")
            self._shell.keep(self._say_no_go())
        else:
            self._go_back()

    def _answers(self) -> bool:
        """Whether GO is asked of who sits here. Who only joined leaves without deciding for others."""
        return self._shell.drives and not self._follower.helm

    def _ends_it(self) -> bool:
        follower = self._follower
        return self._answers() and not self._shell.read_only and follower.state.phase in UNDECIDED and not follower.finished

    async def _say_no_go(self) -> None:
        follower = self._follower
        plan = follower.state.plan
        if await self._shell.deliver(follower, Decide(go=False, digest=plan.digest if plan else "")):
            for _ in range(int(PARTING / 0.1)):
                if follower.finished:
                    break
                await asyncio.sleep(0.1)
        self._go_back()

    def exit_code(self) -> int:
        """Return the code that leaving now has."""
        state = self._follower.state
        if state.phase == "ended" and state.exit is not None:
            return state.exit
        undecided = self._answers() and state.phase in UNDECIDED
        blocked = any(check.blocks for check in state.checks) or self._said_no_go
        return int((Exit.NO_GO if blocked else Exit.INTERRUPTED) if undecided else Exit.DETACHED)
