"""What a commit holds, with its submodules and LFS files: read for the pre-flight, and written to a folder for a release, by the same ways.

Submodules come from mirrors in the cache folder, at the commits that are pinned; LFS files through git-lfs. It judges nothing but what cannot be had.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from console.adapters.git.git_command import Git, environment, ran, without_credentials
from console.adapters.git.git_fetch import DEADLINE, brought
from console.core.checks.content import unfit
from console.errors import ConsoleError, NoGo
from console.model.commit_holding import Holding
from console.model.values import changed
from console.safe_text import SafeText

LFS_DEADLINE = 900.0
"""Seconds for all LFS files of a commit."""
LFS_SIZE = 1024
"""Bytes that a pointer of Git LFS has at most."""
POINTERS = ("filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false")
"""LFS files are written as pointers first, whatever the person's settings are; what they stand for is put there afterwards."""
_POINTER = re.compile(rb"version https://git-lfs[^\n]*\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n")
_MODULE = re.compile(r"submodule\.(.*)\.(path|url)", re.DOTALL)


@dataclass(frozen=True)
class WantedContent:
    """What of a commit is read: one folder or all of it (`.`), and whether its submodules are filled in."""

    directory: str = "."
    submodules: bool = True
    ways: frozenset[str] = frozenset()
    """Folders that lead to what is shared: it matters what stands there instead."""

    def within(self, path: str) -> bool:
        """Whether a folder of the commit is in it, or holds it."""
        return self.holds(path) or f"{self.directory}/".startswith(f"{path}/")

    def holds(self, path: str) -> bool:
        """Whether a path is in it."""
        return self.directory == "." or f"{path}/".startswith(f"{self.directory}/")

    def below(self, path: str) -> "WantedContent":
        """What is wanted of a submodule at that path."""
        inner = self.directory.removeprefix(f"{path}/") if self.directory.startswith(f"{path}/") else "."
        return WantedContent(inner, self.submodules, frozenset(way.removeprefix(f"{path}/") for way in self.ways if way.startswith(f"{path}/")))


@dataclass(frozen=True)
class CommitPlace:
    """A commit in a repository. `url`: where it came from, for relative URLs of its submodules and for its LFS files; empty: from nowhere else."""

    git: Git
    commit: str
    url: str
    modules: tuple[str, ...] = ()
    """Folders in which the repositories of its submodules may stand already."""


@dataclass(frozen=True)
class Module:
    """A submodule: its place, or why it is not to be had."""

    path: str
    place: CommitPlace | None
    why: SafeText = SafeText("")


@dataclass(frozen=True)
class _Pointer:
    path: str
    oid: str
    size: int


@dataclass(frozen=True)
class _Listing:
    """What `git archive` would write: attributes such as export-ignore are heeded."""

    files: int
    size: int
    unfit: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    pointers: tuple[_Pointer, ...]
    folders: frozenset[str]
    standing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Store:
    """Where LFS files stand on this machine; which are missing, and why."""

    folder: Path
    missing: tuple[str, ...] = ()
    why: SafeText = SafeText("")
    remedy: SafeText = SafeText("")


