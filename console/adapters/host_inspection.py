"""A look at a host, in one read-only command that creates nothing; what it printed becomes `HostFacts`.

Reading the text is pure (`facts_of`); only `HostScout` touches a host. What the facts mean is judged elsewhere.
"""

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from console.adapters.checks.forwarded import unforwarded
from console.adapters.checks.one_question import Reveal
from console.adapters.host_lock import holder_of, words_of
from console.core.host import integrity, maintenance_script, sudo, writable
from console.core.host.by_hand import LIVE
from console.core.host.release_scripts import RELEASE, RELEASE_GLOBS
from console.core.host.shell import quote
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_facts import HostFacts, HostRelease, LockHolder
from console.model.values import changed
from console.ports.hosts import Ran, Transport
from console.safe_text import SafeText, safe_end

END = "seen"
"""The last line of a look: what is kept of an answer may end before, and then it is not known who holds the host."""

_ASK = r"""
p=$1
shift
say() { printf '%s %s\n' "$1" "$2"; }
say now "$(date +%s)"
read -r b < /proc/sys/kernel/random/boot_id && say boot "$b"
"""

_FIT = r"""
for t in sh tar gzip setsid sha256sum mv readlink df date; do command -v "$t" > /dev/null 2>&1 || say missing "$t"; done
for t in curl wget; do ! command -v "$t" > /dev/null 2>&1 || say fetch "$t"; done
case $(mv --help 2>&1) in *-T* | *'[-'*T*) ;; *) say missing 'mv -T' ;; esac
n=$p
while [ ! -d "$n" ]; do case $n in ?*/*) n=${n%/*} ;; *) n=/ ;; esac; done
say blocks "$(df -Pk -- "$n" 2>/dev/null | tail -n 1)"
say inodes "$(df -Pi -- "$n" 2>/dev/null | tail -n 1)"
@WRITABLE@
@SUDO@
for s in "$@"; do
  case $s in
    file:*) [ -e "$p/shared/${s#file:}" ] || [ -d "$p/shared" -a ! -x "$p/shared" ] || say shared "${s#file:}" ;;
    folder:*) made "${s#folder:}" ;;
    sudo:*) tried "${s#sudo:}" ;;
  esac
done
""".replace("@WRITABLE@", writable.LOOK.strip()).replace("@SUDO@", sudo.LOOK.strip())
"""Whether a release can be made here. Each command that it asks `sudo` about costs a process and a line in the host's log of logins."""

