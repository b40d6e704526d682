"""Releases onto hosts: one stream of the packed archive, checked by digest on the host before anything of it is unpacked, and moved into place whole.

Knows the layout of `.deploy/staging` and `releases/`; nothing of plans or of how a release was packed.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import BinaryIO

from console.core.host.host_reserve import KEEP
from console.core.host.release_scripts import HOLDS
from console.core.host.shell import quote
from console.model.fleet import Host
from console.model.release import Package
from console.ports.hosts import Ran, Transport
from console.ports.steps import StepResult
from console.text import SafeText, safe_end

CHUNK = 256 * 1024
FENCED, TRUNCATED, DIFFERENT, HELD, NO_ROOM = 98, 97, 94, 93, 28
REASONS = {
    FENCED: "this run does not hold the host's lock any more",
    TRUNCATED: "the archive did not arrive whole",
    DIFFERENT: "what was unpacked is not what the manifest says",
}

PATIENCE = 60.0
"""Seconds, from the first lost link on, in which the release is sent again."""
PAUSE = 1.0
SCRIPT = r"""
set -u
path=$1 epoch=$2 release=$3 digest=$4 manifest=$5 size=$6 unpacked=$7
cd -- "$path" || exit 95
@HOLDS@
[ -d ".deploy/lock/$epoch" ] || exit 98
is_manifest() { found=$(sha256sum < "$1/.deploy-manifest" 2>/dev/null) && [ "${found%% *}" = "$manifest" ]; }
is_whole() { is_manifest "$1" && ( cd -- "$1" && sed -n '/^[0-9a-f]/p' .deploy-manifest > "$2" && { [ ! -s "$2" ] || sha256sum -c "$2" > /dev/null 2>&1; } ); }
left() { df -Pk . | { read -r _; read -r _ _ _ kib _; echo "$kib"; }; }
@KEEP@
umask 022
mkdir -p .deploy/staging releases || exit 95
for old in ".deploy/staging/$release".*; do rm -rf -- "$old"; done
stage=$PWD/.deploy/staging/$release.$$
give_up() { rm -rf -- "$stage" "$stage.tar.gz" "$stage.list"; exit "$1"; }
trap 'give_up 97' HUP TERM
no_room() { echo "$(left) KiB free, $(((size + unpacked) / 1024 + 1)) KiB needed" >&2; give_up 28; }
keep_room || no_room
if [ -d "releases/$release" ] && is_whole "releases/$release" "$stage.list"; then cat > /dev/null; give_up 0; fi
[ "$(left)" -gt $(((size + unpacked) / 1024)) ] || no_room
cat > "$stage.tar.gz" || no_room
found=$(sha256sum < "$stage.tar.gz")
[ "${found%% *}" = "$digest" ] || give_up 97
mkdir "$stage" || give_up 95
gzip -dc "$stage.tar.gz" | tar -xf - -C "$stage" || no_room
is_whole "$stage" "$stage.list" || give_up 94
[ -d ".deploy/lock/$epoch" ] || give_up 98
if [ -d "releases/$release" ] && [ ! -L "releases/$release" ]; then
  if holds "releases/$release"; then echo "releases/$release has to be made again, and $held" >&2; give_up 93; fi
  mv -T -- "releases/$release" "$stage.old" || give_up 95
fi
mv -T -- "$stage" "releases/$release" || give_up 95
rm -rf -- "$stage.old"
give_up 0
""".replace("@HOLDS@", HOLDS.strip()).replace("@KEEP@", KEEP.strip())


class HostShipper:
    """Ships over any transport. Sent again, it finds what is there whole and does nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ship(self, host: Host, path: str, epoch: str, release: str, package: Package, *, deadline: float) -> StepResult:
        """Bring the release to the host whole, or not at all. `deadline` is seconds for everything."""
        words = (path, epoch, release, package.digest, package.manifest, str(package.size), str(package.unpacked))
        script = "export LC_ALL=C\nset -- " + " ".join(map(quote, words)) + SCRIPT
        until, lost = time.monotonic() + deadline, 0.0
        while True:
            ran = await self._sent(host, script, package, max(0.1, until - time.monotonic()))
            now = time.monotonic()
            lost = lost or now
            if not _is_lost(ran) or now - lost > PATIENCE or until - now < PAUSE:
                return _judged(ran, host)
            await asyncio.sleep(PAUSE)

    async def _sent(self, host: Host, script: str, package: Package, deadline: float) -> Ran:
        with open(package.path, "rb") as archive:  # noqa: ASYNC230 (a local file; its reads are in a thread)
            return await self._transport.run(host, script, _pieces(archive), deadline=deadline)


async def _pieces(archive: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(archive.read, CHUNK):
        yield piece


def _is_lost(ran: Ran) -> bool:
    return ran.status is None and ran.problem is not None and ran.problem.kind == "unreachable"


def _judged(ran: Ran, host: Host) -> StepResult:
    if ran.ok:
        return StepResult("done")
    if ran.status is None:
        problem = ran.problem.message if ran.problem else SafeText("the link was lost")
        return StepResult("unreachable", detail=problem, hint=ran.problem.hint if ran.problem else SafeText(""))
    words = safe_end(ran.err, 400)
    if ran.status == NO_ROOM:
        room = safe_end(ran.err.strip().rpartition(b"\n")[2], 200)
        return StepResult("failed", ran.status, SafeText(f"no room on {host.name}: {room}; free some room there first"), SafeText(f"deploy retry {host.name}"))
    if ran.status == HELD:
        detail = SafeText(f"nothing was removed on {host.name}, move it to shared/: {words}")
        return StepResult("failed", ran.status, detail, SafeText(f"deploy retry {host.name}"))
    return StepResult("failed", ran.status, SafeText(REASONS.get(ran.status, f"could not be unpacked: {words}")))
