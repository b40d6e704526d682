"""What commands share: the file, the state folder, the engine to talk to, the record of runs. Slow parts are imported when used.

Knows how parts are wired together; nothing of what a command does with them.
"""

import errno
import gc
import os
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, TypeVar

from console.cli.terminal_support import why_no_screen
from console.errors import ConsoleError, NoGo, UsageFault, with_typed_hint
from console.text import hidden
from console.typed import PROGRAM, as_typed

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Sequence

    from console.adapters.journal.store import JournalStore
    from console.client.attach import Client
    from console.config.load import ConfigFile
    from console.core.secrets.needed import Purpose
    from console.errors import Problem
    from console.model.fleet import Environment
    from console.model.state import RunState
    from console.ports.journal import RunSummary


T = TypeVar("T")

LAST_WORDS = 1.0
"""Seconds that a terminal has to take the last lines."""
LOADED = 1.0
"""Seconds after which a process has loaded what it needs."""


class OutputLost(ConsoleError):
    """Standard output takes nothing any more: a reader that has left, or a full disk."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(f"standard output cannot be written: {fault.strerror}")
        self.left = fault.errno == errno.EPIPE


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


def finish(work: "Coroutine[Any, Any, int]") -> NoReturn:
    """Carry a command out, and end with its exit code."""
    sys.exit(carry_out(work))


def carry_out(work: "Coroutine[Any, Any, T]") -> "T":
    """Carry out what a process is for. What it loads in its first second stays, and no garbage is looked for in it, then or later."""
    import asyncio

    async def carried() -> T:
        asyncio.get_running_loop().call_later(LOADED, _look_for_garbage)
        return await work

    return asyncio.run(carried())


def _look_for_garbage() -> None:
    gc.freeze()
    gc.enable()


def need_yes(how: Invocation, command: str) -> None:
    """Refuse a command that asks, where nobody can answer. Raises UsageFault before anything is contacted."""
    if not how.yes and not how.is_terminal:
        raise UsageFault(f"{command} asks before it acts, and there is no terminal to answer on", with_yes(sys.argv[1:]))


def with_yes(typed: "Sequence[str]") -> str:
    """Return what was typed after `deploy` as a command line that does not ask."""
    end = typed.index("--") if "--" in typed else len(typed)
    return shlex.join([PROGRAM, *typed[:end], "--yes", *typed[end:]])


def state() -> str:
    """Return the state folder, made where it is missing."""
    from console.adapters.statefolder import prepared, state_folder

    folder = state_folder(os.environ)
    prepared(folder)
    return folder


def config(how: Invocation) -> "ConfigFile":
    """Load hosts.toml. Raises UsageFault with every problem in it."""
    found = config_if_any(how)
    if found is None:
        raise UsageFault("there is no hosts.toml here or in a folder above", "deploy -c FILE …, or write one: hosts.toml.example shows every key")
    return found


def config_if_any(how: Invocation) -> "ConfigFile | None":
    """Load hosts.toml; None where there is none. Raises UsageFault with every problem in it."""
    from console.config.load import find_file, load_file

    path = find_file(how.file or None, os.environ, os.getcwd())
    return load_file(path) if path else None


def environment(how: Invocation, name: str, *, gated: bool = False) -> "Environment":
    """Resolve an environment of the file. `gated`: keys that are still to come are a no-go."""
    file = config(how)
    found = file.environment(name, how.app)
    later = file.not_yet(found.name, how.app) if gated else ()
    if later:
        raise NoGo("hosts.toml names what this console cannot do yet", "take the keys out, or wait for the version that has them", later)
    return found


def environment_or_known(how: Invocation, name: str) -> "Environment":
    """Resolve an environment of the file; where there is none, of the runs that the state folder knows. Raises UsageFault."""
    file = config_if_any(how)
    if file is not None:
        return file.environment(name, how.app)
    from console.cli.kept_models import known_environment

    return known_environment(how.app, name)


async def engine_of(how: Invocation, found: "Environment") -> "Client":
    """Meet the environment's engine, started where none lives. It has no model from this console yet."""
    from console.client.attach import claims_of
    from console.client.engines import ensure_engine

    secret = {one.name for one in found.secret_references().values() if one.kind == "env"}
    return await ensure_engine(state(), found.app, found.name, claims=claims_of(os.environ), read_only=how.read_only, without=secret)


