"""Repositories that several files of tests start from."""

from pathlib import Path

import pytest

from tests.adapters.repositories import commit, git


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository: v1.0.0, then v1.1.0 = v1.1.1 on main, and a branch."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "app.txt", "one\n", "First")
    git(folder, "tag", "v1.0.0")
    commit(folder, "bin/start", "#!/bin/sh\n", "Second \x1b[31mred")
    git(folder, "tag", "-am", "annotated", "v1.9.0")
    git(folder, "tag", "v1.10.0")
    git(folder, "checkout", "-qb", "feature/x")
    commit(folder, "extra.txt", "x", "Extra")
    git(folder, "checkout", "-q", "main")
    return folder


@pytest.fixture
def clone(shop: Path, tmp_path: Path) -> Path:
    """A work tree whose origin is the shop."""
    git(tmp_path, "clone", "-q", str(shop), str(tmp_path / "clone"))
    return tmp_path / "clone"
