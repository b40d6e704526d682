"""Makes the git repository that test releases come from; nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

SHOP = Path(__file__).with_name("shop")

VERSIONS = (("v1.0.0", "good"), ("v1.1.0", "good"), ("v1.2.0", "unhealthy"), ("v1.3.0", "slow"), ("v1.4.0", "good"))
"""Tags, oldest first, and how each behaves: `unhealthy` comes up and fails its check, `slow` hangs in its restart."""


def make_repository(folder: Path | str, versions: tuple[tuple[str, str], ...] = VERSIONS) -> Path:
    """Make a repository with the shop in it, a commit and a tag for each version, branch main. Returns its folder."""
    folder = Path(folder)
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "README").write_text("The shop.\n")
    _git(folder, "init", "-q", "-b", "main")
    for tag, behaviour in versions:
        (folder / "VERSION").write_text(f"{tag.removeprefix('v')} {behaviour}\n")
        _git(folder, "add", "-A")
        _git(folder, "commit", "-qm", f"Shop {tag}")
        _git(folder, "tag", tag)
    return folder


def _git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=Tester", "-c", "user.email=tester@example.net", "-c", "commit.gpgsign=false")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, env=env, capture_output=True)
