"""What a console that only asks says to an engine, and hears. The engine speaks first (`Welcome`), then the client (`Hello`); each request has an id that its
replies carry.

Knows neither the model nor events, which take longer to load than a question to be answered: what else the two say to each other is `messages`'.
"""

from typing import Any

import msgspec

from console.errors import ConsoleError, Locked, NoGo, NotYet, Problem, UsageFault
from console.exit_codes import Exit
from console.wire.frames import TO_ENGINE, DecodeError, framed

PROTOCOL = 2
"""Raised when an older end would misunderstand. What both ends always understand: Welcome, Hello, Stop, Query `status`, and Submit of
pause, continue, abort and roll-back."""


class ToEngine(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """A request. Its id is the client's own, above 0, and not in use."""

    id: int = 0


class Hello(ToEngine, frozen=True, tag="hello"):
    """The client's first: what its login claims about itself, and whether it promises only to look."""

    claims: str = ""
    read_only: bool = False
    protocol: int = PROTOCOL


class Query(ToEngine, frozen=True, tag="query"):
    """A question, or an act outside a run (lock, unlock, forgive), by name; answered with JSON."""

    name: str
    argument: dict[str, Any] = {}


class ToClient(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """An answer; `id` is that of the request."""

    id: int = 0


class Welcome(ToClient, frozen=True, tag="welcome"):
    """The engine's first: who it is, and what it carries."""

    protocol: int = PROTOCOL
    app: str = ""
    environment: str = ""
    engine_id: str = ""
    pid: int = 0
    uid: int = -1
    user: str = ""
    run: str = ""
    """The run that is open; empty: none."""
    seq: int = 0
    """Its last event."""
    digest: str = ""
    """Of the model it has; empty: none yet."""
    busy: bool = False
    role: str = ""
    """What the one who connected may do here: operator, viewer or none."""
    newer: str = ""
    """The release that was opened beside it, in its monitoring window; empty: none."""
    left: bool | None = None
    """Whether runs have left something to be done: a host that is owed, or a lock. None: the engine does not know it now."""

    def carries(self, run: str) -> bool:
        """Whether the engine carries that run now."""
        return run in (self.run, self.newer)


class Answer(ToClient, frozen=True, tag="answer"):
    """The request was carried out; what came of it, as JSON."""

    value: Any = None


class Failed(ToClient, frozen=True, tag="failed"):
    """The request was not carried out: what was wrong, and what to type next."""

    message: str
    hint: str = ""
    exit: int = int(Exit.CONSOLE_FAILED)
    problems: tuple[tuple[str, str, str, int, str], ...] = ()
    """(message, hint, file, line, key)."""
    not_yet: bool = False
    """It is still to come."""


def failure(request: int, error: ConsoleError) -> Failed:
    """Return the answer for an error."""
    problems = tuple((each.message, each.hint, each.file, each.line, each.key) for each in error.problems)
    return Failed(id=request, message=error.message, hint=error.hint, exit=int(error.exit), problems=problems, not_yet=isinstance(error, NotYet))


_KINDS: dict[int, type[ConsoleError]] = {Exit.USAGE: UsageFault, Exit.NO_GO: NoGo, Exit.LOCKED: Locked}


def error_of(message: Failed) -> ConsoleError:
    """Return the error that an answer stands for, of the kind that its exit code says."""
    kind = _KINDS.get(message.exit, ConsoleError)
    kind = NotYet if kind is UsageFault and message.not_yet else kind
    error = kind(message.message, message.hint, tuple(Problem(*each) for each in message.problems))
    if error.exit != message.exit and message.exit in list(Exit):
        error.exit = Exit(message.exit)
    return error


_answer = msgspec.json.Decoder(Welcome | Answer | Failed)


def question_bytes(message: Hello | Query) -> bytes:
    """Return the frame of a question, whose argument is what JSON can hold. Raises `FrameError` when it is over a frame's limit."""
    return framed(msgspec.json.encode(message), TO_ENGINE)


def read_answer(body: bytes) -> Welcome | Answer | Failed:
    """Return the answer in a frame. Raises `DecodeError`, also for what is no answer to a question."""
    try:
        answer: Welcome | Answer | Failed = _answer.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise DecodeError.of(problem) from None
    return answer
