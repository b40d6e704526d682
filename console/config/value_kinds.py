"""The kinds of value that a configuration file holds: each reads what a TOML parser made, or says what was expected.

A kind knows its own form; it must not know which keys there are. What it returns is plain: seconds, bytes, shares, text.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final, Protocol

import msgspec

from console.config.file_problems import FilePlace
from console.core.host.shell import placeholders
from console.core.words.durations import seconds_of
from console.core.words.nearest_name import nearest
from console.core.words.sizes import bytes_of
from console.model.number_of_hosts import NumberOfHosts
from console.model.secret import SecretRef

WRONG: Final = object()
"""What a kind returns for a value that it has complained about."""


class ValueKind(Protocol):
    """Reads one value; returns WRONG after having recorded why."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401 (whatever the parser made)
        """Return what the value means, or WRONG."""


class Text(msgspec.Struct, frozen=True):
    """Text on one line or several. `check` returns what was expected, or nothing when the text is right."""

    what: str = "text"
    check: Callable[[str], str] | None = None
    fills: tuple[str, ...] | None = None
    """Placeholders that are filled in; None: it is no template."""
    may_be_empty: bool = False

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the text, or record what is wrong with it."""
        if not isinstance(value, str) or "\0" in value or not (value.strip() or self.may_be_empty):
            place.expected(self.what if self.may_be_empty else f"{self.what}, not empty", value)
            return WRONG
        complaint = self.check(value) if self.check else ""
        if complaint:
            place.expected(complaint, value)
            return WRONG
        return WRONG if self.fills is not None and not _fills(value, self.fills, place) else value


class OneOf(msgspec.Struct, frozen=True):
    """A text that is one of these words, in their own spelling."""

    words: tuple[str, ...]

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the word, or record which words there are."""
        if not isinstance(value, str) or value not in self.words:
            like = nearest(value, self.words) if isinstance(value, str) else ""
            place.expected(f"one of {', '.join(self.words)}", value, f"did you mean {like}?" if like else "")
            return WRONG
        return value


class Whole(msgspec.Struct, frozen=True):
    """A whole number within its limits."""

    least: int = 0
    most: int = 1_000_000_000

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the number, or record its bounds."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            place.expected(_within(self.least, self.most), value)
            return WRONG
        return value


class Flag(msgspec.Struct, frozen=True):
    """A key whose value is `true` or `false`, and no word that looks like one."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the flag, or record that it is none."""
        if not isinstance(value, bool):
            place.expected("true or false", value)
            return WRONG
        return value


class Duration(msgspec.Struct, frozen=True):
    """A time such as "90s", "10m", "7d", "1h30m"; read as seconds."""

    above_zero: bool = False

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the duration in seconds, or record its form."""
        seconds = seconds_of(value) if isinstance(value, str) else None
        if seconds is None or (self.above_zero and not seconds):
            place.expected('a duration such as "90s", "10m", "7d"' + (", above zero" if self.above_zero else ""), value)
            return WRONG
        return seconds


class Size(msgspec.Struct, frozen=True):
    """A size such as "2GiB"; read as bytes, of which there are at least so many."""

    least: int = 0

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the size in bytes, or record its form."""
        found = bytes_of(value) if isinstance(value, str) else None
        if found is None or found < self.least:
            place.expected('a size such as "20MiB" or "2GiB"', value)
            return WRONG
        return found


class Hosts(msgspec.Struct, frozen=True):
    """A number of hosts: a count, or a share such as "25%"; how many hosts that is, is in `model/number_of_hosts.py`."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a number or a share of hosts, or record its form."""
        share = share_of(value)
        if share is not None and 0 < share <= 1:
            return NumberOfHosts(share=share)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 100_000:
            return NumberOfHosts(count=value)
        place.expected('a count from 1, or a share from "1%" to "100%"', value)
        return WRONG


class Level(msgspec.Struct, frozen=True):
    """A number to compare with: a number, a share, or a duration."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a number: a share as 0..1, a duration in seconds."""
        number = share_of(value) if share_of(value) is not None else seconds_of(value) if isinstance(value, str) else _finite(value)
        if number is None:
            place.expected('a number, a share such as "1%", or a duration such as "300ms"', value)
            return WRONG
        return number


class Ratio(msgspec.Struct, frozen=True):
    """How many times something may be something else: above 1."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the number, or record its bounds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 < value <= 100:
            place.expected("a number above 1, and 100 at most, such as 2.0", value)
            return WRONG
        return float(value)


class Risk(msgspec.Struct, frozen=True):
    """A share of cases that may go wrong: above nothing, and less than half."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a share, or record its bounds."""
        share = share_of(value)
        if share is None or not 0.0001 <= share < 0.5:
            place.expected('a share from "0.01%" to below "50%", such as "1%"', value)
            return WRONG
        return share


class Growth(msgspec.Struct, frozen=True):
    """How much more something may be than something else, as a share of that."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a share, or record its form."""
        share = share_of(value)
        if share is None:
            place.expected('a share such as "50%" (half as much again)', value)
            return WRONG
        return share


