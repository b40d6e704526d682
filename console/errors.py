"""The errors a person can meet, by who must act. Each knows the exit code of a command that it ends; nothing of runs."""

from dataclasses import dataclass, replace
from typing import Protocol

from console.as_typed import as_typed
from console.exit_codes import Exit


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what was seen against what was expected, where, and what to type next."""

    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        key = f"{self.key}: " if self.key else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{key}{self.message}{hint}"


class Explained(Protocol):
    """What is told a person: a fault, a problem, a refusal."""

    @property
    def message(self) -> str:
        """What happened, where, and what was expected."""

    @property
    def hint(self) -> str:
        """What to type next; empty: nothing helps."""


def in_one_line(told: Explained) -> str:
    """Say it where there is room for a line alone."""
    return f"{told.message}; {as_typed(told.hint)}" if told.hint else told.message


def with_typed_hint(problem: Problem) -> Problem:
    """Return a problem as it is shown at this terminal: with the commands of its hint as they are typed here."""
    return replace(problem, hint=as_typed(problem.hint))


class ConsoleError(Exception):
    """Ends a command with an exit code, a sentence that says what was wrong, and what to type next."""

    exit: Exit = Exit.CONSOLE_FAILED

    def __init__(self, message: str, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = problems or (Problem(message, hint),)


class UsageFault(ConsoleError):
    """The command line, the configuration, or the caller's right: the caller must act, nothing was contacted."""

    exit = Exit.USAGE


class StateUnusable(UsageFault):
    """The state folder, or the record in it, is not as an engine needs it: nothing can be done from here until somebody mends it."""


class NotYet(UsageFault):
    """A command, key or setting that the contract names and that is still to come."""


class NoGo(ConsoleError):
    """Nothing was changed, because something that is needed is missing: a host, a release, a way back."""

    exit = Exit.NO_GO


class Locked(ConsoleError):
    """Another run or person holds what is needed."""

    exit = Exit.LOCKED


class Interrupted(ConsoleError):
    """Somebody ended the command before it changed anything."""

    exit = Exit.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted")


class RecordAway(ConsoleError):
    """The database of a record that machines share does not answer now: what was asked last may have happened."""


class Unsettled(ConsoleError):
    """The engine was lost while it did what it was told to: how much of that was done is not known, so it is not said that nothing was."""

    exit = Exit.FAILED


class EngineLost(ConsoleError):
    """The engine that a console spoke to is gone, or is too late with an answer. What it had written down is not lost."""
