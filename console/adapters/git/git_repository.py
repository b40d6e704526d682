"""The source of releases: a git repository, read with the real `git`. Implements `ports.Repository`.

Owns what a work tree, a bare repository and a URL have in common; how each is fetched, asked and written stands in `git_fetch`, `refs` and `commit_content`.
It must not know of hosts, builds or archives. A person's own work tree is fetched into, and otherwise left as it is.
"""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from posixpath import normpath

from console.adapters.git import find_version, log_format
from console.adapters.git.commit_content import CommitContents, CommitPlace, WantedContent
from console.adapters.git.find_version import FoundRef
from console.adapters.git.git_command import Git, without_credentials
from console.adapters.git.git_fetch import DEADLINE, Remote, fetched, mirrored
from console.core.host.shared_entries import ways_to
from console.errors import NoGo, UsageFault
from console.model.commit_holding import Holding
from console.model.configured_environment import Environment
from console.model.fleet_snapshot import Candidate
from console.model.pending_commits import Between
from console.model.release_facts import Relation, Revision
from console.safe_text import SafeText

NAMED = 5
"""Uncommitted files that are named."""
HELD = 4
"""Commits whose content is kept in mind."""
_REF = re.compile(r"(?!-)[^\s:?*\[\\\x00-\x20\x7f]{1,250}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class GitRepository:
    """A work tree (or bare repository) on this machine, or a URL that is mirrored into the cache folder. `file`: the hosts.toml that names it."""

    def __init__(self, location: str, cache: str, file: str = "") -> None:
        self._location = location
        self._file = file
        self._is_url = "://" in location or (re.match(r"[^/:]+:", location) is not None and not Path(location).exists())
        name = hashlib.sha256(location.encode()).hexdigest()[:16]
        self._git = Git(str(Path(cache) / f"mirror-{name}.git") if self._is_url else location, without_credentials(location), own=self._is_url)
        self._contents = CommitContents(cache)
        self._remote = Remote()
        self._held: dict[tuple[str, WantedContent], Holding] = {}

    async def resolve(self, ref: str) -> Revision:
        """Fetch, and pin REF (empty: HEAD) to a commit. Raises UsageFault for an unknown REF, NoGo where it cannot be read."""
        wanted = ref or "HEAD"
        if not _REF.fullmatch(wanted) or ".." in wanted:
            raise UsageFault(f"{SafeText(wanted, 80)!r} cannot be a REF", "give a tag, a branch or a commit: --version v1.2.3")
        await self._fetch(wanted)
        found = await find_version.found(self._git, wanted, self._remote)
        commit = found.commit
        tags, branches, subject, tree, uncommitted, standing = await asyncio.gather(
            self._tags(commit), self._branches(commit), self._subject(commit), self._tree(commit), self._uncommitted(), self._standing(found)
        )
        author, committed, title, held = subject
        upstream, behind, published = standing
        return Revision(
            commit=commit, version=SafeText(_version(wanted, tags, commit)), ref=SafeText(wanted), branches=branches, tags=tuple(map(SafeText, tags)),
            author=SafeText(author), subject=SafeText(title), committed=committed, uncommitted=len(uncommitted),
            changed_files=tuple(map(SafeText, uncommitted[:NAMED])), files=tree[0], size=tree[1], tree=held, named=found.kind, upstream=SafeText(upstream),
            behind=behind, published=published, remote=SafeText(self._git.shown if self._is_url else self._remote.name),
        )  # fmt: skip

    async def candidates(self, live: Mapping[str, int], limit: int) -> tuple[Candidate, ...]:
        """Fetch, and say what could be released, newest first: tags, then commits of HEAD that nothing live holds."""
        await self._fetch("HEAD")
        here = [commit for commit in live if (await self._git.run("cat-file", "-e", f"{commit}^{{commit}}")).ok]
        held = frozenset([tag for commit in here for tag in (await self._git.ask("tag", "--merged", commit)).split("\n")])
        words = ("for-each-ref", "--sort=-version:refname", "--sort=-creatordate", f"--count={limit}", f"--format={log_format.TAGS}", "refs/tags")
        tags = tuple(each for each in log_format.tags_from(await self._git.ask(*words), live, held) if str(each.ref) not in self._remote.moved)
        hidden = [f"^{commit}" for commit in here]
        listed = ("log", "--no-show-signature", "--encoding=UTF-8", f"--max-count={limit}", f"--format={log_format.COMMITS}")
        since = await self._git.ask(*listed, "HEAD", *hidden, "--")
        return (*tags, *log_format.commits_from(since, live, tags))

    async def between(self, live: str, commit: str, migrations: str) -> Between:
        """Say what one commit has that a live one has not; `migrations` is a glob of files, empty: none. Fetches nothing."""
        await self._find(commit)
        if not _COMMIT.fullmatch(live) or not (await self._git.run("cat-file", "-e", f"{live}^{{commit}}")).ok:
            nothing = (await self._git.ask("hash-object", "-t", "tree", "--stdin")).strip()
            return Between(known=False, migrations=await self._added(nothing, commit, migrations))
        said = await self._git.ask("log", "--no-show-signature", "--encoding=UTF-8", f"--format={log_format.COMMITS}", f"{live}..{commit}", "--")
        back = await self._git.ask("rev-list", "--count", f"{commit}..{live}", "--")
        return Between(changes=log_format.changes_from(said), backwards=int(back), migrations=await self._added(live, commit, migrations))

    async def _added(self, live: str, commit: str, migrations: str) -> tuple[SafeText, ...]:
        """The files of that glob that a commit has and another has not."""
        if not migrations:
            return ()
        words = ("diff", "--name-only", "--no-renames", "--diff-filter=A", "-z")
        added = await self._git.ask(*words, live, commit, "--", f":(top,glob){migrations}")
        return tuple(SafeText(name) for name in added.split("\0") if name)

    async def relation(self, live: str, commit: str) -> Relation:
        """Say how a commit stands to a live one. Fetches nothing."""
        await self._find(commit)
        return await find_version.relation(self._git, live, commit) if _COMMIT.fullmatch(live) else "unknown"

    async def contents(self, commit: str, paths: tuple[str, ...], largest: int) -> Mapping[str, bytes | SafeText]:
        """Return files of the commit, in two calls of git however many they are."""
        await self._find(commit)
        plain = tuple(path for path in paths if "\n" not in path)
        sizes = await self._cat("--batch-check", commit, plain)
        found: dict[str, bytes | SafeText] = {path: SafeText("it cannot be read") for path in paths}
        for path, row in zip(plain, sizes.decode("utf-8", "replace").split("\n"), strict=False):
            kind, size = ([*row.split()[1:], "", ""])[:2]
            found[path] = b"" if kind == "blob" and int(size) <= largest else SafeText(log_format.unread_words(kind, size, largest))
        wanted = tuple(path for path in plain if found[path] == b"")
        out, at = await self._cat("--batch", commit, wanted), 0
        for path in wanted:
            head, at = out[at : out.index(b"\n", at)], out.index(b"\n", at) + 1
            found[path], at = out[at : at + int(head.split()[2])], at + int(head.split()[2]) + 1
        return found

    async def _cat(self, how: str, commit: str, paths: tuple[str, ...]) -> bytes:
        asked = "".join(f"{commit}:{path}\n" for path in paths).encode("utf-8", "surrogateescape")
        answer = await self._git.run("cat-file", how, given=asked)
        if not answer.ok:
            raise NoGo(f"the migrations cannot be read in {commit[:7]}: {answer.words}", f"git -C {self._git.folder} fsck")
        return answer.out

    async def inspect(self, environment: Environment, revision: Revision) -> Holding:
        """Say what the commit holds, with its submodules and LFS files, which are fetched. Raises NoGo where it cannot be read."""
        key = revision.commit, _wanted(environment)
        if key not in self._held:
            await self._find(revision.commit)
            found = await self._contents.read(await self._place(revision.commit), key[1])
            if found.pointers or found.modules:  # what is missing now may be there the next time
                return found
            self._held = dict([*self._held.items()][-HELD + 1 :]) | {key: found}
        return self._held[key]

    async def export(self, environment: Environment, revision: Revision, folder: str, *, anyway: bool = False) -> None:
        """Write a clean copy of the commit, with its submodules and LFS files, into an empty folder. Raises NoGo for what is not to be had.

        `anyway`: somebody said with a reason that it is to be shipped as it is.
        """
        await self._find(revision.commit)
        await self._contents.write(await self._place(revision.commit), _wanted(environment), folder, anyway=anyway)

    async def _place(self, commit: str) -> CommitPlace:
        if self._is_url:
            return CommitPlace(self._git, commit, self._location)
        names = (await self._git.ask("remote")).split()
        main = "origin" if "origin" in names else names[0] if names else ""
        url = (await self._git.run("config", f"remote.{main}.url")).text.strip() if main else ""
        said = await self._git.ask("rev-parse", "--git-path", "modules", "--git-common-dir")
        here, common = (os.path.join(self._git.folder, row) for row in said.splitlines())
        return CommitPlace(self._git, commit, url, tuple(dict.fromkeys((here, f"{common}/modules"))))

    async def _find(self, commit: str) -> None:
        """Have the commit here, also where another process resolved it."""
        if not self._is_url:
            await self._open()
        elif not (await self._git.run("cat-file", "-e", f"{commit}^{{commit}}")).ok:
            await self._fetch(commit)

    async def _fetch(self, ref: str) -> None:
        if not shutil.which("git"):
            raise NoGo("git is not on this machine", "apt install git")
        if self._is_url:
            await mirrored(self._git, self._location)
            return
        await self._open()
        self._remote = await fetched(self._git, ref)

    async def _open(self) -> None:
        """Find the top of the work tree that the folder is in, so that the whole commit is meant wherever the file stands."""
        folder = self._git.folder
        if not await asyncio.to_thread(os.path.isdir, folder):
            raise NoGo(f"the repository {self._git.shown} is no folder", 'set repository = "…" in [app] of hosts.toml: a folder or a URL')
        found = await self._git.run("rev-parse", "--is-bare-repository", "--show-toplevel")
        if not found.ok and not found.out.startswith(b"true"):
            raise NoGo(f"{self._git.shown} is no git repository that can be read: {found.words}", await asyncio.to_thread(_remedy, folder, self._file))
        self._git.folder = found.text.split("\n")[1] or folder

    async def _standing(self, found: FoundRef) -> tuple[str, int, bool | None]:
        """What the branch follows, how many commits that is ahead, and whether a remote has the commit."""
        if self._is_url:
            return "", 0, True
        upstream = await find_version.upstream(self._git, found, self._remote)
        behind = await find_version.behind(self._git, found.commit, upstream) if upstream else 0
        return re.sub(r"^refs/(heads|remotes)/", "", upstream), behind, await find_version.is_published(self._git, found.commit, self._remote)

    async def _branches(self, commit: str) -> tuple[SafeText, ...]:
        return tuple(map(SafeText, await find_version.names(self._git, "refs/heads", "refs/remotes", contains=commit)))

    async def _tags(self, commit: str) -> list[str]:
        """Tags on the commit, the highest version first; one that the remote has moved says nothing of it."""
        said = (await self._git.ask("tag", "--points-at", commit, "--sort=-version:refname")).split()
        return [tag for tag in said if tag not in self._remote.moved]

    async def _subject(self, commit: str) -> tuple[str, str, str, str]:
        """Author, time (UTC, RFC 3339), title of the commit, and the name of its tree."""
        said = await self._git.ask("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%an%x00%ct%x00%s%x00%T", commit, "--")
        author, seconds, title, tree = said.rstrip("\n").split("\0")
        return author, datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), title, tree

    async def _tree(self, commit: str) -> tuple[int, int]:
        """Files and bytes of the commit, without its submodules."""
        entries = (await self._git.ask("ls-tree", "-r", "-l", "-z", "--full-tree", commit)).split("\0")
        sizes = [int(size) for entry in entries if (size := entry.partition("\t")[0].split(" ")[-1]).isdigit()]
        return len(sizes), sum(sizes)

    async def _uncommitted(self) -> list[str]:
        """Files that are changed or new, without hosts.toml: that is read as it stands, and never shipped from there."""
        inside = await self._git.run("rev-parse", "--is-inside-work-tree")
        if self._is_url or not inside.out.startswith(b"true"):
            return []
        words = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal")
        for of_modules in ("none", "all"):  # one that is broken here says nothing of the commit
            said = await self._git.run(*words, f"--ignore-submodules={of_modules}", "--", ".", *self._without_file(), deadline=DEADLINE)
            if said.ok:
                break
        else:
            raise NoGo(f"the work tree {self._git.shown} cannot be read: {said.words}", f"git -C {self._git.folder} status")
        return [row[3:] for row in said.text.split("\0") if row]

    def _without_file(self) -> tuple[str, ...]:
        file, top = os.path.realpath(self._file), os.path.realpath(self._git.folder)
        return (f":(exclude,top,literal){os.path.relpath(file, top)}",) if self._file and file.startswith(f"{top}/") else ()


