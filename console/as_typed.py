"""The commands that hints and messages name, as they are typed at this terminal: the program as it was called, and the options that were needed.

The source writes `deploy resume RUN`; whoever shows it writes `as_typed(…)`. A command ends before ` --`, a bracket, or punctuation with a blank behind it.
One process answers one command line, so how that was typed is kept here, once. Knows no command by name.
"""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

PROGRAM: Final = "deploy"
_START = re.compile(r"(?<![\w./=-])deploy (?=[\w-])")
_WORD = re.compile(r"(?: |^)((?:'[^']*'|\"[^\"]*\"|[^\s'\"()|·])+)")
_VERB = re.compile(r"(?: (?:-c|--app|--state|--theme) (?:'[^']*'|[^\s'])+)* (\w[\w.-]*)")
_ENDS = ",;:.`"


class Typed(NamedTuple):
    """How the command line of this process was typed: the words up to the command, and the options that any command after it needs too."""

    program: str = PROGRAM
    options: tuple[tuple[str, str], ...] = ()
    """Name and value of each."""
    quiet: frozenset[str] | None = None
    """Where nobody can answer: the commands that ask nothing. All others are printed with --yes. None: a person can answer."""


@dataclass(slots=True)
class _TypedHere:
    typed: Typed = field(default_factory=Typed)


_process = _TypedHere()


def typed_here() -> Typed:
    """Return how the command line of this process was typed."""
    return _process.typed


def without_file(typed: Typed) -> Typed:
    """Return how a command is typed that finds what it needs in the state folder, where there is no room for more."""
    return typed._replace(options=tuple(pair for pair in typed.options if pair[0] == "--state"))


def set_typed(typed: Typed) -> None:
    """Keep how the command line of this process was typed."""
    _process.typed = typed


def program_of(original: Sequence[str], arguments: int, found: str = "") -> str:
    """Return the words that started this process, as they were typed. `arguments`: how many came after them; `found`: the path that `deploy` alone means."""
    words = list(original[: len(original) - arguments])
    if "-m" in words:
        return shlex.join(words)
    script = words[-1] if words else PROGRAM
    return PROGRAM if script == found else shlex.quote(script)


def everywhere(program: str) -> str:
    """Return a program so that it is found from every folder."""
    first, *more = shlex.split(program)
    return shlex.join([os.path.abspath(first) if os.sep in first else first, *more])


def commands_in(text: str) -> tuple[str, ...]:
    """Return every command that a text names, from `deploy` on."""
    return tuple(text[start:end] for start, end in _commands(text))


def as_typed(text: object, typed: Typed | None = None) -> str:
    """Return a text with each command in it as it is to be typed here."""
    words, how = str(text), typed or _process.typed
    if how == Typed():
        return words
    out, place = "", 0
    for start, end in _commands(words):
        command = words[start + len(PROGRAM) : end]
        out += words[place:start] + how.program + command + _options(how, command)
        place = end
    return out + words[place:]


def _options(typed: Typed, command: str) -> str:
    """The options that a command needs and does not bear already; words that name no command need none."""
    verb = _VERB.match(command)
    if verb is None:
        return ""
    yes = " --yes" if typed.quiet is not None and verb[1] not in typed.quiet and " --yes" not in command else ""
    return yes + "".join(f" {name} {shlex.quote(value)}" for name, value in typed.options if f" {name} " not in command)


def _commands(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    while found := _START.search(text, place):
        place = _end(text, found.end() - 1)
        yield found.start(), place


def _end(text: str, place: int) -> int:
    while (word := _WORD.match(text, place)) and word[1] != "--":
        bare = word[1].rstrip(_ENDS)
        place = word.start(1) + len(bare)
        if bare != word[1] and place < word.end(1):
            return place if bare else word.start()
    return place
