"""Real git repositories for tests, written by one author at one time."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from console.adapters.git.git_repository import GitRepository
from console.model.configured_environment import Environment

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt install git")
WHO = {"NAME": "Ada", "EMAIL": "a@b.c", "DATE": "2026-11-24T08:14:07+01:00"}
ENVIRONMENT = Environment("shop", "production", "/srv/shop", ())
AS_ADA = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in WHO.items()}


def git(folder: Path, *words: str) -> str:
    argv = ["git", "-C", str(folder), "-c", "protocol.file.allow=always", *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True, env={**os.environ, **AS_ADA}).stdout.strip()


def commit(folder: Path, name: str, content: str, subject: str = "") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", subject or f"Write {name}")
    return git(folder, "rev-parse", "HEAD")


def source(location: object, tmp_path: Path) -> GitRepository:
    cache = tmp_path / "cache"
    cache.mkdir(exist_ok=True)
    return GitRepository(str(location), str(cache))
