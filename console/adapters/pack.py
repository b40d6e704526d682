"""Packs a release once, on the console's machine: a deterministic tar.gz with a manifest inside. Knows nothing of git or hosts."""

import asyncio
import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path

from console.errors import NoGo
from console.model.release import Package, Release

LEVEL = 3
MANIFEST = ".deploy-manifest"


async def pack(folder: str, release: Release, target: str) -> Package:
    """Pack all that is in the folder into `target`. Raises NoGo for what a release cannot carry."""
    return await asyncio.to_thread(_pack, Path(folder), release, Path(target))


def _pack(folder: Path, release: Release, target: Path) -> Package:
    paths = sorted(path for path in folder.rglob("*") if path.name != MANIFEST or path.parent != folder)
    files = [path for path in paths if path.is_file() and not path.is_symlink()]
    manifest = _manifest(folder, files, release)
    with target.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=LEVEL, mtime=0) as packed, tarfile.open(
        fileobj=packed, mode="w", format=tarfile.PAX_FORMAT
    ) as archive:
        for path in paths:
            _add(archive, folder, path)
        info = tarfile.TarInfo(f"./{MANIFEST}")
        info.size, info.mode = len(manifest), 0o644
        archive.addfile(info, io.BytesIO(manifest))
    with target.open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    unpacked = sum(path.stat().st_size for path in files)
    return Package(str(target), digest, target.stat().st_size, hashlib.sha256(manifest).hexdigest(), len(files), unpacked)


def _manifest(folder: Path, files: list[Path], release: Release) -> bytes:
    lines = [f"# version {release.version}", f"# commit {release.commit}", f"# release {release.id}"]
    for path in files:
        name = path.relative_to(folder).as_posix()
        if "\n" in name or "\\" in name:
            raise NoGo(f"{name!r} cannot be in a release: its name holds a line break or a backslash", "rename the file")
        with path.open("rb") as content:
            lines.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  ./{name}")
    return ("\n".join(lines) + "\n").encode()


def _add(archive: tarfile.TarFile, folder: Path, path: Path) -> None:
    name = path.relative_to(folder).as_posix()
    info = archive.gettarinfo(str(path), f"./{name}")
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    if info.issym():
        _inside(folder, path, name)
        archive.addfile(info)
    elif info.isreg() or info.islnk():
        info.type = tarfile.REGTYPE
        info.size = path.stat().st_size
        with path.open("rb") as content:
            archive.addfile(info, content)
    elif info.isdir():
        archive.addfile(info)
    else:
        raise NoGo(f"{name} cannot be in a release: it is neither file, folder nor link")


def _inside(folder: Path, path: Path, name: str) -> None:
    target = Path(os.path.normpath(path.parent / path.readlink()))
    if path.readlink().is_absolute() or not target.is_relative_to(folder):
        raise NoGo(f"{name} is a link out of the release, to {path.readlink()}", "make it relative, or put it into shared")
