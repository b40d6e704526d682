"""The lines of an upstream in a file of nginx: which is whose, who is down, and the file with other hosts down. Pure; nothing else in the file is touched.

A server's line stands alone: `server ADDRESS parameters;`, with or without a comment. `down` is nginx's own parameter (ngx_http_upstream_module).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from console.model.host import Host
from console.model.traffic import Admission

MARK = "# drained by deploy-console"
"""Stands behind a line that this console has set down: another `down` is somebody else's."""
_SERVER = re.compile(r"^(?P<indent>\s*)server\s+(?P<address>[^\s;#{}]+)(?P<rest>(?:\s+[^;#{}]*)?);(?P<end>\s*(?:#.*)?)$")
_ADDRESS = re.compile(r"^(?P<name>\[[^\]]*\]|[^:]*)(?::\d+)?$")


@dataclass(frozen=True, slots=True)
class Line:
    """A server's line, by its place in the file."""

    number: int
    address: str
    parameters: tuple[str, ...]
    indent: str
    end: str

    @property
    def admission(self) -> Admission:
        """What nginx is told of it."""
        return "in" if "down" not in self.parameters else "drained" if self.end.endswith(MARK) else "out"

    @property
    def weight(self) -> int:
        """Its share; 1 where the line says nothing."""
        found = next((word.partition("=")[2] for word in self.parameters if word.startswith("weight=")), "1")
        return int(found) if found.isascii() and found.isdigit() else 1

    @property
    def names(self) -> frozenset[str]:
        """What a host may be called by here: the address, the address without its port, and the words of the comment."""
        found = _ADDRESS.match(self.address)
        comment = self.end.partition("#")[2].replace(MARK[1:], "").split()
        return frozenset({self.address, *((found["name"].strip("[]"),) if found else ()), *comment})

    def turned(self, *, down: bool) -> "Line":
        """The line with that host down, or not."""
        rest = tuple(word for word in self.parameters if word != "down")
        end = self.end.removesuffix(MARK).rstrip()
        return replace(self, parameters=(*rest, "down") if down else rest, end=f"{end}  {MARK}" if down else end)

    @property
    def text(self) -> str:
        """As it stands in the file."""
        return f"{self.indent}server {' '.join((self.address, *self.parameters))};{self.end}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """The servers of one upstream, or why they cannot be read."""

    lines: tuple[Line, ...] = ()
    problem: str = ""


def read_upstream(text: str, name: str) -> Upstream:
    """Find the servers of an upstream."""
    begin = re.compile(rf"^\s*upstream\s+{re.escape(name)}\s*\{{\s*(?:#.*)?$")
    found: list[Line] = []
    inside = False
    for number, line in enumerate(text.splitlines()):
        if not inside:
            inside = bool(begin.match(line))
        elif line.partition("#")[0].strip() == "}":
            return Upstream(tuple(found)) if found else Upstream(problem=f"upstream {name} has no server")
        elif match := _SERVER.match(line):
            found.append(Line(number, match["address"], tuple(match["rest"].split()), match["indent"], match["end"]))
        elif re.search(r"\bserver\b", line.partition("#")[0]) or "{" in line.partition("#")[0]:
            return Upstream(problem=f"line {number + 1} cannot be read: one `server ADDRESS …;` on each")
    return Upstream(problem=f"it has no upstream {name} that ends in a line with }}" if inside else f"there is no line `upstream {name} {{` in it")


def lines_of(upstream: Upstream, hosts: Iterable[Host]) -> dict[str, tuple[Line, ...]]:
    """Return each host's lines: by what hosts.toml says that the balancer calls it, else by its name, else by its address."""
    found = {}
    for host in hosts:
        asked = (host.server,) if host.server else (host.name, host.address)
        of_each = (tuple(line for line in upstream.lines if name in line.names) for name in asked if name)
        found[host.name] = next((lines for lines in of_each if lines), ())
    return found


def rewritten(text: str, lines: Mapping[str, tuple[Line, ...]], down: Mapping[str, bool]) -> str:
    """Return the file with those hosts down or not; a line that is down already stays whoever's it is."""
    all_lines = text.splitlines(keepends=True)
    for host, wanted in down.items():
        for line in lines[host]:
            if (line.admission != "in") != wanted:
                ending = all_lines[line.number][len(all_lines[line.number].rstrip("\r\n")) :]
                all_lines[line.number] = line.turned(down=wanted).text + ending
    return "".join(all_lines)
