"""What a release holds, as the text that lies in it (`.deploy-manifest`), and how one release is made of another. Pure.

A line for each file as `sha256sum` writes it, below three that name version, commit and release. Then, as comments: `#x NAME` for what is executable,
`#l NAME<tab>TARGET` for symlinks, `#d NAME` for folders with nothing in them. Names begin with `./`.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname
from typing import NamedTuple

from console.errors import UsageFault

_UNPLAIN = re.compile(r"[\x00-\x1f\x7f\\]")
_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)


class PackedFile(NamedTuple):
    """A file of a release: the SHA-256 of what it holds (hex), and whether it may be executed."""

    digest: str
    is_executable: bool = False


@dataclass(frozen=True)
class Manifest:
    """What a release holds. Names are paths below it and begin with `./`; bytes that are no UTF-8 are surrogates."""

    version: str
    commit: str
    release: str
    files: Mapping[str, PackedFile] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Those with nothing in them."""

    def lines(self) -> list[bytes]:
        """The text, as lines without their ends."""
        head = (f"# version {self.version}", f"# commit {self.commit}", f"# release {self.release}")
        files = (_summed(file.digest, name) for name, file in sorted(self.files.items()))
        bits = (f"#x {name}" for name, file in sorted(self.files.items()) if file.is_executable and "\n" not in name)
        links = (f"#l {_escaped(name)}\t{_escaped(target)}" for name, target in sorted(self.links.items()))
        folders = (f"#d {_escaped(name)}" for name in sorted(self.folders))
        return [_bytes(line) for line in (*head, *files, *bits, *links, *folders)]

    def text(self) -> bytes:
        """The text that lies in the release."""
        return b"".join(line + b"\n" for line in self.lines())

    def digest(self) -> str:
        """SHA-256 of the text, hex: it stands for all that the release holds."""
        return hashlib.sha256(self.text()).hexdigest()

    def content(self) -> str:
        """SHA-256 of what is shipped, whatever it is called: without version, commit and release."""
        files = (f"{file.digest} {'755' if file.is_executable else '644'} {name}\n" for name, file in sorted(self.files.items()))
        links = (f"link {name} {target}\n" for name, target in sorted(self.links.items()))
        return hashlib.sha256(b"".join(map(_bytes, (*files, *links)))).hexdigest()


def _summed(digest: str, name: str) -> str:
    """One file as `sha256sum` writes it: a name with a backslash or a line's end is escaped, with a backslash before the line."""
    plain = name.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{digest}  {name}" if plain == name else f"\\{digest}  {plain}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


def manifest_of(text: bytes) -> Manifest:
    """Read a manifest. Raises UsageFault for what is none: a name that leads out of the release, a line of another kind, no file at all."""
    named = {"version": "", "commit": "", "release": ""}
    digests: dict[str, str] = {}
    links: dict[str, str] = {}
    bits, folders = set[str](), []
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        mark, _, rest = line.partition(" ")
        if found := _LINE.fullmatch(line):
            digests[_unescaped(found[3]) if found[1] else found[3]] = found[2]
        elif mark == "#x":
            bits.add(rest)
        elif mark == "#l" and "\t" in rest:
            name, _, target = rest.partition("\t")
            links[_unescaped(name)] = _unescaped(target)
        elif mark == "#d":
            folders.append(_unescaped(rest))
        elif mark == "#":
            word, _, value = rest.partition(" ")
            named[word] = value
        elif line:
            raise UsageFault(f"this is no line of a manifest: {line!r}")
    _check((*digests, *links, *folders))
    files = {name: PackedFile(digest, name in bits) for name, digest in digests.items()}
    return Manifest(named["version"], named["commit"], named["release"], files, links, tuple(folders))


def _check(names: tuple[str, ...]) -> None:
    """Refuse names that lead out of a release, and a release of nothing. Raises UsageFault."""
    for name in names:
        if not name.startswith("./") or any(part in ("", ".", "..") for part in name[2:].split("/")):
            raise UsageFault(f"{name!r} cannot be in a release")
    if not names:
        raise UsageFault("a manifest names no file")