class CommitContents:
    """Reads and writes commits. `cache` is a folder for mirrors of submodules."""

    def __init__(self, cache: str) -> None:
        self._cache = Path(cache)

    async def read(self, place: CommitPlace, wanted: WantedContent) -> Holding:
        """Return what the commit holds. Submodules are fetched, LFS files too. Raises NoGo where the commit itself cannot be read."""
        listing = await self._list(place, wanted)
        store = await _filled(place, tuple(one for one in listing.pointers if wanted.holds(one.path)))
        held = Holding(
            listing.files, listing.size, listing.unfit, listing.links, store.missing, store.why, store.remedy, (),
            wanted.directory == "." or wanted.directory in listing.folders, listing.standing,
        )  # fmt: skip
        for module in await self._modules(place, wanted, listing.folders):
            if module.place is None:
                held = changed(held, modules=(*held.modules, (module.path, module.why)))
            else:
                held = held.beside(await self.read(module.place, wanted.below(module.path)), module.path)
        return held

    async def write(self, place: CommitPlace, wanted: WantedContent, folder: str, *, anyway: bool) -> None:
        """Write the commit into an empty folder. Raises NoGo for what is not to be had; `anyway`: that is left as it is, empty or a pointer."""
        await _unpack(place, wanted, folder)
        pointers = await asyncio.to_thread(lambda: tuple(one for one in _pointers_in(folder) if wanted.holds(one.path)))
        store = await _filled(place, pointers)
        if store.missing and not anyway:
            raise NoGo(f"LFS files are pointers only: {', '.join(store.missing[:3])}: {store.why}", str(store.remedy))
        await asyncio.to_thread(_put, folder, store, pointers)
        folders = await asyncio.to_thread(lambda: frozenset(_folders_in(folder)))
        for module in await self._modules(place, wanted, folders):
            if module.place is not None:
                await self.write(module.place, wanted.below(module.path), str(Path(folder, module.path)), anyway=anyway)
            elif not anyway:
                raise NoGo(f"the submodule {module.path} is not to be had: {module.why}", "push it, or submodules = false in [app]")

    async def _list(self, place: CommitPlace, wanted: WantedContent) -> _Listing:
        argv = place.git.argv("archive", "--format=tar", place.commit, *await _limit(place, wanted), settings=POINTERS)
        try:
            return await asyncio.to_thread(_listed, argv, wanted.ways)
        except (tarfile.TarError, OSError, EOFError) as fault:
            raise NoGo(f"{place.commit[:7]} of {place.git.shown} cannot be read: {fault}", f"git -C {place.git.folder} fsck") from fault

    async def _modules(self, place: CommitPlace, wanted: WantedContent, folders: frozenset[str]) -> list[Module]:
        """The submodules that are wanted, each fetched at its commit."""
        if not wanted.submodules:
            return []
        rows = (row.partition("\t") for row in (await place.git.ask("ls-tree", "-r", "-z", "--full-tree", place.commit)).split("\0"))
        pinned = {path: head.split()[2] for head, _, path in rows if head.startswith("160000 ")}
        here = {path: commit for path, commit in pinned.items() if path in folders and wanted.within(path)}
        if not here:
            return []
        said = await place.git.run("config", "-z", "--blob", f"{place.commit}:.gitmodules", "--get-regexp", r"^submodule\..*\.(path|url)$")
        named = _named(said.text)
        return [await self._module(place, path, commit, *named.get(path, ("", ""))) for path, commit in here.items()]

    async def _module(self, place: CommitPlace, path: str, commit: str, name: str, url: str) -> Module:
        if not url:
            return Module(path, None, SafeText(".gitmodules names no URL for it"))
        if re.match(r"[A-Za-z0-9+.-]+::", url):  # a program of its own, such as ext::
            return Module(path, None, SafeText(f"its URL {url} is of a kind that is not fetched"))
        source = _resolved(place.url or place.git.folder, url)
        key = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        git = Git(str(self._cache / f"module-{key}.git"), without_credentials(source), own=True)
        stands = [f"{folder}/{name}" for folder in place.modules if name and ".." not in name.split("/")]
        why = await _have(git, commit, (*stands, source))
        deeper = tuple(f"{folder}/modules" for folder in stands)
        return Module(path, None, why) if why else Module(path, CommitPlace(git, commit, source, deeper))


async def _have(git: Git, commit: str, sources: tuple[str, ...]) -> SafeText:
    """Have a commit in a mirror, from the first source that gives it; why not, else nothing."""
    why = ""
    for source in ("", *sources):
        try:
            if source and (source == sources[-1] or await asyncio.to_thread(os.path.isdir, source)):
                await brought(git, source, commit)
        except ConsoleError as fault:
            why = fault.message
            continue
        if (await git.run("cat-file", "-e", f"{commit}^{{commit}}")).ok:
            return SafeText("")
        why = f"its commit {commit[:7]} is not in {git.shown}"
    return SafeText(why)


def _resolved(base: str, url: str) -> str:
    """Return a submodule's URL; a relative one is laid on the URL of what holds it, as git does."""
    if not url.startswith(("./", "../")):
        return url
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            head, slash, _ = base.rpartition("/")
            base = head if slash else base.rpartition(":")[0]
        url = url.partition("/")[2]
    return f"{base}/{url}" if "/" in base or ":" not in base else f"{base}:{url}"


def _named(said: str) -> dict[str, tuple[str, str]]:
    """Read `.gitmodules` as git says it: (name, URL) by path."""
    found: dict[str, dict[str, str]] = {}
    for row in said.split("\0"):
        key, _, value = row.partition("\n")
        match = _MODULE.fullmatch(key)
        if match:
            found.setdefault(match[1], {})[match[2]] = value
    return {values["path"].rstrip("/"): (name, values.get("url", "")) for name, values in found.items() if "path" in values}


async def _limit(place: CommitPlace, wanted: WantedContent) -> tuple[str, ...]:
    """The path that the archive is limited to, where that is a folder of this very repository."""
    if wanted.directory == ".":
        return ()
    kind = await place.git.run("cat-file", "-t", f"{place.commit}:{wanted.directory}")
    return ("--", f":(top,literal){wanted.directory}") if kind.text.strip() == "tree" else ()


