"""What a console has to do with a run that it follows: whether it answers for it, when it is over for this console, and how it lets go.

Knows nothing of how a run is shown.
"""

import asyncio
import signal
from dataclasses import dataclass

from console.client.lasting_feed import LastingFeed
from console.core.run.pauses import is_paused_for
from console.core.run.ready_steps import changing_steps
from console.errors import EngineLost, Interrupted
from console.exit_codes import Exit
from console.model import commands as cmd
from console.model.state import RunState

SETTLED = 0.4
"""Seconds without news after which what was written before is read, and a question is one of now."""
PARTING = 10.0
"""Seconds that a run has to end after it was aborted before GO."""
NOT_HEARD = "detached; the engine did not say whether the run has ended"
"""What is said where a run that nobody has decided on was to be ended, and no answer came."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True)
class Responsibility:
    """What this console is in the run."""

    drives: bool = False
    """It opened the run: leaving it before GO ends the run."""
    asked_back: bool = False
    """The run's rollback is what was asked for: done on every host is 0."""
    hosts: tuple[str, ...] = ()
    """Hosts that were asked back alone: it is over for this console when each is, whatever the run does then."""
    since: int = 0
    """The event from which on that is judged."""
    goes_on: bool = False
    """A run that was taken up is continued by itself, once everything unknown is settled."""


class RunOver(Exception):
    """The run that was to be spoken to has ended in that moment."""


class Departure:
    """Notes a signal that ends a viewer, from before the run is opened on."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def __enter__(self) -> "Departure":
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.event.set)
        return self

    def heed(self) -> None:
        """End the command here where a signal has come: nothing was begun yet. Raises Interrupted."""
        if self.event.is_set():
            raise Interrupted

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def code_for(code: int, part: Responsibility) -> int:
    """Return the exit code of a run for the console that asked for its part of it."""
    return int(Exit.DONE) if part.asked_back and code in (Exit.ROLLED_BACK, Exit.INTERRUPTED) else code


def is_settled(state: RunState) -> bool:
    """Whether a run that was taken up knows how everything stands that ran when its engine died."""
    unknown = any(known.status == "unknown" for host in state.hosts.values() for known in host.steps.values())
    unknown = unknown or any(known.status == "unknown" for known in state.steps.values())
    return not unknown and not any(host.condition in ("unknown", "unreachable") for host in state.hosts.values())


def is_taken_up(state: RunState) -> bool:
    """Whether the run is paused only because another engine took it up, and nothing is being settled any more. Without its record nothing new starts."""
    return is_paused_for(state, "taken-up") and not state.unshared and not changing_steps(state)


async def abort_undecided(feed: LastingFeed) -> bool | None:
    """End a run that nobody decided on; False when GO was given meanwhile, and it goes on. None: no answer came, so it may have been."""
    try:
        async with asyncio.timeout(PARTING):
            answer = await feed.submit(cmd.Abort(expects=max(1, feed.state.seq)))
    except (EngineLost, TimeoutError):
        return None
    return not isinstance(answer, cmd.Refusal) or answer.ended
