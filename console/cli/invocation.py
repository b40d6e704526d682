"""How a command was called: its common options, and what may be assumed of the terminal. Knows no command."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from console.as_typed import PROGRAM
from console.cli.terminal_support import why_no_screen
from console.errors import UsageFault


@dataclass(frozen=True)
class Invocation:
    """How a command speaks and what it may assume."""

    file: str = ""
    app: str = ""
    theme: str = ""
    yes: bool = False
    plain: bool = False
    json: bool = False
    read_only: bool = False
    wait_for_person: float | None = None
    """Seconds that a question stays open; None: for ever at a terminal, not at all without one."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person sits there."""
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))

    @property
    def wants_screen(self) -> bool:
        """Whether the screen is what opens."""
        return self.may_have_screen and not why_no_screen()

    @property
    def may_have_screen(self) -> bool:
        """Whether the screen is what opens on a terminal that is fit for it."""
        return self.is_terminal and not self.plain and not self.json

    @property
    def patience(self) -> float | None:
        """Seconds that a question stays open; None: without an end."""
        if self.wait_for_person is not None:
            return self.wait_for_person
        return None if self.is_terminal else 0.0


def need_yes(how: Invocation, command: str) -> None:
    """Refuse a command that asks, where nobody can answer. Raises UsageFault before anything is contacted."""
    if not how.yes and not how.is_terminal:
        if command != "exec":
            need_to_change(how, command)
        raise UsageFault(f"{command} asks before it acts, and there is no terminal to answer on", with_yes(sys.argv[1:]))


def need_to_change(how: Invocation, command: str) -> None:
    """Refuse a command that changes something by itself, with no engine that knows who only looks on. Raises UsageFault."""
    if how.read_only:
        raise UsageFault(f"{command} changes something, and --read-only was given", "leave --read-only out")


def options_in(typed: "Sequence[str]") -> "Sequence[str]":
    """Return the words before `--`: what stands behind it is no option of ours."""
    return typed[: typed.index("--")] if "--" in typed else typed


def with_yes(typed: "Sequence[str]") -> str:
    """Return what was typed after `deploy` as a command line that does not ask."""
    ours = options_in(typed)
    return shlex.join([PROGRAM, *ours, "--yes", *typed[len(ours) :]])
