"""What a command writes: data on standard output, words for the person beside it, without the secrets that this process knows."""

import errno
import os
import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from console.as_typed import PROGRAM, as_typed
from console.cli.invocation import Invocation
from console.cli.terminal_support import why_no_screen
from console.errors import ConsoleError, with_typed_hint
from console.safe_text import SafeText, hidden

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.errors import Problem

READ = 0.5
"""Seconds between two looks at whether somebody reads still."""
LAST_WORDS = 1.0
"""Seconds that a terminal has to take the last lines."""


class OutputLost(ConsoleError):
    """Standard output takes nothing any more: a full disk; or, for what goes on until somebody leaves, a reader that has left."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(f"standard output cannot be written: {fault.strerror}")
        self.left = fault.errno == errno.EPIPE


def fail(error: ConsoleError, *, as_json: bool) -> int:
    """Say an error and return its exit code."""
    if as_json:
        from console.plain.problem_json import fault_object

        say_json(fault_object(error))
    for problem in error.problems:
        tell_problem(problem)
    return int(error.exit)


def say(line: str) -> None:
    """Write one line of data on standard output. A reader that has left (`| head -1`) has what it wanted: the command goes on to its own end, and code."""
    print_on(sys.stdout, line)


def say_while_read(line: str) -> None:
    """Write one line of many. Raises OutputLost once its reader has left too: nobody waits for the rest."""
    if not print_on(sys.stdout, line) and sys.stdout is not None:
        raise OutputLost(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))


async def until_unread() -> None:
    """Wait until nobody reads standard output any more, also while there is nothing to write. Raises OutputLost then."""
    import asyncio
    import select

    watched = select.poll()
    if sys.stdout is not None:
        watched.register(sys.stdout, 0)
    while not any(state & (select.POLLERR | select.POLLHUP) for _, state in watched.poll(0)):  # noqa: ASYNC110
        await asyncio.sleep(READ)
    raise OutputLost(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))


def print_on(stream: TextIO, words: str, *, end: str = "\n") -> bool:
    """Write words without the secrets; whether they were written. What cannot be written goes nowhere from then on.

    Once the terminal has hung up, or a reader is gone, the command ends with its own code. Raises OutputLost for a full disk.
    """
    try:
        print(without_secrets(words), file=stream, end=end, flush=True)
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if error.errno not in (errno.EIO, errno.EPIPE) and stream is sys.stdout:
            raise OutputLost(error) from None
        return False
    return True


def say_last(lines: "Iterable[str]", stream: TextIO | None = None) -> None:
    """Write what stays on a terminal when the screen is gone; one that takes nothing is not waited for."""
    import select

    to = stream or sys.stdout
    for line in lines:
        if to is None or not select.select([], [to], [], LAST_WORDS)[1]:
            return
        print_on(to, line)


def without_secrets(words: str) -> str:
    """Mask what this process knows to be secret; a line of JSON stays one."""
    masked = hidden(words)
    if masked == words or not words.startswith(("{", "[")):
        return masked
    import json

    from console.plain.json_text import json_text
    from console.wire.codec import without_secrets

    try:
        return json_text(without_secrets(json.loads(words)))
    except ValueError:
        return masked


def say_json(value: Any) -> None:
    """Write one object as one line of data."""
    from console.plain.json_text import json_text

    say(json_text(value))


def harmless(lines: str) -> str:
    """Return lines on which a terminal does not act, whoever typed what is in them; none is cut."""
    return "\n".join(SafeText(line, 16 * len(line) + 1) for line in lines.split("\n"))


def say_done(line: str) -> None:
    """Say what a command has done, or was answered. Where that cannot be written it is told so, and the command ends with the code of its answer."""
    try:
        say(harmless(line))
    except OutputLost as lost:
        tell(f"deploy: {lost.message}")


def say_json_done(value: Any) -> None:
    """Say that as one object, as `say_done` does."""
    from console.plain.json_text import json_text

    say_done(json_text(value))


def tell(line: str) -> None:
    """Write a line for the person, beside the data; what was typed is harmless in it. Where it cannot be written, the command goes on."""
    with suppress(OSError):
        print_on(sys.stderr, harmless(line))


def tell_no_screen(how: Invocation) -> None:
    """Say why there are lines where the screen would be."""
    if how.may_have_screen and (why := why_no_screen()):
        tell(f"deploy: {why}: here is the plain mode; export TERM=xterm-256color where the terminal is one")


def tell_problem(problem: "Problem", said: str = "") -> None:
    """Say what is wrong, and what to type next. `said`: a word before it."""
    tell(f"deploy: {said}{with_typed_hint(problem)}")


def tell_equivalent(*words: str) -> None:
    """Say the command line that does what was done here."""
    tell("same as: " + as_typed(" ".join(_quoted(word) for word in (PROGRAM, *words) if word)))


def _quoted(word: str) -> str:
    """Quote a word for the shell; what a terminal would act on is written as an escape that bash, zsh and ksh read back."""
    if harmless(word) == word and "\n" not in word:
        return shlex.quote(word)
    return "$'" + "".join(mark if mark.isprintable() and mark not in "\\'" else _escape(ord(mark)) for mark in word) + "'"


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}"
