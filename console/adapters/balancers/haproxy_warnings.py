"""What about HAProxy's configuration makes lost requests likely. Read once for each set of processes; what cannot be read is not warned of."""

import shlex
from typing import NamedTuple

from console.adapters.balancers.haproxy_state import Process
from console.adapters.balancers.haproxy_talk import talk
from console.model.balancer import Balancer
from console.model.host import Host
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

SECTIONS = (
    "global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "mailers", "resolvers", "cache", "http-errors", "ring", "program",
    "fcgi-app", "log-forward", "log-profile", "crt-store", "traces", "acme",
)  # fmt: skip
READING = """\
awk -v sections=' {sections} ' '
  index(sections, " " $1 " ") || $1 == "retries" || ($1 == "option" && $2 == "redispatch") || ($1 == "no" && $3 == "redispatch") {{ print $1, $2, $3, $4 }}
' {files}
"""


class Settings(NamedTuple):
    """What a backend does with a request whose server cannot be reached; None: not known, or not said."""

    redispatches: bool | None = None
    """It is sent to another server."""
    retries: int | None = None
    """It is tried so many times more; 3 where the configuration says nothing."""


UNSAID = Settings(redispatches=False, retries=3)
"""What HAProxy does where its configuration says nothing."""


class ConfigWarnings:
    """Warnings of one backend, as it was configured when its processes began."""

    def __init__(self, balancer: Balancer, host: Host, transport: Transport) -> None:
        self._balancer = balancer
        self._host = host
        self._transport = transport
        self._known: frozenset[str] = frozenset()
        self._settings = Settings()

    async def learn(self, processes: tuple[Process, ...], *, deadline: float) -> None:
        """Read the configuration of processes that were not seen before. `deadline` is seconds."""
        pids = frozenset(process.pid for process in processes if not process.is_old)
        if pids == self._known:
            return
        self._known, self._settings = pids, Settings()
        prefix = next(process.prefix for process in processes if not process.is_old)
        said = await talk(self._transport, self._host, self._balancer.socket, [f"{prefix}show env HAPROXY_CFGFILES"], deadline=max(0.5, deadline))
        files = "" if isinstance(said, Unreached) else said[0].strip().partition("=")[2]
        paths = [path for path in files.split(";") if path.startswith("/")]
        if not paths:
            return
        script = READING.format(sections=" ".join(SECTIONS), files=shlex.join(paths))
        ran = await self._transport.run(self._host, script, deadline=max(0.5, deadline))
        if ran.ok:
            self._settings = settings_of(ran.out.decode("utf-8", "replace"), self._balancer.backend)

    def of(self, processes: tuple[Process, ...], servers: frozenset[str]) -> tuple[SafeText, ...]:
        """Return what is warned of."""
        rows = [row for process in processes if not process.is_old for name, row in process.servers.items() if name in servers]
        found = []
        if self._settings.retries == 0:
            found.append(f"backend {self._balancer.backend} has retries 0: a request whose server just went away is lost")
        elif self._settings.redispatches is False:
            found.append(f"backend {self._balancer.backend} has no option redispatch: a request whose server just went away is not sent to another one")
        if any(row.stat.get("cookie") for row in rows) or any(process.sticks for process in processes):
            found.append("clients are kept on their servers (cookie or stick table): hosts are taken out by maintenance, and their clients change servers")
        if any(row.stat.get("agent_status") for row in rows):
            found.append("an agent of the servers may drain them and put them back by itself")
        return tuple(SafeText(words) for words in found)


def settings_of(lines: str, backend: str) -> Settings:
    """What a backend does by its own lines, else by those of its defaults."""
    section, defaults, own = "", {"": UNSAID}, dict[str, Settings]()
    latest, chosen = "", dict[str, str]()
    for words in (line.split() for line in lines.splitlines()):
        if words[0] in SECTIONS:
            section, name = words[0], words[1] if len(words) > 1 else ""
            latest = name if section == "defaults" else latest
            if section == "defaults":
                defaults[name] = UNSAID
            elif section in ("backend", "listen"):
                section = f"in {name}"
                chosen[name] = words[3] if words[2:3] == ["from"] and len(words) > 3 else latest
        elif section == "defaults":
            defaults[latest] = _told(defaults[latest], words)
        elif section.startswith("in "):
            own[section[3:]] = _told(own.get(section[3:], Settings()), words)
    if backend not in chosen:
        return Settings()
    mine, common = own.get(backend, Settings()), defaults.get(chosen[backend], UNSAID)
    redispatches = common.redispatches if mine.redispatches is None else mine.redispatches
    return Settings(redispatches, common.retries if mine.retries is None else mine.retries)


def _told(known: Settings, words: list[str]) -> Settings:
    """Take one line: `option redispatch`, `no option redispatch`, or `retries 3`."""
    if words[0] == "retries":
        return known._replace(retries=int(words[1]) if words[1:2] and words[1].isdigit() else None)
    return known._replace(redispatches=words[0] == "option")
