"""The seal of the release that was shipped last: which of its files nobody has touched since, without reading them. Texts for POSIX sh; pure.

`.deploy/seal/` holds `release` (its name), `tops` (what lies at its top), and moments in which the console itself made, linked or removed files of it:
`N.a` is dated to the begin of one, `N.b` to its end, and `N.odd` names what was not as it should be before it, each with a NUL behind it. A file that was
changed last (its ctime, which nobody can set) outside of all of them is odd: somebody wrote to it, replaced it or put it there, whatever its size and date
say. So is all that lies in a folder which was moved: what is put into a folder, or taken out of it, dates its content too, a move dates the folder alone.
No clock is compared with another one: a moment is a few ticks long, and a clock that was set back does not put a change into it.

It needs GNU find; a host without it has no seal. A release that is no longer the last one shipped has none, and its files are digested where they are wanted.
"""

SEAL = r"""
is_sealed() { [ -s .deploy/seal/tops ] && read -r s_release < .deploy/seal/release && [ "$s_release" = "$1" ]; }
sealed_as() {
  printf '%s\n' "$1" > "$2/release"
  for s_top in "releases/$1"/* "releases/$1"/.[!.]* "releases/$1"/..?*; do
    case $s_top in */.deploy-*) continue ;; esac
    if [ -e "$s_top" ] || [ -L "$s_top" ]; then printf './%s\n' "${s_top##*/}"; fi
  done > "$2/tops"
  [ ! -e .deploy/seal ] || rm -rf -- .deploy/seal
  mv -T -- "$2" .deploy/seal
}
tick() { sleep 0.02 2>/dev/null || sleep 1; }
odd_in() (
  s_seal=$PWD/.deploy/seal
  cd -- "releases/$1" || exit 1
  set -- "$2"
  while IFS= read -r s_top; do if [ -e "$s_top" ] || [ -L "$s_top" ]; then set -- "$@" "$s_top"; fi; done < "$s_seal/tops"
  [ $# -gt 1 ] || exit 1
  s_out=$s_seal/$1.odd
  shift
  set -- "$@" -depth '(' -false
  for s_mark in "$s_seal"/*.a; do if [ -e "${s_mark%a}b" ]; then set -- "$@" -o -cnewer "$s_mark" ! -cnewer "${s_mark%a}b"; fi; done
  set -- "$@" ')' '(' -type d -o -printf . ')' -o ! -type d -fprintf "$s_out" '%p\0'
  find -P "$@" -o -fprintf "${s_out%odd}folders" '%p\0' -fprintf "${s_out%odd}dated" '%T@ %C@ %p\n' || exit 1
  while read -r s_changed s_touched s_moved; do
    [ "$s_changed" = "$s_touched" ] || find -P "$s_moved" ! -type d -print0 >> "$s_out" || exit 1
  done < "${s_out%odd}dated"
  for s_odd in "$s_seal"/*.odd; do if [ -s "$s_odd" ] && [ "$s_odd" != "$s_out" ]; then cat -- "$s_odd" >> "$s_out"; fi; done
)
touching() {
  s_n=1
  while [ -e ".deploy/seal/$s_n.a" ]; do s_n=$((s_n + 1)); done
  : > ".deploy/seal/$s_n.a"
}
checked() { s_sound=$(odd_in "$1" "$s_n" 2>/dev/null) || { rm -rf -- .deploy/seal; return 1; }; }
touched() { [ ! -d .deploy/seal ] || : > ".deploy/seal/$s_n.b"; }
"""
"""Whoever changes files of the sealed release says `touching` first, then `checked RELEASE`, and `touched` at the end; between `touching` and the first
change lies at least one tick of the file system's clock (`tick`). `$s_sound` has a character then for each file and link that nobody has touched.
`sealed_as RELEASE MARKS` makes the seal of a folder with moments."""

FILL = r"""
tops() { while IFS= read -r s_top; do if [ -e "$s_top" ] || [ -L "$s_top" ]; then set -- "$@" "$s_top"; fi; done < ../../.deploy/seal/tops; copy "$@"; }
copy() {
  if [ "$way" = links ] && ! cp -al -- "$@" "$stage/" 2>/dev/null; then rm -rf -- "$stage" && mkdir "$stage" && way=copies; fi
  [ "$way" = links ] || cp -a --reflink=auto -- "$@" "$stage/"
}
fill() {
  s_here=$PWD s_odd=$PWD/.deploy/seal/$s_n.odd
  checked "$base" && cd -- "releases/$base" || return 1
  tops
  s_code=$?
  cd -- "$s_here" && [ "$s_code" = 0 ] || return 1
  touched
  if [ -s "$s_odd" ] || [ -s "${s_odd%odd}folders" ]; then
    ( cd -- "$stage" || exit 1
      [ ! -s "$s_odd" ] || xargs -0 rm -rf -- < "$s_odd" || exit 1
      [ ! -s "${s_odd%odd}folders" ] || xargs -0 rmdir -- < "${s_odd%odd}folders" 2>/dev/null || : )
  fi
}
drop() {
  if [ -d .deploy/seal ]; then touching && tick && checked "$base" || :; fi
  rm -rf -- "$stage"
  touched
}
"""
"""`fill`, after `touching`, puts into the folder `$stage` what the seal of `$base` holds for, by `$way`: as links, or as copies, which share blocks where the
file system can. `drop` removes what `fill` made."""

REMOVING = r"""
s_n=
removal_begins() {
  [ -z "$s_n" ] && [ -d .deploy/seal ] || return 0
  touching
  if read -r s_release < .deploy/seal/release && checked "$s_release"; then tick; else rm -rf -- .deploy/seal; fi
}
removal_ends() { [ -z "$s_n" ] || touched; }
"""
"""Removing a release touches the files that others share with it."""
