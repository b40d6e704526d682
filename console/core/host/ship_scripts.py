"""How a release comes onto a host, as texts for POSIX sh: what stands there already, and how the rest of it is put together, checked and moved into place.

Pure. It knows the layout of `.deploy/staging` and `releases/`; it must not know who sends a text, or what a release holds.
"""

from console.core.host.host_reserve import KEEP
from console.core.host.release_scripts import HOLDS
from console.core.host.seal import FILL, SEAL
from console.core.host.shell import quote

OUTSIDE, FENCED, TRUNCATED, DIFFERENT, HELD, OTHER_BASE, NO_ROOM = 95, 98, 97, 94, 93, 90, 28
"""Exit codes. OTHER_BASE: it cannot be made of that older release; what is not as it was there was printed, each name with a NUL behind it."""

_BEGUN = r"""
set -u
cd -- "$path" || exit 95
[ -d ".deploy/lock/$epoch" ] || exit 98
is_manifest() { found=$(sha256sum < "$1/.deploy-manifest" 2>/dev/null) && [ "${found%% *}" = "$manifest" ]; }
"""

_ASK = r"""
is_whole() { is_manifest "$1" && ( cd -- "$1" && ! sed -n '/^\\\{0,1\}[0-9a-f]/p' .deploy-manifest | sha256sum -c - 2>/dev/null | grep -qv ': OK$' ); }
! command -v zstd > /dev/null || echo zstd
if [ -d "releases/$release" ] && is_whole "releases/$release"; then echo there; exit 0; fi
[ ! -r .deploy/seal/release ] || { read -r sealed < .deploy/seal/release && echo "sealed $sealed"; }
for f in releases/*/.deploy-manifest; do [ ! -r "$f" ] || { f=${f#releases/} && echo "release ${f%/.deploy-manifest}"; }; done
for f in ".deploy/staging/$release".*.part; do
  [ -s "$f" ] || continue
  found=$(sha256sum < "$f")
  echo "part $(wc -c < "$f") ${found%% *} ${f##*/}"
done
exit 0
"""

