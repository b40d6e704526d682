"""Sends an operator's commands to a run: asks for the environment's name first on a screen that was idle, and words a refusal."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from textual.screen import Screen

from console.core.run.command_refusals import ended_instead
from console.errors import ConsoleError, in_one_line
from console.model.commands import AnyCommand, Note, Refusal, RollBack
from console.model.state import RunState
from console.model.values import changed
from console.ports.clock import Clock
from console.tui.dialogs.idle_guard import IdleGuard, IdleQuestion
from console.tui.feed_follower import FeedFollower
from console.tui.screen_shell import Say

ANSWER_WITHIN = 10.0
"""Seconds that the engine has to answer a command."""
SOON = 0.1
"""Seconds between two looks at whether a restart has ended."""


class CommandSender:
    """Sends them. `open_back` opens the way back from a run that has ended, no name: from the last release.

    It is False where runs can't be begun from here.
    """

    def __init__(
        self, clock: Clock, say: Say, push: Callable[[Screen[Any], Callable[[Any], None]], None], keep: Callable[[Coroutine[Any, Any, object]], None],
        open_back: Callable[[str, str, str], bool],
    ) -> None:  # fmt: skip
        self._clock, self._say, self._push, self._keep, self._open_back = clock, say, push, keep, open_back
        self._idle = IdleGuard(clock.mono())

    def touched(self) -> None:
        """A key came: the screen is not forgotten."""
        self._idle.touched(self._clock.mono())

    def submit(self, follower: FeedFollower, command: AnyCommand) -> None:
        """Say something to a run beside everything else."""
        if not self._idle.holds_up(command):
            self._keep(self.deliver(follower, command))
        else:
            self.when_awake(follower.state.environment, lambda: self._keep(self.deliver(follower, command)))

    def when_awake(self, environment: str, act: Callable[[], object]) -> None:
        """Do it; on a forgotten screen, once the environment's name was typed."""
        if not self._idle.forgotten:
            act()
            return

        def answered(name: str | None) -> None:
            if name:
                self._idle.woken()
                act()
            else:
                self._say("nothing was done")

        self._push(IdleQuestion(environment, self._idle.minutes), answered)

    async def deliver(self, follower: FeedFollower, command: AnyCommand) -> bool:
        """Say something to a run; whether it was taken."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await follower.feed.submit(command)
        except TimeoutError:
            self._say(f"the engine did not answer within {ANSWER_WITHIN:.0f} s; it may still do it", "bad")
            return False
        except (ConsoleError, OSError, EOFError) as fault:
            self._say(f"the command did not reach the run: {fault}", "bad")
            return False
        if not isinstance(answer, Refusal):
            return True
        if answer.ended and isinstance(command, RollBack) and self._open_back(follower.state.run, command.how or "at-once", str(command.reason)):
            return True
        if isinstance(command, RollBack) and ended_instead(follower.state) is not None:
            return await self._end_instead(follower, command)
        self._say(f"refused: {in_one_line(answer)}", "warn")
        return False

    async def _end_instead(self, follower: FeedFollower, command: RollBack) -> bool:
        """End a run that has nothing to take back. After a restart the last release goes back, by a run that the engine begins; who still looks sees it."""
        said = ended_instead(follower.state)
        if said is None:
            return False
        if follower.state.kind != "restart":
            if command.reason:
                await self.deliver(follower, Note(text=command.reason))
            return await self.deliver(follower, said)
        if not await self.deliver(follower, changed(said, then_back=command.how or "planned", why=command.reason)):
            return False
        await self._until(follower, lambda state: bool(state.aborting) or state.phase == "ended")
        if follower.state.back_next is not None:
            self._say("the restart ends; then the last release goes back, also without this screen")
        else:
            self._say("the restart ends; then the last release goes back, but its engine is of an older version: stay here until it does", "warn")
        await self._until(follower, lambda state: state.phase == "ended")
        if follower.state.phase == "ended" and not follower.is_left:
            self._open_back("", command.how, str(command.reason))
        return True

    async def _until(self, follower: FeedFollower, is_so: Callable[[RunState], bool]) -> None:
        """Wait until that is so of the run, as far as it is followed here."""
        while follower.is_followed and not is_so(follower.state):
            await self._clock.sleep(SOON)