_STANDS = (
    r"""
nl='
'
@LIVE@
@WHOLE@
describe() {
  v= c= w=manifest
  if [ -r "$2/.deploy-manifest" ]; then
    while read -r mark word rest; do
      [ "$mark" = '#' ] || break
      case $word in version) v=$rest ;; commit) c=$rest ;; esac
    done < "$2/.deploy-manifest"
  else
    w=none
    [ -z "$(ls -A -- "$2" 2>/dev/null)" ] && w=empty
    [ ! -r "$2/REVISION" ] || read -r c < "$2/REVISION" || :
  fi
}
cd -- "$p" 2>/dev/null || { echo @END@; exit 0; }
live
case $live$link in *"$nl"* | *"$tab"*) say unfit name; live= link= ;; esac
if [ -L current ]; then
  say current "$live"
  [ -d ./current/ ] || say dangling "$link"
elif [ -d current ]; then
  n=adopted; while [ -e "releases/$n" ]; do n=$n.more; done
  say nolink "folder $n"
elif [ -e current ]; then say nolink file
fi
for s in check:"$live" "$@"; do
  case $s in check:/*) r=${s#check:} ;; *) continue ;; esac
  if [ -d "$r" ]; then describe "$r" "$r"; printf 'release %s\t%s\t%s\t%s\n' "$r" "$w" "$c" "$v"; fi
done
for f in releases/*; do
  r=${f#releases/}
  [ -d "$f" ] && [ ! -L "$f" ] || continue
  case $r in - | lost+found | *"$nl"* | *"$tab"*) continue ;; esac
  describe "$r" "./$f"
  if [ "$r" != "$live" ] && [ "$w" = empty ]; then case $r in *[!0-9a-fTZ-]*) continue ;; @GLOBS@) ;; *) continue ;; esac; fi
  printf 'release %s\t%s\t%s\t%s\n' "$r" "$w" "$c" "$v"
done
[ -z "$live" ] || ! [ -d ./current/ ] || verify "$live" ./current/
for s in "$@"; do
  case $s in
    quiet:*) [ ! -d ./current/ ] || compare ./current/ "${s#quiet:}" ;;
    check:"$live") ;;
    check:/*) verify "${s#check:}" "${s#check:}" ;;
    check:*) verify "${s#check:}" "./releases/${s#check:}" ;;
  esac
done
[ ! -r .deploy/history ] || tail -n 2000 .deploy/history | while IFS= read -r l; do say history "$l"; done
for f in .deploy/runs/*/switching; do [ ! -r "$f" ] || { read -r l < "$f" && say switching "$l"; }; done
for f in .deploy/lock/*; do
  [ -d "$f" ] || continue
  now=$(date +%s) beat=
  [ ! -r "$f/heartbeat" ] || read -r beat < "$f/heartbeat" || :
  [ -n "$beat" ] || beat=$(date -r "$f" +%s 2>/dev/null) || beat=$now
  say lock "epoch: ${f##*/}"
  say lock "age: $((now - beat))"
  for w in owner run since from reason engine; do l=; [ ! -r "$f/$w" ] || IFS= read -r l < "$f/$w" || :; say lock "$w: $l"; done
  break
done
@MAINTENANCE@
[ ! -r .deploy/closed ] || while IFS= read -r l; do say closed "$l"; done < .deploy/closed
echo @END@
exit 0
""".replace("@GLOBS@", RELEASE_GLOBS)
    .replace("@END@", END)
    .replace("@LIVE@", LIVE.strip())
    .replace("@WHOLE@", integrity.LOOK.strip())
)
_STANDS = _STANDS.replace("@MAINTENANCE@", maintenance_script.LOOK)

LOOK = _ASK + _STANDS
EXAMINE = _ASK + _FIT + _STANDS