_SHIP = (
    r"""
@HOLDS@
left() { df -Pk . | { read -r _; read -r _ _ _ kib _; echo "$kib"; }; }
@KEEP@
@SEAL@
umask 022
mkdir -p .deploy/staging releases || exit 95
stage=$PWD/.deploy/staging/$release.$$
fresh=$stage.fresh marks=$stage.marks
filled=
give_up() { [ "$filled" != links ] || drop; rm -rf -- "$stage" "$stage".[!p]*; [ "$1" = 97 ] && [ -s "$stage.part" ] || rm -f -- "$stage.part"; exit "$1"; }
trap 'give_up 97' HUP TERM
no_room() { echo "$(left) KiB free, $room KiB needed" >&2; give_up 28; }
files_there() { while IFS= read -r f; do [ ! -f "$f" ] || [ -L "$f" ] || printf '%s\0' "$f"; done; }
other_base() { [ -z "$filled" ] || [ ! -s "$s_odd" ] || head -c 500000 "$s_odd"; give_up 90; }
is_by_seal() { [ "$way" = links ] || [ "$way" = copies ]; }
if is_by_seal; then { is_sealed "$base" && touching; } || give_up 90; fi
keep_room || no_room
for old in ".deploy/staging/$release".* .deploy/staging/*.part; do [ "${old##*/}" = "$part" ] || rm -rf -- "$old"; done
if [ -n "$part" ]; then mv -- ".deploy/staging/$part" "$stage.part" || give_up 97; else : > "$stage.part" || no_room; fi
[ "$(left)" -gt "$room" ] || no_room
mkdir "$stage" "$fresh" "$marks" || no_room
if is_by_seal; then
  filled=$way
  fill || give_up 90
  cp -p -- ".deploy/seal/$s_n.a" ".deploy/seal/$s_n.b" "$marks/" || no_room
fi
cat >> "$stage.part" || no_room
: > "$marks/made.a" && tick
[ -d ".deploy/lock/$epoch" ] || give_up 98
{ "$codec" -dc < "$stage.part" 2>/dev/null || : > "$stage.cut"; } | tar -xf - -C "$fresh" || { "$codec" -t < "$stage.part" 2>/dev/null && no_room; give_up 97; }
[ ! -e "$stage.cut" ] || give_up 97
control=$fresh/.deploy-new
[ ! -s "$control/sums" ] || ( cd -- "$fresh" && sha256sum -c .deploy-new/sums > /dev/null 2>&1 ) || give_up 94
[ ! -e "$control/patch" ] || sed -f "$control/patch" "releases/$base/.deploy-manifest" > "$fresh/.deploy-manifest" || other_base
is_manifest "$fresh" || { [ -n "$base" ] && other_base; give_up 94; }
if [ "$way" = files ]; then
  sort "releases/$base/.deploy-manifest" "$fresh/.deploy-manifest" | uniq -d | sed -n '/^[0-9a-f]/p' > "$stage.kept"
  ( cd -- "releases/$base" && sed 's/^.\{66\}//' "$stage.kept" | files_there | xargs -0 sh -c '[ $# = 0 ] || tar -cf - "$@" | tar -xf - -C "$0"' "$stage" ) ||
    no_room
fi
if [ -n "$base" ]; then
  [ ! -s "$control/gone" ] || ( cd -- "$stage" && xargs -0 rm -rf -- < "$control/gone" ) || other_base
  rm -rf -- "$control"
  cp -alf -- "$fresh/." "$stage/" 2>/dev/null || cp -a -- "$fresh/." "$stage/" || no_room
  rm -rf -- "$fresh"
  [ ! -s "$stage.kept" ] || ( cd -- "$stage" && sha256sum -c "$stage.kept" > /dev/null 2>&1 ) || other_base
else
  rm -rf -- "$control" "$stage"
  mv -T -- "$fresh" "$stage" || give_up 95
fi
is_sealing=yes found=$(find "$stage" ! -type d -printf . 2>/dev/null | wc -c)
[ "$((found))" -gt 0 ] || { is_sealing= found=$(find "$stage" ! -type d -print0 | tr -cd '\000' | wc -c); }
[ "$((found))" -eq "$entries" ] || { [ -n "$base" ] && other_base; give_up 94; }
: > "$marks/made.b"
[ -d ".deploy/lock/$epoch" ] || give_up 98
if [ -d "releases/$release" ] && [ ! -L "releases/$release" ]; then
  if holds "releases/$release"; then echo "releases/$release has to be made again, and $held" >&2; give_up 93; fi
  mv -T -- "releases/$release" "$stage.old" || give_up 95
fi
filled=
rm -rf -- .deploy/seal
mv -T -- "$stage" "releases/$release" || { [ ! -d "$stage.old" ] || mv -T -- "$stage.old" "releases/$release"; give_up 95; }
[ -z "$is_sealing" ] || sealed_as "$release" "$marks"
give_up 0
""".replace("@HOLDS@", HOLDS.strip())
    .replace("@KEEP@", KEEP.strip())
    .replace("@SEAL@", SEAL.strip() + FILL.rstrip())
)


def _named(**values: str) -> str:
    return "export LC_ALL=C\n" + " ".join(f"{name}={quote(value)}" for name, value in values.items()) + "\n"


def ask(path: str, epoch: str, release: str, manifest: str) -> str:
    """Return what asks a host for what it has: whether the release is there whole, how it can be sent, older releases, and what came of it before."""
    return _named(path=path, epoch=epoch, release=release, manifest=manifest) + _BEGUN.lstrip() + _ASK.lstrip()


def ship(
    path: str, epoch: str, release: str, manifest: str, *, codec: str, entries: int, room: int, base: str = "", way: str = "", part: str = "",
) -> str:  # fmt: skip
    """Return what makes the release of its standard input: a tar as `release_stream` packs it, of which `part` (a file's name) is there already.

    `entries` is how many files and links it has then, `room` the KiB that it needs. `way` says how the rest of it comes from `base`: as `links` or `copies`
    of what the seal holds for, or as copies of `files`, each of which is digested.
    """
    names = _named(path=path, epoch=epoch, release=release, manifest=manifest, codec=codec, entries=str(entries), room=str(room), base=base, way=way, part=part)
    return names + _BEGUN.lstrip() + _SHIP.lstrip()
