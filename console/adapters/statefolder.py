"""The state folder: where it is, whose it may be, and the modes of what is made in it.

Knows nothing of what the files in it say.
"""

import os
import pwd
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from console.errors import StateUnusable
from console.wire.address import lock_path, log_path, run_folder, socket_path

__all__ = ["lock_path", "log_path", "run_folder", "socket_path"]

SYSTEM = "/var/lib/deploy-console"

OWN = "set DEPLOY_STATE to a folder of your own"

NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "fuse.sshfs", "fuse.s3fs"})
"""File systems on which file locks or the order of writes are not to be relied on."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Modes of what is made in a state folder: private to its owner, or shared with its group."""

    shared: bool

    @property
    def folder(self) -> int:
        """The mode that a new folder gets."""
        return 0o2770 if self.shared else 0o700

    @property
    def file(self) -> int:
        """The mode that a new file gets."""
        return 0o660 if self.shared else 0o600

    @property
    def umask(self) -> int:
        """What a process has to take away so that all it makes has these modes."""
        return 0o007 if self.shared else 0o077


def state_folder(environ: Mapping[str, str]) -> str:
    """Return the folder that all state is in: $DEPLOY_STATE, the system's where the caller may write there, or the user's own."""
    named = environ.get("DEPLOY_STATE", "")
    if named:
        return os.path.abspath(named)
    if os.path.isdir(SYSTEM) and os.access(SYSTEM, os.W_OK | os.X_OK):
        return SYSTEM
    return os.path.join(_state_home(environ), "deploy-console")


def _state_home(environ: Mapping[str, str]) -> str:
    named = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(named):
        return named
    home = environ.get("HOME", "") or pwd.getpwuid(os.getuid()).pw_dir
    return os.path.join(home, ".local", "state")


def logs_folder(state: str) -> str:
    """Return the folder of hosts' output, one below it for each run."""
    return os.path.join(state, "logs")


def journal_path(state: str) -> str:
    """Return the journal's file."""
    return os.path.join(state, "journal.sqlite3")


def modes_of(state: str) -> Modes:
    """Return the modes that hold in a state folder. Raises StateUnusable for one that others can write."""
    found = os.stat(state)
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_IWOTH:
        raise StateUnusable(f"the state folder {state} can be written by everybody (mode {mode:04o})", f"chmod 700 {state}")
    shared = bool(mode & stat.S_ISGID) and bool(mode & stat.S_IWGRP)
    if mode & stat.S_IWGRP and not shared:
        raise StateUnusable(
            f"the state folder {state} can be written by its group (mode {mode:04o}) but is not made for one",
            f"private: chmod 700 {state} · shared with its group: chmod 2770 {state}",
        )
    if found.st_uid not in (0, os.getuid()) and not shared:
        raise StateUnusable(f"the state folder {state} belongs to another user (uid {found.st_uid})", OWN)
    return Modes(shared)


def prepared(state: str) -> Modes:
    """Make the state folder, or see that it is as it should be; also what is in it. Raises StateUnusable."""
    try:
        os.makedirs(state, mode=0o700, exist_ok=True)
        modes = modes_of(state)
        _tighten(state, modes)
        for folder in (run_folder(state), logs_folder(state)):
            made_folder(folder, modes)
    except OSError as problem:
        raise StateUnusable(f"the state folder {state} cannot be used: {problem.strerror}", OWN) from None
    return modes


def _tighten(state: str, modes: Modes) -> None:
    found = os.stat(state)
    if not modes.shared and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
        os.chmod(state, 0o700)


def made_folder(folder: str, modes: Modes) -> None:
    """Make a folder in the state folder with its modes, whatever the umask; one of ours that has others gets these."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            raise StateUnusable(f"{folder} is in the way: it should be a folder", f"move it away: mv {folder} {folder}.old") from None
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) == modes.folder:
            return
    os.chmod(folder, modes.folder)


def refuse_network(state: str, mounts: str = "/proc/self/mountinfo") -> None:
    """Raise StateUnusable when a folder is on a network file system."""
    kind = _file_system(os.path.realpath(state), mounts)
    if kind in NETWORK:
        raise StateUnusable(
            f"the journal cannot be on a network file system: {state} is on {kind}",
            "set DEPLOY_STATE to a folder on a disk of this machine",
        )


def _file_system(folder: str, mounts: str) -> str:
    best, kind = "", ""
    try:
        with open(mounts, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                left, _, right = line.partition(" - ")
                point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), left.split(" ")[4])
                inside = folder == point or folder.startswith(point.rstrip("/") + "/")
                if inside and len(point) >= len(best):
                    best, kind = point, right.split(" ")[0]
    except (OSError, IndexError):
        return kind
    return kind
