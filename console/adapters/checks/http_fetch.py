"""HTTP asked by curl or wget on a host whose sshd forwards no connections. The URL travels on standard input: it may hold a secret.

It must not know what an answer means.
"""

import math
import re
from dataclasses import dataclass

from console.core.host.shell import quote
from console.model.host import Host
from console.ports.hosts import Ran, Transport

NO_TOOL = 127
CUT_SHORT = (18, 28, 56)
"""Exit codes of curl: a partial answer, too late, a broken connection."""
_SCRIPT = r"""
IFS= read -r plain && IFS= read -r quoted || exit 97
if command -v curl > /dev/null 2>&1; then
  printf 'url = "%s"\n' "$quoted" | curl -q -K - -sSgiN --noproxy '*' --max-time "$1" -A deploy-console
elif ! command -v wget > /dev/null 2>&1; then
  exit 127
elif wget --help 2>&1 | grep -q max-redirect; then
  printf '%s\n' "$plain" | wget --no-config -q -S -O - -i - -t 1 -T "$1" --no-proxy --max-redirect=0 --content-on-error -U deploy-console
elif [ -z "$3" ]; then
  wget -q -S -O - -T "$2" -Y off -U deploy-console "$plain"
else
  exit 127
fi
"""
_HEAD = re.compile(rb"HTTP/[\d.]+ (\d{3})[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n")
_LINE = re.compile(rb"^\s*(?:wget: server returned error: )?HTTP/[\d.]+ (\d{3})\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a tool on the host said: a status and the beginning of a body, or neither, and why."""

    status: int | None
    body: bytes
    problem: str = ""
    status_alone: bool = False
    """Whether the rest of the answer did not come."""


async def fetched(transport: Transport, host: Host, url: str, seconds: float, *, secret: bool) -> Fetched | Ran:
    """Get the URL there, within so many seconds. A `Ran`: it could not be asked, or has neither tool (NO_TOOL)."""
    words = (f"{max(0.5, seconds - 0.3):g}", str(max(1, math.floor(seconds))), "secret" if secret else "")
    escaped = url.replace("\\", "\\\\").replace('"', '\\"')
    if "\n" in url or "\r" in url:
        raise ValueError("a URL has one line")
    ran = await transport.run(host, f"set -- {' '.join(map(quote, words))}{_SCRIPT}", f"{url}\n{escaped}\n".encode(), deadline=seconds)
    if ran.status in (None, NO_TOOL):
        return ran
    return read(ran)


def read(ran: Ran) -> Fetched:
    """Read what curl printed (heads and body), or wget (the heads as errors). Interim answers (1xx) are passed over."""
    body, status = ran.out, None
    while (head := _HEAD.match(body)) and (status is None or 100 <= status < 200):
        status, body = int(head[1]), body[head.end() :]
    if status is None:
        lines = [int(code) for code in _LINE.findall(ran.err)]
        status = lines[-1] if lines else None
    said = ran.err.decode("utf-8", "replace").strip().splitlines()
    return Fetched(status, body, said[-1] if said else f"exit code {ran.status}", ran.status in CUT_SHORT)
