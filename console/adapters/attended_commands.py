"""Commands that end with whoever hears them, over any transport: the port `Attended`.

Of all that a console starts on hosts, what people wrote and what may hang belongs here; steps outlive a console, and have a claim on the host instead.
The command travels on standard input, up to a line that ends it, and the input is held open as long as somebody listens: when it closes, for
whatever reason, the host ends the command's process group by itself. Knows nothing of runs; what is run is the caller's.
"""

import secrets

from console.adapters.held_open_input import HeldOpenInput
from console.core.host.shell import quote
from console.model.host import Host
from console.ports.hosts import Ran, Sink, Transport

ATTENDED = r"""
text= whole=
while IFS= read -r line; do
  [ "$line" != "$1" ] || { whole=1; break; }
  text="$text$line
"
done
[ -n "$whole" ] || { echo "the command did not arrive whole" >&2; exit 97; }
exec 3<&0 </dev/null
[ "$2" != merged ] || exec 2>&1
printf %s "$text" | setsid sh -c 'p=$(cat; echo x) && exec </dev/null && eval "${p%x}"' 3<&- &
child=$!
( while read -r _; do :; done
  trap "" TERM
  kill -TERM "-$child" || kill -TERM "$child" || exit 0
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "-$child" || exit 0
    sleep 0.2 || sleep 1
  done
  kill -KILL "-$child" ) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child" && code=0 || code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""
"""Runs in a session of its own from its first word: sshd kills the process group of a command that is left, and nothing that is started here may outlive
what watches it. A watcher that has begun to end the command ends all of its group, whatever the command's first process has done meanwhile."""


async def run_attended(transport: Transport, host: Host, body: str, run_as: str, *, deadline: float, sink: Sink | None = None) -> Ran:
    """Run a sh script that ends on the host when its deadline (seconds) is over, it is cancelled or its link is lost.

    With `run_as` all of it is that user's, what ends it too. With a sink output and errors are merged into it, else they are apart. Its input is empty.
    """
    end = f"end-{secrets.token_hex(16)}"
    script = f"setsid sh -c {quote(ATTENDED)} attended {end} {'merged' if sink else 'apart'}\nexit $?"
    if run_as:
        script = f"exec sudo -n -u {quote(run_as)} -- sh -c {quote(script)}"
    return await transport.run(host, script, HeldOpenInput(f"{body}\n{end}\n".encode()), deadline=deadline, sink=sink)


class AttendedCommands:
    """The port `Attended` over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        """Run a sh script, its output and errors merged into `sink`. With `run_as` all of it is that user's, what ends it too."""
        return await run_attended(self._transport, host, body, run_as, deadline=deadline, sink=sink)
