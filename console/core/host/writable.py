"""Whether a login can write where a release goes, and what to type where it cannot. A text for POSIX sh that creates nothing, and how it is read. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from console.core.host.shell import quote

LOOK = r"""
who=$(id -un 2>/dev/null || id -u)
say who "$who"
say umask "$(umask)"
sealed() {
  at=$(df -P -- "$1" 2>/dev/null | tail -n 1) at=${at##*% } opts=
  while read -r _ m _ o _; do [ "$m" != "$at" ] || opts=$o; done < /proc/self/mounts
  case ",$opts," in *,ro,*) say readonly "$at" ;; *) return 1 ;; esac
}
writable() {
  if [ -w "$1" ] && { [ ! -d "$1" ] || [ -x "$1" ]; }; then return 0; fi
  printf 'unwritable %s\t%s\n' "$1" "$(stat -c %U -- "$1" 2>/dev/null)"
}
made() {
  f=$p/shared/$1
  [ ! -e "$f" ] || return 0
  while [ ! -e "$f" ]; do f=${f%/*}; done
  case $f in "$p" | "$p"/*) [ ! -d "$f" ] || writable "$f" ;; esac
}
if [ ! -d "$p" ]; then
  if [ -e "$p" ] || [ -L "$p" ]; then say nofolder "$p"; else sealed "$n" || { [ -w "$n" ] && [ -x "$n" ]; } || say unmade "$n"; fi
elif ! sealed "$p"; then
  for f in "$p" "$p/releases" "$p/.deploy" "$p/.deploy/staging" "$p/.deploy/runs" "$p/.deploy/lock" "$p/.deploy/history"; do
    [ ! -e "$f" ] || writable "$f"
  done
  if [ -d "$p/shared" ] && [ ! -x "$p/shared" ]; then writable "$p/shared"; fi
fi
"""
"""Needs `say`, `p`, the application's folder, and `n`, the nearest one above it that is there. `made NAME`: whether a shared folder can be made."""


class NotWritable(NamedTuple):
    """Why nothing can be written there, and what to type on the host."""

    words: str = ""
    hint: str = ""


def refusal_of(path: str, who: str, nofolder: str, readonly: str, unmade: str, unwritable: Sequence[str]) -> NotWritable:
    """Read what `LOOK` said of the application's folder, `path`; each of the others is what stood behind its word, empty: it was not said."""
    if nofolder:
        made = f"sudo install -d -o {quote(who)} {quote(nofolder)}"
        return NotWritable(f"{nofolder} is not a folder", f"sudo mv {quote(nofolder)} {quote(f'{nofolder}.old')} && {made}")
    if readonly:
        return NotWritable(f"{readonly} is mounted read-only", f"sudo mount -o remount,rw {quote(readonly)}, once dmesg says that the disk is sound")
    if unmade:
        return NotWritable(f"{path} is not there, and {who} cannot write to {unmade}", f"sudo install -d -o {quote(who)} {quote(path)}")
    if not unwritable:
        return NotWritable()
    parts = [line.partition("\t") for line in dict.fromkeys(unwritable)]
    names = [name for name, _, _ in parts]
    owners = sorted({owner for _, _, owner in parts if owner} - {who})
    of = f", which {'belongs' if len(names) == 1 else 'belong'} to {', '.join(owners)}" if owners else ""
    mend = f"sudo chown -R {quote(who)} {' '.join(map(quote, names))}"
    return NotWritable(f"cannot write to {', '.join(names[:4])} as {who}{of}", f"{mend}; or let every console use one login there (user)" if owners else mend)


def is_narrow(umask: str) -> bool:
    """Whether a umask keeps what is made from everybody but its maker."""
    return umask.isdigit() and int(umask, 8) & 0o055 == 0o055
