"""P1: one command on many hosts at once, cold and warm, beside parallel-ssh, Fabric, pyinfra, OpenSSH, Ansible and plain asyncssh: all in turn, in one run, on the same sshd."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import peer_programs as peers
from tests.bench.priority import goes_first
from tests.bench.table import Row, at_most, print_table
from tests.fleet import Fleet

HOSTS = tuple(int(count) for count in os.environ.get("BENCH_HOSTS", "50,200").split(","))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SLOW_ROUNDS = int(os.environ.get("BENCH_SLOW_ROUNDS", "1"))
"""Rounds of what takes long: Ansible, pyinfra."""
COMMAND = "true"
QUICK = ["KexAlgorithms=curve25519-sha256", "Ciphers=aes128-gcm@openssh.com", "HostKeyAlgorithms=ssh-ed25519"]
"""The algorithms that cost least, for OpenSSH too."""
HERE = Path(__file__).parent


class FanOut:
    """One fleet, and what was measured on it."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet, self.folder, self.count = fleet, folder, len(fleet.names)
        self.file = fleet.hosts_toml(connect_timeout="60s")
        self.places = folder / "places"
        self.places.write_text("".join(f"{host.name} {host.address} {host.port}\n" for host in fleet.hosts.values()))
        names = (
            "parallel-ssh (checks no host key)",
            "plain asyncssh, its options at their best",
            "ssh under xargs, 32 at once",
            "Ansible raw, forks 50",
            "the console's transport",
            "Fabric, its threads (checks no host key)",
            "pyinfra, its command line",
        )
        self.cold = {name: Row(f"{name}, cold", "s") for name in names}
        self.warm = {name: Row(f"{name}, warm", "s") for name in (names[0], names[1], names[4], names[5])}
        self.cpu = {name: Row(f"{name}: client CPU a host, cold", "ms") for name in names}
        self.warm_cpu = {name: Row(f"{name}: client CPU a host, warm", "ms") for name in self.warm}

    def measure(self) -> None:
        """Take all in turn."""
        key, known, user = str(self.fleet.identity), str(self.fleet.known_hosts), self.fleet.user
        pssh, plain, xargs, ansible, own, fabric, pyinfra = self.cold
        for number in range(ROUNDS):
            if python := peers.python():
                self._told(pssh, [python, str(HERE / "peers" / "parallel_ssh.py"), str(self.places), user, key, COMMAND])
                self._told(fabric, [python, str(HERE / "peers" / "fabric_run.py"), str(self.places), user, key, COMMAND])
            self._told(plain, [sys.executable, str(HERE / "peers" / "plain_asyncssh.py"), str(self.places), user, key, known, COMMAND])
            self._told(own, [sys.executable, "-m", "tests.bench.own_fanout", str(self.file), "production", str(self.folder / "state"), COMMAND])
            self._timed(xargs, self._xargs(key, known, user))
            if number < SLOW_ROUNDS and (program := peers.program("ansible")):
                self._timed(ansible, self._ansible(program, key, known, user))
            if number < SLOW_ROUNDS and (program := peers.program("pyinfra")):
                self._timed(pyinfra, self._pyinfra(program, key, known, user))
        self._print()

    def _told(self, name: str, argv: list[str]) -> None:
        with goes_first():
            took = peers.told(argv)
        self.cold[name].values.append(took["cold"])
        self.warm[name].values.append(took["warm"])
        self.cpu[name].values.append(1000 * took["cold_cpu"] / self.count)
        self.warm_cpu[name].values.append(1000 * took["warm_cpu"] / self.count)

    def _timed(self, name: str, argv: list[str]) -> None:
        with goes_first():
            took = peers.timed(argv)
        self.cold[name].values.append(took.seconds)
        self.cpu[name].values.append(1000 * took.cpu / self.count)

    def _xargs(self, key: str, known: str, user: str) -> list[str]:
        options = ["-F", "none", "-i", key, "-l", user, *_options(known, *QUICK)]
        words = subprocess.list2cmdline(["ssh", *options])
        return ["sh", "-c", f'xargs -P 32 -L 1 sh -c \'{words} -p "$2" "$1" {COMMAND}\' < {self.places}']

    def _ansible(self, program: str, key: str, known: str, user: str) -> list[str]:
        inventory = self.folder / "inventory"
        inventory.write_text("".join(f"{host.name} ansible_host={host.address} ansible_port={host.port}\n" for host in self.fleet.hosts.values()))
        options = " ".join(_options(known, "ControlMaster=no", *QUICK))
        said = ["-i", str(inventory), "-u", user, "--private-key", key, "-f", "50", f"--ssh-common-args={options}", "-m", "raw", "-a", COMMAND]
        return [program, "all", *said]

    def _pyinfra(self, program: str, key: str, known: str, user: str) -> list[str]:
        inventory = self.folder / "inventory.py"
        own = {"ssh_user": user, "ssh_key": key, "ssh_known_hosts_file": known, "ssh_allow_agent": False, "ssh_look_for_keys": False}
        hosts = [(host.name, {**own, "ssh_hostname": host.address, "ssh_port": host.port}) for host in self.fleet.hosts.values()]
        inventory.write_text(f"hosts = {hosts!r}\n")
        return [program, "-y", "--parallel", "50", str(inventory), "exec", "--", COMMAND]

    def _print(self) -> None:
        pssh, plain, _, ansible, own, _, _ = self.cold
        goals = (
            at_most("P1", "cold, of parallel-ssh", self.cold[own], 0.45, of=self.cold[pssh]),
            at_most("P1", "cold, of Ansible", self.cold[own], 1 / 17, of=self.cold[ansible]),
            at_most("P1", "cold, of plain asyncssh (the floor)", self.cold[own], 1.15, of=self.cold[plain]),
            at_most("P1", "client CPU a host, cold", self.cpu[own], 1.3),
        )
        rows = [*self.cold.values(), *self.cpu.values(), *self.warm.values(), *self.warm_cpu.values()]
        print_table(f"one command on {self.count} hosts, real sshd, all on this machine", rows, goals if self.count >= 200 else ())


def _options(known: str, *more: str) -> list[str]:
    said = ("BatchMode=yes", f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=/dev/null", "IdentitiesOnly=yes", *more)
    return [word for each in said for word in ("-o", each)]


def main() -> None:
    """Measure each size on a fleet of its own."""
    for count in HOSTS:
        with TemporaryDirectory() as folder, Fleet(count, Path(folder) / "fleet", disk="8m") as fleet:
            FanOut(fleet, Path(folder)).measure()


if __name__ == "__main__":
    main()
