"""Starts, breaks, mends and ends a fleet of real sshd on this machine; knows nothing of the console.

A host is a mount and a PID namespace with an sshd in it: its own /srv (a tmpfs), /home, /tmp, /run, user database, host key and boot id.
All hosts of a fleet live in one outer PID namespace that ends with the process that made it, however that ends: nothing is left behind.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.fleet.toml import hosts_toml
from tests.reserved import free_addresses

USER = "deploytest"
UID = 48211
SSHD = "/usr/sbin/sshd"
BOOT = Path(__file__).with_name("boot.sh")

SSHD_CONFIG = f"""\
Port {{port}}
ListenAddress {{address}}
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowUsers {USER}
MaxStartups 500:30:1000
MaxSessions 100
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
{{extra}}
"""


def missing() -> str:
    """Why no fleet can be started here; empty where one can."""
    if os.geteuid() != 0:
        return "needs root, for namespaces and logins"
    if not os.path.exists(SSHD):
        return f"needs {SSHD} (Debian: openssh-server)"
    lacking = [tool for tool in ("unshare", "nsenter", "mount") if not shutil.which(tool)]
    if lacking:
        return f"needs {', '.join(lacking)} (Debian: util-linux, mount)"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True, check=False)
    return f"needs mount and PID namespaces: {tried.stderr.strip()}" if tried.returncode else ""


def cannot_drop() -> str:
    """Why packets cannot be dropped here; empty where they can."""
    if not shutil.which("iptables"):
        return "needs iptables"
    tried = subprocess.run(["iptables", "-w", "5", "-S", "INPUT"], capture_output=True, text=True, check=False)
    return f"needs a working iptables: {tried.stderr.strip()}" if tried.returncode else ""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An ed25519 key in OpenSSH's formats."""

    private: bytes
    public: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        blob = b64decode(self.public.split()[1])
        return "SHA256:" + b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def make_key() -> KeyPair:
    key = Ed25519PrivateKey.generate()
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
    )


@dataclass(slots=True)
class Machine:
    """One host of the fleet."""

    name: str
    address: str
    port: int
    key: KeyPair
    files: Path
    user: str = USER
    process: subprocess.Popen[bytes] | None = None
    pid: int = 0
    """Of its sshd, seen from here; 0 while it is down."""
    mounts: int = -1
    """A descriptor that keeps its mount namespace, so its disk, while it is down."""

    @property
    def known_hosts_line(self) -> str:
        return f"[{self.address}]:{self.port} {self.key.public}"


