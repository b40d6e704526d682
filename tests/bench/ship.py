"""P3: a release to many hosts, and the next one with 1 % changed, beside rsync (whole, and with `--link-dest`) and tar over ssh: in turn, in one run, on the same sshd.

The hosts' disks are this machine's memory, so what one has left there is removed before the next one begins: else the last one works in what the others leave.
"""

import os
import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import peer_programs as peers
from tests.bench.fanout import QUICK
from tests.bench.priority import goes_first
from tests.bench.shipped_tree import change, make
from tests.bench.table import Row, at_most, print_table
from tests.fleet import Fleet

HOSTS = tuple(int(count) for count in os.environ.get("BENCH_SHIP_HOSTS", "1,10,50").split(","))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
APP = "/srv/shop"


class Shipping:
    """One fleet, and what was measured on it."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet, self.folder, self.count = fleet, folder, len(fleet.names)
        self.tree, self.state = folder / "tree", folder / "state"
        self.places = folder / "places"
        self.places.write_text("".join(f"{host.address} {host.port}\n" for host in fleet.hosts.values()))
        self.peer = Row("next: rsync --link-dest, all hosts at once", "s")
        self.warm, self.cold = Row("next: the console, on links that stand", "s"), Row("next: the console, with connecting", "s")
        self.peer_whole, self.tar = Row("whole: rsync, all hosts at once", "s"), Row("whole: tar over ssh, all hosts at once", "s")
        self.whole = Row("whole: the console", "s")
        self.cpu = {name: Row(f"{name}: client CPU a host", "ms") for name in ("next: rsync", "next: the console, warm", "whole: rsync", "whole: the console")}
        self.sent = Row("next: the console, sent to a host", "KiB")

    def measure(self) -> None:
        """Take rsync, then the console, over trees that change alike."""
        shutil.copytree(self.folder / "first", self.tree)
        self._peer("0", self.peer_whole, "whole: rsync")
        for number in range(1, ROUNDS + 1):
            change(self.tree, random.Random(number))
            self._peer(str(number), self.peer, "next: rsync", f"--link-dest=../{number - 1}")
        shutil.rmtree(self.tree)
        shutil.copytree(self.folder / "first", self.tree)
        self._clear("rsync")
        self._timed(self.tar, f'{self._each()} \'tar -cf - -C {self.tree} . | {self._ssh()} -p "$2" "$1" "mkdir -p {APP}/tar && tar -xf - -C {APP}/tar"\'')
        self._clear("tar")
        file = self.fleet.hosts_toml(connect_timeout="60s")
        with goes_first():
            took = peers.told([sys.executable, "-m", "tests.bench.own_ship", str(file), "production", str(self.state), str(self.tree), str(ROUNDS)])
        for row, kind in ((self.whole, "whole"), (self.warm, "warm"), (self.cold, "cold")):
            row.values += [each["seconds"] for each in took[kind]]
        self.cpu["next: the console, warm"].values += [1000 * each["cpu"] for each in took["warm"]]
        self.cpu["whole: the console"].values += [1000 * each["cpu"] for each in took["whole"]]
        self.sent.values += [each["sent"] / 1024 for each in took["warm"]]
        self._print()

    def _clear(self, name: str) -> None:
        with ThreadPoolExecutor(4) as few:
            for _ in few.map(lambda host: self.fleet.exec_in(host, f"rm -rf {APP}/{name}"), self.fleet.names):
                pass

    def _ssh(self) -> str:
        known = ("BatchMode=yes", f"UserKnownHostsFile={self.fleet.known_hosts}", "GlobalKnownHostsFile=/dev/null", "IdentitiesOnly=yes", *QUICK)
        return f"ssh -F none -i {self.fleet.identity} -l {self.fleet.user} " + " ".join(f"-o {each}" for each in known)

    def _each(self) -> str:
        return f"< {self.places} xargs -P {self.count} -L 1 sh -c"

    def _peer(self, name: str, row: Row, cpu: str, *more: str) -> None:
        words = " ".join(("rsync", "-a", "--mkpath", *more, f'-e "{self._ssh()} -p $2"', f"{self.tree}/", f'"$1":{APP}/rsync/{name}/'))
        self._timed(row, f"{self._each()} '{words}' sh", self.cpu[cpu])

    def _timed(self, row: Row, command: str, cpu: Row | None = None) -> None:
        with goes_first():
            took = peers.timed(["sh", "-c", command if command.endswith(" sh") else f"{command} sh"])
        row.values.append(took.seconds)
        if cpu is not None:
            cpu.values.append(1000 * took.cpu / self.count)

    def _print(self) -> None:
        goals = (
            at_most("P3", "next, warm, of rsync --link-dest", self.warm, 1 / 5.5, of=self.peer),
            at_most("P3", "next, with connecting, of rsync --link-dest", self.cold, 1 / 3.5, of=self.peer),
            at_most("P3", "next: client CPU a host", self.cpu["next: the console, warm"], 2.5),
            at_most("P3", "whole, of rsync", self.whole, 0.5, of=self.peer_whole),
            at_most("P3", "whole: client CPU a host", self.cpu["whole: the console"], 45),
        )
        rows = [self.peer, self.warm, self.cold, self.peer_whole, self.tar, self.whole, *self.cpu.values(), self.sent]
        print_table(
            f"a release of 62 MB to {self.count} hosts, and the next with 1 % changed, real sshd, all on this machine", rows, goals if self.count >= 50 else ()
        )


def main() -> None:
    """Measure each size on a fleet of its own."""
    if shutil.which("rsync") is None:
        print("\nship: not measured: it needs rsync (Debian: rsync)")
        return
    with TemporaryDirectory() as place:
        make(Path(place) / "first")
        for count in HOSTS:
            folder = Path(place) / str(count)
            folder.mkdir()
            (folder / "first").symlink_to(Path(place) / "first")
            with Fleet(count, folder / "fleet", disk="400m") as fleet:
                Shipping(fleet, folder).measure()


if __name__ == "__main__":
    main()
