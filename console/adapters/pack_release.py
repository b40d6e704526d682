"""Reads a release once, on the console's machine: what it holds becomes its manifest, which every host checks.

It must not know of git, builds or hosts, nor of how a release travels (`compressed_stream.py`). The same folder and release make the same manifest.
"""

import asyncio
import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from console.adapters.git.commit_content import lfs_pointers
from console.core.checks.content import MANIFEST, flaws_of, told
from console.core.host.release_manifest import Manifest, PackedFile
from console.errors import NoGo
from console.model.release_facts import Package, Release
from console.safe_text import SafeText


async def pack(
    folder: str, release: Release, target: str, mtime: int = 0, links_out: tuple[str, ...] = (), *, anyway: bool = False
) -> Package:  # fmt: skip
    """Read all that is in the folder, and write its manifest into the file `target`. Raises NoGo for what a release cannot carry, all of it by name.

    `mtime` is what every file is dated to where it is sent: the commit's time, in seconds since 1970. A web server's ETags are made of it.
    `links_out` may lead out of the release; `anyway`: whatever can be packed is.
    """
    return await asyncio.to_thread(_packed, folder, release, target, mtime, links_out, anyway)


def _packed(folder: str, release: Release, target: str, mtime: int, links_out: tuple[str, ...], anyway: bool) -> Package:
    _judge(folder, links_out, anyway=anyway)
    manifest, size = _read(folder, release)
    text = manifest.text()
    partial = f"{target}.partial"
    try:
        Path(partial).write_bytes(text)
        os.replace(partial, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)
    return Package(folder, target, hashlib.sha256(text).hexdigest(), len(manifest.files), size, manifest.content(), mtime)


def _judge(folder: str, links_out: tuple[str, ...], *, anyway: bool) -> None:
    """Refuse what cannot be shipped, by the rules of the pre-flight, on what is there now: a build may have made it."""
    paths = {path.relative_to(folder).as_posix(): path for path in _walk(folder)}
    links = {name: os.readlink(path) for name, path in paths.items() if path.is_symlink()}
    flaws = flaws_of(paths, links, lfs_pointers(folder), links_out)
    flaws = tuple(flaw for flaw in flaws if flaw.firm or not anyway)
    if flaws:
        remedies = dict.fromkeys(str(flaw.remedy) for flaw in flaws)
        raise NoGo(f"this cannot be in a release: {told(flaws)}", "; ".join(remedies))


def _read(folder: str, release: Release) -> tuple[Manifest, int]:
    """What is in the folder, and how many bytes its files have."""
    files: dict[str, PackedFile] = {}
    links: dict[str, str] = {}
    folders: list[str] = []
    size = 0
    for path in _walk(folder):
        if path == Path(folder, MANIFEST):
            continue
        name = f"./{path.relative_to(folder).as_posix()}"
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            with path.open("rb") as file:
                files[name] = PackedFile(hashlib.file_digest(file, "sha256").hexdigest(), bool(found.st_mode & 0o100))
            size += found.st_size
        elif stat.S_ISLNK(found.st_mode):
            links[name] = os.readlink(path)
        elif not stat.S_ISDIR(found.st_mode):
            raise NoGo(f"{SafeText(name[2:])} cannot be in a release: it is neither file, folder nor link", "remove it, or let it be made on the host")
        elif not any(path.iterdir()):
            folders.append(name)
    if not files:
        raise NoGo(f"there is no file to release in {folder}", "does the commit, or the build's output, hold anything?")
    return Manifest(str(release.version), release.commit, release.id, files, links, tuple(folders)), size


def _walk(folder: str) -> Iterator[Path]:
    """Yield all that is in the folder, sorted by the bytes of its names, a folder before what is in it."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in found:
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