async def configure(client: "Client", found: "Environment", purpose: "Purpose | None", *, resumes: bool = False, quiet: bool = False) -> None:
    """Hand the engine the model and the secrets of a run of that kind (`resumes`: of one that was begun before). `quiet`: a screen is shown.

    Raises Locked where it is busy with another model, UsageFault that names each secret which is needed and neither here nor there.
    """
    import asyncio

    from console.cli.kept_models import remember
    from console.cli.secret_sources import IMPATIENCE, SecretReader
    from console.config.load import digest
    from console.core.secrets.needed import needs_of, unhidden

    mark, needs, reading = digest(found), needs_of(found, purpose, resumes=resumes), SecretReader(quiet)
    held = frozenset[str]() if not needs.wanted and purpose in ("deploy", "check") else await client.configure(found, mark, {})
    fresh = {name: one for name, one in needs.needed.items() if name not in held or one.kind != "command"}
    await asyncio.to_thread(reading.add, found, fresh)
    missing = tuple(problem for name, problem in reading.problems.items() if name not in held)
    if missing:
        raise UsageFault(missing[0].message, missing[0].hint, missing)
    fresh = {name: one for name, one in needs.wanted.items() if name not in held or one.kind != "command"}
    await asyncio.to_thread(reading.add, found, fresh, IMPATIENCE)
    await client.configure(found, mark, reading.found)
    remember(mark, found)
    for words in () if quiet else unhidden(found, reading.found):
        tell(f"deploy: {words}")


async def asking(how: Invocation, found: "Environment") -> "Client":
    """Meet the engine for a question: it gets the model where it has none or an older one and nothing goes on.

    No secret is needed for it; those that stand in variables here are known, so that an answer which holds one is masked. Where runs have left something to
    be done it gets the secrets for that too: an engine that is met here goes on until it is done.
    """
    from console.cli.secret_sources import SecretReader
    from console.config.load import digest
    from console.core.secrets.needed import needs_of

    client, reading = await engine_of(how, found), SecretReader(quiet=True)
    reading.add(found, {name: one for name, one in found.secret_references().items() if one.kind == "env"})
    mark = digest(found)
    if client.welcome.busy or how.read_only:
        return client
    if client.welcome.role == "operator" and needs_of(found, "catch-up").needed and is_owing(found):
        await _handed_over(client, found, reading.found)
    elif client.welcome.digest != mark:
        await client.configure(found, mark, reading.found)
    return client


async def _handed_over(client: "Client", found: "Environment", here: dict[str, str]) -> None:
    """Give the engine that is to bring owed hosts up to date the secrets that this takes, as far as they are here."""
    from console.config.load import digest

    try:
        await configure(client, found, "catch-up", quiet=True)
    except UsageFault:
        await client.configure(found, digest(found), here)


def is_owing(found: "Environment") -> bool:
    """Whether the record says that runs have left something to be done: a host that is owed, or a lock."""
    from console.core.environment.standing import leftovers

    store = journal()
    try:
        record = store.environment(found.app, found.name)
    finally:
        store.close()
    return bool(record.debts.owed or leftovers(record, (host.name for host in found.hosts)))


async def asking_with_secrets(how: Invocation, found: "Environment", purpose: "Purpose") -> "Client":
    """Meet the engine for a command of the application's: it has the model and the secrets then. Raises UsageFault where one is missing here and there."""
    client = await engine_of(how, found)
    if client.welcome.busy or client.welcome.role != "operator":
        return client
    try:
        await configure(client, found, purpose)
    except BaseException:
        await client.close()
        raise
    return client


