"""What stands in a demo's folder: the hosts' trees with their first release, keys, and the hosts.toml that reaches them.

Text and files only; nothing here runs anything.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.demo.app.app import PASSWORD
from console.demo.demo_repository import EXECUTABLE, LIVE, files_of, write_files
from console.errors import UsageFault

USER = "deploy"
BACKEND = "shop"
"""What the balancer calls its servers together."""


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A host as the files name it. `address` is on loopback."""

    name: str
    address: str
    public_key: str
    color: str = ""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where every host listens, each on its own address."""

    ssh: int
    app: int


def make_folder(wanted: str = "") -> Path:
    """A private folder, empty, where programs may run. Raises UsageFault where the wanted one holds something."""
    if not wanted:
        return Path(tempfile.mkdtemp(prefix="deploy-demo-", dir=_temporary())).resolve()
    folder = Path(wanted).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageFault(f"{folder}: the demo needs an empty folder, since it removes it at its end", "leave --folder out")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def tree_of(folder: Path, name: str) -> Path:
    """The application's folder on that host."""
    return folder / "hosts" / name / "srv" / "shop"


def place_first_release(tree: Path, address: str, port: int, commit: str, release: str) -> None:
    """A host's tree as if the live version had been deployed and verified there, with what its restart needs in `shared`."""
    target = tree / "releases" / release
    files = files_of(LIVE)
    write_files(target, files)
    (target / ".deploy-manifest").write_text(manifest(files, LIVE.tag, commit, release), encoding="utf-8")
    shared = tree / "shared"
    shared.mkdir()
    (shared / "port").write_text(f"{address} {port}\n", encoding="utf-8")
    (shared / "python").write_text(f"{sys.executable}\n", encoding="utf-8")
    (tree / "current").symlink_to(f"releases/{release}")
    (tree / ".deploy").mkdir()
    (tree / ".deploy" / "history").write_text(history(release), encoding="utf-8")


def history(release: str) -> str:
    """What a host's own history says of its first release."""
    at = datetime.strptime(release[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{at}\tdemo\tswitch\t{release}\t-\n{at}\tdemo\thealthy\t{release}\t-\n"


def manifest(files: dict[str, bytes], version: str, commit: str, release: str) -> str:
    """What a release holds, as a deployment writes it into the release's folder."""
    head = f"# version {version}\n# commit {commit}\n# release {release}\n"
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  ./{path}\n" for path, content in sorted(files.items()))
    return head + lines + "".join(f"#x ./{path}\n" for path in sorted(files) if path in EXECUTABLE)


def known_hosts(places: tuple[DemoPlace, ...], port: int) -> str:
    """The hosts' keys, by name and by address."""
    return "".join(f"[{place.address}]:{port},[{place.name}]:{port} {place.public_key}\n" for place in places)


def write_password(folder: Path) -> None:
    """Write the password of the customer who tries the login."""
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")


def write_balancer(folder: Path, places: tuple[DemoPlace, ...], address: str, ports: Ports) -> None:
    """Write what the balancer's process begins with: its servers, and that no maintenance page is shown."""
    servers = [{"name": place.name, "address": place.address, "drained": place.color == "green"} for place in places]
    plan = {"backend": BACKEND, "address": address, "app": ports.app, "hosts": servers}
    (folder / "balancer.json").write_text(json.dumps(plan), encoding="utf-8")
    (folder / "maintenance.map").write_text(f"{BACKEND} off\n", encoding="utf-8")


def _temporary() -> str | None:
    """The first folder for temporary files that programs may run in; None: the usual one."""
    for folder in (tempfile.gettempdir(), "/var/tmp", os.path.expanduser("~")):  # noqa: S108
        if os.access(folder, os.W_OK) and not os.statvfs(folder).f_flag & os.ST_NOEXEC and shutil.disk_usage(folder).free > 1 << 26:
            return folder
    return None
