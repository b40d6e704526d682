"""A real HAProxy, started with what a test says, reloaded, and ended with all of its processes."""

import contextlib
import os
import socket as socket_module
import time

from tests.balancing.machine import Machine
from tests.balancing.web import Web
from tests.reserved import free_port

CONFIG = """\
global
  stats socket {folder}/admin.sock mode 600 level {level}
  {more_global}
defaults
  mode http
  option redispatch 1
  retries 3
  timeout connect 10s
  timeout client 120s
  timeout server 120s
  timeout http-keep-alive 5s
  default-server inter 100ms rise 2 fall 10
frontend all
  bind 127.0.0.1:{port}
  http-request return status 503 content-type text/plain string maintenance hdr Retry-After 300 if {{ str(shop),map({folder}/maintenance.map,off) -m str on }} !{{ path /healthz }}
  default_backend shop
backend shop
  balance roundrobin
{more}
{servers}
"""


class Haproxy:
    """One in the master-worker mode. `servers` is server to web server."""

    def __init__(
        self, machine: Machine, servers: dict[str, Web], *, level: str = "admin", more: str = "", options: str = "check", more_global: str = "", page: bool = True
    ) -> None:  # fmt: skip
        self.machine = machine
        self.port = free_port()
        self._config = (CONFIG, {"level": level, "more": more, "more_global": more_global})
        self._servers, self._options, self._page = servers, options, page
        self.socket = f"{machine.folder}/admin.sock"
        self.master = f"{machine.folder}/master.sock"
        self.map = machine.write("maintenance.map", "# key value\nother off\nshop off\n")
        self.write()
        machine.run(f"cd / && haproxy -W -D -S {self.master} -p {machine.folder}/pid -f {machine.folder}/haproxy.cfg >{machine.folder}/log 2>&1")

    def write(self) -> None:
        """Write the configuration."""
        text, values = self._config
        if not self._page:
            text = "\n".join(line for line in text.splitlines() if "maintenance.map" not in line)
        servers = "\n".join(f"  server {name} {web.address}:{web.port} {self._options.format(name=name)}" for name, web in self._servers.items())
        self.machine.write("haproxy.cfg", text.format(folder=self.machine.folder, port=self.port, servers=servers, **values))

    def reload(self) -> None:
        """Have it read its configuration again, and wait until the new worker is there."""
        before = self._worker()
        self.machine.run(f"kill -USR2 $(cat {self.machine.folder}/pid)")
        end = time.monotonic() + 60
        while self._worker() in ("", before):
            assert time.monotonic() < end
            time.sleep(0.05)

    def _worker(self) -> str:
        """The process that takes requests, once both it and the master answer; a master takes a signal no sooner."""
        try:
            new = _pid(self.said("show info"))
            known = self.said("show proc; quit", self.master)
        except (OSError, AssertionError):
            return ""
        return new if new in known.partition("# old")[0].split() else ""

    def said(self, command: str, socket: str = "") -> str:
        """What it says to a command, past the console."""
        if os.path.exists(socket or self.socket):
            return _said(command, socket or self.socket)
        program = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({socket or self.socket!r}); s.sendall({command + chr(10)!r}.encode())"
        loop = "out = b''\nwhile piece := s.recv(65536): out += piece\nprint(out.decode(), end='')"
        return self.machine.run(f"python3 - <<'END'\n{program}\n{loop}\nEND")

    def state(self, server: str) -> tuple[int, int]:
        """(srv_op_state, srv_admin_state) of a server."""
        return self.states()[server]

    def states(self) -> dict[str, tuple[int, int]]:
        """The same of each server."""
        lines = self.said("show servers state shop").splitlines()
        names = lines[1][2:].split()
        rows = [dict(zip(names, line.split(), strict=True)) for line in lines[2:] if line]
        return {row["srv_name"]: (int(row["srv_op_state"]), int(row["srv_admin_state"])) for row in rows}

    def await_up(self) -> None:
        """Wait until each server is up, and the master answers."""
        end = time.monotonic() + 60
        while not self._worker() or not all(op == 2 for op, _ in self.states().values()):
            assert time.monotonic() < end
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, and its old workers."""
        with contextlib.suppress(AssertionError):
            self.machine.run(f"p=$(cat {self.machine.folder}/pid); kill -9 $(cat /proc/$p/task/$p/children) $p")


def _said(command: str, path: str) -> str:
    with socket_module.socket(socket_module.AF_UNIX) as talk:
        talk.connect(path)
        talk.sendall(f"{command}\n".encode())
        said = b""
        while piece := talk.recv(65536):
            said += piece
    return said.decode()


def _pid(info: str) -> str:
    return next((line.split()[1] for line in info.splitlines() if line.startswith("Pid:")), "")
