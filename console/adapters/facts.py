"""One look at a host, in one read-only command that creates nothing; what it printed becomes `HostFacts`.

Reading the text is pure (`facts_of`); only `HostScout` touches a host. What the facts mean is judged elsewhere.
"""

import shlex
import time

from console.adapters.lock import holder_of
from console.core.shell import quote
from console.model.facts import HostFacts, HostRelease, LockHolder
from console.model.fleet import Command, Environment, Host
from console.ports import Ran, Transport
from console.text import SafeText

LOOK = r"""
p=$1; shift
echo "now $(date +%s)"
read -r b < /proc/sys/kernel/random/boot_id && echo "boot $b"
for t in sh tar gzip setsid sha256sum mv readlink df date awk grep; do command -v $t >/dev/null 2>&1 || echo "missing $t"; done
n=$p; while [ ! -e "$n" ]; do n=$(dirname -- "$n"); done
[ -w "$n" ] || echo "unwritable $n by $(id -un)"
df -Pk -- "$n" | awk 'NR==2 {print "free " $4}'
df -Pi -- "$n" 2>/dev/null | awk 'NR==2 {print "inodes " $4}'
for s in "$@"; do
  case $s in
    file:*) [ -e "$p/shared/${s#file:}" ] || echo "shared ${s#file:}";;
    sudo:*) eval "sudo -n ${s#sudo:}" >/dev/null 2>&1 || echo "sudo ${s#sudo:}";;
  esac
done
cd -- "$p" 2>/dev/null || exit 0
if [ -L current ]; then
  echo "current $(readlink current)"; [ -d current/ ] || echo "dangling"
elif [ -e current ]; then echo "nolink"; fi
for f in releases/*/; do
  [ -d "$f" ] || continue
  r=${f#releases/}; r=${r%/}; m=$f.deploy-manifest
  v=; c=; [ -r "$m" ] && { v=$(sed -n 's/^# version //p' "$m" | head -n 1); c=$(sed -n 's/^# commit //p' "$m" | head -n 1); }
  w=1; h=0
  [ -n "$(ls -A -- "$f")" ] || w=0
  if [ "$(readlink current 2>/dev/null)" = "releases/$r" ] && [ -r "$m" ]; then
    ( cd -- "$f" && grep -v '^#' .deploy-manifest | sha256sum -c - >/dev/null 2>&1 ) || w=0
  fi
  grep -q "	healthy	$r	" .deploy/history 2>/dev/null && h=1
  printf 'release %s\t%s\t%s\t%s\t%s\n' "$r" "$v" "$c" "$w" "$h"
done
[ -r .deploy/history ] && printf 'last %s\n' "$(awk -F'\t' '$3 ~ /^(switch|rollback-by-hand)$/ {l = $0} END {print l}' .deploy/history)"
for k in .deploy/lock/*/; do
  [ -d "$k" ] || continue
  e=${k%/}; printf 'lock %s\t%s\t%s\n' "${e##*/}" "$(( $(date +%s) - $(date -r "$k/heartbeat" +%s 2>/dev/null || echo 0) ))" "$(cat "$k/holder" 2>/dev/null)"
done
[ -r .deploy/closed ] && printf 'closed %s\n' "$(cat .deploy/closed)"
exit 0
"""


