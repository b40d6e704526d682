"""Whether a release on a host is what was shipped: its files against the manifest, and what lies in it against the list that was made when it was verified.

Texts for POSIX sh, and how their answers are read; pure. It must not know who asks. What is shared, or written by the application, may differ.

The manifest (`.deploy-manifest`) has a line for each file as `sha256sum -c` reads it, below it `#x NAME` for what is executable. The list
(`.deploy-listing`) has a line for all that the release held when it was verified: type and mode in hex, for a link the length of its target, the name.
`.deploy-linked` names what is linked from shared/.
"""

import re
from collections.abc import Iterable

MOST = 200
"""Lines of each kind that a host sends."""
NAMED = 3
"""So many files are named; the others are counted."""

LISTING = r"""
listing() (
  cd -P -- "$1" && {
    find . -xdev -type l ! -path './.deploy-*' -exec stat -c '%f %s %n' {} +
    find . -xdev ! -type l ! -path . ! -path './.deploy-*' -exec stat -c '%f - %n' {} +
  } 2>/dev/null | LC_ALL=C sort
)
"""
"""`listing FOLDER` prints what lies in a release, sorted."""

LOOK = (
    LISTING
    + r"""
verify() {
  [ -r "$2/.deploy-manifest" ] || return 0
  ( cd -- "$2" && { LC_ALL=C grep -v '^#' .deploy-manifest | LC_ALL=C sha256sum -c - 2>/dev/null; echo "checked $?"; } | grep -v ': OK$' ) | {
    n=0
    while IFS= read -r l; do
      case $l in checked\ *) printf 'checked %s\t%s\n' "$1" "${l#checked }"; continue ;; esac
      n=$((n + 1))
      [ "$n" -gt @MOST@ ] || printf 'bad %s\t%s\n' "$1" "$l"
    done
  }
  grep -q -v '^#' "$2/.deploy-manifest" || say bare "$1"
  sed -n 's/^#x //p' "$2/.deploy-manifest" | while IFS= read -r l; do if [ -f "$2/$l" ] && ! [ -x "$2/$l" ]; then printf 'lost %s\t%s\n' "$1" "$l"; fi; done |
    head -n @MOST@
}
compare() {
  [ ! -r "$1/.deploy-linked" ] || while IFS= read -r l; do
    if [ ! -L "$1/$l" ] || [ ! "$1/$l" -ef "shared/$l" ]; then say unlinked "$l"; fi
  done < "$1/.deploy-linked"
  [ -r "$1/.deploy-listing" ] && command -v stat > /dev/null || return 0
  other=$(listing "$1" | LC_ALL=C sort - "$1/.deploy-listing" | uniq -u | LC_ALL=C grep -Ev "$2" | head -n @MOST@)
  [ -n "$other" ] || return 0
  printf '%s\n' "$other" | while IFS= read -r l; do say other "$l"; done
  printf '%s\n' "$other" | LC_ALL=C grep -xF -f - "$1/.deploy-listing" | while IFS= read -r l; do say then "$l"; done
}
"""
).replace("@MOST@", str(MOST))
"""`verify RELEASE FOLDER` says which files are not those of the manifest; `compare FOLDER QUIET` what came, went or changed its mode, links among it
(`other`: what one of both lists has; `then`: of these what the older has). Both need `say`."""


def expected(shared: tuple[str, ...], writes: tuple[str, ...]) -> "re.Pattern[str]":
    """Return the expression for the paths in a release that may differ."""
    return re.compile("|".join(_pattern(glob, "(?:") for glob in (*shared, *writes)) or r"(?!)", re.DOTALL)


def quiet(shared: tuple[str, ...], writes: tuple[str, ...]) -> str:
    """Return the same for `grep -E`, over lines of a list."""
    may = "|".join(_pattern(glob, "(") for glob in (*shared, *writes))
    return rf"^[0-9a-f]+ [0-9-]+ \./({may})$" if may else "^$"


def _pattern(glob: str, group: str) -> str:
    """Return the expression for a path pattern: `*` stays within a folder, `**` does not, one that ends in / is all below it."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.rstrip("/"))
    meant = {"**/": f"{group}.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meant.get(part, re.sub(r"([.\\+*?()|\[\]{}^$])", r"\\\1", part)) for part in parts) + f"{group}/.*)?"


def plain(bad: Iterable[str]) -> list[str]:
    """Return the lines of `sha256sum -c` that `verify` sent, without their verdict."""
    return [line.rpartition(":")[0].replace("\t\\./", "\t./", 1) for line in bad if ":" in line]


def damage_of(bad: Iterable[str], lost: Iterable[str], checked: Iterable[str], bare: Iterable[str], may: "re.Pattern[str]") -> dict[str, str]:
    """Say, by release, in what it is not what was shipped; empty: it is. Lines begin with the release and a tab (`plain`); `may`: what may differ."""
    differ, bits = _by_release(bad, may), _by_release(lost, may)
    unread = {line.partition("\t")[0] for line in bad}
    without = set(bare)
    damage = {}
    for name, _, code in (line.partition("\t") for line in checked):
        words = [_files(differ.get(name, []), "from the release"), _counted(bits.get(name, []), "not executable any more")]
        if code != "0" and name not in unread and name not in without:
            words.append("its manifest cannot be checked")
        damage[name] = "; ".join(filter(None, words))
    return damage


def _by_release(lines: Iterable[str], may: "re.Pattern[str]") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, _, file in (line.partition("\t") for line in lines):
        if not may.fullmatch(file.removeprefix("./")):
            found.setdefault(name, []).append(file.removeprefix("./"))
    return found


def files_in(lines: Iterable[str], release: str) -> frozenset[str]:
    """Return the files of that release that lines of `verify` name."""
    return frozenset(file.removeprefix("./") for name, _, file in (line.partition("\t") for line in lines) if name == release)


def changes_of(changed: Iterable[str], were: Iterable[str], unlinked: Iterable[str], told: frozenset[str]) -> str:
    """Say what came, went or changed since the release was verified. `changed`: lines that only one of both lists has; `were`: those of the older;
    `told`: files of which something was said already."""
    before = frozenset(were)
    then, now = _names(before), _names(line for line in changed if line not in before)
    tops = [name for name in now if name not in then and not any(name.startswith(f"{other}/") for other in now if other not in then)]
    gone = [name for name in then if name not in now and not any(name.startswith(f"{other}/") for other in then if other not in now) and name not in told]
    other = [name for name in now if name in then and name not in told]
    links = [f"{name} is no link to shared/{name} any more" for name in unlinked]
    return "; ".join(
        filter(None, (_counted(tops, "added"), _counted(gone, "gone"), _counted(other, "of another mode or kind than it was verified with"), *links))
    )  # fmt: skip


def _names(lines: Iterable[str]) -> list[str]:
    parts = (line.split(" ", 2) for line in lines)
    return [words[2].removeprefix("./") for words in parts if len(words) == 3]


def _files(names: list[str], where: str) -> str:
    return f"{len(names)} {'file differs' if len(names) == 1 else 'files differ'} {where}: {_some(names)}" if names else ""


def _counted(names: list[str], what: str) -> str:
    return f"{len(names)} {what}: {_some(names)}" if names else ""


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:NAMED]) + (", …" if len(names) > NAMED else "")
