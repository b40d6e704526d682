"""What is done to a database, as texts for POSIX sh: a backup and its proof, a migration and its tries at a lock. Pure; they run inside a durable step."""

import re
import shlex
from typing import NamedTuple

from console.core.host.shell import quote

MARK = "deploy-backup ::"
LOCKED_OUT = "deploy: no lock within"

_PROOF = r"""
found=
for f in @CANDIDATES@; do
  { [ -f "$f" ] || [ -f "$f/toc.dat" ]; } || continue
  [ "$(stat -c %Y -- "$f")" -ge "$began" ] || continue
  found=$f
  break
done
[ -n "$found" ] || { echo "@MARK@ 0 :: :: "; exit 0; }
case $found in /*) ;; *) found=$(pwd -P)/$found ;; esac
if [ -d "$found" ]; then size=$(du -sk -- "$found"); size=$((${size%%[!0-9]*} * 1024)); else size=$(wc -c < "$found"); fi
[ "$size" -gt 0 ] || { echo "the backup $found is empty" >&2; exit 1; }
how="of no format that pg_restore reads, so its size alone was looked at"
if [ -d "$found" ] || [ "$(head -c 5 -- "$found")" = PGDMP ]; then
  if command -v pg_restore >/dev/null; then
    pg_restore --list "$found" >/dev/null || { echo "pg_restore cannot read the backup $found" >&2; exit 1; }
    how="read by pg_restore"
  else
    how="not read: pg_restore is not there"
  fi
fi
echo "@MARK@ $size :: $found :: $how"
"""

_TRIES = r"""
dc_t=$(mktemp) || exit 1
trap 'rm -f "$dc_t" "$dc_t.code"' EXIT
dc_n=1
while :; do
  rm -f "$dc_t.code"
  { (
@BODY@
  ); echo $? > "$dc_t.code"; } 2>&1 | tee "$dc_t"
  dc_c=1
  [ ! -f "$dc_t.code" ] || read -r dc_c < "$dc_t.code"
  [ "$dc_c" != 0 ] || exit 0
  grep -qiE 'due to lock timeout|lock_not_available|LockNotAvailable|55P03' "$dc_t" || exit "$dc_c"
  echo "@LOCKED@ @WITHIN@, try $dc_n of @TRIES@"
  [ "$dc_n" -lt @TRIES@ ] || exit "$dc_c"
  dc_n=$((dc_n + 1))
  sleep @PAUSE@
done
"""


class Proof(NamedTuple):
    """What a backup's script said of what it made; no path: its command names none that was written now."""

    size: int
    path: str
    how: str


def backup_command(run: str) -> str:
    """Return the command with the proof of what it made behind it. `run` has its placeholders filled.

    A file may bear a time up to a second before the command began: file systems stamp by the last tick of the clock, which is behind `date`.
    """
    proof = _PROOF.replace("@CANDIDATES@", " ".join(quote(path) for path in named_paths(run))).replace("@MARK@", MARK)
    return f"began=$(($(date +%s) - 1))\n(\n{run}\n)\n{proof}"


def named_paths(run: str) -> tuple[str, ...]:
    """The words of a command that may be the file it writes: those with a slash in them, or with a dot and no dash before."""
    try:
        words = shlex.split(run, comments=True, posix=True)
    except ValueError:
        words = run.split()
    found = [re.sub(r"^(?:--?[\w-]+=?(?=[/.~])|\d*>+)", "", word) for word in words]
    return tuple(dict.fromkeys(word for word in found if word and not word.startswith("-") and ("/" in word or "." in word)))


def read_proof(line: str) -> Proof | None:
    """Read the script's line about the backup; None: another line."""
    if not line.startswith(MARK):
        return None
    size, path, how = (part.strip() for part in line.removeprefix(MARK).split("::", 2))
    return Proof(int(size), path, how)


def tried(body: str, tries: int, within: str, pause: float) -> str:
    """Return a script that runs the body again, after a pause of so many seconds, where all that it lacked was a lock. `body` is a script of its own."""
    filled = _TRIES.replace("@TRIES@", str(tries)).replace("@WITHIN@", within).replace("@PAUSE@", f"{pause:g}").replace("@LOCKED@", LOCKED_OUT)
    return filled.replace("@BODY@", body)
