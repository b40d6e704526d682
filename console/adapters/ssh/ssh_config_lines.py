"""What stands in SSH configuration files, read line by line as ssh reads it: which commands the mere asking of `ssh -G` would run.

Only as much as that needs; what the lines come to is ssh's own to say. It runs nothing.
"""

import glob
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

DEEPEST = 16
"""Files that include each other, as in ssh."""
_ALONE = ("all", "canonical", "final")
_WORD = re.compile(r'\s*=?\s*(?:"([^"]*)"|([^\s"#][^\s]*))|\s*(#)')


@dataclass(frozen=True, slots=True)
class MatchSubject:
    """Which host ssh is asked about: the name that is typed, who would log in (empty: not said), and who asks."""

    name: str
    user: str
    local_user: str


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line of a file: its keyword in small letters, and its words."""

    file: str
    keyword: str
    words: tuple[str, ...]


def lines_of(files: tuple[Path, ...]) -> Iterator[ConfigLine]:
    """Yield the lines of those files, with what they include in place of each Include. A file that cannot be read has none."""
    for file in files:
        yield from _lines(file, 0)


def _lines(file: Path, depth: int) -> Iterator[ConfigLine]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for raw in text.splitlines():
        found = re.match(r"\s*([A-Za-z0-9]+)(.*)", raw)
        if found is None:
            continue
        line = ConfigLine(str(file), found[1].lower(), _words(found[2]))
        if line.keyword == "include" and depth < DEEPEST:
            for pattern in line.words:
                home = Path("/etc/ssh") if str(file).startswith("/etc/ssh/") else Path("~/.ssh").expanduser()
                for name in sorted(glob.glob(str(home / Path(pattern).expanduser()))):
                    yield from _lines(Path(name), depth + 1)
        else:
            yield line


def _words(rest: str) -> tuple[str, ...]:
    words, at = [], 0
    while found := _WORD.match(rest, at):
        if found[3]:
            break
        words.append(found[1] if found[1] is not None else found[2])
        at = found.end()
    return tuple(words)


def would_run(lines: tuple[ConfigLine, ...], asked: MatchSubject) -> ConfigLine | None:
    """Return the Match line whose `exec` would be run when ssh is asked about that host; None: there is none."""
    may_be = {
        "originalhost": {asked.name}, "host": {asked.name} | _values(lines, "hostname"), "localuser": {asked.local_user},
        "user": {asked.user} if asked.user else {asked.local_user} | _values(lines, "user"),
    }  # fmt: skip
    return next((line for line in lines if line.keyword == "match" and _runs(line.words, may_be)), None)


def _values(lines: tuple[ConfigLine, ...], keyword: str) -> set[str]:
    return {word for line in lines if line.keyword == keyword for word in line.words[:1]}


def _runs(words: tuple[str, ...], may_be: Mapping[str, set[str]]) -> bool:
    """Whether the line's `exec` is come to: ssh leaves a line at the first criterion that is surely not met."""
    left = list(words)
    while left:
        criterion = left.pop(0).lower()
        attribute, _, given = criterion.lstrip("!").partition("=")
        if attribute in _ALONE:
            continue
        if attribute == "exec":
            return True
        value = given or (left.pop(0) if left else "")
        if attribute in may_be and not criterion.startswith("!") and not any("%" in text or _is_like(text, value) for text in may_be[attribute]):
            return False
    return False


def _is_like(text: str, patterns: str) -> bool:
    """Whether a list of patterns matches: `*` and `?`, and with `!` in front it must not."""
    found = False
    for pattern in patterns.split(","):
        if fnmatchcase(text.lower(), pattern.lstrip("!").lower().replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found
