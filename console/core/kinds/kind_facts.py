"""What there is to say of a kind of run beside its checks and its plan: whether its hosts go back, what a failure does, its words.

`core/kinds/kind_table.py` says it of each. Pure. It knows no kind by name.
"""

from typing import Literal, NamedTuple

from console.model.commands import AnyCommand
from console.model.request import RunKind
from console.model.state import HostCondition

OnFailure = Literal["rollback", "pause", "stop"]


class KindWords(NamedTuple):
    """What a kind is called. `title`: on the workflow's list; `noun`: to recipients; `done`: how a run of it ended that did what was asked."""

    title: str
    noun: str
    done: str


class NoReturn(NamedTuple):
    """Why no host of such a run goes back, and what to type instead; `{environment}` stands for the name."""

    words: str
    hint: str = ""
    says: AnyCommand | None = None
    """What the run is told by the hint; None: nothing."""


class Unsteered(NamedTuple):
    """Why such a run takes no command, and what to do instead; `{environment}` stands for the name."""

    words: str
    hint: str


class Kind(NamedTuple):
    """What is fixed for every run of one kind."""

    name: RunKind
    words: KindWords
    no_return: NoReturn | None = None
    """None: its hosts have a release to go back to."""
    makes_release: bool = False
    """It is made of a commit: the repository, CI, the calendar and people are asked before it, and manual checks are ticked off in it."""
    is_return: bool = False
    """It is the way back itself: it goes to its end, and is neither paused nor aborted. Its hosts end as `back`, not as `new`."""
    changes_hosts: bool = True
    """False: every host is held, and stays as it is."""
    changes_release: bool = False
    """It may leave another release on a host."""
    sets_live: bool = False
    """Where it leaves its hosts is what the environment is from then on."""
    pays: HostCondition | None = None
    """The condition in which a host of it has what it was owed; None: it brings no host anything."""
    is_repeated: bool = False
    """What it could not do is done by the same again: its hosts have their release, whatever failed."""
    unsteered: Unsteered | None = None
    """Why people do not speak to it; None: they may."""
    is_attended: bool = True
    """People are asked in it while it runs."""
    looked_at_with: str = "deploy status {environment}"
    """The command that shows again what it was refused for."""

    @property
    def waits_for_people(self) -> bool:
        """Whether such a run ever stands still until a person says something. A way back goes to its end, and so does what nobody is asked in."""
        return self.is_attended and not self.is_return and self.unsteered is None

    @property
    def returns(self) -> bool:
        """Whether a host of such a run may be taken back to what it had before it."""
        return self.no_return is None

    def failure_rule(self, asked: OnFailure) -> OnFailure:
        """What a failure beyond the budget does, where the file asks for `asked`. `stop` leaves every host as it is."""
        if not self.is_attended:
            return "stop"
        return "stop" if asked == "rollback" and not self.returns else asked
