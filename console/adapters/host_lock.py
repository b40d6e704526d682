"""The runs' lock on a host, and a person's note, over any transport: the port `HostLock`.

`.deploy/lock/` holds one folder, EPOCH (RUN.N), with owner, run, since, from, reason, the engine that holds it by that epoch, and a heartbeat.
It is filled in staging and taken by one rename, which fails while a lock is there; it is given away by one rename of EPOCH, so that each is a
compare-and-set. What the run's steps printed there goes with its lock: it may hold what nobody should have printed, and whoever follows a step holds
the lock. Knows no plans.
"""

import asyncio
from collections.abc import Mapping

from console.adapters.engine_identity import is_gone, this_engine
from console.core.host.host_reserve import GIVE
from console.core.host.shell import quote
from console.model.carrier import Carrier
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.ports.hosts import Ran, Transport, Unreached
from console.safe_text import SafeText, safe_end

DEADLINE = 20.0
"""Seconds for one call."""
TRIES = 3
"""How often a host is asked again whose link died under the question; each question may be asked twice."""
HELD, NOT_WRITTEN = 75, 95
WORDS = ("owner", "run", "since", "from", "reason", "until")
"""What is known of a holder: a file each in the lock's folder, a line `word: text` each in a person's note."""

_READ = r"""
read_all() {
  for w in owner run since from reason until; do IFS= read -r "$w" || exit 97; done
  read -r w && [ "$w" = end ] || exit 97
}
"""

_SHOW = r"""
show() {
  for held in .deploy/lock/*; do
    [ -d "$held" ] || continue
    now=$(date +%s) beat=
    [ ! -r "$held/heartbeat" ] || read -r beat < "$held/heartbeat" || :
    [ -n "$beat" ] || beat=$(date -r "$held" +%s 2>/dev/null) || beat=$now
    printf 'epoch: %s\nage: %s\n' "${held##*/}" "$((now - beat))"
    for w in owner run since from reason engine; do
      line=; [ ! -r "$held/$w" ] || IFS= read -r line < "$held/$w" || :
      printf '%s: %s\n' "$w" "$line"
    done
    exit 75
  done
}
"""

TAKE = (
    _READ
    + _SHOW
    + GIVE
    + r"""
path=$1 epoch=$2 back=$3 engine=$4
read_all
umask 022
unwritten() {
  rm -rf -- "$new"
  why=$(LC_ALL=C mkdir -- "$new" 2>&1) && rmdir -- "$new"
  df -Pk . | { read -r _; read -r _ _ _ kib _; echo "it cannot be written, $kib KiB are free${why:+: ${why##*: }}" >&2; }
  exit 95
}
filled() {
  mkdir -p -- "$new/$epoch" || return 1
  for w in owner run since from reason engine; do eval "printf '%s\n' \"\$$w\"" > "$new/$epoch/$w" || return 1; done
  date +%s > "$new/$epoch/heartbeat"
}
{ [ -d "$path/.deploy/staging" ] || mkdir -p -- "$path/.deploy/staging"; } && cd -- "$path" || exit 95
[ ! -d ".deploy/lock/$epoch" ] || exit 0
new=.deploy/staging/$run.lock
tries=0
while [ "$tries" -lt 3 ]; do
  rm -rf -- "$new"
  filled || { [ -n "$back" ] && give_room && filled; } || unwritten
  mv -T -- "$new" .deploy/lock 2>/dev/null && { rm -f -- .deploy/runs/*/*/out; exit 0; }
  [ ! -d ".deploy/lock/$epoch" ] || { rm -rf -- "$new"; exit 0; }
  ( show ) && held= || held=$?
  [ -z "$held" ] || { rm -rf -- "$new"; exit "$held"; }
  tries=$((tries + 1))
done
rm -rf -- "$new"
echo "the lock could not be taken, and nobody holds it" >&2
exit 95
"""
)

TAKE_OVER = (
    _READ
    + _SHOW
    + r"""
lock=.deploy/lock
[ -z "$4" ] || read_all
cd -- "$1" || exit 95
mv -T -- "$lock/$2" "$lock/$3" 2>/dev/null || [ -d "$lock/$3" ] || { show; printf 'epoch: \n'; exit 75; }
date +%s > "$lock/$3/heartbeat"
printf '%s\n' "$5" > "$lock/$3/engine.new" && mv -f -- "$lock/$3/engine.new" "$lock/$3/engine"
[ -n "$4" ] || exit 0
for w in owner run since from reason; do
  eval "printf '%s\n' \"\$$w\"" > "$lock/$3/$w.new" && mv -f -- "$lock/$3/$w.new" "$lock/$3/$w" || exit 95
done
rm -f -- .deploy/runs/*/*/out
"""
)

