"""Commands that end with whoever hears them, over any transport: the port `Attended`.

The command travels on standard input, up to a line that ends it, and the input is held open as long as somebody listens: when it closes, for
whatever reason, the host ends the command's process group by itself. Knows nothing of runs; what is run is the caller's.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

from console.core.host.shell import quote
from console.model.host import Host
from console.ports.hosts import Ran, Sink, Transport

ATTENDED = r"""
end=$1 text= whole=
while IFS= read -r line; do
  [ "$line" != "$end" ] || { whole=1; break; }
  text="$text$line
"
done
[ -n "$whole" ] || { echo "the command did not arrive whole" >&2; exit 97; }
exec 3<&0
printf %s "$text" | setsid sh -c 'p=$(cat; echo x) && exec </dev/null && eval "${p%x}"' 3<&- 2>&1 &
child=$!
setsid sh -c 'while read -r _; do :; done
  kill -s TERM -- "-$1" || kill -s TERM "$1" || exit 0
  sleep 2
  kill -s KILL -- "-$1"' sh "$child" <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&- </dev/null
wait "$child" && code=0 || code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""


class AttendedCommands:
    """The port `Attended` over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        """Run a sh script, its output and errors merged into `sink`. With `run_as` all of it is that user's, what ends it too."""
        end = f"end-{secrets.token_hex(16)}"
        script = f"set -- {end}\n{ATTENDED}"
        if run_as:
            script = f"exec sudo -n -u {quote(run_as)} -- sh -c {quote(script)}"
        return await self._transport.run(host, script, _held_open(f"{body}\n{end}\n".encode()), deadline=deadline, sink=sink)


async def _held_open(data: bytes) -> AsyncIterator[bytes]:
    yield data
    await asyncio.Event().wait()
