"""The kinds of value that are made of others: a command, a list of hosts, a table whose `kind` says what else it has.

A kind knows its own form; it must not know under which key it stands.
"""

from typing import Any, Final

import msgspec

from console.config import name_forms
from console.config.file_problems import FilePlace
from console.config.value_kinds import WRONG, Duration, Key, List, OneOf, TableKind, Text, Whole
from console.core.host.shared_entries import clash
from console.core.host.shell import PLACEHOLDERS

TEMPLATE: Final = Text("a command", fills=PLACEHOLDERS)
COMMAND_KEYS: Final = {
    "run": Key(TEMPLATE),
    "run_as": Key(Text("a user", name_forms.user_name)),
    "timeout": Key(Duration(above_zero=True)),
    "cancel": Key(TEMPLATE),
    "retries": Key(Whole(0, 100)),
}


WHOLE_COMMAND: Final = TableKind({**COMMAND_KEYS, "run": Key(TEMPLATE, required=True)})
"""A command that is laid over no other."""


class CommandForm(msgspec.Struct, frozen=True):
    """A command: text, or a table; read as the table's keys, which may be laid over another's."""

    table: TableKind = TableKind(COMMAND_KEYS)

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a dict with some of run, run_as, timeout (seconds), cancel, retries."""
        if isinstance(value, str):
            text = self.table.keys["run"].kind.read(value, place)
            return WRONG if text is WRONG else {"run": text}
        if isinstance(value, dict):
            return self.table.read(value, place)
        place.expected("a command, or a table with run", value)
        return WRONG


class Commands(msgspec.Struct, frozen=True):
    """Commands by name, and tables of them by tag. A name that is not a command's is a tag's, if it holds commands."""

    one: CommandForm = CommandForm()

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a dict: commands by name, and under a tag's name such a dict again."""
        if not isinstance(value, dict):
            place.expected("a table of commands", value)
            return WRONG
        found = {name: self._read_one(name, element, place.at(name)) for name, element in value.items()}
        return {name: element for name, element in found.items() if element is not WRONG}

    def _read_one(self, name: str, value: object, place: FilePlace) -> Any:  # noqa: ANN401
        if name in name_forms.COMMANDS:
            return self.one.read(value, place)
        looks_like_one = not isinstance(value, dict) or (value and set(value) <= set(COMMAND_KEYS))
        if looks_like_one or name_forms.plain_name(name):
            place.unknown("command", name, name_forms.COMMANDS)
            return WRONG
        return TableKind({command: Key(self.one) for command in name_forms.COMMANDS}).read(value, place)


class HostList(msgspec.Struct, frozen=True):
    """The hosts of an environment: a list of strings and tables; or a command that prints such a list."""

    one: TableKind

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a tuple of (place in the list, text or dict)."""
        if isinstance(value, dict):
            place.not_yet("hosts from a command")
            TableKind({"command": Key(Text("a command"), required=True)}).read(value, place)
            return ()
        if not isinstance(value, list) or not value:
            place.expected('a list of hosts, at least one, such as ["web[01-12].example.net"]', value)
            return WRONG
        found = [(number, self._read_one(element, place.at(number))) for number, element in enumerate(value)]
        return tuple((number, element) for number, element in found if element is not WRONG)

    def _read_one(self, value: object, place: FilePlace) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            host = self.one.read(value, place)
            return host if host is not WRONG and "name" in host else WRONG
        if isinstance(value, str):
            return value
        place.expected("a host as text, or a table with name", value)
        return WRONG


class SharedList(msgspec.Struct, frozen=True):
    """Paths that are linked from shared/: none twice, none inside another."""

    paths: List = List(Text("a path", name_forms.shared_entry))

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a tuple of paths."""
        found = self.paths.read(value, place)
        if found is WRONG or len(found) != len(value):
            return found
        for number in range(len(found)):
            if words := clash(found, number):
                place.at(number).wrong(words, "keep one of them: what lies in a shared folder is shared already")
        return found


class HostRef(msgspec.Struct, frozen=True):
    """One host, by text or by a table."""

    table: TableKind

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return the text or the dict."""
        return Text("a host").read(value, place) if isinstance(value, str) else self.table.read(value, place)


class Statuses(msgspec.Struct, frozen=True):
    """HTTP status codes: 200, "2xx", or a list of them; read as ranges, both ends included."""

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a tuple of (first, last)."""
        values = value if isinstance(value, list) and value else [value]
        found = [_status(one) for one in values]
        if None in found:
            place.expected('a status code such as 200, "2xx", or a list of them', next(one for one in values if _status(one) is None))
            return WRONG
        return tuple(found)


def _status(value: object) -> tuple[int, int] | None:
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return value, value
    is_class = isinstance(value, str) and len(value) == 3 and value[0] in "12345" and value[1:].lower() == "xx"
    return (int(str(value)[0]) * 100, int(str(value)[0]) * 100 + 99) if is_class else None


class ByKind(msgspec.Struct, frozen=True):
    """A table whose `kind` says which other keys it has."""

    common: dict[str, Key]
    kinds: dict[str, dict[str, Key]]
    later: frozenset[str] = frozenset()
    """Kinds whose capability is still to come."""
    what: str = ""

    @property
    def keys(self) -> dict[str, Key]:
        """The keys of all kinds together."""
        every = {"kind": Key(OneOf(tuple(self.kinds)), required=True), **self.common}
        return every | {name: key for keys in self.kinds.values() for name, key in keys.items()}

    def read(self, value: Any, place: FilePlace) -> Any:  # noqa: ANN401
        """Return a dict of the keys that are right."""
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self.kinds:
            keys = {name: Key(key.kind) for name, key in self.keys.items()} | {"kind": self.keys["kind"]}
            return TableKind(keys).read(value, place) and WRONG
        if kind in self.later:
            place.at("kind").not_yet(f"{self.what} of the kind {kind}")
        keys = {"kind": self.keys["kind"], **self.common, **self.kinds[kind]}
        misplaced = [name for name in value if name in self.keys and name not in keys]
        for name in misplaced:
            place.at(name).wrong(f"a {self.what} of the kind {kind} has no such key", f"its keys: {', '.join(keys)}")
        return TableKind(keys).read({name: element for name, element in value.items() if name not in misplaced}, place)
