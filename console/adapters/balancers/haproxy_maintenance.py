"""The maintenance page of HAProxy: one value of a map, in each process and in the map's file. Knows no server.

A rule of the configuration answers with the page where the backend's name has the value `on` in the map; a value that was set at run time is lost by a
reload, so the file is written too.
"""

import shlex

from console.adapters.balancers import haproxy_access as access
from console.adapters.balancers.haproxy_state import Process, map_file, map_value
from console.adapters.balancers.haproxy_talk import talk
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.traffic import BalancerProblem
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

WRITING = """\
set -eu
f={file}; new="$f.deploy-$$"
if [ -w "${{f%/*}}" ]; then trap 'rm -f "$new"' EXIT; cp -p "$f" "$new"; else new=$f; fi
text=$(line='{key} {value}' k={key} awk '$1 != ENVIRON["k"] {{ print }} END {{ print ENVIRON["line"] }}' "$f")
printf '%s\\n' "$text" > "$new"
sync "$new" 2>/dev/null || sync
[ "$new" = "$f" ] || mv -f "$new" "$f"
"""
READING = "awk '$1 == ENVIRON[\"k\"] {{ print $2 }}' {file}"


class HaproxyPage:
    """The map's value of one backend."""

    def __init__(self, balancer: Balancer, host: Host, transport: Transport) -> None:
        self._balancer = balancer
        self._host = host
        self._transport = transport

    async def is_shown(self, processes: tuple[Process, ...], *, deadline: float) -> bool | BalancerProblem | None:
        """Whether the processes that take requests show it; None: none has the map. `deadline` is seconds."""
        file = await self._file(processes, deadline)
        if not isinstance(file, str):
            return file
        if not file:
            return None
        values = set()
        for process in processes:
            said = await self._say(f"{process.prefix}show map {file}", deadline)
            if isinstance(said, BalancerProblem) and not process.is_old:
                return said
            if isinstance(said, str) and not process.is_old:
                values.add(map_value(said, self._balancer.backend) == "on")
        return values.pop() if len(values) == 1 else access.refused(self._balancer, f"show map {file}", "its workers do not agree; turn it on or off again")

    async def turn(self, processes: tuple[Process, ...], *, on: bool, deadline: float) -> bool | BalancerProblem:
        """Set it in every process and in the file, and return what was read back. `deadline` is seconds for each word with it."""
        file = await self._file(processes, deadline)
        if not isinstance(file, str):
            return file
        if not file:
            wanted = self._balancer.map or "…/maintenance.map"
            return access.refused(self._balancer, "show map", f"no map {wanted} is loaded, so it has no maintenance page (docs/recipes/haproxy.md)")
        value = "on" if on else "off"
        for process in processes:
            problem = await self._set(process, file, value, deadline)
            if problem and not process.is_old:
                return problem
        if problem := await self._write(file, value, deadline):
            return problem
        shown = await self.is_shown(processes, deadline=deadline)
        return shown if shown is not None else access.refused(self._balancer, f"show map {file}", "the map is gone")

    async def _set(self, process: Process, file: str, value: str, deadline: float) -> BalancerProblem | None:
        key = self._balancer.backend
        said = await self._say(f"{process.prefix}show map {file}", deadline)
        if isinstance(said, BalancerProblem):
            return said
        command = f"{'set' if map_value(said, key) else 'add'} map {file} {key} {value}"
        answer = await self._say(f"{process.prefix}{command}", deadline)
        if isinstance(answer, BalancerProblem):
            return answer
        return access.refused(self._balancer, command, answer) if answer.strip() else None

    async def _write(self, file: str, value: str, deadline: float) -> BalancerProblem | None:
        key, path = shlex.quote(self._balancer.backend), shlex.quote(file)
        script = WRITING.format(file=path, key=key, value=value) + f"k={key} {READING.format(file=path)}"
        ran = await self._transport.run(self._host, script, deadline=deadline)
        if ran.ok and ran.out.decode("utf-8", "replace").strip() == value:
            return None
        said = ran.problem.message if ran.problem else ran.err.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return BalancerProblem(
            self._balancer.name, SafeText(f"it is {value} now, and a reload would end that: {file} could not be written: {said}", 400),
            SafeText(f"let the login write {file}, then say it again"), reached=True,
        )  # fmt: skip

    async def _file(self, processes: tuple[Process, ...], deadline: float) -> str | BalancerProblem:
        current = next(process for process in processes if not process.is_old)
        said = await self._say(f"{current.prefix}show map", deadline)
        return said if isinstance(said, BalancerProblem) else map_file(said, self._balancer.map)

    async def _say(self, command: str, deadline: float) -> str | BalancerProblem:
        answers = await talk(self._transport, self._host, self._balancer.socket, [command], deadline=max(0.5, deadline))
        return BalancerProblem(self._balancer.name, answers.message, answers.hint) if isinstance(answers, Unreached) else answers[0]