class HostScout:
    """The port `Scout` over a transport. `reveal` has the secrets that a gate's URL may be."""

    def __init__(self, transport: Transport, reveal: Reveal = lambda name: None) -> None:
        self._transport = transport
        self._reveal = reveal

    async def look(self, environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        """Say what stands on the host. `deadline` is seconds."""
        return await self._ask(host, LOOK, (environment.path_on(host), _quiet(environment)), environment, deadline)

    async def examine(self, environment: Environment, host: Host, *, deadline: float, target: str = "") -> HostFacts:
        """Say what stands on the host, and whether a release can be made there; the files of `target`, a release, are checked too. `deadline` is seconds."""
        files = [f"folder:{name.rstrip('/')}" if name.endswith("/") else f"file:{name}" for name in environment.shared]
        asks = sudo.sudo_asks(environment, host)
        words = (environment.path_on(host), _quiet(environment), *files, *(f"sudo:{asked}" for asked in asks), *((f"check:{target}",) if target else ()))
        await self._transport.verify(host)
        facts, deaf, sessions = await asyncio.gather(
            self._ask(host, EXAMINE, words, environment, deadline),
            unforwarded(self._transport, environment, host, self._reveal, deadline=deadline),
            self._transport.sessions(host, deadline=deadline),
        )
        seen = self._transport.ssh_seen(host)
        return changed(facts, unforwarded=deaf, sessions=sessions, ssh=changed(seen, problem=facts.problem_kind) if seen else None)

    async def _ask(self, host: Host, script: str, words: tuple[str, ...], environment: Environment, deadline: float) -> HostFacts:
        sent = time.time()
        ran = await self._transport.run(host, f"set -- {' '.join(map(quote, words))}\n{script}", deadline=deadline)
        if not ran.ok:
            return _not_seen(host, ran)
        if not ran.out.endswith(f"\n{END}\n".encode()):
            problem = SafeText(f"what a look at it says is too much, and was cut after {len(ran.out)} bytes: {safe_end(ran.out, 80)}")
            return HostFacts(host.name, problem=problem, problem_kind="channel", hint=SafeText(f"look at {environment.path_on(host)}/.deploy/history there"))
        return facts_of(host.name, ran.out, sent, time.time(), environment.shared, environment.writes, environment.path_on(host))


def _quiet(environment: Environment) -> str:
    return f"quiet:{integrity.quiet(environment.shared, environment.writes)}"


def _not_seen(host: Host, ran: Ran) -> HostFacts:
    if ran.problem:
        return HostFacts(host.name, problem=ran.problem.message, problem_kind=ran.problem.kind, hint=ran.problem.hint)
    if ran.status is None:
        return HostFacts(host.name, problem=SafeText("the link was lost while it was looked at"), problem_kind="unreachable")
    words = SafeText(f"looking at it ended with exit code {ran.status}: {safe_end(ran.err, 200)}")
    return HostFacts(host.name, problem=words, problem_kind="channel")


@dataclass(frozen=True)
class _Printed:
    """What a look printed, by its first word."""

    lines: dict[str, list[str]] = field(default_factory=dict)

    def all(self, word: str) -> list[str]:
        return self.lines.get(word, [])

    def one(self, word: str) -> str:
        return next(iter(self.all(word)), "")

    def __contains__(self, word: str) -> bool:
        return word in self.lines


def _read(printed: bytes) -> _Printed:
    lines: dict[str, list[str]] = {}
    for line in printed.decode("utf-8", "replace").split("\n"):
        word, _, rest = line.partition(" ")
        lines.setdefault(word, []).append(rest)
    return _Printed(lines)


def facts_of(
    host: str, printed: bytes, sent: float, received: float, shared: tuple[str, ...] = (), writes: tuple[str, ...] = (), path: str = ""
) -> HostFacts:  # fmt: skip
    """Read what a look printed. `sent` and `received` are the console's clock (seconds) around the look."""
    found = _read(printed)
    history = [words for line in found.all("history") if len(words := line.split("\t")) >= 5]
    current = found.one("current")
    may = integrity.expected(shared, writes)
    bad, lost = integrity.plain(found.all("bad")), found.all("lost")
    damage = integrity.damage_of(bad, lost, found.all("checked"), found.all("bare"), may)
    told = integrity.files_in((*bad, *lost), current)
    seen = (damage.get(current, ""), integrity.changes_of(found.all("other"), found.all("then"), found.all("unlinked"), told))
    healthy = {words[3] for words in history if words[2] == "healthy"}
    releases = {release.id: release for line in found.all("release") if (release := _release(line, healthy, damage))}
    broken = _broken(found, history)
    who, nofolder, readonly, unmade = (found.one(word) for word in ("who", "nofolder", "readonly", "unmade"))
    refusal = writable.refusal_of(path, who, nofolder, readonly, unmade, found.all("unwritable"))
    return HostFacts(
        host,
        current=current,
        current_broken=SafeText(broken),
        current_hint=SafeText(_adopting(found, path)),
        releases=_oldest_first(releases.values(), history),
        free=None if (blocks := _available(found.one("blocks"))) is None else blocks * 1024,
        inodes=_inodes(found.one("inodes")),
        clock_skew=_skew(found.one("now"), sent, received),
        missing_tools=tuple(map(SafeText, found.all("missing"))),
        can_fetch="fetch" in found,
        not_writable=SafeText(refusal.words),
        write_hint=SafeText(refusal.hint),
        narrow_umask=SafeText(f"{found.one('umask')} of {found.one('who')}" if writable.is_narrow(found.one("umask")) else ""),
        missing_shared=tuple(map(SafeText, found.all("shared"))),
        sudo_refused=tuple(SafeText(f"sudo {words}") for words in found.all("sudo")),
        lock=_holder(found.all("lock")),
        closed=_note(_holder(found.all("closed")), found.one("now")),
        maintenance=maintenance_script.maintenance_left(found.all("maintenance")),
        boot=str(SafeText(found.one("boot"))),
        drift=SafeText("; ".join(words for words in ("" if broken else _drift(found, history, current), *seen) if words)),
    )


def _oldest_first(releases: Iterable[HostRelease], history: list[list[str]]) -> tuple[HostRelease, ...]:
    """Order releases as the host's history last names them; names are by a clock that may have been set back."""
    place = {words[3]: number for number, words in enumerate(history)}
    return tuple(sorted(releases, key=lambda release: (place.get(release.id, -1), release.id)))


def _available(line: str) -> int | None:
    """Return the available amount of a line of `df -P`; None: not known."""
    found = re.search(r"\s\d+\s+\d+\s+(\d+)\s+(?:\d+%|-)", line)
    return int(found.group(1)) if found else None


def _inodes(line: str) -> int | None:
    """Return the free inodes by a line of `df -Pi`; None: that file system does not count them, or it is not known."""
    found = re.search(r"\s(\d+)\s+\d+\s+(\d+)\s+(?:\d+%|-)", line)
    return int(found.group(2)) if found and int(found.group(1)) else None


def _skew(now: str, sent: float, received: float) -> float | None:
    if not now.isdigit():
        return None
    second = int(now)
    return round(min(0.0, second + 1 - sent) if second + 1 <= sent else max(0.0, second - received), 1)


def _release(line: str, healthy: set[str], damage: Mapping[str, str]) -> HostRelease | None:
    """Read a line about a release; None for a folder that no command could be given by its name."""
    name, marked, commit, version = [*line.split("\t", 3), "", "", ""][:4]
    if SafeText(name) != name:
        return None
    bad = damage.get(name, "")
    if marked == "empty":
        bad = "it is empty"
    elif marked == "none" and RELEASE.fullmatch(name) and not name.isdigit():
        bad = "its manifest is gone"
    return HostRelease(
        name, SafeText(version), str(SafeText(commit)), whole=not bad, healthy=name in healthy, damage=SafeText(bad), bare=marked == "none"
    )  # fmt: skip


def _holder(lines: list[str]) -> LockHolder | None:
    return holder_of(words_of("\n".join(lines))) if lines else None


def _note(note: LockHolder | None, now: str) -> LockHolder | None:
    """Return a person's note as long as it holds, by the host's clock (`now`, seconds of the epoch). One whose end cannot be read holds."""
    if note is None or not note.until or not now.isdigit():
        return note
    try:
        until = datetime.fromisoformat(note.until)
    except ValueError:
        return note
    return note if until.tzinfo is None or until.timestamp() > int(now) else None


def _changes(history: Iterable[list[str]]) -> list[list[str]]:
    return [words for words in history if words[2] in ("switch", "rollback", "rollback-by-hand")]


def _was_cut(found: _Printed, current: str) -> bool:
    """Whether a switch to what is live was begun by the console and its record was cut off."""
    return any(line.split("\t" if "\t" in line else " ")[0] == (current or "-") for line in found.all("switching"))


def _broken(found: _Printed, history: list[list[str]]) -> str:
    if "unfit" in found:
        return "current points at a name with control characters"
    if "dangling" in found:
        return f"current points at {found.one('dangling')}, which is not there"
    if "nolink" in found:
        return f"current is a {found.one('nolink').partition(' ')[0]}, not a link"
    if SafeText(found.one("current")) != found.one("current"):
        return f"current points at {found.one('current')}, which is no name that a command can be given by"
    if found.one("current") or not found.all("release"):
        return ""
    changes = _changes(history)
    if changes and changes[-1][3] != "-" and not _was_cut(found, ""):
        return f"current is missing; the console left {changes[-1][3]}"
    if not changes and any("\tnone\t" in line for line in found.all("release")):
        return "current is missing beside releases"
    return ""


def _adopting(found: _Printed, path: str) -> str:
    """What to type on the host where `current` is no link; empty: it is one."""
    kind, _, name = found.one("nolink").partition(" ")
    if not kind:
        return ""
    here = f"cd {quote(path)} && "
    return here + (f"mkdir -p releases && mv current releases/{name} && ln -s releases/{name} current" if kind == "folder" else "mv current current.old")


def _drift(found: _Printed, history: list[list[str]], current: str) -> str:
    changes = _changes(history)
    if not changes:
        return ""
    at, by, what, left, before = changes[-1][:5]
    if (current or "-") != left:
        return "" if _was_cut(found, current) else f"current is {current or 'missing'}, the console left {left}: something else changed it"
    return f"gone back by hand from {before} at {at}, by {by} with .deploy/rollback" if what == "rollback-by-hand" else ""
