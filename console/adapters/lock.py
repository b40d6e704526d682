"""The runs' lock on a host, and a person's note. One rename takes it, one rename gives it away; both are compare-and-set.

`.deploy/lock/EPOCH/` belongs to a run's epoch; it is filled in staging first, so a lock is never seen half made. Knows no plans.
"""

import asyncio

from console.core.shell import quote
from console.model.facts import LockHolder
from console.model.fleet import Host
from console.ports import Ran, Transport, Unreached
from console.text import SafeText

DEADLINE = 20.0
HELD = 75

TAKE = r"""
cd -- "$1" 2>/dev/null || { mkdir -p -- "$1" && cd -- "$1"; } || exit 95
new=.deploy/staging/$2.lock
[ -d ".deploy/lock/$2" ] && exit 0
rm -rf "$new" && mkdir -p "$new/$2" || exit 95
printf '%s\n' "$3" > "$new/$2/holder" && : > "$new/$2/heartbeat" || exit 95
mv -T "$new" .deploy/lock 2>/dev/null && exit 0
rm -rf "$new"
"""

SHOW = r"""
for held in .deploy/lock/*/; do
  [ -d "$held" ] || continue
  epoch=${held%/}; epoch=${epoch##*/}
  cat "$held/holder" 2>/dev/null
  now=$(date +%s); beat=$(date -r "$held/heartbeat" +%s 2>/dev/null || echo 0)
  printf '%s\t%s\n' "$epoch" "$((now - beat))"
  exit 75
done
exit 76
"""

TAKE_OVER = r"""
cd -- "$1" || exit 95
[ -d ".deploy/lock/$3" ] && exit 0
mv -T ".deploy/lock/$2" ".deploy/lock/$3" 2>/dev/null && : > ".deploy/lock/$3/heartbeat" && exit 0
"""

RELEASE = r"""
cd -- "$1" 2>/dev/null || exit 0
mkdir -p .deploy/staging
mv -T ".deploy/lock/$2" ".deploy/staging/$2.gone" 2>/dev/null || exit 0
rm -rf ".deploy/staging/$2.gone"
rmdir .deploy/lock 2>/dev/null || :
"""

TOUCH = r"""
[ -d "$1/.deploy/lock/$2" ] && : > "$1/.deploy/lock/$2/heartbeat"
"""

NOTE = r"""
mkdir -p -- "$1/.deploy" && cd -- "$1/.deploy" && printf '%s\n' "$2" > closed.new && mv -f closed.new closed
"""

OPEN = r"""
rm -f -- "$1/.deploy/closed"
"""


def holder_line(holder: LockHolder) -> str:
    """The holder as one line of tab-separated words, as `.deploy/lock/EPOCH/holder` and `.deploy/closed` have it."""
    words = (holder.run, holder.by, holder.since, holder.came_from, holder.reason, holder.until)
    return "\t".join(word.replace("\t", " ") for word in words)


def holder_of(line: str, epoch: str = "", age: float = 0.0) -> LockHolder:
    """Read such a line again; what is missing is empty."""
    words = [*line.split("\t"), "", "", "", "", "", ""][:6]
    run, by, since, came_from, reason, until = words
    return LockHolder(
        by=SafeText(by), since=SafeText(since), reason=SafeText(reason), run=str(SafeText(run)), epoch=epoch, came_from=SafeText(came_from),
        heartbeat_age=age, until=SafeText(until),
    )  # fmt: skip


class HostLocks:
    """Implements `ports.HostLock` over any transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def take(self, host: Host, path: str, holder: LockHolder) -> LockHolder | Unreached | None:
        """Hold the host under `holder.epoch`; None when it is held, else who holds it."""
        return _answer(await self._run(host, TAKE + SHOW, path, holder.epoch, holder_line(holder)), host)

    async def take_over(self, host: Host, path: str, old: str, new: str) -> LockHolder | Unreached | None:
        """Exchange one epoch for the next, if the first still holds."""
        return _answer(await self._run(host, TAKE_OVER + SHOW, path, old, new), host)

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        """Give a sign of life on all."""
        await asyncio.gather(*(self._run(host, TOUCH, path.replace("{host}", host.name), epoch) for host in hosts))

    async def release(self, host: Host, path: str, epoch: str) -> Unreached | None:
        """Let go, if this epoch still holds."""
        return _problem(await self._run(host, RELEASE, path, epoch), host)

    async def close_for(self, host: Host, path: str, note: LockHolder) -> Unreached | None:
        """Leave a person's note."""
        return _problem(await self._run(host, NOTE, path, holder_line(note)), host)

    async def open_again(self, host: Host, path: str) -> Unreached | None:
        """Remove a person's note."""
        return _problem(await self._run(host, OPEN, path), host)

    async def _run(self, host: Host, script: str, *words: str) -> Ran:
        return await self._transport.run(host, "set -- " + " ".join(map(quote, words)) + script, deadline=DEADLINE)


def _problem(ran: Ran, host: Host) -> Unreached | None:
    if ran.ok:
        return None
    if ran.problem:
        return ran.problem
    return Unreached(host.name, "channel", SafeText(f"ended with {ran.status}: {SafeText(ran.err[-200:])}"))


def _answer(ran: Ran, host: Host) -> LockHolder | Unreached | None:
    if ran.status != HELD:
        return _problem(ran, host)
    lines = ran.out.decode(errors="replace").splitlines()
    epoch, _, age = lines[-1].partition("\t")
    return holder_of(lines[0] if len(lines) > 1 else "", epoch, float(age or 0))
