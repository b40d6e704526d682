"""How a release comes onto a host, as a text for POSIX sh: what stands there already, and how the rest of it is put together, checked and moved into place.

One command: it says what is there, is told what comes, and unpacks that while it comes; what came lies there packed too until it is whole, so that a cut
one goes on. Each process costs as much as 50 linked files, so there are few.

Pure. It knows the layout of `.deploy/staging` and `releases/`; it must not know who sends a text, or what a release holds.
"""

from console.core.host.host_reserve import KEEP
from console.core.host.release_scripts import HOLDS
from console.core.host.seal import FILL, SEAL
from console.core.host.shell import quote

OUTSIDE, FENCED, TRUNCATED, DIFFERENT, HELD, OTHER_BASE, NO_ROOM = 95, 98, 97, 94, 93, 90, 28
"""Exit codes. OTHER_BASE: it cannot be made of that older release; what is not as it was there was printed, each name with a NUL behind it."""
LOOKED = "looked"
"""The last line of what a host says that it has."""

_BEGUN = r"""
set -u
cd -- "$path" || exit 95
[ -d ".deploy/lock/$epoch" ] || exit 98
is_manifest() { found=$(sha256sum < "$1/.deploy-manifest" 2>/dev/null) && [ "${found%% *}" = "$manifest" ]; }
"""

_LOOK = r"""
digests_match() {
  if [ "$2" -gt 8192 ] && command -v openssl > /dev/null; then
    seen=$(printf '%s\n' "$1" | sed 's/^.\{66\}//' | tr '\n' '\000' | xargs -0 openssl dgst -sha256 -r 2> /dev/null | sed 's/ \*/  /')
    [ "$seen" != "$1" ] || return 0
  fi
  printf '%s\n' "$1" | sha256sum -c - > /dev/null 2>&1
}
listed_in() { sed -n '/^\\\{0,1\}[0-9a-f]/p' "$1/.deploy-manifest"; }
is_whole() { is_manifest "$1" && list=$(listed_in "$1") && ( cd -- "$1" && digests_match "$list" 9000 ); }
! command -v zstd > /dev/null || echo zstd
if [ -d "releases/$release" ] && is_whole "releases/$release"; then echo there; exit 0; fi
[ ! -r .deploy/seal/release ] || { read -r sealed < .deploy/seal/release && echo "sealed $sealed"; }
for f in releases/*/.deploy-manifest; do [ ! -r "$f" ] || { f=${f#releases/} && echo "release ${f%/.deploy-manifest}"; }; done
for f in ".deploy/staging/$release".*.part; do
  [ -s "$f" ] || continue
  found=$(sha256sum < "$f")
  echo "part $(wc -c < "$f") ${found%% *} ${f##*/}"
done
echo @LOOKED@
IFS=' ' read -r codec entries room way base of part || exit 97
[ "$way" != - ] || way= base=
[ "$part" != - ] || part=
"""
"""What is there is printed, and the answer is a line of words. `digests_match LIST KIB` is true where files here are what the list says, as `sha256sum -c`
takes it: OpenSSL digests three times as fast as coreutils on many machines, so it goes first where that is worth its start; only its yes is taken."""

