"""The source of releases: a git repository, read with the real `git`. Implements `ports.Repository`.

Owns fetching, resolving and clean export; it must not know of hosts, builds or archives. A person's own work tree is fetched into,
and otherwise left as it is.
"""

import asyncio
import contextlib
import difflib
import fcntl
import hashlib
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.adapters import gitlog
from console.core.environ import NETWORK, program_environment
from console.errors import NoGo, UsageFault
from console.model.board import Candidate
from console.model.pending import Between
from console.model.release import Revision
from console.text import SafeText, safe_end

DEADLINE = 120.0
"""Seconds for what goes over a network, or writes a tree."""
LOOK = 30.0
"""Seconds for a question to the repository on this machine."""
LFS = b"version https://git-lfs"
LFS_SIZE = 1024
"""Bytes that a pointer of Git LFS has at most."""
TURN = 0.1
"""Seconds between two tries to be the one that fetches."""
NAMED = 3
"""Paths that a refusal names."""
QUIET = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
    "LANGUAGE": "",
}  # fmt: skip
SETTINGS = (
    "gc.auto=0", "maintenance.auto=false", "core.autocrlf=false", "core.quotePath=false", "tar.umask=0022", "log.showSignature=false",
    "submodule.recurse=false", "advice.detachedHead=false",
)  # fmt: skip
_REF = re.compile(r"(?!-)[^\s:?*\[\\\x00-\x20\x7f]{1,250}")
_CLOBBERED = re.compile(r"^ ! \[rejected\]\s+(\S+)\s+-> .*would clobber existing tag", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    out: bytes
    err: bytes

    @property
    def words(self) -> str:
        """The end of what git complained about, without credentials."""
        return safe_end(_CREDENTIALS.sub("", self.err.decode("utf-8", "replace")), 400)


@dataclass(frozen=True, slots=True)
class _Tree:
    """What a commit holds: plain files, their bytes, and where submodules stand."""

    files: int
    size: int
    modules: tuple[str, ...]


class GitRepository:
    """A work tree (or bare repository) on this machine, or a URL that is mirrored into the cache folder."""

    def __init__(self, location: str, cache: str) -> None:
        self._location = location
        self._shown = _CREDENTIALS.sub("", location)
        self._is_url = "://" in location or (re.match(r"[^/:]+:", location) is not None and not Path(location).exists())
        name = hashlib.sha256(location.encode()).hexdigest()[:16]
        self._folder = str(Path(cache) / f"mirror-{name}.git") if self._is_url else location
        self._moved: frozenset[str] = frozenset()

    async def resolve(self, ref: str) -> Revision:
        """Fetch, and pin REF (empty: HEAD) to a commit. Raises UsageFault for an unknown REF, NoGo where it cannot be read."""
        wanted = ref or "HEAD"
        if not _REF.fullmatch(wanted) or ".." in wanted:
            raise UsageFault(f"{SafeText(wanted, 80)!r} cannot be a REF", "give a tag, a branch or a commit: --version v1.2.3")
        await self._fetch()
        if wanted in self._moved:
            raise NoGo(
                f"the tag {wanted} here is not the tag {wanted} of the remote in {self._shown}",
                f"take the remote's: git -C {self._folder} fetch --tags --force; or give the commit itself",
            )
        commit = await self._commit(wanted)
        tags, branches, subject, tree, uncommitted = await asyncio.gather(
            self._tags(commit), self._branches(commit), self._subject(commit), self._tree(commit), self._uncommitted()
        )
        author, committed, title, held = subject
        return Revision(
            commit=commit, version=SafeText(_version(wanted, tags, commit)), ref=SafeText(wanted), branches=branches, tags=tuple(map(SafeText, tags)),
            author=SafeText(author), subject=SafeText(title), committed=committed, uncommitted=uncommitted, files=tree.files, size=tree.size, tree=held,
        )  # fmt: skip

    async def candidates(self, live: Mapping[str, int], limit: int) -> tuple[Candidate, ...]:
        """Fetch, and say what could be released, newest first: tags, then commits of HEAD that nothing live holds."""
        await self._fetch()
        here = [commit for commit in live if (await self._git("cat-file", "-e", f"{commit}^{{commit}}")).status == 0]
        held = frozenset([tag for commit in here for tag in (await self._ask("tag", "--merged", commit)).split("\n")])
        said = await self._ask("for-each-ref", "--sort=-version:refname", "--sort=-creatordate", f"--count={limit}", f"--format={gitlog.TAGS}", "refs/tags")
        tags = tuple(each for each in gitlog.tags_from(said, live, held) if SafeText(each.ref) not in self._moved)
        hidden = [f"^{commit}" for commit in here]
        since = await self._ask("log", "--no-show-signature", "--encoding=UTF-8", f"--max-count={limit}", f"--format={gitlog.COMMITS}", "HEAD", *hidden, "--")
        return (*tags, *gitlog.commits_from(since, live, tags))

    async def between(self, live: str, commit: str, migrations: str) -> Between:
        """Say what one commit has that a live one has not; `migrations` is a glob of files, empty: none. Fetches nothing."""
        await self._find(commit)
        if not _COMMIT.fullmatch(live) or (await self._git("cat-file", "-e", f"{live}^{{commit}}")).status != 0:
            nothing = (await self._ask("hash-object", "-t", "tree", "--stdin")).strip()
            return Between(known=False, migrations=await self._added(nothing, commit, migrations))
        said = await self._ask("log", "--no-show-signature", "--encoding=UTF-8", f"--format={gitlog.COMMITS}", f"{live}..{commit}", "--")
        back = await self._ask("rev-list", "--count", f"{commit}..{live}", "--")
        return Between(changes=gitlog.changes_from(said), backwards=int(back), migrations=await self._added(live, commit, migrations))

    async def _added(self, live: str, commit: str, migrations: str) -> tuple[SafeText, ...]:
        """The files of that glob that a commit has and another has not."""
        if not migrations:
            return ()
        added = await self._ask("diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", live, commit, "--", f":(top,glob){migrations}")
        return tuple(SafeText(name) for name in added.split("\0") if name)

    async def contents(self, commit: str, paths: tuple[str, ...], largest: int) -> Mapping[str, bytes | SafeText]:
        """Return files of the commit, in two calls of git however many they are."""
        await self._find(commit)
        plain = tuple(path for path in paths if "\n" not in path)
        sizes = await self._cat("--batch-check", commit, plain)
        found: dict[str, bytes | SafeText] = {path: SafeText("it cannot be read") for path in paths}
        for path, row in zip(plain, sizes.decode("utf-8", "replace").splitlines(), strict=False):
            kind, size = ([*row.split()[1:], "", ""])[:2]
            found[path] = b"" if kind == "blob" and int(size) <= largest else SafeText(gitlog.unread_words(kind, size, largest))
        wanted = tuple(path for path in plain if found[path] == b"")
        out, at = await self._cat("--batch", commit, wanted), 0
        for path in wanted:
            head, at = out[at : out.index(b"\n", at)], out.index(b"\n", at) + 1
            found[path], at = out[at : at + int(head.split()[2])], at + int(head.split()[2]) + 1
        return found

    async def _cat(self, how: str, commit: str, paths: tuple[str, ...]) -> bytes:
        asked = "".join(f"{commit}:{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        answer = await self._git("cat-file", how, data=asked)
        if answer.status:
            raise NoGo(f"the migrations cannot be read in {commit[:7]}: {answer.words}", f"git -C {self._folder} fsck")
        return answer.out

    async def export(self, revision: Revision, folder: str, *, allow_unbuilt: bool = False) -> None:
        """Write a clean copy of the commit into an empty folder.

        Raises NoGo for submodules and Git LFS pointers, which a commit alone cannot fill; `allow_unbuilt`: a build will see to them.
        """
        await self._find(revision.commit)
        modules = () if allow_unbuilt else (await self._tree(revision.commit)).modules
        if modules:
            raise NoGo(f"the commit has submodules, which a release cannot carry as they stand: {_some(modules)}", _BUILD)
        await self._unpack(revision.commit, folder)
        pointers = () if allow_unbuilt else await asyncio.to_thread(_lfs_pointers, folder)
        if pointers:
            raise NoGo(f"the commit has Git LFS pointers in place of files: {_some(pointers)}", f"git lfs install, or {_BUILD}")

    async def _find(self, commit: str) -> None:
        """Have the commit here, also where another process resolved it."""
        if not self._is_url:
            await self._open()
        elif (await self._git("cat-file", "-e", commit)).status != 0:
            await self._fetch()

    async def _unpack(self, commit: str, folder: str) -> None:
        archive = f"{folder.rstrip('/')}.export.tar"
        try:
            await self._ask("archive", "--format=tar", f"--output={archive}", commit, deadline=DEADLINE)
            unpacked = await _ran(["tar", "-xpof", archive, "-C", folder], DEADLINE)
            if unpacked.status != 0:
                raise NoGo(f"the commit could not be written to {folder}: {unpacked.words}", "df -h")
        finally:
            with contextlib.suppress(FileNotFoundError):
                await asyncio.to_thread(os.remove, archive)

    async def _fetch(self) -> None:
        if not shutil.which("git"):
            raise NoGo("git is not on this machine", "apt install git")
        if self._is_url:
            async with _held(f"{self._folder}.lock"):
                await self._mirror()
            return
        await self._open()
        remotes = (await self._ask("remote")).split()
        if remotes:
            await self._fetch_from("origin" if "origin" in remotes else remotes[0])

    async def _open(self) -> None:
        """Find the top of the work tree that the folder is in, so that the whole commit is meant wherever the file stands."""
        if not await asyncio.to_thread(os.path.isdir, self._folder):
            raise NoGo(f"the repository {self._shown} is no folder", "set repository = \"…\" in hosts.toml: a folder or a URL")
        found = await self._git("rev-parse", "--is-bare-repository", "--show-toplevel")
        if found.status != 0 and not found.out.startswith(b"true"):
            raise NoGo(f"{self._shown} is no git repository that can be read: {found.words}", f"git -C {self._folder} status")
        top = found.out.decode("utf-8", "surrogateescape").split("\n")[1]
        self._folder = top or self._folder

    async def _fetch_from(self, remote: str) -> None:
        fetched = await self._git("fetch", "--tags", "--no-recurse-submodules", remote, deadline=DEADLINE)
        self._moved = frozenset(_CLOBBERED.findall(fetched.err.decode("utf-8", "replace")))
        if fetched.status != 0 and not self._moved:
            raise NoGo(f"cannot fetch {remote} of {self._shown}: {fetched.words}", f"try it: git -C {self._folder} fetch {remote}")

    async def _mirror(self) -> None:
        if not await asyncio.to_thread(os.path.isdir, self._folder):
            made = await _ran(["git", "init", "--quiet", "--bare", "--", self._folder], LOOK)
            if made.status != 0:
                raise NoGo(f"cannot make the mirror {self._folder}: {made.words}", "df -h")
        everything = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        fetched = await self._git("fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--", self._location, *everything, deadline=DEADLINE)
        if fetched.status != 0:
            raise NoGo(f"cannot fetch {self._shown}: {fetched.words}", f"try it: git ls-remote {self._shown}")
        said = await self._ask("ls-remote", "--symref", "--", self._location, "HEAD", deadline=DEADLINE)
        head = re.match(r"ref: (refs/heads/\S+)\tHEAD", said)
        if head:
            await self._ask("symbolic-ref", "HEAD", head[1])

    async def _commit(self, ref: str) -> str:
        for name in (ref, f"origin/{ref}"):
            found = await self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if found.status == 0:
                return found.out.decode().strip()
        known = await self._names("refs/tags", "refs/heads", "refs/remotes/origin")
        near = difflib.get_close_matches(ref, known, 3) or known[:3]
        raise UsageFault(
            f"unknown REF {SafeText(ref)} in {self._shown}", f"near it: {', '.join(near)}" if near else "the repository has no tag and no branch"
        )

    async def _names(self, *places: str, contains: str = "") -> list[str]:
        wanted = ("--contains", contains) if contains else ()
        refs = (await self._ask("for-each-ref", "--sort=-creatordate", "--format=%(refname)", *wanted, *places)).split("\n")
        names = (re.sub(r"^refs/(tags|heads|remotes/[^/]+)/", "", ref) for ref in refs if ref and not ref.endswith("/HEAD"))
        return list(dict.fromkeys(names))

    async def _branches(self, commit: str) -> tuple[SafeText, ...]:
        return tuple(map(SafeText, await self._names("refs/heads", "refs/remotes", contains=commit)))

    async def _tags(self, commit: str) -> list[str]:
        """Tags on the commit, the highest version first."""
        return (await self._ask("tag", "--points-at", commit, "--sort=-version:refname")).split()

    async def _subject(self, commit: str) -> tuple[str, str, str, str]:
        """Author, time (UTC, RFC 3339), title of the commit, and the name of its tree."""
        said = await self._ask("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%an%x00%ct%x00%s%x00%T", commit, "--")
        author, seconds, title, tree = said.rstrip("\n").split("\0")
        return author, datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), title, tree

    async def _tree(self, commit: str) -> _Tree:
        entries = (await self._ask("ls-tree", "-r", "-l", "-z", "--full-tree", commit)).split("\0")
        parts = [(entry.partition("\t")[0].split(), entry.partition("\t")[2]) for entry in entries if entry]
        sizes = [int(head[3]) for head, _ in parts if head[3].isdigit()]
        return _Tree(len(sizes), sum(sizes), tuple(path for head, path in parts if head[0] == "160000"))

    async def _uncommitted(self) -> int:
        inside = await self._git("rev-parse", "--is-inside-work-tree")
        if self._is_url or not inside.out.startswith(b"true"):
            return 0
        return len((await self._ask("status", "--porcelain", "--ignore-submodules=none", deadline=DEADLINE)).splitlines())

    async def _ask(self, *words: str, deadline: float = LOOK) -> str:
        answer = await self._git(*words, deadline=deadline)
        if answer.status != 0:
            raise NoGo(f"git {words[0]} failed in {self._shown}: {answer.words}", f"git -C {self._folder} status")
        return answer.out.decode("utf-8", "surrogateescape")

    async def _git(self, *words: str, deadline: float = LOOK, data: bytes = b"") -> _Answer:
        settings = (word for setting in SETTINGS for word in ("-c", setting))
        return await _ran(["git", "-C", self._folder, *settings, *words], deadline, data)


_BUILD = "name a command in [app.build] that brings them"


def _version(wanted: str, tags: list[str], commit: str) -> str:
    named = re.sub(r"^(refs/)?tags/", "", wanted)
    return named if named in tags else tags[0] if tags else commit[:7]


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return SafeText(", ".join(paths[:NAMED]) + more)


def _lfs_pointers(folder: str) -> tuple[str, ...]:
    paths = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return tuple(sorted(path.relative_to(folder).as_posix() for path in paths if _is_lfs_pointer(path)))


def _is_lfs_pointer(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LFS_SIZE:
        return False
    return path.read_bytes().startswith(LFS)


def _environment() -> dict[str, str]:
    """What git and ssh need, and nothing that would point git at another repository."""
    return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes", **program_environment(os.environ, *NETWORK), **QUIET}


async def _ran(argv: list[str], deadline: float, data: bytes = b"") -> _Answer:
    """Run a program in a session of its own, where it can ask nobody; at its deadline (seconds) it is ended with all that it started."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=pipe if data else asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=_environment(), start_new_session=True
    )
    try:
        async with asyncio.timeout(deadline):
            out, err = await process.communicate(data or None)
    except TimeoutError:
        return _Answer(124, b"", f"no answer within {deadline:.0f} s".encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return _Answer(process.returncode or 0, out, err)


@contextlib.asynccontextmanager
async def _held(path: str) -> AsyncIterator[None]:
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