RELEASE = r"""
[ -e "$1" ] || exit 0
cd -- "$1" || exit 95
[ -d ".deploy/lock/$2" ] || exit 0
gone=.deploy/staging/$2.gone.$$
mkdir -p .deploy/staging || exit 95
rm -f -- ".deploy/runs/${2%.*}"/*/out
mv -T -- ".deploy/lock/$2" "$gone" 2>/dev/null || { [ ! -d ".deploy/lock/$2" ]; exit; }
rm -rf -- "$gone"
rmdir .deploy/lock 2>/dev/null || :
"""

BREAK = (
    _SHOW
    + r"""
run=$2 young=$3 gone_epoch=$4
[ -e "$1" ] || exit 0
cd -- "$1" || exit 95
for held in .deploy/lock/*; do
  [ -d "$held" ] || continue
  epoch=${held##*/}
  [ "${epoch%.*}" = "$run" ] || show
  now=$(date +%s) beat=
  [ ! -r "$held/heartbeat" ] || read -r beat < "$held/heartbeat" || :
  [ -n "$beat" ] || beat=$(date -r "$held" +%s 2>/dev/null) || beat=$now
  [ "$epoch" = "$gone_epoch" ] || [ "$((now - beat))" -ge "$young" ] || show
  gone=.deploy/staging/$epoch.gone.$$
  mkdir -p .deploy/staging || exit 95
  mv -T -- "$held" "$gone" 2>/dev/null || show
  rm -rf -- "$gone"
  rm -f -- ".deploy/runs/$run"/*/out
done
rmdir .deploy/lock 2>/dev/null || :
"""
)

CLEAR = r"""
[ -e "$1" ] || exit 0
cd -- "$1" || exit 95
for held in .deploy/lock/*; do
  epoch=${held##*/}
  [ -d "$held" ] && [ "${epoch%.*}" = "$2" ] || continue
  gone=.deploy/staging/$epoch.gone.$$
  mkdir -p .deploy/staging || exit 95
  mv -T -- "$held" "$gone" || { [ ! -d "$held" ] || exit 95; continue; }
  rm -rf -- "$gone" || :
done
rmdir .deploy/lock 2>/dev/null || :
"""

TOUCH = r"""
beat=$1/.deploy/lock/$2/heartbeat
[ -f "$beat" ] || exit 0
date +%s 1<> "$beat"
"""

NOTE = (
    _READ
    + r"""
read_all
umask 022
mkdir -p -- "$1/.deploy" && cd -- "$1/.deploy" || exit 95
for w in owner since from reason until; do eval "printf '%s: %s\n' \"\$w\" \"\$$w\""; done > "closed.$$" && mv -f "closed.$$" closed || {
  rm -f "closed.$$"; exit 95; }
"""
)

OPEN = r"""
rm -f -- "$1/.deploy/closed"
"""


def holder_lines(holder: LockHolder) -> bytes:
    """Return what a host is told of a holder, on standard input: a line for each of `WORDS`, and an end, without which nothing is done."""
    texts = (holder.by, holder.run, holder.since, holder.came_from, holder.reason, holder.until)
    return "".join(" ".join(text.split()) + "\n" for text in (*texts, "end")).encode()


def holder_of(texts: Mapping[str, str]) -> LockHolder:
    """Read a holder from its words; what is missing is empty."""
    age = texts.get("age", "")
    return LockHolder(
        by=SafeText(texts.get("owner", "")),
        since=SafeText(texts.get("since", "")),
        reason=SafeText(texts.get("reason", "")),
        run=str(SafeText(texts.get("run", "") or texts.get("epoch", "").rpartition(".")[0])),
        epoch=str(SafeText(texts.get("epoch", ""))),
        came_from=SafeText(texts.get("from", "")),
        heartbeat_age=float(age) if age.removeprefix("-").isdigit() else 0.0,
        until=SafeText(texts.get("until", "")),
        is_gone=_is_gone(texts.get("engine", ""), texts.get("epoch", "")),
    )


def _engine_of(epoch: str, engine: Carrier) -> str:
    """Return what a lock says of its engine. The epoch is in it, since an older console that takes a lock over leaves what stands there."""
    return f"{epoch} {engine.boot} {engine.pid} {engine.started}"