class Fleet:
    """`Fleet(12, folder)` as a context manager, or `start()` and `stop()`. Hosts are web01, web02, … and all failures are by name."""

    def __init__(
        self, count: int, folder: Path | str, *, names: Iterable[str] = (), port: int = 2200, disk: str = "256m",
        sshd_extra: str = "", shell: str = "/bin/sh",
    ) -> None:  # fmt: skip
        self.folder = Path(folder)
        self.disk = disk
        self.sshd_extra = sshd_extra
        self.shell = shell
        self.user = USER
        self.user_key = make_key()
        self.identity = self.folder / "id_ed25519"
        self.known_hosts = self.folder / "known_hosts"
        self._room: subprocess.Popen[bytes] | None = None
        self._room_pid = 0
        self._dropped: set[str] = set()
        named = list(names) or [f"web{number:02}" for number in range(1, count + 1)]
        self.hosts: dict[str, Machine] = {
            name: Machine(name, address, port, make_key(), self.folder / "hosts" / name)
            for name, address in zip(named, free_addresses(len(named), port), strict=True)
        }

    def __enter__(self) -> "Fleet":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __getitem__(self, name: str) -> Machine:
        return self.hosts[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.hosts)

    # -- life ---------------------------------------------------------------------------------------------------------------------

    def start(self, name: str = "") -> None:
        """Start all hosts, or one that was killed (with its disk as it was, and another boot id), and wait until they listen."""
        if name:
            machines = [self.hosts[name]]
        else:
            machines = list(self.hosts.values())
            self._write_files()
        try:
            self._open_room()
            for machine in machines:
                self._boot(machine)
            for machine in machines:
                self._await_listening(machine)
        except BaseException:
            self.stop()
            raise

    def kill(self, name: str) -> None:
        """End every process of the host at once. Its kernel lives on, so peers see closed connections: `drop` first for silence."""
        machine = self.hosts[name]
        if machine.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(machine.pid, signal.SIGKILL)
            machine.process.wait(60)
        machine.process, machine.pid = None, 0

    def stop(self) -> None:
        """End all hosts and let go of everything."""
        for name in tuple(self._dropped):
            self.restore(name)
        if self._room is not None:
            assert self._room.stdin is not None
            self._room.stdin.close()
            self._room.wait(60)
            self._room = None
        for machine in self.hosts.values():
            if machine.process is not None:
                machine.process.wait(60)
            if machine.mounts >= 0:
                os.close(machine.mounts)
            machine.process, machine.pid, machine.mounts = None, 0, -1

    # -- looking and breaking -----------------------------------------------------------------------------------------------------

    def exec_in(self, name: str, script: str, *, user: str = "", check: bool = True, timeout: float = 60) -> str:
        """Run a sh script on the host, past SSH, as root or as `user`, also while its sshd is down. Returns what it printed."""
        machine = self.hosts[name]
        enter = ["nsenter", f"--mount=/proc/self/fd/{machine.mounts}"]
        if machine.pid:
            enter.append(f"--pid=/proc/{machine.pid}/ns/pid")
        if user:
            enter += [f"--setuid={UID}", f"--setgid={UID}"]
        done = subprocess.run(
            [*enter, "--wd=/", "sh", "-c", script], capture_output=True, text=True, errors="replace", timeout=timeout,
            pass_fds=(machine.mounts,), check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{name}: {script!r} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def log(self, name: str) -> str:
        """What the host's sshd has logged since it was booted."""
        return self.exec_in(name, "cat /run/sshd.log", check=False)

    def drop(self, name: str) -> None:
        """Lose every packet to and from the host silently, until `restore`."""
        if name not in self._dropped:
            self._dropped.add(name)
            self._iptables("-I", name)

    def restore(self, name: str) -> None:
        """Let packets through again."""
        if name in self._dropped:
            self._dropped.discard(name)
            self._iptables("-D", name)

    def freeze(self, name: str) -> None:
        """Stop every process of the host: it takes connections and never answers."""
        self._signal_all(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let them go on."""
        self._signal_all(name, signal.SIGCONT)

    def change_key(self, name: str) -> tuple[str, str]:
        """Give the host another key, without telling `known_hosts`. Returns both fingerprints, old and new."""
        machine = self.hosts[name]
        before, machine.key = machine.key, make_key()
        self._apply_key(machine)
        return before.fingerprint, machine.key.fingerprint

    def set_key(self, name: str, key: KeyPair) -> None:
        """Give the host this key (the old one back)."""
        machine = self.hosts[name]
        machine.key = key
        self._apply_key(machine)

    def fill_disk(self, name: str, leave: int = 0) -> None:
        """Fill /srv until `leave` bytes are free."""
        free = int(self.exec_in(name, "df -B1 --output=avail /srv | tail -1"))
        self.exec_in(name, f"fallocate -l {max(free - leave, 1)} /srv/.filler")

    def free_disk(self, name: str) -> None:
        """Undo `fill_disk`."""
        self.exec_in(name, "rm -f /srv/.filler")

    def processes(self, name: str) -> list[str]:
        """Command lines of the host's processes, its sshd's left out."""
        lines = self.exec_in(name, "ps -eo args --no-headers").splitlines()
        return [line for line in lines if not line.startswith(("sshd", SSHD, "ps -eo", "sh -c ps -eo"))]

    def hosts_toml(self, repository: Path | str = "", **options: object) -> Path:
        """Write a hosts.toml for this fleet; see `tests.fleet.toml.hosts_toml` for the options."""
        return hosts_toml(self, repository, **options)  # type: ignore[arg-type]

    # -- how ----------------------------------------------------------------------------------------------------------------------

    def _write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.identity.touch(0o600)
        self.identity.write_bytes(self.user_key.private)
        self.identity.with_suffix(".pub").write_text(self.user_key.public + "\n")
        self.known_hosts.write_text("".join(machine.known_hosts_line + "\n" for machine in self.hosts.values()))
        passwd = Path("/etc/passwd").read_text() + f"{USER}:*:{UID}:{UID}::/home/{USER}:{self.shell}\n"
        group = Path("/etc/group").read_text() + f"{USER}:x:{UID}:\n"
        for machine in self.hosts.values():
            machine.files.mkdir(parents=True, exist_ok=True)
            config = SSHD_CONFIG.format(port=machine.port, address=machine.address, extra=self.sshd_extra)
            (machine.files / "sshd_config").write_text(config)
            (machine.files / "authorized_keys").write_text(self.user_key.public + "\n")
            (machine.files / "address").write_text(machine.address + "\n")
            (machine.files / "passwd").write_text(passwd)
            (machine.files / "group").write_text(group)
            self._write_key(machine)

    def _write_key(self, machine: Machine) -> None:
        path = machine.files / "host_key"
        path.touch(0o600)
        path.write_bytes(machine.key.private)

    def _apply_key(self, machine: Machine) -> None:
        self._write_key(machine)
        with open(machine.files / "host_key", "rb") as source:
            subprocess.run(
                ["nsenter", f"--mount=/proc/self/fd/{machine.mounts}", "sh", "-c", "cat >/etc/ssh/host_key"],
                stdin=source, pass_fds=(machine.mounts,), check=True,
            )  # fmt: skip
        if machine.pid:
            os.kill(machine.pid, signal.SIGHUP)
            self.await_shown_key(machine.name, "ed25519", machine.key.public.split()[1])

    def _open_room(self) -> None:
        """The outer PID namespace. Its first process ends when our end of its input is closed, by us or by the kernel."""
        if self._room is not None:
            return
        self._room = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", "read -r _"],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._room_pid = _child_of(self._room.pid)

    def _boot(self, machine: Machine) -> None:
        if machine.process is not None:
            raise RuntimeError(f"{machine.name} is up")
        (machine.files / "boot_id").write_text(f"{uuid.uuid4()}\n")
        enter = ["nsenter", "-t", str(self._room_pid), "--pid"]
        apart = ["unshare", "--pid", "--fork", "--kill-child=KILL"]
        keep: tuple[int, ...] = ()
        if machine.mounts >= 0:
            keep = (machine.mounts,)
            enter.append(f"--mount=/proc/self/fd/{machine.mounts}")
            self._copy_in(machine)
        else:
            apart += ["--mount", "--propagation", "private"]
        boot = BOOT.read_text()
        argv = [*enter, *apart, "sh", "-c", boot, "boot", str(machine.files), self.disk]
        with open(self.folder / "boot.log", "ab") as log:
            machine.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log, pass_fds=keep, start_new_session=True)

    def _copy_in(self, machine: Machine) -> None:
        """A host that boots again cannot see our folder where that lies under its own /tmp."""
        boot_id = (machine.files / "boot_id").read_bytes()
        subprocess.run(
            ["nsenter", f"--mount=/proc/self/fd/{machine.mounts}", "sh", "-c", "cat >/etc/ssh/boot_id"],
            input=boot_id, pass_fds=(machine.mounts,), check=True,
        )  # fmt: skip

    def await_shown_key(self, name: str, kind: str, wanted: str = "ssh-") -> None:
        """Wait until the restarted sshd shows a key of that kind which has `wanted` in it: the sshd before it may still answer, or close."""
        machine = self.hosts[name]
        deadline = time.monotonic() + 60
        scan = ["ssh-keyscan", "-T", "2", "-t", kind, "-p", str(machine.port), machine.address]
        while wanted not in subprocess.run(scan, capture_output=True, text=True, check=False).stdout:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{machine.name} does not show its new key after 60 s")
            time.sleep(0.02)

    def _await_listening(self, machine: Machine) -> None:
        assert machine.process is not None
        deadline = time.monotonic() + 60
        while not _answers(machine.address, machine.port):
            if machine.process.poll() is not None:
                said = (self.folder / "boot.log").read_text(errors="replace").strip()
                raise RuntimeError(f"{machine.name} ended while it was starting ({machine.process.returncode}): {said}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{machine.name} does not listen on {machine.address}:{machine.port} after 60 s")
            time.sleep(0.01)
        if not machine.pid:
            machine.pid = _child_of(_child_of(machine.process.pid))
            if machine.mounts < 0:
                machine.mounts = os.open(f"/proc/{machine.pid}/ns/mnt", os.O_RDONLY)

    def _iptables(self, verb: str, name: str) -> None:
        address = self.hosts[name].address
        for side in ("-d", "-s"):
            subprocess.run(["iptables", "-w", "10", verb, "INPUT", side, address, "-j", "DROP"], check=True)

    def _signal_all(self, name: str, number: signal.Signals) -> None:
        room = os.stat(f"/proc/{self.hosts[name].pid}/ns/pid").st_ino
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    if os.stat(f"/proc/{entry}/ns/pid").st_ino == room:
                        os.kill(int(entry), number)


def _answers(address: str, port: int) -> bool:
    """Whether an SSH server greets there."""
    try:
        with socket.create_connection((address, port), 2) as probe:
            probe.settimeout(60)
            return probe.recv(4) == b"SSH-"
    except OSError:
        return False


def _child_of(pid: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.002)
    raise RuntimeError(f"process {pid} has started nothing")
