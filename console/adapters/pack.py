"""Packs a release once, on the console's machine: a deterministic tar.gz, with a manifest inside that every host checks.

It must not know of git, builds or hosts. The same folder, release and time make the same bytes.
"""

import asyncio
import contextlib
import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from console.adapters.git.commit_content import lfs_pointers
from console.core.checks.content import MANIFEST, flaws_of, told
from console.errors import NoGo
from console.model.release import Package, Release
from console.text import SafeText

LEVEL = 3
"""Of gzip: more costs seconds and saves little."""


async def pack(
    folder: str, release: Release, target: str, mtime: int = 0, links_out: tuple[str, ...] = (), *, anyway: bool = False
) -> Package:  # fmt: skip
    """Pack all that is in the folder into the file `target`. Raises NoGo for what a release cannot carry, all of it by name.

    `mtime` is what every file is dated to: the commit's time, in seconds since 1970. A web server's ETags are made of it.
    `links_out` may lead out of the release; `anyway`: whatever can be packed is.
    """
    return await asyncio.to_thread(_packed, folder, release, target, mtime, links_out, anyway)


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Digesting:
    """A file whose bytes are digested as they pass by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash: _Hash = hashlib.sha256()
        self.size = 0

    def read(self, limit: int = -1) -> bytes:
        return self._passed(self._file.read(limit))

    def write(self, data: bytes) -> int:
        self._file.write(self._passed(bytes(data)))
        return len(data)

    def _passed(self, data: bytes) -> bytes:
        self._hash.update(data)
        self.size += len(data)
        return data

    def flush(self) -> None:
        self._file.flush()

    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass
class _Manifest:
    """What `sha256sum -c` reads, below three lines that say which release it is; last, as `#x NAME`, what is executable."""

    release: Release
    digests: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    unpacked: int = 0

    def add(self, name: str, passed: _Digesting, mode: int) -> None:
        self.digests[name] = passed.digest()
        self.modes[name] = f"{mode:o}"
        self.unpacked += passed.size

    def shipped(self) -> str:
        """The digest of what is packed, without its version, commit and release: files with their modes, links with their targets."""
        files = (f"{digest} {self.modes[name]} {name}\n" for name, digest in sorted(self.digests.items()))
        links = (f"link {name} {target}\n" for name, target in sorted(self.links.items()))
        return hashlib.sha256(b"".join(map(os.fsencode, (*files, *links)))).hexdigest()

    def content(self) -> bytes:
        head = (f"# version {self.release.version}", f"# commit {self.release.commit}", f"# release {self.release.id}")
        lines = (_line(digest, name) for name, digest in sorted(self.digests.items()))
        bits = (f"#x {name}" for name, mode in sorted(self.modes.items()) if mode == "755" and "\n" not in name)
        return b"".join(os.fsencode(line) + b"\n" for line in (*head, *lines, *bits))


def _line(digest: str, name: str) -> str:
    """One file as `sha256sum` writes it: a name with a backslash or a line's end is escaped, with a backslash before the line."""
    plain = name.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{digest}  {name}" if plain == name else f"\\{digest}  {plain}"


def _packed(folder: str, release: Release, target: str, mtime: int, links_out: tuple[str, ...], anyway: bool) -> Package:
    _judge(folder, links_out, anyway=anyway)
    manifest = _Manifest(release)
    partial = f"{target}.partial"
    try:
        with open(partial, "wb") as raw:
            archive = _Digesting(raw)
            _write(folder, archive, manifest, mtime)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(partial, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(partial)
    digest = hashlib.sha256(manifest.content()).hexdigest()
    return Package(target, archive.digest(), archive.size, digest, len(manifest.digests), manifest.unpacked, manifest.shipped())


def _judge(folder: str, links_out: tuple[str, ...], *, anyway: bool) -> None:
    """Refuse what cannot be shipped, by the rules of the pre-flight, on what is there now: a build may have made it."""
    paths = {path.relative_to(folder).as_posix(): path for path in _walk(folder)}
    links = {name: os.readlink(path) for name, path in paths.items() if path.is_symlink()}
    flaws = flaws_of(paths, links, lfs_pointers(folder), links_out)
    flaws = tuple(flaw for flaw in flaws if flaw.firm or not anyway)
    if flaws:
        remedies = dict.fromkeys(str(flaw.remedy) for flaw in flaws)
        raise NoGo(f"this cannot be in a release: {told(flaws)}", "; ".join(remedies))


def _write(folder: str, to: _Digesting, manifest: _Manifest, mtime: int) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=to, compresslevel=LEVEL, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape") as archive,
    ):
        for path in _walk(folder):
            if path != Path(folder, MANIFEST):
                _add(archive, Path(folder), path, manifest, mtime)
        if not manifest.digests:
            raise NoGo(f"there is no file to release in {folder}", "does the commit, or the build's output, hold anything?")
        content = manifest.content()
        archive.addfile(_member(f"./{MANIFEST}", tarfile.REGTYPE, 0o644, mtime, len(content)), io.BytesIO(content))


def _walk(folder: str) -> Iterator[Path]:
    """Yield all that is in the folder, sorted by the bytes of its names, a folder before what is in it."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in found:
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)


def _add(archive: tarfile.TarFile, root: Path, path: Path, manifest: _Manifest, mtime: int) -> None:
    name = path.relative_to(root).as_posix()
    found = path.lstat()
    if stat.S_ISREG(found.st_mode):
        mode = 0o755 if found.st_mode & 0o100 else 0o644
        _add_file(archive, path, _member(f"./{name}", tarfile.REGTYPE, mode, mtime, found.st_size), manifest)
    elif stat.S_ISDIR(found.st_mode):
        archive.addfile(_member(f"./{name}", tarfile.DIRTYPE, 0o755, mtime))
    elif stat.S_ISLNK(found.st_mode):
        member = _member(f"./{name}", tarfile.SYMTYPE, 0o777, mtime)
        member.linkname = os.readlink(path)
        manifest.links[member.name] = member.linkname
        archive.addfile(member)
    else:
        raise NoGo(f"{SafeText(name)} cannot be in a release: it is neither file, folder nor link", "remove it, or let it be made on the host")


def _add_file(archive: tarfile.TarFile, path: Path, member: tarfile.TarInfo, manifest: _Manifest) -> None:
    with path.open("rb") as file:
        passing = _Digesting(file)
        archive.addfile(member, passing)
    manifest.add(member.name, passing, member.mode)


def _member(name: str, kind: bytes, mode: int, mtime: int, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime, member.size = kind, mode, mtime, size
    return member
