"""Brings a repository up to date with its remotes: a person's work tree by fetching, a URL as a mirror in the cache folder.

Whether a tag was moved is found by comparing what the remote lists with what is here, never in git's words: so every failure of a fetch is one.
It must not know what a commit holds or what is released.
"""

import asyncio
import contextlib
import fcntl
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from console.adapters.git.git_command import LOOK, Git, GitAnswer, ran
from console.errors import NoGo

DEADLINE = 120.0
"""Seconds for what goes over a network."""
TURN = 0.1
"""Seconds between two tries to be the one that fetches."""


@dataclass(frozen=True)
class Remote:
    """The remote of a work tree, as it answered last. Without a name there is none."""

    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    """Its tags: name and object."""
    moved: frozenset[str] = frozenset()
    """Tags that are another object there than here."""


async def fetched(git: Git, ref: str) -> Remote:
    """Fetch from the main remote (origin, or the first), and from the one that the branch REF follows; a person's tags and branches stay.

    Raises NoGo where a fetch fails.
    """
    names = (await git.ask("remote")).split()
    if not names:
        return Remote()
    main = "origin" if "origin" in names else names[0]
    followed = await _followed(git, ref)
    if followed in names and followed != main:
        await _fetch(git, followed)
    return await _fetch(git, main)


async def _followed(git: Git, ref: str) -> str:
    """The remote that a local branch follows; empty: none, or it is no branch."""
    named = (await git.run("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", ref)).text.strip()
    if not named.startswith("refs/heads/"):
        return ""
    rows = (await git.ask("for-each-ref", "--format=%(refname) %(upstream:remotename)", named)).splitlines()
    return next((row.partition(" ")[2] for row in rows if row.partition(" ")[0] == named), "")


async def _fetch(git: Git, remote: str) -> Remote:
    listed = _done(git, remote, await git.run("ls-remote", "--tags", "--refs", "--", remote, deadline=DEADLINE))
    there = {name.removeprefix("refs/tags/"): thing for thing, _, name in (row.partition("\t") for row in listed.splitlines())}
    # a bare clone has no refspec: without one its branches would stay what they were
    refspecs = () if (await git.run("config", "--get-all", f"remote.{remote}.fetch")).ok else (f"+refs/heads/*:refs/remotes/{remote}/*",)
    words = ("fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
    _done(git, remote, await git.run(*words, "--", remote, *refspecs, deadline=DEADLINE))
    here = await _tags(git)
    new = [name for name in there if name not in here]
    if new:
        given = "".join(f"refs/tags/{name}:refs/tags/{name}\n" for name in new).encode("utf-8", "surrogateescape")
        _done(git, remote, await git.run(*words, "--stdin", "--", remote, deadline=DEADLINE, given=given))
    return Remote(remote, there, frozenset(name for name, thing in there.items() if here.get(name, thing) != thing))


async def _tags(git: Git) -> dict[str, str]:
    rows = (row.partition(" ") for row in (await git.ask("for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/tags")).splitlines())
    return {name: thing for thing, _, name in rows}


def _done(git: Git, remote: str, answer: GitAnswer) -> str:
    if not answer.ok:
        raise NoGo(f"cannot fetch {remote} of {git.shown}: {answer.words}", f"try it: git -C {git.folder} fetch {remote}")
    return answer.text


async def mirrored(git: Git, url: str) -> None:
    """Make the mirror of a URL what the URL has now, with its HEAD. Raises NoGo."""
    async with held(f"{git.folder}.lock"):
        said = _reached(git, await git.run_anywhere("ls-remote", "--symref", "--", url, deadline=DEADLINE))
        await made(git, url, _name_length(said))
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        words = ("fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--", url)
        _reached(git, await git.run(*words, *everything, deadline=DEADLINE))
        head = re.search(r"^ref: (refs/heads/\S+)\tHEAD", said, re.MULTILINE)
        if head:
            await git.ask("symbolic-ref", "HEAD", head[1])


async def brought(git: Git, url: str, commit: str) -> None:
    """Have that one commit of a URL in its mirror, alone where the server gives it so, else with all that there is. Raises NoGo."""
    async with held(f"{git.folder}.lock"):
        await made(git, url, len(commit))
        words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        alone = await git.run(*words, "--depth=1", "--", url, commit, deadline=DEADLINE)
        if not alone.ok:
            _reached(git, await git.run(*words, "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", deadline=DEADLINE))


async def made(git: Git, url: str, length: int) -> None:
    """Have a mirror whose names have so many hex digits. Raises NoGo."""
    if await asyncio.to_thread(os.path.isdir, git.folder):
        return
    kind = "sha256" if length == 64 else "sha1"
    answer = await ran(["git", "init", "--quiet", "--bare", f"--object-format={kind}", "--", git.folder], LOOK)
    if not answer.ok:
        raise NoGo(f"cannot make the mirror {git.folder} of {git.shown}: {answer.words}", "df -h")


def _name_length(listed: str) -> int:
    return next((len(row.partition("\t")[0]) for row in listed.splitlines() if not row.startswith("ref:")), 40)


def _reached(git: Git, answer: GitAnswer) -> str:
    if not answer.ok:
        raise NoGo(f"cannot fetch {git.shown}: {answer.words}", f"try it: git ls-remote {git.shown}")
    return answer.text


@contextlib.asynccontextmanager
async def held(path: str) -> AsyncIterator[None]:
    """Keep other engines from fetching into the same mirror meanwhile. Raises NoGo when they take too long."""
    with await asyncio.to_thread(open, path, "w") as lock:
        for _ in range(int(DEADLINE / TURN)):
            if _taken(lock.fileno()):
                break
            await asyncio.sleep(TURN)
        else:
            raise NoGo(f"another console has been fetching for {DEADLINE:.0f} s", f"fuser {path}")
        yield


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