def _listed(argv: list[str], ways: frozenset[str]) -> _Listing:
    """Read an archive as it is made; nothing of it is written to the disk. Raises OSError unless git has written it to its end."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment(), start_new_session=True)
        late = threading.Timer(DEADLINE, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
                listing = _summed(archive, ways)
            while process.stdout and process.stdout.read(1 << 16):  # what fills the last block
                pass
            if code := process.wait():  # an archive that was cut between two files reads like a whole one
                raise OSError(_said(errors) or f"git archive ended with {code}")
            return listing
        except tarfile.TarError as fault:
            process.wait()
            raise OSError(_said(errors) or str(fault)) from fault
        finally:
            late.cancel()
            if process.stdout:
                process.stdout.close()
            process.wait()


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode("utf-8", "replace").strip()[-400:]


def _summed(archive: tarfile.TarFile, ways: frozenset[str]) -> _Listing:
    files = size = 0
    bad: list[str] = []
    links: list[tuple[str, str]] = []
    pointers: list[_Pointer] = []
    folders: set[str] = set()
    standing: list[str] = []
    for member in archive:
        archive.members = []  # type: ignore[attr-defined]  # else it keeps them all
        name = member.name.rstrip("/")
        if unfit(name):
            bad.append(name)
        if member.isdir():
            folders.add(name)
        elif member.issym():
            links.append((name, member.linkname))
        else:
            files, size = files + 1, size + member.size
            standing += [name] if name in ways else []
            content = archive.extractfile(member) if member.size <= LFS_SIZE else None
            pointers += _pointer(name, content.read() if content else b"")
    return _Listing(files, size, tuple(bad), tuple(links), tuple(pointers), frozenset(folders), tuple(standing))


def _pointer(name: str, content: bytes) -> list[_Pointer]:
    found = _POINTER.fullmatch(content)
    return [_Pointer(name, found[1].decode(), int(found[2]))] if found else []


async def _unpack(place: CommitPlace, wanted: WantedContent, folder: str) -> None:
    archive = f"{folder.rstrip('/')}.export.tar"
    try:
        limit = await _limit(place, wanted)
        await place.git.ask("archive", "--format=tar", f"--output={archive}", place.commit, *limit, deadline=DEADLINE, settings=POINTERS)
        unpacked = await ran(["tar", "-xpof", archive, "-C", folder], DEADLINE)
        if not unpacked.ok:
            raise NoGo(f"the commit could not be written to {folder}: {unpacked.words}", "df -h")
    finally:
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(os.remove, archive)


def _pointers_in(folder: str) -> Iterator[_Pointer]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if not path.is_symlink() and path.is_file() and path.stat().st_size <= LFS_SIZE:
                yield from _pointer(path.relative_to(folder).as_posix(), path.read_bytes())


def lfs_pointers(folder: str) -> tuple[str, ...]:
    """Return the paths of files that are a pointer of Git LFS in place of their content."""
    return tuple(sorted(one.path for one in _pointers_in(folder)))


def _folders_in(folder: str) -> Iterator[str]:
    for place, names, _ in os.walk(folder):
        for name in names:
            yield Path(place, name).relative_to(folder).as_posix()


def _put(folder: str, store: _Store, pointers: tuple[_Pointer, ...]) -> None:
    missing = frozenset(store.missing)
    for one in pointers:
        if one.path not in missing:
            target = Path(folder, one.path)
            mode = target.stat().st_mode
            shutil.copyfile(_object(store.folder, one.oid) if one.size else Path(os.devnull), target)
            target.chmod(mode & 0o777)


def _object(folder: Path, oid: str) -> Path:
    return folder / oid[:2] / oid[2:4] / oid


async def _filled(place: CommitPlace, pointers: tuple[_Pointer, ...]) -> _Store:
    """Have the LFS files on this machine; those that are not to be had, and why."""
    everything = tuple(one.path for one in pointers)
    if not pointers or not shutil.which("git-lfs"):
        why = SafeText("git-lfs is not on the console's machine" if pointers else "")
        return _Store(Path(), everything, why, SafeText("apt install git-lfs, on this machine"))
    said = (await place.git.run("lfs", "env")).text
    folder = Path(next((row.partition("=")[2] for row in said.splitlines() if row.startswith("LocalMediaDir=")), ""))
    lacking = await asyncio.to_thread(_lacking, folder, pointers)
    if not lacking:
        return _Store(folder)
    if not place.url:
        return _Store(folder, lacking, SafeText("there is no remote to fetch it from"), SafeText(f"git -C {place.git.folder} remote add origin URL"))
    settings = (f"remote.origin.url={place.url}", "lfs.fetchinclude=", "lfs.fetchexclude=")
    fetched = await place.git.run("lfs", "fetch", "origin", place.commit, deadline=LFS_DEADLINE, settings=settings)
    lacking = await asyncio.to_thread(_lacking, folder, pointers)
    words = fetched.words if not fetched.ok else "the remote does not have it"
    return _Store(folder, lacking, SafeText(words if lacking else ""), SafeText("where the files are: git lfs push --all origin"))


def _lacking(folder: Path, pointers: tuple[_Pointer, ...]) -> tuple[str, ...]:
    return tuple(one.path for one in pointers if one.size and not _is_there(_object(folder, one.oid), one.size))


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