def _wanted(environment: Environment) -> WantedContent:
    """A build gets the whole commit, else what is shipped is enough."""
    ways = (normpath(f"{environment.directory}/{way}") for way in ways_to(environment.shared))
    return WantedContent("." if environment.build else environment.directory, environment.submodules, frozenset(() if environment.build else ways))


def _version(wanted: str, tags: list[str], commit: str) -> str:
    named = re.sub(r"^(refs/)?tags/", "", wanted)
    return named if named in tags else tags[0] if tags else commit[:7]


def _remedy(folder: str, file: str) -> str:
    """What to type where a folder is no repository: the one beside the file, or that another user's is to be trusted."""
    top = next((str(path) for path in (Path(folder), *Path(folder).parents) if _is_repository(path)), "")
    if top and os.stat(top).st_uid != os.geteuid():
        return f"it belongs to another user; where that one is trusted: git config --global --add safe.directory {top}"
    if top:
        return f"git -C {folder} status"
    start = os.path.dirname(file) or folder
    beside = sorted(os.path.relpath(path, start) for path in Path(folder).iterdir() if path.is_dir() and _is_repository(path))
    if not beside:
        return 'set repository = "…" in [app] of hosts.toml: a folder with a git repository, or a URL'
    return f'set repository = "{beside[0]}" in [app] of hosts.toml' + (f"; also there: {', '.join(beside[1:5])}" if beside[1:] else "")


def _is_repository(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())
