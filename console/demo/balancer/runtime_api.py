"""HAProxy's runtime API as far as a console uses it, for the demo's balancer: the same commands, columns and answers.

Source: HAProxy's management guide, section 9.3. One talk: commands by line, after `prompt` each answer ends with an empty line and `> `.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from console.demo.balancer.servers import BackendServer, Servers

UNKNOWN = "Unknown command."
CHECKED = 0x06
"""srv_check_state: a check is configured, and enabled."""
STATE = ("be_id", "be_name", "srv_id", "srv_name", "srv_addr", "srv_op_state", "srv_admin_state", "srv_uweight", "srv_iweight", "srv_check_state")
STATS = ("pxname", "svname", "qcur", "scur", "stot", "hrsp_5xx", "econ", "eresp", "status", "weight", "throttle", "check_status")


class RuntimeApi:
    """The balancer's socket. `map_file` holds whether the maintenance page is shown; it is read when the balancer begins, as HAProxy does.

    `cut` ends what is under way at a server.
    """

    def __init__(self, backend: str, servers: Servers, map_file: Path, started: int, cut: Callable[[str], None]) -> None:
        self._cut = cut
        self._backend = backend
        self._servers = servers
        self._map_file = map_file
        self._started = started
        words = map_file.read_text(encoding="utf-8").split() if map_file.exists() else []
        self._map = dict(zip(words[::2], words[1::2], strict=False))

    def is_closed(self) -> bool:
        """Whether the maintenance page is shown."""
        return self._map.get(self._backend) == "on"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the commands of one connection to the socket, as HAProxy does, until it is closed."""
        prompts = False
        with contextlib.suppress(OSError):
            while line := (await reader.readline()).decode("utf-8", "replace").strip():
                if line == "quit":
                    break
                prompts = prompts or line == "prompt"
                answer = "" if line == "prompt" else "".join(self.answer(part.strip()) for part in line.split(";"))
                writer.write(f"{answer}\n{'> ' if prompts else ''}".encode())
                await writer.drain()
                if not prompts:
                    break
        writer.close()

    def answer(self, command: str) -> str:
        """Return the answer to one command, with the end of its last line; empty: it was carried out."""
        words = command.split()
        for known, act in self._commands().items():
            if words[: len(known.split())] == known.split():
                said = act(words[len(known.split()) :])
                return f"{said}\n" if said else ""
        return f"{UNKNOWN}\n"

    def _commands(self) -> dict[str, Callable[[list[str]], str]]:
        return {
            "show cli level": lambda _: "admin",
            "show info": lambda _: f"Name: demo\nPid: {os.getpid()}\nStart_time_sec: {self._started}",
            "show servers state": self._show_state,
            "show stat": self._show_stat,
            "show table": lambda _: "",
            "show map": self._show_map,
            "show backend": lambda _: f"# name\n{self._backend}",
            "set map": self._set_map,
            "add map": self._set_map,
            "set server": self._set_server,
            "set weight": self._set_weight,
            "shutdown sessions server": self._shut_down,
        }

    def _show_state(self, words: list[str]) -> str:
        if words != [self._backend]:
            return "Can't find backend."
        rows = [(1, self._backend, number, *_state(server)) for number, server in enumerate(self._servers.by_name.values(), start=1)]
        return "\n".join(["1", f"# {' '.join(STATE)}", *(" ".join(map(str, row)) for row in rows)])

    def _show_stat(self, words: list[str]) -> str:
        rows = [(self._backend, server.name, *_stat(server)) for server in self._servers.by_name.values()]
        return "\n".join([f"# {','.join(STATS)},", *(",".join(map(str, row)) + "," for row in rows)])

    def _show_map(self, words: list[str]) -> str:
        if words:
            return "\n".join(f"0x{number:x} {key} {value}" for number, (key, value) in enumerate(self._map.items(), start=1))
        return f"# id (file) description\n0 ({self._map_file}) pattern loaded from file '{self._map_file}' used by map"

    def _set_map(self, words: list[str]) -> str:
        if len(words) != 3:
            return "'set map' expects three parameters: map identifier, key and value."
        self._map[words[1]] = words[2]
        return ""

    def _set_server(self, words: list[str]) -> str:
        server = self._found(words[0] if words else "")
        match server, words[1:]:
            case None, _:
                return "No such server."
            case BackendServer(), ["state", ("ready" | "drain" | "maint") as state]:
                server.told(state)
            case BackendServer(), ["health", "down"]:
                server.doubted()
            case _:
                return "'set server <srv>' only supports 'state' and 'health down' here."
        return ""

    def _set_weight(self, words: list[str]) -> str:
        server = self._found(words[0] if words else "")
        if server is None or len(words) != 2 or not words[1].isdigit() or int(words[1]) > 256:
            return "No such server." if server is None else "Absolute weight can only be between 0 and 256 inclusive."
        server.weight = int(words[1])
        return ""

    def _shut_down(self, words: list[str]) -> str:
        server = self._found(words[0] if words else "")
        if server is None:
            return "No such server."
        self._cut(server.name)
        return ""

    def _found(self, name: str) -> BackendServer | None:
        backend, _, server = name.partition("/")
        return self._servers.by_name.get(server) if backend == self._backend else None


def _state(server: BackendServer) -> tuple[object, ...]:
    return (server.name, server.address, 2 if server.up else 0, server.admin, server.weight, 100, CHECKED)


def _stat(server: BackendServer) -> tuple[object, ...]:
    checked = "L7OK" if server.up else "L7STS"
    return (0, server.sessions, server.total, server.failed, server.unreached, server.broken, server.words, server.weight, "", checked)
