"""P9: a release in waves of a quarter to many hosts, from its pre-flight to its last host: how much of all the CPU that it takes is the console's own.

The hosts are real sshd on this machine, so that what the machine's cores did meanwhile is the console's work and the servers'. Whatever else runs here counts as the servers'.
"""

import asyncio
import os
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.engine.engine import Engine
from tests.bench.rolling import ADA, EXTRA, released
from tests.bench.table import Row, at_most, print_rows
from tests.fleet import Fleet, make_repository

HOSTS = int(os.environ.get("BENCH_WAVES", "200"))
ROUNDS = 2
VERSIONS = tuple((f"v1.{number}.0", "good") for number in range(ROUNDS + 1))


def own_cpu() -> float:
    """Seconds of CPU of this process and of what it has started and seen end."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def all_cpu() -> float:
    """Seconds of CPU of everything on this machine: user, nice, system and interrupts of `/proc/stat` (proc(5))."""
    user, nice, system, _, _, irq, softirq = (int(word) for word in Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


async def measure(folder: Path) -> None:
    """Measure and print."""
    state, repository = str(folder / "state"), make_repository(folder / "shop", VERSIONS)
    prepared(state)
    whole, own, share = Row("a release, from its command to its monitoring", "s"), Row("the console's own CPU a host"), Row("of all the CPU", "")
    with Fleet(HOSTS, folder / "fleet", disk="8m") as fleet:
        file = fleet.hosts_toml(repository, batch='"25%"', health=False, extra=EXTRA)
        journal = SqlJournal.of(state)
        session = Engine(journal, SystemClock(), lambda model, secrets: open_outside(model, state, secrets), lambda name: None)
        await session.configure(load_file(str(file)).environment("production"), "digest", {}, ADA)
        try:
            await released(session, VERSIONS[0][0])
            for version, _ in VERSIONS[1:]:
                began, mine, everyones = time.perf_counter(), own_cpu(), all_cpu()
                await released(session, version)
                used = own_cpu() - mine
                whole.values.append(time.perf_counter() - began)
                own.values.append(1000 * used / HOSTS)
                share.values.append(used / (all_cpu() - everyones))
        finally:
            await session.stop(ADA, force=True)
            await journal.close()
    print_rows([whole, own, share], f"a release to {HOSTS} hosts in waves of 25 %", (at_most("P9", "the console's share of the CPU", share, 0.15),))


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