class OrWord(msgspec.Struct, frozen=True):
    """One word, or something of another kind."""

    word: str
    kind: ValueKind

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the word, or what the kind makes of it."""
        if isinstance(value, str) and value != self.word:
            place.expected(f'"{self.word}", or a table', value)
            return WRONG
        return value if value == self.word else self.kind.read(value, place)


class Day(msgspec.Struct, frozen=True):
    """A date, or a date and time, as TOML writes it without quotes."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the date, or the date and time."""
        if not isinstance(value, datetime.date):
            place.expected("a date such as 2026-12-20, without quotes", value)
            return WRONG
        return value


class Secretable(msgspec.Struct, frozen=True):
    """Text, or where it is to be read: `{ env = … }`, `{ command = … }`, `{ file = … }`. Its value is never shown."""

    kind: Text = Text(may_be_empty=True)

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the text, or a SecretRef."""
        if isinstance(value, str):
            return self.kind.read(value, place)
        if not isinstance(value, dict):
            place.wrong("expected text in quotes, or a table with env, command or file", 'write "5", not 5')
            return WRONG
        sources = ("env", "command", "file")
        unknown = [name for name in value if name not in sources]
        for name in unknown:
            place.at(name).unknown("key", name, sources)
        if unknown:
            return WRONG
        if len(value) != 1 or not all(isinstance(text, str) and text.strip() for text in value.values()):
            place.wrong("expected just one of env, command, file, with text", '{ env = "NAME" }')
            return WRONG
        ((source, name),) = value.items()
        return SecretRef(source, name)


class Json(msgspec.Struct, frozen=True):
    """What JSON can say. A table of just env, command or file, with text, is where a secret is to be read."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the same tree, with a SecretRef for each secret."""
        if isinstance(value, dict) and len(value) == 1 and set(value) <= {"env", "command", "file"} and all(isinstance(one, str) for one in value.values()):
            return Secretable().read(value, place)
        if isinstance(value, dict):
            found = {name: self.read(one, place.at(name)) for name, one in value.items()}
            return WRONG if WRONG in found.values() else found
        if isinstance(value, list):
            elements = [self.read(one, place.at(number)) for number, one in enumerate(value)]
            return WRONG if WRONG in elements else elements
        if not isinstance(value, (str, bool, int, float)) or (isinstance(value, float) and not isfinite(value)):
            place.expected("text, a number, true or false, a list or a table", value, 'write a date as text: "2026-12-20"')
            return WRONG
        return value


class List(msgspec.Struct, frozen=True):
    """A list of one kind. With `or_one`, a single one may stand without its brackets."""

    kind: ValueKind
    least: int = 0
    or_one: bool = False

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a tuple of those that are right."""
        if self.or_one and not isinstance(value, list):
            one = self.kind.read(value, place)
            return WRONG if one is WRONG else (one,)
        if not isinstance(value, list):
            place.expected("a list", value)
            return WRONG
        if len(value) < self.least:
            place.wrong(f"expected a list with at least {self.least}; found {len(value)}")
            return WRONG
        found = [self.kind.read(element, place.at(number)) for number, element in enumerate(value)]
        return tuple(element for element in found if element is not WRONG)


class Key(msgspec.Struct, frozen=True):
    """One key of a table. `later` names the capability that is still to come, when there is one."""

    kind: ValueKind
    required: bool = False
    later: str = ""


class TableKind(msgspec.Struct, frozen=True):
    """A table with known keys, and maybe `others` of one kind, whose names `check` judges as in Text."""

    keys: Mapping[str, Key] = msgspec.field(default_factory=dict)
    others: ValueKind | None = None
    check: Callable[[str], str] | None = None

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a dict of what is right, keys that are missing left out."""
        if not isinstance(value, dict):
            place.expected("a table", value)
            return WRONG
        found = {name: self._read_one(name, element, place.at(name)) for name, element in value.items()}
        for name, key in self.keys.items():
            if key.required and name not in value:
                place.at(name).wrong("missing; it is required")
        return {name: element for name, element in found.items() if element is not WRONG}

    def _read_one(self, name: str, value: object, place: FilePlace) -> Any:  # noqa: ANN401
        key = self.keys.get(name)
        if key:
            if key.later:
                place.not_yet(key.later)
            return key.kind.read(value, place)
        if self.others is None:
            place.unknown("key", name, self.keys)
            return WRONG
        complaint = self.check(name) if self.check else ""
        if complaint:
            place.expected(complaint, name)
            return WRONG
        return self.others.read(value, place)


def share_of(value: object) -> float | None:
    """Return "25%" as 0.25; None when it is no share."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)%", value) if isinstance(value, str) else None
    return float(found[1]) / 100 if found else None


def _finite(value: object) -> float | None:
    """Return a number as one that can be compared with; None: it is no number, or none can be above it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def _fills(template: str, known: tuple[str, ...], place: FilePlace) -> bool:
    wrong = [name for name in placeholders(template) if name not in known]
    for name in wrong:
        like = nearest(name, known)
        hint = f"did you mean {{{like}}}?" if like else f"known here: {' '.join(f'{{{one}}}' for one in known)}"
        place.wrong(f"unknown placeholder {{{name}}}", hint)
    return not wrong


def _within(least: int, most: int) -> str:
    return f"a whole number from {least}" if most >= 1_000_000_000 else f"a whole number from {least} to {most}"
