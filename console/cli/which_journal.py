"""Which record of runs a command reads: the state folder's file, or the database that hosts.toml names.

Where there is no hosts.toml, the one that the last run here was written to: its address, or where that is to be read, is kept in the state folder.
Knows no run and meets no engine.
"""

import os
import time
from typing import TYPE_CHECKING

from console.as_typed import typed_here
from console.cli.configuration import state
from console.errors import RecordAway, UsageFault

if TYPE_CHECKING:
    from console.adapters.journal.record_store import RecordStore
    from console.model.secret import Variable

AGAIN = 15.0
"""Seconds for which a command does not ask a database anew that has not answered it: each time costs a person who wants to go back some seconds."""
_silent: list[tuple[float, "RecordAway"]] = []
"""When it did not answer, and what was to be said of that."""


def open_record() -> "RecordStore":
    """Open the record of runs, for a process that does nothing else meanwhile. Raises UsageFault where a secret is missing, JournalFault.

    While a shared record's database is away it is what this machine has of it, which is said.
    """
    store, problem = open_record_or_copy()
    if problem:
        _tell_once(f"{problem}; what follows is what this machine has written: {store.path}")
    return store


_told: list[str] = []


def _tell_once(words: str) -> None:
    from console.cli.output import tell

    if words not in _told:
        _told.append(words)
        tell(f"deploy: {words}")


def _has_record(folder: str) -> bool:
    """Whether runs of this state folder have said what their record is."""
    from console.adapters.statefolder import journal_path

    return os.path.exists(_path(folder)) or os.path.exists(journal_path(folder))


def open_record_or_copy() -> "tuple[RecordStore, str]":
    """Open the record; where its database is away and runs were carried here, what this machine has of them, and why."""
    from console.adapters.journal.local_copy import LocalCopy, copy_path

    folder = state()
    try:
        return _opened(folder), ""
    except RecordAway as fault:
        if not os.path.exists(copy_path(folder)):
            raise
        return LocalCopy.of(folder), fault.message


def is_silent() -> bool:
    """Whether the record's database has not answered a moment ago."""
    return bool(_silent) and time.monotonic() - _silent[-1][0] < AGAIN


def note_silence(fault: "RecordAway") -> None:
    """Keep that the database has not answered, and what is to be said of that."""
    _silent[:] = [(time.monotonic(), fault)]


def _opened(folder: str) -> "RecordStore":
    from console.adapters.journal.chain import JournalAway
    from console.adapters.journal.chosen_journal import open_store

    if is_silent():
        raise _silent[-1][1]
    try:
        return open_store(folder, journal_address())
    except JournalAway as fault:
        note_silence(fault)
        raise


def journal_address() -> str:
    """Return the address of the record's database; empty: it is the state folder's file. Raises UsageFault."""
    named = journal_named()
    if isinstance(named, str):
        _hide(named)
        return named
    from console.cli.secret_sources import read_one
    from console.model.configured_environment import JOURNAL

    text = read_one(JOURNAL, named)
    _hide(text)
    return text


def journal_named() -> "Variable":
    """Return what names the record's database, as it stands in hosts.toml, or as the last run here had it; empty: nothing does.

    A file that was damaged meanwhile keeps nobody from a run that goes on: then it is the last run's too, which is said. Raises UsageFault where there is none.
    """
    from console.adapters.statefolder import state_folder
    from console.config.file_place import find_file
    from console.config.record_keys import journal_of_file

    typed = dict(typed_here().options).get("-c")
    path = find_file(typed, os.environ, os.getcwd())
    folder = state_folder(os.environ)
    if not path:
        return _kept(folder)
    try:
        return journal_of_file(path)
    except UsageFault as fault:
        if not os.path.isfile(path) or not _has_record(folder):
            raise
        _tell_once(f"{fault.message}; this goes by what the runs here had of it")
        return _kept(folder)


def remember_journal(named: "Variable") -> None:
    """Keep what names the record's database, for commands in a folder without a file. No secret is written."""
    from console.adapters.statefolder import modes_of
    from console.wire.codec import encode

    folder = state()
    if not named:
        if os.path.exists(_path(folder)):
            os.remove(_path(folder))
        return
    if _kept(folder) == named:
        return
    fresh, modes = f"{_path(folder)}.{os.getpid()}", modes_of(folder)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, modes.file), "wb") as file:
        os.fchmod(file.fileno(), modes.file)
        file.write(encode(named))
    os.replace(fresh, _path(folder))


def _kept(folder: str) -> "Variable":
    path = _path(folder)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except FileNotFoundError:
        return ""
    from console.model.secret import Variable
    from console.wire.codec import decoder
    from console.wire.frames import DecodeError

    try:
        found: Variable = decoder(Variable)(text)
    except DecodeError as problem:
        raise UsageFault(f"{path} is {problem.message}", f"rm {path}, then work in the folder of hosts.toml") from None
    return found


def _path(folder: str) -> str:
    return os.path.join(folder, "journal.json")


def _hide(address: str) -> None:
    """Have the password of an address hidden wherever this process prints."""
    from console.core.secrets.needed import masking_for
    from console.model.configured_environment import Environment
    from console.safe_text import hide

    if "://" in address:
        hide(masking_for(Environment("", "", "", (), journal=address), ()))