class HostScout:
    """Implements `ports.Scout` over any transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def look(self, environment: Environment, host: Host, *, deadline: float) -> HostFacts:
        """Look at one host. `deadline` is seconds."""
        path = environment.path.replace("{host}", host.name)
        files = [f"file:{name}" for name in environment.shared if not name.endswith("/")]
        words = [path, *files, *(f"sudo:{words}" for words in sudo_asks(environment, host))]
        sent = time.time()
        ran = await self._transport.run(host, "set -- " + " ".join(map(quote, words)) + LOOK, deadline=deadline)
        if not ran.ok:
            return _not_seen(host, ran)
        return facts_of(host.name, ran.out, (sent + time.time()) / 2)


def sudo_asks(environment: Environment, host: Host) -> tuple[str, ...]:
    """What to ask `sudo -n` so that it says, without running anything, whether each command of this host would be allowed."""
    names = {*environment.commands, *(name for tag in host.tags for name in environment.tag_commands.get(tag, {}))}
    found = [command for name in sorted(names) if (command := environment.command(host, name))]
    found += [hook.command for hook in environment.hooks if not hook.tags or set(hook.tags) & set(host.tags)]
    return tuple(dict.fromkeys(ask for command in found if (ask := _sudo_ask(command))))


def _sudo_ask(command: Command) -> str:
    if command.run_as:
        return f"-u {quote(command.run_as)} -l sh"
    try:
        words = shlex.split(command.run.splitlines()[0].split("&&")[0].split(";")[0].split("|")[0])
    except ValueError:
        return ""
    if not words or words[0] != "sudo":
        return ""
    rest = words[1:]
    user: list[str] = []
    while rest and rest[0].startswith("-"):
        if rest[0] in ("-u", "--user") and len(rest) > 1:
            user, rest = ["-u", rest[1]], rest[1:]
        rest = rest[1:]
    return shlex.join([*user, "-l", *rest]) if rest else ""


def _not_seen(host: Host, ran: Ran) -> HostFacts:
    if ran.problem:
        return HostFacts(host.name, problem=ran.problem.message, problem_kind=ran.problem.kind, hint=ran.problem.hint)
    words = SafeText(f"looking at it ended with {ran.status}: {SafeText(ran.err.strip()[-200:])}")
    return HostFacts(host.name, problem=words, problem_kind="channel")


def facts_of(host: str, printed: bytes, now: float) -> HostFacts:
    """Read what LOOK printed. `now` is the console's clock (seconds) in the middle of the look."""
    lines: dict[str, list[str]] = {}
    for line in printed.decode("utf-8", "replace").splitlines():
        word, _, rest = line.partition(" ")
        lines.setdefault(word, []).append(rest)

    def one(word: str, default: str = "") -> str:
        return lines.get(word, [default])[0]

    releases = tuple(sorted((_release(text) for text in lines.get("release", ())), key=lambda release: release.id))
    target = one("current")
    current = target.rpartition("/")[2]
    lock = lines.get("lock")
    return HostFacts(
        host, current=current, current_broken=SafeText(_broken(lines, target, releases)), releases=releases, free=_number(one("free")) * 1024,
        inodes=_number(one("inodes")), clock_skew=round(float(_number(one("now"), int(now)) - now), 1), missing_tools=tuple(map(SafeText, lines.get("missing", ()))),
        not_writable=SafeText(f"cannot write to {one('unwritable')}" if "unwritable" in lines else ""),
        missing_shared=tuple(map(SafeText, lines.get("shared", ()))), sudo_refused=tuple(SafeText(f"sudo {words}") for words in lines.get("sudo", ())),
        lock=_lock(lock[0]) if lock else None, closed=holder_of(one("closed")) if "closed" in lines else None, boot=str(SafeText(one("boot"))),
        drift=SafeText(_drift(one("last"), current)),
    )  # fmt: skip


def _number(text: str, default: int = 0) -> int:
    return int(text) if text.isdigit() else default


def _release(text: str) -> HostRelease:
    name, version, commit, whole, healthy = [*text.split("\t"), "", "", "", ""][:5]
    return HostRelease(str(SafeText(name)), SafeText(version), str(SafeText(commit)), whole == "1", healthy == "1")


def _broken(lines: dict[str, list[str]], target: str, releases: tuple[HostRelease, ...]) -> str:
    if "dangling" in lines:
        return f"current points at {target}, which is not there"
    if "nolink" in lines:
        return "current is not a link"
    if not target and any(release.healthy for release in releases):
        return "current is missing beside releases"
    return ""


def _lock(text: str) -> LockHolder:
    epoch, age, line = [*text.split("\t", 2), "", ""][:3]
    return holder_of(line, epoch, float(_number(age)))


def _drift(last: str, current: str) -> str:
    words = last.split("\t")
    if len(words) < 4 or words[3] in (current, "-") or not current:
        return ""
    return f"current is {current}, the console left {words[3]}"
