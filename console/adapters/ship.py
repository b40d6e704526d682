"""Releases onto hosts: one stream of the packed archive, checked by digest on the host before anything of it is unpacked, and moved into place whole.

Knows the layout of `.deploy/staging` and `releases/`; nothing of plans or of how a release was packed.
"""

import asyncio
from collections.abc import AsyncIterator

from console.core.shell import quote
from console.model.fleet import Host
from console.model.release import Package
from console.ports import Ran, StepResult, Transport
from console.text import SafeText

CHUNK = 256 * 1024
FENCED, TRUNCATED, DIFFERENT, NO_ROOM = 98, 97, 94, 28
REASONS = {
    FENCED: "this run does not hold the host's lock any more",
    TRUNCATED: "the archive did not arrive whole",
    DIFFERENT: "what was unpacked is not what the manifest says",
}

SCRIPT = r"""
set -u
path=$1 epoch=$2 release=$3 digest=$4 manifest=$5 size=$6
cd -- "$path" || exit 95
[ -d ".deploy/lock/$epoch" ] || exit 98
if [ -d "releases/$release" ]; then
  found=$(sha256sum < "releases/$release/.deploy-manifest") && [ "${found%% *}" = "$manifest" ] && { cat > /dev/null; exit 0; }
fi
stage=.deploy/staging/$release
rm -rf "$stage" "$stage.tar.gz"
umask 022
mkdir -p .deploy/staging releases || exit 95
give_up() { rm -rf "$stage" "$stage.tar.gz"; exit "$1"; }
trap 'give_up 97' HUP TERM
cat > "$stage.tar.gz" || { left=$(df -Pk . | awk 'NR==2 {print $4}'); echo "$left KiB free, archive of $size bytes" >&2; give_up 28; }
found=$(sha256sum < "$stage.tar.gz")
[ "${found%% *}" = "$digest" ] || give_up 97
mkdir "$stage" || give_up 95
gzip -dc "$stage.tar.gz" | tar -xf - -C "$stage" || { left=$(df -Pk . | awk 'NR==2 {print $4}'); echo "$left KiB free while unpacking" >&2; give_up 28; }
found=$(sha256sum < "$stage/.deploy-manifest")
[ "${found%% *}" = "$manifest" ] || give_up 94
( cd "$stage" && grep -v '^#' .deploy-manifest | sha256sum -c - > /dev/null 2>&1 ) || [ "$(grep -vc '^#' "$stage/.deploy-manifest")" = 0 ] || give_up 94
[ -d ".deploy/lock/$epoch" ] || give_up 98
rm -rf "releases/$release"
mv -T "$stage" "releases/$release" || give_up 95
rm -f "$stage.tar.gz"
"""


class HostShipper:
    """Ships over any transport. Sent again, it finds what is there whole and does nothing."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ship(self, host: Host, path: str, epoch: str, release: str, package: Package, *, deadline: float) -> StepResult:
        """Bring the release to the host whole, or not at all. `deadline` is seconds for everything."""
        words = (path, epoch, release, package.digest, package.manifest, str(package.size))
        script = "set -- " + " ".join(map(quote, words)) + SCRIPT
        ran = await self._transport.run(host, script, _pieces(package.path), deadline=deadline)
        if ran.problem and ran.status is None:
            ran = await self._transport.run(host, script, _pieces(package.path), deadline=deadline)
        return _judged(ran, host)


async def _pieces(path: str) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(open, path, "rb") as archive:
        while piece := await asyncio.to_thread(archive.read, CHUNK):
            yield piece


def _judged(ran: Ran, host: Host) -> StepResult:
    if ran.ok:
        return StepResult("done")
    if ran.status is None:
        problem = ran.problem.message if ran.problem else SafeText("the link was lost")
        return StepResult("unreachable", detail=problem, hint=ran.problem.hint if ran.problem else SafeText(""))
    words = SafeText(ran.err.strip()[-400:])
    if ran.status == NO_ROOM:
        return StepResult("failed", ran.status, SafeText(f"no room on {host.name}: {words}"), SafeText("free some room there, then deploy retry"))
    return StepResult("failed", ran.status, SafeText(REASONS.get(ran.status, f"could not be unpacked: {words}")))
