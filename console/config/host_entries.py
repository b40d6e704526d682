"""Hosts as the file writes them: `[user@]NAME[:port]` with ranges, or a table; made into the fleet's values.

It knows the notation and what makes a fleet sound (no host twice, under two names neither); it must not know how hosts are reached.
"""

from typing import Any

import msgspec

from console.config import name_forms
from console.config.file_problems import FilePlace
from console.core.host_ranges import expand
from console.core.words.sizes import counted_hosts
from console.errors import Problem
from console.model.host import Host


class Notation(msgspec.Struct, frozen=True):
    """A host's text in its parts; port 0 and an empty user stand for none."""

    name: str
    user: str = ""
    port: int = 0


def parsed(text: str) -> Notation | str:
    """Split `[user@]NAME[:port]`; a text back is what was expected."""
    user, at, rest = text.rpartition("@")
    name, colon, port = rest.partition(":")
    if ":" in port:
        return "[user@]NAME[:port]; an IPv6 address goes into a table, as address"
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535):
        return "a port from 1 to 65535 after the colon"
    if at and name_forms.user_name(user):
        return "a user name before the @"
    return Notation(name, user, int(port or 0)) if name else "[user@]NAME[:port]"


def read_hosts(entries: tuple[tuple[int, Any], ...], place: FilePlace) -> tuple[Host, ...]:
    """Return the fleet in its order. `entries` are (place in the list, text or table)."""
    found: dict[str, Host] = {}
    machines: dict[tuple[str, int, str], str] = {}
    for number, entry in entries:
        here = place.at(number)
        for host in _read_entry(entry, here):
            same = machines.setdefault((host.address or host.name, host.port, host.jump), host.name)
            if host.name in found:
                here.wrong(f"the host {host.name} stands here twice", "each host once; its tags go into one table")
            elif same != host.name:
                here.wrong(f"{host.name} is {same} again: both have the address {host.address or host.name}", "each host once; its tags go into one table")
            found.setdefault(host.name, host)
    return tuple(found.values())


def read_jump(text: str, place: FilePlace, hosts: tuple[Host, ...]) -> Host | None:
    """Return the jump host that a text means: one of the fleet by its name, else by the notation."""
    notation = parsed(text)
    complaint = notation if isinstance(notation, str) else name_forms.address(notation.name)
    if isinstance(notation, str) or complaint:
        place.expected(complaint, text)
        return None
    known = next((host for host in hosts if host.name == notation.name), Host(notation.name))
    return Host(
        text,
        address=known.address or known.name,
        port=notation.port or known.port,
        user=notation.user or known.user,
    )


def read_one(entry: str | dict[str, Any], place: FilePlace, hosts: tuple[Host, ...]) -> Host | None:
    """Return the one host that a text or a table means: one of the fleet by its name, else as it is written."""
    known = next((host for host in hosts if host.name == entry), None)
    if known is not None:
        return known
    found = _read_entry(entry, place)
    if len(found) > 1:
        place.expected("one host", entry)
    return found[0] if len(found) == 1 else None


def _read_entry(entry: str | dict[str, Any], place: FilePlace) -> list[Host]:
    table = {"name": entry} if isinstance(entry, str) else entry
    if "name" not in table:
        return []  # the schema has said that it is missing
    name_place = place if isinstance(entry, str) else place.at("name")
    notation = parsed(table["name"])
    if isinstance(notation, str):
        name_place.expected(notation, table["name"])
        return []
    names = expand(notation.name)
    if isinstance(names, Problem):
        name_place.wrong(names.message, names.hint)
        return []
    wrong = next((name for name in names if name_forms.host_name(name)), None)
    if wrong is not None:
        name_place.expected(name_forms.host_name(wrong), wrong)
        return []
    single = [key for key in ("address", "server") if key in table]
    if len(names) > 1 and single:
        place.at(single[0]).wrong(f"{counted_hosts(len(names))} cannot share one {single[0]}", "write a table for each")
        return []
    return [_host(name, notation, table) for name in names]


def _host(name: str, notation: Notation, table: dict[str, Any]) -> Host:
    return Host(
        name,
        address=table.get("address", ""),
        port=table.get("port", notation.port),
        user=table.get("user", notation.user),
        tags=table.get("tags", ()),
        jump=table.get("jump", ""),
        color=table.get("color", ""),
        server=table.get("server", ""),
    )
