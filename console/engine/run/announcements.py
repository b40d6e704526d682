"""Tells people of a run: before its first change, and at its end. What each channel said is in the record; the texts are `core.checks.announcement`'s."""

import asyncio
from collections.abc import Callable

from console.core.checks.announcement import Message, after, before, depends_on_it
from console.core.kinds.kinds import kind_of
from console.engine.run.runner import Runner
from console.model.events import AnnouncementSent
from console.model.fleet import Announce
from console.ports.people import Notifier
from console.text import SafeLines, SafeText

TELL_WITHIN = 8.0
"""Seconds that the channels have: who says GO waits for them."""


class Announcer:
    """Tells people of one run."""

    def __init__(self, announce: Announce, notifier: Notifier, runner: Runner) -> None:
        self._announce = announce
        self._notifier = notifier
        self._runner = runner
        self._parting: asyncio.Task[None] | None = None

    async def before(self) -> tuple[SafeText, ...]:
        """Tell of the release before its first change; the problems that GO has to heed. Nothing is told twice."""
        state = self._runner.state
        if not kind_of(state).makes_release or state.announced:
            return ()
        sent = await self._sent("before", before(state))
        await self._runner.write(sent)
        return sent.problems if depends_on_it(self._announce, state.request.impact) else ()

    def after(self, told: Callable[[], None]) -> None:
        """Tell how the run ended, beside everything else; `told` is called when that is done, or when there is nothing to tell."""
        state = self._runner.state
        if state.phase == "ended" and (state.announced or state.changed):
            self._parting = asyncio.create_task(self._tell_after())
            self._parting.add_done_callback(lambda _: told())
        else:
            told()

    async def _tell_after(self) -> None:
        await self._runner.write(await self._sent("after", after(self._runner.state)))

    async def _sent(self, moment: str, message: Message) -> AnnouncementSent:
        deliveries = await self._notifier.tell(message.title, message.body, deadline=TELL_WITHIN)
        return AnnouncementSent(
            moment="before" if moment == "before" else "after", title=SafeText(message.title), body=SafeLines(message.body),
            told=tuple(one.channel for one in deliveries if not one.problem),
            problems=tuple(SafeText(f"{one.channel}: {one.problem}") for one in deliveries if one.problem),
        )  # fmt: skip
