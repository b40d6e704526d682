"""The source of releases: a git repository, read with the real `git`. Owns fetching, resolving and clean export; knows nothing of hosts."""

import asyncio
import os
import shutil
from pathlib import Path

from console.errors import NoGo, UsageFault
from console.model.release import Revision
from console.text import SafeText

DEADLINE = 120.0
LFS = b"version https://git-lfs"
QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


class GitRepository:
    """A work tree on this machine, or a URL that is mirrored into a cache folder."""

    def __init__(self, location: str, cache: str) -> None:
        self._location = location
        self._is_url = "://" in location or (":" in location and not Path(location).exists())
        self._folder = str(Path(cache) / "mirror.git") if self._is_url else location

    async def resolve(self, ref: str) -> Revision:
        """Fetch, and pin REF (empty: HEAD) to a commit."""
        await self._fetch()
        wanted = ref or "HEAD"
        if wanted.startswith("-"):
            raise UsageFault(f"{wanted} is no REF", "give a tag, a branch or a commit")
        commit = await self._commit(wanted)
        tags = (await self._ask("tag", "--points-at", commit)).split()
        version = wanted if wanted in tags else (tags[-1] if tags else commit[:7])
        branches = (await self._ask("for-each-ref", "--contains", commit, "--format=%(refname:short)", "refs/heads", "refs/remotes")).split()
        author, committed, subject = (await self._ask("log", "-1", "--format=%an%n%cI%n%s", commit)).split("\n")[:3]
        files, size = await self._tree(commit)
        return Revision(
            commit=commit, version=SafeText(version), ref=SafeText(wanted), branches=tuple(dict.fromkeys(SafeText(b.removeprefix("origin/")) for b in branches)),
            tags=tuple(map(SafeText, tags)), author=SafeText(author), subject=SafeText(subject), committed=committed,
            uncommitted=await self._uncommitted(), files=files, size=size,
        )  # fmt: skip

    async def export(self, revision: Revision, folder: str, *, allow_unbuilt: bool = False) -> None:
        """Write a clean copy of the commit into an empty folder; what cannot be shipped as it stands is refused by name."""
        modules = [line for line in (await self._ask("ls-tree", "-r", revision.commit)).splitlines() if line.startswith("160000")]
        if modules and not allow_unbuilt:
            raise NoGo(f"{modules[0].split(chr(9))[-1]} is a submodule, which a release cannot carry as it stands", "name a command in [app.build] that brings it")
        archive = str(Path(folder) / ".export.tar")
        await self._run("archive", "--format=tar", f"--output={archive}", revision.commit)
        await _checked(["tar", "-xf", archive, "-C", folder], "tar")
        await asyncio.to_thread(os.remove, archive)
        pointer = None if allow_unbuilt else await asyncio.to_thread(_lfs_pointer, folder)
        if pointer:
            raise NoGo(f"{pointer} is a Git LFS pointer, not the file", "name a command in [app.build] that brings it")

    async def _fetch(self) -> None:
        if not shutil.which("git"):
            raise UsageFault("git is not on this machine", "apt install git")
        if self._is_url and not await asyncio.to_thread(os.path.isdir, self._folder):
            await _checked(["git", "clone", "--quiet", "--mirror", "--", self._location, self._folder], f"git clone {self._location}")
            return
        if not await asyncio.to_thread(os.path.isdir, self._folder):
            raise UsageFault(f"{self._folder} is no folder, so it cannot be the repository", "repository = … in hosts.toml")
        if (await self._ask("remote")).strip():
            await self._run("fetch", "--quiet", "--tags", "--prune", "--all")

    async def _commit(self, ref: str) -> str:
        for name in (ref, f"origin/{ref}"):
            code, out, _ = await self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if code == 0:
                return out.decode().strip()
        import difflib

        known = (await self._ask("for-each-ref", "--format=%(refname:short)", "refs/tags", "refs/heads")).split()
        near = difflib.get_close_matches(ref, known, 3) or known[-3:]
        raise UsageFault(f"unknown REF {SafeText(ref)} in {self._location}", f"near it: {', '.join(near) or 'nothing: the repository has no tag or branch'}")

    async def _tree(self, commit: str) -> tuple[int, int]:
        lines = (await self._ask("ls-tree", "-r", "-l", commit)).splitlines()
        return len(lines), sum(int(line.split()[3]) for line in lines if line.split()[3].isdigit())

    async def _uncommitted(self) -> int:
        return 0 if self._is_url else len((await self._ask("status", "--porcelain")).splitlines())

    async def _ask(self, *words: str) -> str:
        return (await self._run(*words)).decode(errors="replace")

    async def _run(self, *words: str) -> bytes:
        code, out, err = await self._git(*words)
        if code != 0:
            raise NoGo(f"git {words[0]} failed in {self._location}: {SafeText(err.strip()[-300:])}", f"git -C {self._folder} {words[0]}")
        return out

    async def _git(self, *words: str) -> tuple[int, bytes, bytes]:
        return await _ran(["git", "-C", self._folder, *words])


async def _ran(argv: list[str]) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **QUIET}
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, b"", f"no answer within {DEADLINE:.0f} s".encode()
    return process.returncode or 0, out, err


async def _checked(argv: list[str], what: str) -> None:
    code, _, err = await _ran(argv)
    if code != 0:
        raise NoGo(f"{what} failed: {SafeText(err.strip()[-300:])}")


def _lfs_pointer(folder: str) -> str:
    for path in Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 400 and path.read_bytes().startswith(LFS):
            return str(path.relative_to(folder))
    return ""
