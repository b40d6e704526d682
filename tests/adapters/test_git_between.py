"""What lies between two commits of a real repository."""

import subprocess
from pathlib import Path

from console.adapters.git.git_repository import GitRepository


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=Ada L", "-c", "user.email=a@example.net", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", str(folder), *settings, *words], check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, name: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{name}\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


async def test_commits_authors_and_new_migrations(tmp_path: Path):
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    first = commit(folder, "db/migrations/001.sql")
    commit(folder, "app.py")
    last = commit(folder, "db/migrations/002.sql")
    repository = GitRepository(str(folder), str(tmp_path))
    found = await repository.between(first, last, "db/migrations/*.sql")
    assert [(change.by, change.subject) for change in found.changes] == [("Ada L", "Add db/migrations/002.sql"), ("Ada L", "Add app.py")]
    assert (found.migrations, found.backwards) == (("db/migrations/002.sql",), 0)
    back = await repository.between(last, first, "")
    assert (back.changes, back.backwards, back.migrations) == ((), 2, ())
    assert not (await repository.between("0" * 40, last, "")).known
    assert not (await repository.between("--all", last, "")).known


async def test_many_files_are_read_at_once_and_what_cannot_be_is_said(tmp_path: Path):
    folder = tmp_path / "shop"
    (folder / "db").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    names = [f"db/{number}.sql" for number in range(300)] + ["db/spaced é.sql", "db/large.sql", "db/bytes.sql"]
    for name in names:
        (folder / name).write_bytes(b"\xff\n\0 --\n" if "bytes" in name else b"x" * 2000 if "large" in name else f"SELECT '{name}';\n".encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Add them")
    commit = git(folder, "rev-parse", "HEAD")
    repository = GitRepository(str(folder), str(tmp_path))
    found = await repository.contents(commit, (*names, "db/none.sql", "db"), 1000)
    assert all(found[name] == f"SELECT '{name}';\n".encode() for name in names[:301])
    assert found["db/bytes.sql"] == b"\xff\n\0 --\n"
    assert "files over" in found["db/large.sql"]
    assert "no file of the commit" in found["db/none.sql"]
    assert "no file of the commit" in found["db"]
    every = await repository.between("", commit, "db/*.sql")
    assert (every.known, len(every.migrations)) == (False, 303)