@dataclass(frozen=True)
class Difference:
    """How a release is made of an older one: what is sent, and what of the older one is not in it."""

    files: tuple[str, ...]
    links: tuple[str, ...]
    gone: tuple[str, ...] = ()
    """Paths that do not come from the older release: a folder stands for all that is in it."""
    patch: bytes | None = None
    """A script for sed that makes the manifest of the older one's; None: the whole manifest is sent."""


def whole(new: Manifest) -> Difference:
    """Say that everything is sent: for a host that has no release to take anything from."""
    return Difference(tuple(sorted(new.files)), tuple(sorted(new.links)))


def difference(old: Manifest, old_text: bytes, new: Manifest, apart: "re.Pattern[str]", damaged: frozenset[str], *, links: bool) -> Difference:
    """Say what has to be sent to who has `old`. `apart`: paths that are never shared between releases; `damaged`: names that are not there as they were.

    `links`: whether symlinks come from the older release too; else all of them are sent.
    """

    def stays(name: str) -> bool:
        return not _UNPLAIN.search(name) and name not in damaged and not apart.fullmatch(name[2:])

    kept = {name for name, file in new.files.items() if old.files.get(name) == file and stays(name)}
    kept |= {name for name, target in new.links.items() if links and old.links.get(name) == target and stays(name)}
    files = tuple(sorted(name for name in new.files if name not in kept))
    sent_links = tuple(sorted(name for name in new.links if name not in kept))
    return Difference(files, sent_links, tuple(_gone(old, new, kept)), patch_of(old_text, new.lines()))


def _gone(old: Manifest, new: Manifest, kept: set[str]) -> Iterator[str]:
    """Name what is in the way in a copy of the older release, the topmost of what is gone as a whole. What is no folder takes the place of another such."""
    folders = _folders(new)
    left = _folders(old) - folders
    topmost = {folder for folder in left if dirname(folder) not in left}
    yield from sorted(topmost)
    for name in sorted({*old.files, *old.links} - kept - {*new.files, *new.links}):
        if dirname(name) not in left:
            yield name


def _folders(manifest: Manifest) -> set[str]:
    found = set(manifest.folders)
    for name in (*manifest.files, *manifest.links, *manifest.folders):
        above = dirname(name)
        while above != "." and above not in found:
            found.add(above)
            above = dirname(above)
    return found


def patch_of(old_text: bytes, new: list[bytes]) -> bytes | None:
    """Return a script for sed that makes the new lines of the old text; None: lines changed places, or one of them stands there twice."""
    old = old_text.split(b"\n")
    if old.pop() != b"":
        return None
    here, there = set(old), set(new)
    common = [line for line in old if line in there]
    if common != [line for line in new if line in here] or len(here) != len(old) or len(there) != len(new):
        return None
    return b"".join(_hunks(old, new, [*common, None]))


def _hunks(old: list[bytes], new: list[bytes], common: Iterable[bytes | None]) -> Iterator[bytes]:
    at = now = 0
    for line in common:
        end = at
        while end < len(old) and old[end] != line:
            end += 1
        until = now
        while until < len(new) and new[until] != line:
            until += 1
        yield from _hunk(at, end, new[now:until], is_last=at == len(old))
        at, now = end + 1, until + 1


def _hunk(at: int, end: int, added: list[bytes], *, is_last: bool) -> Iterator[bytes]:
    """Put lines in the place of those from `at` to before `end` (counted from 0). A text's lines end in a backslash but for the last one."""
    text = b"\\\n".join(line.replace(b"\\", b"\\\\") for line in added) + b"\n"
    if added and end > at:
        yield b"%dc\\\n%s" % (at + 1, text)
        at += 1
    elif added:
        yield b"$a\\\n%s" % text if is_last else b"%di\\\n%s" % (at + 1, text)
    if end > at:
        yield b"%d,%dd\n" % (at + 1, end)
