"""What HAProxy answers, read by the names of its columns: states, numbers, processes, maps. Pure; every text of it is only shown.

Columns and bits are those of its management guide: `show servers state` (srv_op_state, srv_admin_state, srv_check_state) and `show stat`.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.model.traffic import Admission

MAINT = 0x01 | 0x02 | 0x04 | 0x20
"""In maintenance: told so, by the server that it tracks, by the configuration, or because its name has no address."""
DRAIN = 0x08 | 0x10
"""Drained: told so, or by the server that it tracks."""
NOT_OURS = 0x02 | 0x10 | 0x20
"""What `ready` does not end: another server's state, or a name without an address."""
_CHECKED = 0x02 | 0x04
"""A check is configured, and enabled."""
UP = (1, 2, 3)
"""srv_op_state: starting (its share grows), running, stopping. 0 is down."""

_STATE = ("srv_op_state", "srv_admin_state", "srv_check_state", "srv_uweight")
_STAT = (
    "pxname", "svname", "scur", "qcur", "status", "throttle", "stot", "hrsp_5xx", "econ", "eresp", "cookie", "tracked", "agent_status", "check_status",
    "check_code", "last_chk", "bck",
)  # fmt: skip
"""Columns that are read, of more than a hundred: a backend may have a thousand servers, and is asked several times a second."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Server:
    """One server as one process of HAProxy has it."""

    name: str
    op: int
    admin: int
    checks: int
    weight: int
    stat: Row

    @property
    def admission(self) -> Admission:
        """What the process was told of it."""
        return "out" if self.admin & MAINT else "drained" if self.admin & DRAIN else "in"

    @property
    def is_checked(self) -> bool:
        """Whether HAProxy asks for its health itself; a server that follows another one's state is not asked."""
        return self.checks & _CHECKED == _CHECKED and not self.stat.get("tracked")

    @property
    def is_backup(self) -> bool:
        """Whether it gets requests only where no other one can."""
        return self.stat.get("bck") == "1"

    @property
    def sessions(self) -> int | None:
        """Under way or queued; None: the numbers lack it."""
        current, queued = (number(self.stat, name) for name in ("scur", "qcur"))
        return None if current is None or queued is None else current + queued

    @property
    def ramps(self) -> bool:
        """Whether its share still grows (slowstart)."""
        return self.op == 1 or self.stat.get("throttle", "") not in ("", "100%")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of HAProxy: how it is spoken to, whether it only ends what it had begun, and its servers of the backend by name."""

    pid: str
    prefix: str = ""
    """What stands before a command for it, on a master's socket."""
    is_old: bool = False
    began: str = ""
    level: str = ""
    servers: Mapping[str, Server] = field(default_factory=dict)
    sticks: bool = False
    """The backend has a table that may keep clients on their servers."""
    is_lost: bool = False
    """It gave no answer; `problem` says why."""
    problem: str = ""
    """What it answered in place of its servers."""


def number(row: Row, name: str) -> int | None:
    """Return a column as a number; None where there is none."""
    text = row.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def workers(answer: str) -> list[tuple[str, bool]] | None:
    """Return (pid, whether it is an old one) of each worker; None where the answer is no master's."""
    if not answer.startswith("#<PID>"):
        return None
    found: list[tuple[str, bool]] = []
    is_old = False
    for line in answer.splitlines()[1:]:
        if line.startswith("#"):
            is_old = "old" in line
            continue
        words = line.split()
        if len(words) >= 2 and words[1] == "worker" and words[0].isdigit():
            found.append((words[0], is_old))
    return found


def read_process(process: Process, answers: list[str], backend: str) -> Process:
    """Return the process with what it answered to `questions`."""
    level, info, state, stat, tables = answers
    facts = {name: value.strip() for name, colon, value in (line.partition(":") for line in info.splitlines()) if colon}
    began = facts.get("Start_time_sec", "")
    pid = process.pid or facts.get("Pid", "")
    rows = _table(state, " ", ("be_name", "srv_name", *_STATE), skip=1)
    if rows is None or not all(row.get(name, "").isdigit() for row in rows for name in _STATE):
        return replace(process, pid=pid, began=began, level=level.strip(), problem=state or "nothing")
    stats = {row.get("svname", ""): row for row in _table(stat, ",", _STAT) or () if row.get("pxname") == backend}
    found = {row["srv_name"]: _server(row, stats.get(row["srv_name"], {})) for row in rows if row.get("be_name") == backend}
    return replace(process, pid=pid, began=began, level=level.strip(), servers=found, sticks=f"# table: {backend}," in tables)


def questions(backend: str) -> tuple[str, ...]:
    """Return what `read_process` wants to have answered."""
    return ("show cli level", "show info", f"show servers state {backend}", f"show stat {backend} 4 -1", "show table")


def map_file(answer: str, wanted: str) -> str:
    """Return the file of the map of `show map`: that path, else the one that is called maintenance.map; empty: none is loaded."""
    files = re.findall(r"^-?\d+ \((.+?)\) ", answer, re.MULTILINE)
    return next((file for file in files if (file == wanted if wanted else file.rpartition("/")[2] == "maintenance.map")), "")


def map_value(answer: str, key: str) -> str:
    """Return the value of a key in the answer to `show map FILE`; empty: the map does not have it."""
    rows = (line.split(None, 2) for line in answer.splitlines())
    return next((row[2].strip() for row in rows if len(row) == 3 and row[1] == key), "")


def _server(row: Row, stat: Row) -> Server:
    op, admin, checks, weight = (int(row[name]) for name in _STATE)
    return Server(row["srv_name"], op, admin, checks, weight, stat)


def _table(answer: str, separator: str, wanted: tuple[str, ...], skip: int = 0) -> list[dict[str, str]] | None:
    """Return those columns of the rows under a line that begins with `# `, as far as there are; None where there is no such line."""
    lines = answer.splitlines()[skip:]
    if not lines or not lines[0].startswith("# "):
        return None
    header = lines[0][2:].split(separator)
    places = [(name, header.index(name)) for name in wanted if name in header]
    rows = (line.split(separator) if '"' not in line else next(csv.reader([line], delimiter=separator)) for line in lines[1:] if line)
    return [{name: row[place] for name, place in places if place < len(row)} for row in rows]
