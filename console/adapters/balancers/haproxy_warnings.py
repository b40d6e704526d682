"""What about HAProxy's configuration makes lost requests likely. Read once for each set of processes; what cannot be read is not warned of."""

import shlex

from console.adapters.balancers.haproxy_answers import Process
from console.adapters.balancers.haproxy_talk import talk
from console.model.fleet import Balancer, Host
from console.ports.hosts import Transport, Unreached
from console.text import SafeText

SECTIONS = (
    "global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "mailers", "resolvers", "cache", "http-errors", "ring", "program",
    "fcgi-app", "log-forward", "log-profile", "crt-store", "traces", "acme",
)  # fmt: skip
READING = """\
awk -v sections=' {sections} ' '
  index(sections, " " $1 " ") || ($1 == "option" && $2 == "redispatch") || ($1 == "no" && $3 == "redispatch") {{ print $1, $2, $3, $4 }}
' {files}
"""


class ConfigWarnings:
    """Warnings of one backend, as it was configured when its processes began."""

    def __init__(self, balancer: Balancer, host: Host, transport: Transport) -> None:
        self._balancer = balancer
        self._host = host
        self._transport = transport
        self._known: frozenset[str] = frozenset()
        self._redispatches: bool | None = None

    async def learn(self, processes: tuple[Process, ...], *, deadline: float) -> None:
        """Read the configuration of processes that were not seen before. `deadline` is seconds."""
        pids = frozenset(process.pid for process in processes if not process.is_old)
        if pids == self._known:
            return
        self._known, self._redispatches = pids, None
        prefix = next(process.prefix for process in processes if not process.is_old)
        said = await talk(self._transport, self._host, self._balancer.socket, [f"{prefix}show env HAPROXY_CFGFILES"], deadline=max(0.5, deadline))
        files = "" if isinstance(said, Unreached) else said[0].strip().partition("=")[2]
        paths = [path for path in files.split(";") if path.startswith("/")]
        if not paths:
            return
        script = READING.format(sections=" ".join(SECTIONS), files=shlex.join(paths))
        ran = await self._transport.run(self._host, script, deadline=max(0.5, deadline))
        if ran.ok:
            self._redispatches = redispatches(ran.out.decode("utf-8", "replace"), self._balancer.backend)

    def of(self, processes: tuple[Process, ...], servers: frozenset[str]) -> tuple[SafeText, ...]:
        """Return what is warned of."""
        rows = [row for process in processes if not process.is_old for name, row in process.servers.items() if name in servers]
        found = []
        if self._redispatches is False:
            found.append(f"backend {self._balancer.backend} has no option redispatch: a request whose server just went away is not sent to another one")
        if any(row.stat.get("cookie") for row in rows) or any(process.sticks for process in processes):
            found.append("clients are kept on their servers (cookie or stick table): hosts are taken out by maintenance, and their clients change servers")
        if any(row.stat.get("agent_status") for row in rows):
            found.append("an agent of the servers may drain them and put them back by itself")
        return tuple(SafeText(words) for words in found)


def redispatches(lines: str, backend: str) -> bool | None:
    """Whether a backend sends a request on to another server when its own cannot be reached; None: the backend is not there."""
    section, defaults, own = "", {"": False}, dict[str, bool]()
    latest, chosen = "", dict[str, str]()
    for words in (line.split() for line in lines.splitlines()):
        if words[0] in SECTIONS:
            section, name = words[0], words[1] if len(words) > 1 else ""
            latest = name if section == "defaults" else latest
            if section == "defaults":
                defaults[name] = False
            elif section in ("backend", "listen"):
                section = f"in {name}"
                chosen[name] = words[3] if words[2:3] == ["from"] and len(words) > 3 else latest
        elif section == "defaults":
            defaults[latest] = words[0] == "option"
        elif section.startswith("in "):
            own[section[3:]] = words[0] == "option"
    return own.get(backend, defaults.get(chosen[backend], False)) if backend in chosen else None
