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
    now = datetime.now(UTC).replace(microsecond=0)
    commits = {}
    for number, version in enumerate(VERSIONS):
        commits[version.tag] = await _commit(folder, version, now - timedelta(days=3 * (len(VERSIONS) - number)))
    await _git(folder, "checkout", "-q", "main")
    return commits


async def _commit(folder: Path, version: Version, when: datetime) -> str:
    if version.branch != (await _git(folder, "symbolic-ref", "--short", "HEAD")).strip():
        await _git(folder, "checkout", "-q", "-b", version.branch)
    write_files(folder, files_of(version))
    await _git(folder, "add", "--all")
    await _git(folder, "commit", "-q", "-m", version.says, when=when)
    await _git(folder, "tag", version.tag, when=when)
    return (await _git(folder, "rev-parse", "HEAD")).strip()


async def _git(folder: Path, *argv: str, when: datetime | None = None) -> str:
    """Git with nobody's settings but ours. Ends within 30 seconds."""
    child = await asyncio.create_subprocess_exec(
        "git", "-C", str(folder), *argv, env=_environment(when), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(child.communicate(), 30)
    if child.returncode:
        said = err.decode(errors="replace").strip()
        raise NoGo(f"git {argv[0]} did not work: {said}", "git --version")
    return out.decode()


def _environment(when: datetime | None) -> dict[str, str]:
    name, mail = AUTHOR
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    names = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": mail}
    dates = {"GIT_AUTHOR_DATE": when.isoformat(), "GIT_COMMITTER_DATE": when.isoformat()} if when else {}
    return {**kept, **names, **dates, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
