"""The demo's git repository: a small shop with a history of releases, good ones and bad ones.

It owns what each version holds. It knows nothing of hosts.
"""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.errors import NoGo

APP = Path(__file__).parent / "app"
EXECUTABLE = ("bin/restart",)
AUTHOR = ("Ada Park", "ada@shop.example")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the shop. `behaviour` is what its `behaviour.json` says; `branch` is where its commit stands."""

    tag: str
    title: str
    subject: str
    behaviour: dict[str, float]
    branch: str = "main"

    @property
    def says(self) -> str:
        """The commit's subject: what the version will do when it is released, and what it is about."""
        return f"{self.title[0].upper()}{self.title[1:]}: {self.subject[0].lower()}{self.subject[1:]}"


VERSIONS = (
    Version("v1.4.1", "good", "Show prices with tax", {}),
    Version("v1.4.2", "good", "Round totals the way the till does", {}),
    Version("v1.5.0", "fails its health check", "Keep sessions in the cache", {"health": 503}, "next"),
    Version("v1.5.1", "slow", "Look up stock on every page", {"latency": 0.2, "warm_up": 5}, "next"),
    Version("v1.5.2", "fails one page in ten", "Show what others bought", {"error_every": 10}, "next"),
    Version("v1.5.3", "breaks the login", "Keep sessions on every host", {"login": 500}, "next"),
    Version("v1.6.0", "throws errors after a minute", "Open a connection for each customer", {"errors_after": 60}, "next"),
)
LIVE, SUCCEEDS, FAILS = VERSIONS[:3]


def files_of(version: Version) -> dict[str, bytes]:
    """Path and content of each file of a version."""
    titles = [f"- {each.tag}: {each.says}" for each in VERSIONS[: VERSIONS.index(version) + 1]]
    return {
        "CHANGES.md": ("# Changes\n\n" + "\n".join(reversed(titles)) + "\n").encode(),
        "README.md": b"# shop\n\nThe shop of `deploy demo`. Change it, commit, and deploy what you made.\n",
        "VERSION": f"{version.tag}\n".encode(),
        "app.py": (APP / "app.py").read_bytes(),
        "behaviour.json": (json.dumps(version.behaviour, indent=2) + "\n").encode(),
        "bin/restart": (APP / "bin" / "restart").read_bytes(),
    }


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files with the modes that git gives them: 0755 for what runs, 0644 for the rest."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755 if path in EXECUTABLE else 0o644)


async def make_repository(folder: Path) -> dict[str, str]:
    """Make the repository with every version, `main` checked out. Returns the commit of each tag.

    Raises NoGo where git is missing or does not do its part.
    """
    if not shutil.which("git"):
        raise NoGo("the demo makes a git repository, and git is not installed", "apt install git")
    await _git(folder.parent, "init", "-q", str(folder))
    await _git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    await _git(folder, "fast-import", "--quiet", said=history(datetime.now(UTC).replace(microsecond=0)))
    await _git(folder, "reset", "-q", "--hard", "main")
    tags = await _git(folder, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
    return dict(line.split() for line in tags.splitlines())


def history(now: datetime) -> bytes:
    """Return every version as a commit with its tag, three days apart, in the form that `git fast-import` reads (git-scm.com/docs/git-fast-import)."""
    stream = b""
    for number, version in enumerate(VERSIONS):
        when = int((now - timedelta(days=3 * (len(VERSIONS) - number))).timestamp())
        before = VERSIONS[number - 1].tag if number else ""
        stream += _commit(version, when, before) + f"reset refs/tags/{version.tag}\nfrom refs/heads/{version.branch}\n\n".encode()
    return stream


def _commit(version: Version, when: int, before: str) -> bytes:
    name, mail = AUTHOR
    head = f"commit refs/heads/{version.branch}\ncommitter {name} <{mail}> {when} +0000\n".encode() + _data(f"{version.says}\n".encode())
    head += f"from refs/tags/{before}\n".encode() if before else b""
    files = (f"M {'100755' if path in EXECUTABLE else '100644'} inline {path}\n".encode() + _data(content) for path, content in files_of(version).items())
    return head + b"".join(files) + b"\n"


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


async def _git(folder: Path, *argv: str, said: bytes = b"") -> str:
    """Git with nobody's settings but ours. `said`: what it reads. Ends within 30 seconds."""
    child = await asyncio.create_subprocess_exec(
        "git", "-C", str(folder), *argv, env=_environment(), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(child.communicate(said), 30)
    if child.returncode:
        why = err.decode(errors="replace").strip()
        raise NoGo(f"git {argv[0]} did not work: {why}", "git --version")
    return out.decode()


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
