"""What one look at a machine says: shares of CPU, memory and disk in use, the load, and bytes over its network. Pure: bytes in, numbers out.

Owns the loop's text and the form of its lines, since one is the other's mirror. It must not know how a script is run.
"""

import math
from dataclasses import dataclass

from console.core.host.shell import quote

MARK = "deploy-sample"
"""Begins each line of the loop."""
DISK_MARK = "deploy-disk"
"""Begins each line that is said of the disk."""
DISK_EVERY = 10.0
"""Seconds between two looks at a disk: each starts a process, and a disk fills slowly."""
PARTS = 10


@dataclass(frozen=True, slots=True)
class ProcSample:
    """One look. `busy` and `total` are ticks since the boot; `memory` is a share; None: the machine does not say."""

    cpus: int = 0
    busy: int | None = None
    total: int | None = None
    memory: float | None = None
    load: float | None = None
    uptime: float | None = None
    """Seconds since the boot, by which amounts are made amounts a second."""
    received: int | None = None
    """Bytes since the boot, over the cards of the machine; where it has none (a container), over all but the loopback."""
    sent: int | None = None


def loop_script(interval: float, path: str = "/") -> str:
    """Return a POSIX sh loop that prints a line each `interval` seconds, and ends by itself when its reader is gone.

    `path`: whose file system is looked at, or that of the nearest folder above it that is there. A look starts one process (`sleep`): the shell reads the
    files by itself. The disk is asked beside it, now and then, and says a line of its own: a file system whose server is away keeps whoever asks it for good.
    """
    return f"""\
LC_ALL=C; export LC_ALL
cpus=0
while IFS= read -r line; do
  case $line in cpu[0-9]*) cpus=$((cpus + 1)) ;; cpu*) ;; *) break ;; esac
done < /proc/stat
net() {{
  in=0 out=0 any_in=0 any_out=0 card=
  while IFS=': ' read -r name got a b c d e f g went rest; do
    case $name:$got:$went in lo:*|*:|*:*[!0-9]*:*|*:*:*[!0-9]*) continue ;; esac
    any_in=$((any_in + got)) any_out=$((any_out + went))
    if [ -e "/sys/class/net/$name/device" ]; then card=1 in=$((in + got)) out=$((out + went)); fi
  done < /proc/net/dev
  [ "$card" ] || in=$any_in out=$any_out
}}
disk() {{
  folder={quote(path if path.startswith("/") else "/")}
  while [ ! -e "$folder" ] && [ "$folder" != / ]; do folder=${{folder%/*}}; folder=${{folder:-/}}; done
  set -- $(df -P -k -- "$folder" 2>/dev/null | tail -n 1)
  echo "{DISK_MARK};$3;$4"
}}
turn=0 asked=
while
  IFS= read -r cpu < /proc/stat && IFS= read -r load < /proc/loadavg &&
  {{ IFS= read -r total && IFS= read -r free && IFS= read -r available; }} < /proc/meminfo &&
  IFS= read -r up < /proc/uptime && net 2>/dev/null &&
  echo "{MARK};$cpus;$cpu;$load;$total;$free;$available;$up;$in;$out"
do
  if [ $((turn % {max(1, math.ceil(DISK_EVERY / interval))})) = 0 ] && {{ [ ! "$asked" ] || ! kill -0 "$asked"; }} 2>/dev/null; then disk & asked=$!; fi
  turn=$((turn + 1))
  sleep {interval:g} || exit
done
"""


def parse_line(line: bytes) -> ProcSample | None:
    """Read one line of the loop; None for anything else that stands in its output."""
    parts = line.decode("ascii", "replace").strip().split(";")
    if len(parts) != PARTS or parts[0] != MARK:
        return None
    busy, total = _ticks(parts[2])
    up, got, sent = parts[7:]
    return ProcSample(_number(parts[1]) or 0, busy, total, _memory(parts[4:7]), _decimal(parts[3]), _decimal(up), _number(got), _number(sent))


def parse_disk(line: bytes) -> float | None:
    """Read the share of the file system that is used, of what its users may use; None for anything else that stands in the loop's output."""
    parts = line.decode("ascii", "replace").strip().split(";")
    return _used(_number(parts[1]), _number(parts[2])) if len(parts) == 3 and parts[0] == DISK_MARK else None


def _used(used: int | None, left: int | None) -> float | None:
    """As `df` reckons it: what only the administrator may still use is no room."""
    return used / (used + left) if used is not None and left is not None and used + left else None


def _ticks(line: str) -> tuple[int | None, int | None]:
    """Busy and all ticks. Waiting for a disk is idle; the guests' time is in the users' already."""
    words = line.split()
    ticks = [number for word in words[1:9] if (number := _number(word)) is not None]
    if words[:1] != ["cpu"] or len(ticks) < 4:
        return None, None
    idle = ticks[3] + (ticks[4] if len(ticks) > 4 else 0)
    return sum(ticks) - idle, sum(ticks)


def _memory(lines: list[str]) -> float | None:
    """The share that is not available to programs. Kernels before 3.14 don't say what is."""
    sizes = {name: _number(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if rest.split()}
    total, available = sizes.get("MemTotal"), sizes.get("MemAvailable")
    if not total or available is None:
        return None
    return min(1.0, max(0.0, 1 - available / total))


def _decimal(line: str) -> float | None:
    """The first number of a line, such as 0.42; nothing else that Python would take for one."""
    whole, dot, part = (line.split() or [""])[0].partition(".")
    return float(f"{whole}.{part}") if dot and _number(whole) is not None and _number(part) is not None else None


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 20 else None


def cpu_share(before: ProcSample | None, now: ProcSample) -> float | None:
    """The share of all CPUs that was busy between two looks; None for a first look, and after a restart in between."""
    if before is None or before.busy is None or before.total is None or now.busy is None or now.total is None:
        return None
    spent = now.total - before.total
    if spent <= 0:
        return None
    return min(1.0, max(0.0, (now.busy - before.busy) / spent))


def bytes_a_second(before: ProcSample | None, now: ProcSample) -> tuple[float | None, float | None]:
    """What came and what was sent between two looks; None for a first look, after a restart, and where a card went away in between."""
    if before is None or before.uptime is None or now.uptime is None or now.uptime <= before.uptime:
        return None, None
    seconds = now.uptime - before.uptime
    return _grown(before.received, now.received, seconds), _grown(before.sent, now.sent, seconds)


def _grown(before: int | None, now: int | None, seconds: float) -> float | None:
    return (now - before) / seconds if before is not None and now is not None and now >= before else None
