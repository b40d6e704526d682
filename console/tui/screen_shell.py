"""The protocol by which a screen and its parts use the program around them.

It knows no screen and no program: so whatever is shown can know it, and none of them need know another.
"""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import tzinfo
from typing import Any, Protocol

from textual.screen import Screen

from console.model.commands import AnyCommand
from console.model.run_summary import RunSummary
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient, RunArchive
from console.ports.feed import Feed
from console.tui.feed_follower import FeedFollower
from console.tui.key_refusals import Situation
from console.views.styled_text import Tone


class Say(Protocol):
    """Puts a sentence on a message line; an empty one clears it."""

    def __call__(self, words: str, tone: Tone = "plain") -> None:
        """Say it to whoever looks at the screen, in the message line."""


class RollbackTarget(Protocol):
    """A screen that shows a release which can be rolled back."""

    @property
    def situation(self) -> Situation:
        """What is seen and chosen on the page, by which keys are offered."""

    def ask_rollback(self) -> None:
        """Ask, and roll back on the second `r`."""


class Shell(Protocol):
    """The program around a screen."""

    clock: Clock
    zone: tzinfo | None
    """The zone that times are shown in; None: UTC."""
    client: EnvironmentClient | None
    """The environment that runs are begun in; None: no hosts.toml is known here."""
    read_only: bool
    reading: set[str]
    """What is being read for a question that comes once it is there: a second key asks nothing more."""
    drives: bool
    """Who sits here answers for GO, and leaving before GO is a no-go."""

    @property
    def records(self) -> RunArchive | None:
        """What is kept of runs, where there is anything to read it from."""

    @property
    def theme_names(self) -> tuple[str, ...]:
        """The themes that can be worn."""

    @property
    def has_home(self) -> bool:
        """Whether home is seen, or lies below what is."""

    @property
    def rollback_target(self) -> RollbackTarget | None:
        """The screen, seen or below, whose release can be rolled back."""

    say: Say
    """Puts a sentence on the message line of what is seen."""

    def push(self, screen: Screen[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Put a screen or a dialog over what is seen. `answered`: told of a dialog's answer."""

    def keep(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screens, and end it with them."""

    def copy(self, words: str) -> None:
        """Send words to the terminal's clipboard, which gives no answer."""

    async def lend_terminal(self, argv: tuple[str, ...], words: str) -> int | str:
        """Lay the screens aside for another program; its exit code, or why it was not run. `words` are printed before it."""

    def submit(self, follower: FeedFollower, command: AnyCommand) -> None:
        """Say something to a run; a refusal is put on the message line. A forgotten screen asks for the name first."""

    def when_awake(self, environment: str, act: Callable[[], object]) -> None:
        """Do it; on a forgotten screen, once the environment's name was typed."""

    async def deliver(self, follower: FeedFollower, command: AnyCommand) -> bool:
        """Say something to a run at once; whether it was taken."""

    def leave(self) -> None:
        """Leave the page that is seen, as its own key does."""

    def go_back(self, page: Screen[None]) -> None:
        """Take a screen away; the last one ends the program."""

    def go_to(self, environment: str) -> None:
        """Be at home in another environment."""

    def show_run(self, feed: Feed) -> None:
        """Show a run, or a replay of one."""

    def open_run(self, opening: Awaitable[Feed], words: str, *, asks: str = "", equivalent: str = "") -> None:
        """Open a run, and show it.

        `asks`: the action that is asked about there by itself, `go` or `roll-back`; `equivalent`: the command line that would have opened it.
        """

    def open_back(self, run: str, how: str, reason: str = "") -> None:
        """Open the way back from a release that has ended, `at-once` or `halves`, and why."""

    def open_record(self, run: RunSummary) -> None:
        """Show the record of a run that is over; join one that goes on."""

    def open_runs(self) -> None:
        """Put the list of every run above what is seen."""

    def open_prepare(self) -> None:
        """Put the page that prepares a release above what is seen."""
