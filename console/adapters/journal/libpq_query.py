"""A question to PostgreSQL by its own C library: Python's driver takes longer to load than the answer to come. Knows no table.

The library is the one that the driver brings along, else the system's.
"""

import ctypes
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_uint, c_void_p
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TEXT = 25
INTEGERS = frozenset({20, 21, 23})
"""Types of values, by PostgreSQL's numbers."""
_CONNECTED, _HAS_ROWS = 0, 2
_STRINGS = POINTER(c_char_p)
_SHAPES: dict[str, tuple[Any, ...]] = {
    "PQconnectdbParams": (c_void_p, _STRINGS, _STRINGS, c_int),
    "PQstatus": (c_int, c_void_p),
    "PQerrorMessage": (c_char_p, c_void_p),
    "PQsocket": (c_int, c_void_p),
    "PQfinish": (None, c_void_p),
    "PQsendQueryParams": (c_int, c_void_p, c_char_p, c_int, POINTER(c_uint), _STRINGS, POINTER(c_int), POINTER(c_int), c_int),
    "PQconsumeInput": (c_int, c_void_p),
    "PQisBusy": (c_int, c_void_p),
    "PQgetResult": (c_void_p, c_void_p),
    "PQresultStatus": (c_int, c_void_p),
    "PQntuples": (c_int, c_void_p),
    "PQnfields": (c_int, c_void_p),
    "PQftype": (c_uint, c_void_p, c_int),
    "PQgetisnull": (c_int, c_void_p, c_int, c_int),
    "PQgetvalue": (c_char_p, c_void_p, c_int, c_int),
    "PQclear": (None, c_void_p),
}
"""What is called: the type of the answer, then those of the arguments."""


SLOW = 1.0
"""Seconds after which a connection that does not come about was waited for: it is not to be tried anew at once."""


class NotAnswered(Exception):
    """The server, or the library, has no answer."""


class Silent(NotAnswered):
    """The server was waited for in vain; with what the library says of that."""


Ask = Callable[[str, Sequence[str]], list[tuple[Any, ...]]]
"""Asks a question with `$1`, `$2` … for values: its rows. Raises NotAnswered."""


@contextmanager
def asking(address: Mapping[str, object], patience: float) -> Iterator[Ask]:
    """Connect, and give what asks. `patience`: seconds for each answer. Raises NotAnswered."""
    library = _library()
    with _connected(library, address) as connection:
        yield lambda question, values: _answer(library, connection, (question, values), patience)


def _answer(library: ctypes.CDLL, connection: int, asked: tuple[str, Sequence[str]], patience: float) -> list[tuple[Any, ...]]:
    question, values = asked
    texts = (c_char_p * len(values))(*(value.encode() for value in values))
    types = (c_uint * len(values))(*[TEXT] * len(values))
    if not library.PQsendQueryParams(connection, question.encode(), len(values), types, texts, None, None, 0):
        raise NotAnswered
    _wait(library, connection, patience)
    result = library.PQgetResult(connection)
    try:
        if library.PQresultStatus(result) != _HAS_ROWS:
            raise NotAnswered
        return _rows(library, result)
    finally:
        library.PQclear(result)
        _wait(library, connection, patience)
        while left := library.PQgetResult(connection):
            library.PQclear(left)
            _wait(library, connection, patience)


def _library() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL(next(_brought_along(), "libpq.so.5"))
    except OSError:
        raise NotAnswered from None
    for name, (answer, *arguments) in _SHAPES.items():
        function = getattr(found, name)
        function.restype, function.argtypes = answer, arguments
    return found


def _brought_along() -> Iterator[str]:
    driver = find_spec("psycopg_binary")
    for place in driver.submodule_search_locations or () if driver else ():
        yield from map(str, Path(f"{place}.libs").glob("libpq-*.so.5*"))


@contextmanager
def _connected(library: ctypes.CDLL, address: Mapping[str, object]) -> Iterator[int]:
    names, values = ((c_char_p * (len(address) + 1))(*(str(each).encode() for each in part), None) for part in (address, address.values()))
    began = time.monotonic()
    connection = library.PQconnectdbParams(names, values, 0)
    try:
        if library.PQstatus(connection) != _CONNECTED:
            raise Silent(library.PQerrorMessage(connection).decode(errors="replace")) if time.monotonic() - began > SLOW else NotAnswered
        yield connection
    finally:
        library.PQfinish(connection)


def _wait(library: ctypes.CDLL, connection: int, patience: float) -> None:
    """Wait until the answer is whole; a person can end that, as everything else."""
    until = time.monotonic() + patience
    while library.PQisBusy(connection):
        left = until - time.monotonic()
        if left <= 0 or not select.select([library.PQsocket(connection)], [], [], left)[0]:
            raise Silent(f"no whole answer within {patience:g} s")
        if not library.PQconsumeInput(connection):
            raise NotAnswered


def _rows(library: ctypes.CDLL, result: int) -> list[tuple[Any, ...]]:
    read = [int if library.PQftype(result, column) in INTEGERS else _text for column in range(library.PQnfields(result))]
    return [
        tuple(None if library.PQgetisnull(result, row, column) else kind(library.PQgetvalue(result, row, column)) for column, kind in enumerate(read))
        for row in range(library.PQntuples(result))
    ]


def _text(value: bytes) -> str:
    return value.decode()
