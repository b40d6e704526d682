"""What one look at a machine's /proc says: shares of CPU and memory in use, and the load. Pure: bytes in, numbers out.

Owns the loop's text and the form of its lines, since one is the other's mirror. It must not know how a script is run.
"""

from dataclasses import dataclass

MARK = "deploy-sample"
"""Begins each line of the loop."""


@dataclass(frozen=True, slots=True)
class ProcSample:
    """One look. `busy` and `total` are ticks since the boot; `memory` is a share; None: the machine does not say."""

    cpus: int = 0
    busy: int | None = None
    total: int | None = None
    memory: float | None = None
    load: float | None = None


def loop_script(interval: float) -> str:
    """Return a POSIX sh loop that prints a line each `interval` seconds, and ends by itself when its reader is gone.

    A look starts one process (`sleep`): the shell reads the files by itself.
    """
    return f"""\
LC_ALL=C; export LC_ALL
cpus=0
while IFS= read -r line; do
  case $line in cpu[0-9]*) cpus=$((cpus + 1)) ;; cpu*) ;; *) break ;; esac
done < /proc/stat
while
  IFS= read -r cpu < /proc/stat && IFS= read -r load < /proc/loadavg &&
  {{ IFS= read -r total && IFS= read -r free && IFS= read -r available; }} < /proc/meminfo &&
  echo "{MARK};$cpus;$cpu;$load;$total;$free;$available"
do
  sleep {interval:g} || exit
done
"""


def parse_line(line: bytes) -> ProcSample | None:
    """Read one line of the loop; None for anything else that stands in its output."""
    parts = line.decode("ascii", "replace").strip().split(";")
    if len(parts) != 7 or parts[0] != MARK:
        return None
    busy, total = _ticks(parts[2])
    return ProcSample(_number(parts[1]) or 0, busy, total, _memory(parts[4:]), _load(parts[3]))


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


def _load(line: str) -> float | None:
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