def _is_gone(said: str, epoch: str) -> bool:
    words = said.split()
    return len(words) == 4 and words[0] == epoch and words[2].isdecimal() and is_gone(Carrier(boot=words[1], pid=int(words[2]), started=words[3]))


def words_of(text: str) -> dict[str, str]:
    """Read lines `word: text`."""
    return {word: rest.strip() for word, mark, rest in (line.partition(":") for line in text.splitlines()) if mark}


class HostLocks:
    """The port `HostLock` over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._engine = this_engine()

    async def take(self, host: Host, path: str, holder: LockHolder) -> LockHolder | Unreached | None:
        """Hold the host under `holder.epoch`; None when it is held, else who holds it."""
        return _answer(
            await self._asked(
                host, TAKE, path, holder.epoch, "1" if holder.goes_back else "", _engine_of(holder.epoch, self._engine), data=holder_lines(holder)
            ),
            host,
        )

    async def take_over(self, host: Host, path: str, old: str, new: str, holder: LockHolder | None = None) -> LockHolder | Unreached | None:
        """Exchange one epoch for the next, if the first still holds; a lock that is gone is a holder without a name. `holder`: who holds it from then on."""
        data = holder_lines(holder) if holder else b""
        return _answer(await self._asked(host, TAKE_OVER, path, old, new, "1" if holder else "", _engine_of(new, self._engine), data=data), host)

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        """Give a sign of life on all. `path` may hold `{host}`. A host that is not reached is left out."""
        await asyncio.gather(*(self._run(host, TOUCH, path.replace("{host}", host.name), epoch) for host in hosts))

    async def release(self, host: Host, path: str, epoch: str) -> Unreached | None:
        """Let go, if this epoch still holds."""
        return _problem(await self._asked(host, RELEASE, path, epoch), host)

    async def clear(self, host: Host, path: str, run: str) -> Unreached | None:
        """Remove the lock of a run that has ended, whichever engine took it and however young it is; another run's stays."""
        return _problem(await self._asked(host, CLEAR, path, run), host)

    async def break_for(self, host: Host, path: str, run: str, young: float, gone: str = "") -> LockHolder | Unreached | None:
        """Take the lock from a run that is dead; who holds the host, where it is another run, or this one gave a sign less than `young` seconds ago.

        `gone`: an epoch whose engine is known to run no more, so that its sign is not waited for.
        """
        return _answer(await self._asked(host, BREAK, path, run, str(int(young)), gone), host)

    async def close_for(self, host: Host, path: str, note: LockHolder) -> Unreached | None:
        """Leave a person's note, which closes the host to releases."""
        return _problem(await self._asked(host, NOTE, path, data=holder_lines(note)), host)

    async def open_again(self, host: Host, path: str) -> Unreached | None:
        """Remove a person's note."""
        return _problem(await self._asked(host, OPEN, path), host)

    async def _asked(self, host: Host, script: str, *words: str, data: bytes = b"") -> Ran:
        ran = await self._run(host, script, *words, data=data)
        for turn in range(1, TRIES):
            if ran.status is not None or (ran.problem and ran.problem.kind in ("login", "unknown-key", "changed-key", "late")):
                break
            await asyncio.sleep(0.2 * turn)
            ran = await self._run(host, script, *words, data=data)
        return ran

    async def _run(self, host: Host, script: str, *words: str, data: bytes = b"") -> Ran:
        return await self._transport.run(host, f"set -- {' '.join(map(quote, words))}\n{script}", data, deadline=DEADLINE)


def _problem(ran: Ran, host: Host) -> Unreached | None:
    if ran.ok:
        return None
    if ran.problem:
        return ran.problem
    if ran.status is None:
        return Unreached(host.name, "unreachable", SafeText("the link was lost"))
    said = safe_end(ran.err.strip().rpartition(b"\n")[2], 200) or SafeText(f"exit code {ran.status}")
    hint = SafeText("look at the owner of the application's folder, and at its space") if ran.status == NOT_WRITTEN else SafeText("")
    return Unreached(host.name, "channel", SafeText(f"its lock: {said}"), hint)


def _answer(ran: Ran, host: Host) -> LockHolder | Unreached | None:
    if ran.status != HELD:
        return _problem(ran, host)
    return holder_of(words_of(ran.out.decode(errors="replace")))
