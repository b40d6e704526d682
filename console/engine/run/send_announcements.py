"""Tells people of a run: before its first change, and at its end, in one message where a channel's can be changed.

What each channel said is in the record; the texts are `core/words/announcement_words.py`'s.
"""

from collections.abc import Mapping

from console.core.checks.announcement import depends_on_it
from console.core.kinds.kind_table import kind_of
from console.core.words.announcement_words import Message, after, before
from console.engine.run.runner import Runner
from console.model.configured_environment import Announce
from console.model.events import AnnouncementSent
from console.ports.people import NOTHING, Notifier
from console.safe_text import SafeLines, SafeText

TELL_WITHIN = 8.0
"""Seconds that the channels have: who says GO waits for them."""


class Announcer:
    """Tells people of one run: before it begins, where GO waits for that, and of its end. A channel that fails is said in the run's record."""

    def __init__(self, announce: Announce, notifier: Notifier, runner: Runner) -> None:
        self._announce = announce
        self._notifier = notifier
        self._runner = runner

    async def before(self) -> tuple[SafeText, ...]:
        """Tell of the release before its first change; the problems that GO has to heed. Nothing is told twice."""
        state = self._runner.state
        if not kind_of(state).makes_release or state.announced:
            return ()
        sent = await self._sent("before", before(state))
        await self._runner.write(sent)
        return sent.problems if depends_on_it(self._announce, state.request.impact) else ()

    async def after(self) -> None:
        """Tell how the run ended, where there is something to tell."""
        state = self._runner.state
        if state.phase == "ended" and (state.announced or (state.changed and not state.superseded_by)):
            await self._runner.write(await self._sent("after", after(state), {str(channel): message for channel, message in state.posted}))

    async def _sent(self, moment: str, message: Message, changes: Mapping[str, str] = NOTHING) -> AnnouncementSent:
        """Send it; a message of before is changed, where its channel can do that."""
        deliveries = await self._notifier.tell(message.title, message.body, deadline=TELL_WITHIN, changes=changes)
        return AnnouncementSent(
            moment="before" if moment == "before" else "after", title=SafeText(message.title), body=SafeLines(message.body),
            told=tuple(one.channel for one in deliveries if not one.problem),
            problems=tuple(SafeText(f"{one.channel}: {one.problem}") for one in deliveries if one.problem),
            posted=tuple((one.channel, one.message) for one in deliveries if one.message),
        )  # fmt: skip