def journal() -> "JournalStore":
    """Open the record of runs, for a process that does nothing else meanwhile."""
    from console.adapters.journal.store import JournalStore

    return JournalStore.of(state())


def recorded(run: str) -> "RunState":
    """Return what the journal says of a run."""
    from console.core.run.evolve import fold

    record = journal()
    try:
        return fold(record.read(run))
    finally:
        record.close()


def run_named(how: Invocation, text: str) -> "RunSummary":
    """Find a run by id, unique prefix, or `last`; left out, the one that is open. Raises UsageFault."""
    found = _meant(text, how.app)
    if len(found) == 1:
        return found[0]
    if not found:
        if text == "last":
            raise UsageFault("no run is known here yet", "deploy status")
        raise UsageFault(f"no run is called {text}" if text else "no run is open", "deploy history")
    fitting = "\n".join(_listed(found[:8]))
    raise UsageFault(f"{len(found)} runs {'begin with ' + text if text else 'are open'}:\n{fitting}", "name one of them")


def open_runs(how: Invocation, environment: str = "") -> list[str]:
    """Return the runs that have no end in the record, newest first."""
    return [run.run for run in _meant("", how.app) if environment in ("", run.environment)]


def _meant(text: str, app: str) -> "list[RunSummary]":
    """Return the runs that a person may mean by that; by nothing: those that are open."""
    from console.adapters.journal.find_lines import find_lines
    from console.adapters.statefolder import journal_path, refuse_network

    folder = state()
    refuse_network(folder)
    found = find_lines(journal_path(folder), text, app)
    if found is not None:
        return found
    record = journal()
    try:
        if text == "last":
            return list(record.runs(app, limit=1))
        if text:
            return [run for run in record.find_run(text) if app in ("", run.app)]
        return [run for run in record.runs(app, limit=1000) if run.outcome is None and run.kind != "exec"]
    finally:
        record.close()


def _listed(runs: "list[RunSummary]") -> "Iterator[str]":
    for run in runs:
        yield f"  {run.run}  {run.kind} {run.version or '-'} by {run.by}"


def fail(error: ConsoleError, *, as_json: bool) -> int:
    """Say an error and return its exit code."""
    if as_json:
        from console.plain.jsonl import fault_object

        say_json(fault_object(error))
    for problem in error.problems:
        tell_problem(problem)
    return int(error.exit)


def say(line: str) -> None:
    """Write a line of data."""
    print_on(sys.stdout, line)


def print_on(stream: TextIO, words: str, *, end: str = "\n") -> bool:
    """Write words without the secrets; whether they were written. What cannot be written goes nowhere from then on.

    Once the terminal has hung up the command ends with its own code. Raises OutputLost for a full disk and a reader that is gone.
    """
    try:
        print(without_secrets(words), file=stream, end=end, flush=True)
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if error.errno != errno.EIO and stream is sys.stdout:
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

    from console.plain.jsonl import json_text
    from console.wire.codec import without_secrets

    try:
        return json_text(without_secrets(json.loads(words)))
    except ValueError:
        return masked


def say_json(value: Any) -> None:
    """Write one object as one line of data."""
    from console.plain.jsonl import json_text

    say(json_text(value))


def tell(line: str) -> None:
    """Write a line for the person, beside the data. Where that cannot be done, the command goes on."""
    with suppress(OSError):
        print_on(sys.stderr, line)


def tell_no_screen(how: Invocation) -> None:
    """Say why there are lines where the screen would be."""
    if how.may_have_screen and (why := why_no_screen()):
        tell(f"deploy: {why}: here is the plain mode; export TERM=xterm-256color where the terminal is one")


def tell_problem(problem: "Problem", said: str = "") -> None:
    """Say what is wrong, and what to type next. `said`: a word before it."""
    tell(f"deploy: {said}{with_typed_hint(problem)}")


def tell_twin(*words: str) -> None:
    """Say the command line that does what was done here."""
    tell("same as: " + as_typed(shlex.join([PROGRAM, *filter(None, words)])))