_SHIP = (
    r"""
left() { df -Pk . | { read -r _; read -r _ _ _ kib _; echo "$kib"; }; }
has_room() { df -Pk . | { read -r _; read -r _ _ _ kib _; [ "$kib" -gt "$room" ]; }; }
@KEEP@
@SEAL@
umask 022
stage=$PWD/.deploy/staging/$release.$$
fresh=$stage marks=$stage.marks
[ -z "$base" ] || fresh=$stage.fresh
control=$fresh/.deploy-new
filled= is_as_it_was= is_sealing=yes
give_up() {
  [ "$filled" != links ] || drop
  keep=$stage.part
  [ "$1" = 97 ] && [ -d "$stage" ] && [ -s "$keep" ] || keep=
  for old in "$stage" "$stage".*; do [ "$old" = "$keep" ] || rm -rf -- "$old"; done
  exit "$1"
}
trap 'give_up 97' HUP TERM
no_room() { echo "$(left) KiB free, $room KiB needed" >&2; give_up 28; }
files_there() { while IFS= read -r f; do [ ! -f "$f" ] || [ -L "$f" ] || printf '%s\0' "$f"; done; }
other_base() { [ -z "$filled" ] || [ ! -s "$s_odd" ] || head -c 500000 "$s_odd"; give_up 90; }
is_by_seal() { [ "$way" = links ] || [ "$way" = copies ]; }
come() { [ ! -s "$stage.part" ] || cat -- "$stage.part"; tee -a -- "$stage.part"; }
for old in ".deploy/staging/$release".* .deploy/staging/*.part; do
  if [ "${old##*/}" != "$part" ] && { [ -e "$old" ] || [ -L "$old" ]; }; then rm -rf -- "$old"; fi
done
mkdir -p .deploy/staging releases "$stage" "$fresh" "$marks" || no_room
if is_by_seal; then { is_sealed "$base" && touching && printf '' > "$marks/$s_n.a"; } || give_up 90; fi
keep_room || no_room
if [ -n "$part" ]; then mv -- ".deploy/staging/$part" "$stage.part" || give_up 97; else printf '' > "$stage.part" || no_room; fi
has_room || no_room
if is_by_seal; then
  filled=$way
  { fill && printf '' > "$marks/$s_n.b"; } || give_up 90
  if [ "${#s_sound}" -eq "$of" ] && [ ! -s "$s_odd" ]; then is_as_it_was=yes; fi
fi
[ -n "$base" ] || { printf '' > "$marks/made.a" && tick; } || no_room
come | { "$codec" -dc 2> /dev/null || : > "$stage.cut"; } | TAR_OPTIONS='-b 128' tar -xf - -C "$fresh" ||
  { "$codec" -t < "$stage.part" 2> /dev/null && no_room; give_up 97; }
[ ! -e "$stage.cut" ] || give_up 97
[ -d ".deploy/lock/$epoch" ] || give_up 98
if [ -n "$base" ]; then
  printf '' > "$marks/made.a" || no_room
  tick > /dev/null 2>&1 &
  [ ! -e "$control/patch" ] || sed -f "$control/patch" "releases/$base/.deploy-manifest" > "$fresh/.deploy-manifest" || other_base
  printf '%s  .deploy-manifest\n' "$manifest" >> "$control/sums" || no_room
  ( cd -- "$fresh" || exit 1
    if [ "$room" -gt 8192 ]; then digests_match "$(cat .deploy-new/sums)" "$room"; else sha256sum -c .deploy-new/sums > /dev/null 2>&1; fi ) ||
    { is_manifest "$fresh" && give_up 94; other_base; }
  wait
  if [ "$way" = files ]; then
    sort "releases/$base/.deploy-manifest" "$fresh/.deploy-manifest" | uniq -d | sed -n '/^[0-9a-f]/p' > "$stage.kept"
    ( cd -- "releases/$base" && sed 's/^.\{66\}//' "$stage.kept" | files_there | xargs -0 sh -c '[ $# = 0 ] || tar -cf - "$@" | tar -xf - -C "$0"' "$stage" ) ||
      no_room
  fi
  [ ! -s "$control/gone" ] || ( cd -- "$stage" && xargs -0 rm -rf -- < "$control/gone" ) || other_base
  cp -alf -- "$fresh/." "$stage/" 2> /dev/null || { [ "$way" != links ] && cp -a -- "$fresh/." "$stage/"; } || { has_room && other_base; no_room; }
  [ ! -s "$stage.kept" ] || ( cd -- "$stage" && digests_match "$(cat "$stage.kept")" 9000 ) || other_base
else
  is_manifest "$stage" && list=$(listed_in "$stage") && ( cd -- "$stage" && digests_match "$list" "$room" ) || give_up 94
fi
if [ -z "$is_as_it_was" ]; then
  found=$(cd -- "$stage" && find . -path ./.deploy-new -prune -o ! -type d -printf . 2> /dev/null)
  found=${#found}
  [ "$found" -gt 0 ] || { is_sealing= found=$(cd -- "$stage" && find . -path ./.deploy-new -prune -o ! -type d -print0 | tr -cd '\000' | wc -c); }
  [ "$((found))" -eq "$entries" ] || { [ -n "$base" ] && other_base; give_up 94; }
fi
[ -d ".deploy/lock/$epoch" ] || give_up 98
if [ -d "releases/$release" ] && [ ! -L "releases/$release" ]; then
@HOLDS@
  if holds "releases/$release"; then echo "releases/$release has to be made again, and $held" >&2; give_up 93; fi
  mv -T -- "releases/$release" "$stage.old" || give_up 95
fi
filled=
[ -n "$base" ] || fresh=
rm -rf -- .deploy/seal ${fresh:+"$fresh"} "$stage/.deploy-new" "$stage.part" "$stage.kept"
printf '' > "$marks/made.b" || no_room
mv -T -- "$stage" "releases/$release" || { [ ! -d "$stage.old" ] || mv -T -- "$stage.old" "releases/$release"; give_up 95; }
[ -z "$is_sealing" ] || sealed_as "$release" "$marks"
[ ! -d "$stage.old" ] && [ ! -d "$marks" ] || rm -rf -- "$stage".*
""".replace("@HOLDS@", HOLDS.strip())
    .replace("@KEEP@", KEEP.strip())
    .replace("@SEAL@", SEAL.strip() + FILL.rstrip())
)


def _named(**values: str) -> str:
    return "export LC_ALL=C\n" + " ".join(f"{name}={quote(value)}" for name, value in values.items()) + "\n"


def ship(path: str, epoch: str, release: str, manifest: str) -> str:
    """Return what says what a host has, up to the line `LOOKED`: whether the release is there whole (then it ends), how it can be sent, older releases, what
    came of it before. Then it reads `how_to_ship`, and makes the release of the rest of its standard input: a tar as `compressed_stream` packs it."""
    return _named(path=path, epoch=epoch, release=release, manifest=manifest) + _BEGUN.lstrip() + _LOOK.replace("@LOOKED@", LOOKED).lstrip() + _SHIP.lstrip()


def how_to_ship(codec: str, entries: int, room: int, *, base: str = "", of: int = 0, way: str = "", part: str = "") -> bytes:
    """Return the line that answers what a host has. `part` is a file's name: that much of the stream is there already, and is not sent.

    `entries` is how many files and links the release has then, `room` the KiB that it needs. `way` says how the rest of it comes from `base`: as `links` or
    `copies` of what the seal holds for, or as copies of `files`, each of which is digested. `base` was shipped with `of` files and links, but for its manifest:
    where nobody has touched any of them, those of the new release need not be counted.
    """
    return f"{codec} {entries} {room} {way or '-'} {base or '-'} {of} {part or '-'}\n".encode()
